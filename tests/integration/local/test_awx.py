# SPDX-License-Identifier: GPL-3.0-or-later
"""examples/awx as awx.awx documents its modules, and as examples/project needs it. No controller takes part."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.names import KNOWN, PREFIX
from tests.bed.controller import Controller
from tests.bed.paths import CHECKOUT, COLLECTIONS, VENV_BIN
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    Tasks = list[tuple[str, dict[str, Any]]]

PLAYBOOK = CHECKOUT / "examples/awx/controller.yml"
PROJECT = CHECKOUT / "examples/project"
SECRETS = {name: f"value of {name}" for name in ("proxy_password", "netrc_login", "netrc_password")}
KEYWORDS = {"name", "no_log"}


def play() -> dict[str, Any]:
    found: list[dict[str, Any]] = DataLoader().load_from_file(str(PLAYBOOK), trusted_as_template=True)
    return found[0]


@pytest.fixture
def tasks() -> Tasks:
    """Module and arguments of each task, templated: a variable that is not defined fails here."""
    one = play()
    secrets = {f"vault_conda_{name}": value for name, value in SECRETS.items()}
    templar = Templar(DataLoader(), variables={**one["vars"], **secrets})
    found = []
    for task in one["tasks"]:
        ((module, arguments),) = ((key, value) for key, value in task.items() if key not in KEYWORDS)
        found.append((module, templar.template(arguments)))
    return found


def of(tasks: Tasks, module: str) -> list[dict[str, Any]]:
    return [arguments for name, arguments in tasks if name == f"awx.awx.{module}"]


@pytest.fixture
def specs(tasks: Tasks, ansible_env: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Module -> what its documentation says, as an argument spec."""
    if not (COLLECTIONS / "ansible_collections/awx/awx").exists():
        unavailable("the collection awx.awx is missing: make vendor")
    modules = sorted({module for module, _arguments in tasks})
    done = subprocess.run(
        [VENV_BIN / "ansible-doc", "-j", *modules], env=ansible_env, capture_output=True, text=True, check=True
    )
    documented = json.loads(done.stdout)
    keys = ("type", "elements", "choices", "required", "aliases", "default")
    return {
        module: {
            name: {key: option[key] for key in keys if key in option}
            for name, option in documented[module]["doc"]["options"].items()
        }
        for module in modules
    }


def errors(spec: dict[str, Any], arguments: dict[str, Any]) -> list[str]:
    found: list[str] = ArgumentSpecValidator(spec).validate(copy.deepcopy(arguments)).error_messages
    return found


def test_every_module_takes_its_arguments(tasks: Tasks, specs: dict[str, dict[str, Any]]) -> None:
    assert len(tasks) == 13
    for module, arguments in tasks:
        assert not errors(specs[module], arguments), arguments["name"]


@pytest.mark.parametrize(
    "change", [{"job_slices": 2}, {"job_type": "dry"}, {"forks": "many"}, {"survey_spec": ["a list"]}]
)
def test_that_check_finds_what_is_wrong(tasks: Tasks, specs: dict[str, dict[str, Any]], change: dict[str, Any]) -> None:
    right = of(tasks, "job_template")[0]
    assert errors(specs["awx.awx.job_template"], {**right, **change})


def test_what_it_names_exists(tasks: Tasks) -> None:
    """Created by an earlier task, or said to exist: the Machine credential."""
    made: dict[str, set[str]] = {"credential": {play()["vars"]["fleet_machine_credential"]}}
    named: dict[str, Callable[[Any], list[str]]] = {
        "credential_type": lambda value: [value],
        "project": lambda value: [value],
        "source_project": lambda value: [value],
        "inventory": lambda value: [value],
        "execution_environment": lambda value: [value],
        "default_environment": lambda value: [value],
        "unified_job_template": lambda value: [value],
        "credentials": list,
    }
    kinds = {
        "source_project": "project",
        "default_environment": "execution_environment",
        "unified_job_template": "job_template",
        "credentials": "credential",
    }
    for module, arguments in tasks:
        for option, names in named.items():
            if option in arguments:
                assert set(names(arguments[option])) <= made[kinds.get(option, option)], arguments["name"]
        made.setdefault(module.rpartition(".")[2], set()).add(arguments["name"])


def test_the_project_has_the_playbooks_and_the_inventory(tasks: Tasks) -> None:
    playbooks = [template["playbook"] for template in of(tasks, "job_template")]
    assert sorted(playbooks) == sorted(path.name for path in PROJECT.glob("*.yml") if path.name != "requirements.yml")
    (source,) = of(tasks, "inventory_source")
    assert (PROJECT / source["source_path"]).is_dir()


def test_credentials_bring_what_the_inventory_of_the_project_takes(tasks: Tasks) -> None:
    injected = set()
    for kind in of(tasks, "credential_type"):
        fields = {field["id"] for field in kind["inputs"]["fields"]}
        assert set(kind["inputs"]["required"]) == fields
        assert [field["id"] for field in kind["inputs"]["fields"] if field.get("secret")] == ["password"]
        for variable, template in kind["injectors"]["extra_vars"].items():
            (field,) = re.findall(r"^\{\{ (\w+) \}\}$", template)
            assert field in fields
            injected.add(variable)
    texts = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "inventory").rglob("*.yml"))
    assert injected == set(re.findall(r"\{\{ (vault_\w+) \}\}", texts))


