# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in several places must be equal: options, role specs, defaults, documentation, playbooks, scenarios."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.condafleet.proxy.plugins.action.conda_connectivity import OPTIONS as CONNECTIVITY
from ansible_collections.condafleet.proxy.plugins.action.conda_proxy_info import OPTIONS as INFO
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import supported
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS
from tests.bed.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

ROLES = CHECKOUT / "roles"
FRONT = ROLES / "conda_proxy"
SCHEDULE = "conda_proxy_schedule"
SECTION_ROLES = {"condarc": ["condarc"], "environment": ["environment"], "netrc": ["netrc"], "connectivity": []}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def documentation(module: str, name: str = "DOCUMENTATION") -> Any:
    tree = ast.parse((CHECKOUT / f"plugins/modules/{module}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return yaml.safe_load(ast.literal_eval(node.value))
    raise AssertionError(f"{module} has no {name}")


def comparable(option: dict[str, Any]) -> dict[str, Any]:
    return {key: option[key] for key in ("type", "elements", "choices", "default") if key in option}


def spec() -> dict[str, Any]:
    options = load(FRONT / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return {name.removeprefix("conda_proxy_"): option for name, option in options.items()}


def test_module_documentation_has_the_options_of_the_action() -> None:
    documented = documentation("conda_proxy")["options"]
    assert {name: comparable(option) for name, option in documented.items()} == {
        name: comparable(option) for name, option in OPTIONS.items()
    }


def test_connectivity_documentation_has_the_options_of_the_action() -> None:
    documented = documentation("conda_connectivity")["options"]
    expected = {name: comparable(option) for name, option in CONNECTIVITY.items()}
    assert {name: comparable(option) for name, option in documented.items()} == expected


def test_info_documentation_has_the_options_of_the_action() -> None:
    documented = documentation("conda_proxy_info")["options"]
    expected = {name: comparable(option) for name, option in INFO.items()}
    assert {name: comparable(option) for name, option in documented.items()} == expected


_WORDS = {
    "bool": "True or false.",
    "int": "A whole number.",
    "float": "A number.",
    "dict": "A mapping.",
    "list": "A list of text.",
}


def in_words(option: dict[str, Any]) -> str | None:
    """The type and the choices of an option as the role says them; None for text and for what has several types."""
    if choices := ", ".join(f"V({choice})" for choice in option.get("choices", ())):
        return f"A list of {choices}." if option["type"] == "list" else f"One of {choices}."
    return _WORDS.get(option["type"])


def test_role_specs_have_the_options_of_the_action() -> None:
    """In words: Ansible's own check shows a value that it refuses, and so nothing may fail it."""
    found = spec()
    assert found.pop("become")["type"] == "raw"
    assert list(found) == list(OPTIONS)
    for name, option in found.items():
        words = in_words(OPTIONS[name])
        assert option.get("default") == OPTIONS[name].get("default"), name
        assert option["type"] == ("raw" if words or OPTIONS[name]["type"] == "raw" else "str"), name
        assert words is None or option["description"][-1] == words, name
        assert not set(option) & {"choices", "elements", "required", "no_log", "options"}, name


def test_defaults_equal_the_specs() -> None:
    defaults = load(FRONT / "defaults/main.yml")
    become = defaults.pop("conda_proxy_become")
    assert "ansible_shell_type" in become
    assert defaults == {f"conda_proxy_{name}": option.get("default") for name, option in OPTIONS.items()}


def test_the_task_passes_every_option() -> None:
    (task,) = load(FRONT / "tasks/main.yml")
    assert task["register"] == "conda_proxy_result"
    assert task["condafleet.proxy.conda_proxy"] == {name: f"{{{{ conda_proxy_{name} }}}}" for name in OPTIONS}


def test_every_entry_point_is_the_same_task_with_the_same_options() -> None:
    specs = load(FRONT / "meta/argument_specs.yml")["argument_specs"]
    others = {path.stem for path in (FRONT / "tasks").iterdir()} - {"main"}
    assert set(specs) == {"main", *others}
    steps = [load(FRONT / "vars/main.yml")["__conda_proxy_step"]]
    for name in others:
        assert specs[name]["options"] == specs["main"]["options"]
        (task,) = load(FRONT / f"tasks/{name}.yml")
        assert task["ansible.builtin.import_tasks"] == "main.yml"
        steps.append(task["vars"]["__conda_proxy_step"])
    assert len(set(steps)) == len(steps), "each says what it does"


@pytest.mark.parametrize("role", SECTION_ROLES)
def test_section_roles_are_the_front_role_with_one_section(role: str) -> None:
    assert not (ROLES / role / "defaults").exists()
    (task,) = load(ROLES / role / "tasks/main.yml")
    assert task["ansible.builtin.import_role"] == {"name": "condafleet.proxy.conda_proxy"}
    assert task["vars"] == {"conda_proxy_sections": SECTION_ROLES[role]}
    main = load(ROLES / role / "meta/argument_specs.yml")["argument_specs"]["main"]
    assert not main.get("options")
    assert main["description"]
    assert main["seealso"]


def test_every_role_is_known_here() -> None:
    assert {path.name for path in ROLES.iterdir()} == {"conda_proxy", SCHEDULE, *SECTION_ROLES}


def test_the_schedule_has_a_default_for_each_option_of_its_spec() -> None:
    options = load(ROLES / SCHEDULE / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert load(ROLES / SCHEDULE / "defaults/main.yml") == {name: one["default"] for name, one in options.items()}


def test_documented_environment_targets_are_the_platforms() -> None:
    page = (CHECKOUT / "docs/environment.md").read_text(encoding="utf-8")
    for platform in supported.PLATFORMS.values():
        for row in platform.system + platform.user:
            assert f"`{row.name}`" in page
            for path in row.paths:
                assert f"`{path.replace('{home}', '~').replace('{zdotdir}', '~')}`" in page, (
                    f"docs/environment.md does not name {path}"
                )


def scenarios() -> list[Path]:
    return sorted(path.parent for path in (CHECKOUT / "molecule").glob("*/molecule.yml"))


PLAYBOOK_OF_STEP = {
    "create": "create",
    "prepare": "prepare",
    "converge": "converge",
    "check": "converge",
    "idempotence": "converge",
    "side_effect": "side_effect",
    "verify": "verify",
    "cleanup": "cleanup",
    "destroy": "destroy",
}


def test_every_playbook_that_a_molecule_sequence_names_exists() -> None:
    """Molecule passes over a missing one with a warning and exit 0."""
    base = load(CHECKOUT / "molecule/config.yml")
    assert len(scenarios()) >= 5
    for folder in scenarios():
        own = load(folder / "molecule.yml") or {}
        sequence = (own.get("scenario") or {}).get("test_sequence") or base["scenario"]["test_sequence"]
        playbooks = {**base["ansible"]["playbooks"], **((own.get("ansible") or {}).get("playbooks") or {})}
        for step in sequence:
            name, _space, file = step.partition(" ")
            if name in PLAYBOOK_OF_STEP:
                wanted = file or playbooks.get(PLAYBOOK_OF_STEP[name]) or f"{PLAYBOOK_OF_STEP[name]}.yml"
                assert (folder / wanted).resolve().is_file(), f"{folder.name}: {step} has no playbook {wanted}"


def test_every_module_and_playbook_is_named_in_the_tests() -> None:
    tests = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("tests/integration", "molecule", "demo")
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".yml", "") and "__pycache__" not in path.parts
    )
    for path in [
        *(CHECKOUT / "plugins/modules").glob("*.py"),
        *(CHECKOUT / "playbooks").glob("*.yml"),
        *ROLES.iterdir(),
    ]:
        if path.stem != "conda_proxy_host":
            assert path.stem in tests, f"no test plays {path.relative_to(CHECKOUT)}"