def test_credentials_have_all_fields_and_are_not_shown(tasks: Tasks) -> None:
    types = {kind["name"]: set(kind["inputs"]["required"]) for kind in of(tasks, "credential_type")}
    for credential in of(tasks, "credential"):
        assert set(credential["inputs"]) == types[credential["credential_type"]]
    for task in play()["tasks"]:
        assert task.get("no_log", False) is ("awx.awx.credential" in task), task["name"]


def test_variables_are_those_of_the_collection(tasks: Tasks) -> None:
    surveys = {
        template["name"]: {question["variable"]: question for question in template["survey_spec"]["spec"]}
        for template in of(tasks, "job_template")
    }
    (schedule,) = of(tasks, "schedule")
    for variable in [*schedule["extra_data"], *(name for survey in surveys.values() for name in survey)]:
        assert variable.startswith(PREFIX)
        assert variable.removeprefix(PREFIX) in KNOWN
    for survey in surveys.values():
        for question in survey.values():
            assert question["default"] in question.get("choices", [question["default"]])
    # a schedule may only set what the survey asks for, and must answer what it requires
    questions = surveys[schedule["unified_job_template"]]
    assert set(schedule["extra_data"]) == set(questions)
    assert schedule["extra_data"]["conda_proxy_drift"] in questions["conda_proxy_drift"]["choices"]


def test_what_changes_machines_is_not_sliced(tasks: Tasks) -> None:
    """Each slice has canaries, rings and a gate of its own."""
    templates = {template["name"]: template for template in of(tasks, "job_template")}
    assert templates["conda site"]["job_slice_count"] == 1
    assert not templates["conda site"].get("ask_job_slice_count_on_launch")
    (schedule,) = of(tasks, "schedule")
    assert schedule["extra_data"]["conda_proxy_drift"] == "correct"
    assert schedule["job_slice_count"] == 1
    assert templates[schedule["unified_job_template"]]["ask_job_slice_count_on_launch"], "else it is ignored"
    assert templates["conda verify"]["job_slice_count"] == play()["vars"]["fleet_slices"]


def test_the_rule_of_the_schedule_is_text(tasks: Tasks) -> None:
    """The lookups schedule_rrule and schedule_rruleset fail on ansible-core 2.19; a controller wants an interval."""
    assert "rrule'" not in PLAYBOOK.read_text(encoding="utf-8")
    (schedule,) = of(tasks, "schedule")
    assert re.fullmatch(r"DTSTART;TZID=UTC:\d{8}T\d{6} RRULE:FREQ=HOURLY;INTERVAL=\d+", schedule["rrule"])


def test_what_a_user_changes_is_at_the_top() -> None:
    """No task holds a value of somebody's company."""
    for task in play()["tasks"]:
        assert "example.com" not in json.dumps({key: str(value) for key, value in task.items()})
    assert set(play()["vars"]) >= {"fleet_project_url", "fleet_image", "fleet_machine_credential", "fleet_slices"}


def test_the_real_modules_post_it(ansible_run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """To a stand-in: names become ids, the survey and the credentials arrive. A second run changes only secrets."""
    if not (COLLECTIONS / "ansible_collections/awx/awx").exists():
        unavailable("the collection awx.awx is missing: make vendor")
    machine = play()["vars"]["fleet_machine_credential"]
    with Controller(organizations=["Default"], credentials=[machine]) as controller:

        def run() -> str:
            done = ansible_run(
                PLAYBOOK,
                *("-vvv", "-e", json.dumps({f"vault_conda_{name}": value for name, value in SECRETS.items()})),
                env={"CONTROLLER_HOST": controller.url, "CONTROLLER_OAUTH_TOKEN": "a-token"},
            )
            output: str = done.stdout + done.stderr
            assert done.returncode == 0, output
            assert not [name for name, secret in SECRETS.items() if name.endswith("password") and secret in output]
            return output

        assert "changed=13" in run()
        credentials, templates = controller.named("credentials"), controller.named("job_templates")
        assert credentials["conda proxy account"]["inputs"] == {
            "username": "svc-conda",
            "password": SECRETS["proxy_password"],
        }
        for template in templates.values():
            assert set(template["linked"]["credentials"]) == {credential["id"] for credential in credentials.values()}
        assert len(templates["conda drift"]["survey_spec"]["spec"]) == 2
        (schedule,) = controller.objects["schedules"]
        assert schedule["unified_job_template"] == templates["conda drift"]["id"]
        assert schedule["extra_data"] == {"conda_proxy_hosts": "all", "conda_proxy_drift": "correct"}
        injectors = controller.named("credential_types")["conda proxy account"]["injectors"]["extra_vars"]
        assert injectors["vault_conda_proxy_password"] == "{{ password }}"
        assert "changed=2 " in run(), "the two credentials: what they hold is not shown, so it is sent again"
