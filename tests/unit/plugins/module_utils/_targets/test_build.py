# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files and registry values a machine should have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import HEADER
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import (
    CA_BUNDLE_PATH,
    Agent,
    Consumer,
    Platform,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.darwin import DARWIN
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
    WINDOWS,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, NetrcEntry, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import (
    RootsNeededError,
    Scope,
    build_targets,
    directory_of,
    environment_variables,
    remarks,
    replaced,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Facts
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled
from tests.bed.settings import CERTIFICATE, PROXY, SECRET

if TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

ALL = ("condarc", "environment", "netrc")
HOME = "/home/ada"
SYSTEM, ADA = Scope(LINUX), Scope(LINUX, HOME)
WINDOWS_SYSTEM, WINDOWS_ADA = Scope(WINDOWS), Scope(WINDOWS, "C:\\Users\\Ada")
FRAGMENT = (("proxy_servers", f'proxy_servers:\n  "http": "{PROXY}"\n'),)
FACTS = Facts(ca_roots="ROOTS\n", netrc_path=f"{HOME}/.netrc")


def settings(**given: Any) -> Settings:
    base = Settings("present", "system", (), "", ALL, "", "none", fragment=FRAGMENT, variables={"http_proxy": PROXY})
    return base._replace(**given)


def build(scope: Scope, facts: Facts = FACTS, /, sections: tuple[str, ...] = ALL, **given: Any) -> list[Target]:
    return build_targets(scope, settings(**given), sections, facts)


def by_kind(targets: list[Target], kind: str) -> list[Target]:
    return [target for target in targets if target.kind == kind]


def text(target: Target) -> str:
    return target.editor.edit(None, None, None)


def one_row(**given: Any) -> Platform:
    """Linux with one program, `x`."""
    row = Consumer(**{"name": "x", "dialect": "sh", "form": "block", "paths": ("{home}/.x",), **given})
    return LINUX._replace(system=(), user=(row,))


def test_the_bundle_is_written_before_what_names_it() -> None:
    targets = build(ADA, ca_bundle=CaBundle(CERTIFICATE), netrc=(NetrcEntry("m", "l", SECRET),))
    kinds = [target.kind for target in targets]
    assert kinds == sorted(kinds, key=["ca_bundle", "condarc", "environment", "netrc"].index)
    assert set(kinds) == {"ca_bundle", "condarc", "environment", "netrc"}


@pytest.mark.parametrize(
    ("sections", "kinds"),
    [
        ((), set()),
        (("condarc",), {"ca_bundle", "condarc"}),
        (("environment",), {"ca_bundle", "environment"}),
        (("netrc",), {"netrc"}),
    ],
)
def test_only_the_sections(sections: tuple[str, ...], kinds: set[str]) -> None:
    given: dict[str, Any] = {"ca_bundle": CaBundle(CERTIFICATE), "netrc": (NetrcEntry("m", "l", SECRET),)}
    targets = build(ADA, sections=sections, **given)
    assert {target.kind for target in targets} == kinds
    assert all(target.sections == sections for target in targets)


def test_a_bundle_of_two_sections_belongs_to_both_and_the_system_has_no_netrc() -> None:
    targets = build(SYSTEM, ca_bundle=CaBundle(CERTIFICATE), netrc=(NetrcEntry("m", "l", SECRET),))
    assert by_kind(targets, "ca_bundle")[0].sections == ("condarc", "environment")
    assert by_kind(targets, "netrc") == []


@pytest.mark.parametrize("scope", [SYSTEM, ADA])
def test_the_condarc_and_the_variables_name_the_joined_bundle(scope: Scope) -> None:
    fragment = (("ssl_verify", f'ssl_verify: "{CA_BUNDLE_PATH}"\n'),)
    given = settings(ca_bundle=CaBundle(CERTIFICATE), fragment=fragment)
    targets = build_targets(scope, given, ALL, FACTS)
    bundle, condarc = targets[:2]
    assert (bundle.path, condarc.path) == (scope.ca_bundle, scope.condarc)
    assert f'"{scope.ca_bundle}"' in text(condarc)
    assert text(bundle) == CERTIFICATE + "ROOTS\n"
    assert environment_variables(scope, given) == {"http_proxy": PROXY, "REQUESTS_CA_BUNDLE": scope.ca_bundle}


def test_the_machine_s_roots_come_before_those_that_were_sent() -> None:
    sent = CaBundle(CERTIFICATE, "SENT\n")
    assert text(build(SYSTEM, ca_bundle=sent)[0]) == CERTIFICATE + "ROOTS\n"
    assert text(build(SYSTEM, Facts(), ca_bundle=sent)[0]) == CERTIFICATE + "SENT\n"
    with pytest.raises(RootsNeededError) as raised:
        build(SYSTEM, Facts(), ca_bundle=CaBundle(CERTIFICATE))
    assert raised.value.needs == "ca_roots"
    assert build(SYSTEM, Facts(), sections=("netrc",), ca_bundle=CaBundle(CERTIFICATE)) == [], "nobody reads it"


@pytest.mark.parametrize(
    ("scope", "secret", "mode", "access"),
    [
        (SYSTEM, False, 0o644, "readable"),
        (SYSTEM, True, 0o644, "readable"),
        (ADA, False, 0o644, "keep"),
        (ADA, True, 0o600, "private"),
    ],
)
def test_who_may_read_the_condarc(scope: Scope, secret: bool, mode: int, access: str) -> None:
    (condarc,) = by_kind(build(scope, secret=secret), "condarc")
    assert (condarc.mode, condarc.access) == (mode, access)


def test_a_secret_makes_every_file_of_a_home_private() -> None:
    facts = FACTS._replace(existing=frozenset({"/bin/fish", "/bin/zsh"}))
    targets = by_kind(build(ADA, facts, secret=True), "environment")
    assert {target.access for target in targets} == {"exact", "private"}
    assert {target.mode for target in targets} == {0o600}


def test_a_netrc_is_private_and_no_link_is_followed() -> None:
    (netrc,) = by_kind(build(ADA, netrc=(NetrcEntry("m", "l", SECRET),)), "netrc")
    assert (netrc.path, netrc.mode, netrc.access, netrc.follow) == (FACTS.netrc_path, 0o600, "private", False)


def test_files_of_the_system_are_root_s_and_those_of_a_home_the_user_s() -> None:
    assert {target.uid for target in build(SYSTEM)} == {0}
    assert {target.uid for target in build(ADA)} == {-1}


def test_rows_by_name_alone_and_only_those_named() -> None:
    facts = Facts(existing=frozenset({"/etc/sudoers.d", "/etc/profile.d"}))
    usual = {target.path for target in by_kind(build(SYSTEM, facts), "environment")}
    assert "/etc/sudoers.d/condafleet-proxy" not in usual
    (sudoers,) = by_kind(build(SYSTEM, facts, environment_targets=("sudoers",)), "environment")
    assert (sudoers.path, sudoers.check, sudoers.mode, sudoers.access) == (
        "/etc/sudoers.d/condafleet-proxy",
        "visudo",
        0o440,
        "exact",
    )
    assert PROXY not in text(sudoers), "it has the names of variables alone"


def test_no_variable_no_file() -> None:
    assert by_kind(build(SYSTEM, variables={}), "environment") == []


@pytest.mark.parametrize(
    ("row", "existing", "path"),
    [
        ({}, (), "/home/ada/.x"),
        ({"needs": ("/bin/x",)}, (), ""),
        ({"needs": ("/bin/x", "/usr/bin/x")}, ("/usr/bin/x",), "/home/ada/.x"),
        ({"only_existing": True}, (), ""),
        ({"only_existing": True}, ("/home/ada/.x",), "/home/ada/.x"),
        ({"paths": ("/etc/a/x", "/etc/b/x")}, (), "/etc/b/x"),
        ({"paths": ("/etc/a/x", "/etc/b/x")}, ("/etc/a",), "/etc/a/x"),
        ({"paths": ("/etc/a/x", "/etc/b/x")}, ("/etc/a", "/etc/b"), "/etc/b/x"),
        ({"paths": ("/etc/a/x", "/etc/b/x")}, ("/etc/a", "/etc/b", "/etc/a/x"), "/etc/a/x"),
        ({"paths": ("/etc/a/x", "/etc/b/x")}, ("/etc/a/x", "/etc/b/x"), "/etc/a/x"),
    ],
)
def test_the_path_of_a_program_s_file(row: dict[str, Any], existing: tuple[str, ...], path: str) -> None:
    scope = Scope(one_row(**row), HOME)
    found = by_kind(build(scope, Facts(existing=frozenset(existing))), "environment")
    assert [target.path for target in found] == ([path] if path else [])


def test_a_whole_file_has_the_header_and_a_block_has_not() -> None:
    whole = by_kind(build(Scope(one_row(form="whole"), HOME)), "environment")[0]
    block = by_kind(build(Scope(one_row(), HOME)), "environment")[0]
    assert (whole.editor.name, text(whole).startswith(HEADER + "\n")) == ("whole", True)
    assert (block.editor.name, HEADER in text(block)) == ("block", False)


def test_a_value_that_a_file_cannot_hold_is_refused_by_path_and_row_without_the_value() -> None:
    with pytest.raises(MachineError) as raised:
        build(SYSTEM, variables={"http_proxy": f"http://ada:{SECRET}#@p"})
    message = str(raised.value)
    assert "/etc/environment" in message
    assert "http_proxy" in message
    assert "pam" in message
    assert SECRET not in message


def test_a_registry_has_a_value_per_variable_and_one_of_two_that_differ_in_case() -> None:
    variables = {"http_proxy": PROXY, "HTTP_PROXY": "http://other", "NO_PROXY": "x"}
    targets = by_kind(build(WINDOWS_SYSTEM, variables=variables), "environment")
    assert [target.path.rpartition("\\")[2] for target in targets] == ["http_proxy", "NO_PROXY"]
    assert all(target.path.startswith(MACHINE_ENVIRONMENT) for target in targets)
    assert [target.editor.owned() for target in targets] == [PROXY, "x"]
    (users,) = by_kind(build(WINDOWS_ADA), "environment")
    assert users.path.startswith(USER_ENVIRONMENT)


def test_on_linux_case_matters() -> None:
    profile = by_kind(
        build(ADA, variables={"http_proxy": PROXY, "HTTP_PROXY": PROXY}, environment_targets=("profile",)),
        "environment",
    )[0]
    assert all(f"export {name}=" in text(profile) for name in ("http_proxy", "HTTP_PROXY"))


@pytest.mark.parametrize("secret", [False, True])
def test_on_windows_only_the_netrc_has_permissions_of_its_own(secret: bool) -> None:
    given: dict[str, Any] = {
        "secret": secret,
        "ca_bundle": CaBundle(CERTIFICATE),
        "netrc": (NetrcEntry("m", "l", SECRET),),
    }
    targets = build(WINDOWS_ADA, FACTS._replace(netrc_path="C:\\Users\\Ada\\.netrc"), **given)
    assert {(target.kind, target.mode, target.access) for target in targets} == {
        ("ca_bundle", 0o644, "keep"),
        ("condarc", 0o644, "keep"),
        ("environment", 0o644, "keep"),
        ("netrc", 0o600, "private"),
    }


def test_backslashes_of_the_bundle_s_path_are_escaped_in_yaml() -> None:
    fragment = (("ssl_verify", f'ssl_verify: "{CA_BUNDLE_PATH}"\n'),)
    (condarc,) = by_kind(build(WINDOWS_SYSTEM, fragment=fragment, ca_bundle=CaBundle(CERTIFICATE)), "condarc")
    assert WINDOWS.system_ca_bundle.replace("\\", "\\\\") in text(condarc)


@pytest.mark.parametrize(
    ("scope", "path", "native"),
    [
        (ADA, "~/x/.condarc", "/home/ada/x/.condarc"),
        (ADA, "/etc/~/x", "/etc/~/x"),
        (ADA, "/a\\b", "/a\\b"),
        (WINDOWS_ADA, "~/x/.condarc", "C:\\Users\\Ada\\x\\.condarc"),
        (WINDOWS_ADA, "~\\x", "C:\\Users\\Ada\\x"),
        (WINDOWS_SYSTEM, "C:/conda/.condarc", "C:\\conda\\.condarc"),
    ],
)
def test_a_configured_path(scope: Scope, path: str, native: str) -> None:
    assert scope.native(path) == native
    assert by_kind(build(scope, condarc_path=path), "condarc")[0].path == native


def test_scopes() -> None:
    assert (SYSTEM.system, SYSTEM.state, SYSTEM.consumers) == (True, LINUX.system_state, LINUX.system)
    assert (ADA.system, ADA.state, ADA.consumers) == (False, f"{HOME}/.local/state/condafleet", LINUX.user)
    assert directory_of("/etc/a/x") == "/etc/a"


MAC, MAC_ADA = Scope(DARWIN), Scope(DARWIN, "/Users/ada")
WITH_PASSWORD = {"http_proxy": "http://ada:pw@proxy.example.com:1"}


@pytest.mark.parametrize("exposed", [True, False])
@pytest.mark.parametrize("variables", [{"http_proxy": PROXY}, WITH_PASSWORD], ids=["open", "password"])
def test_a_program_that_shows_values_gets_no_password_unless_that_is_allowed(
    exposed: bool, variables: dict[str, str]
) -> None:
    given = settings(variables=variables, exposed=exposed, scope="user", secret=True)
    targets = build_targets(MAC_ADA, given, ("environment",), FACTS)
    agents = [target.path for target in targets if target.activate == "launchd_user"]
    left_out = variables is WITH_PASSWORD and not exposed
    assert len(agents) == (0 if left_out else 2)
    notes = remarks(MAC_ADA, given, ("environment",))
    assert [note.split(" was ")[0] for note in notes] == (["the environment target launchd"] if left_out else [])
    assert "pw" not in "".join(notes)
    assert remarks(MAC_ADA, given, ("condarc",)) == []


def test_the_property_list_does_not_depend_on_the_settings() -> None:
    texts = set()
    for proxy in (PROXY, "http://ada:pw@other.example.com:1"):
        given = settings(variables={"http_proxy": proxy}, exposed=True, secret=True)
        plist = next(item for item in build_targets(MAC_ADA, given, ALL, FACTS) if item.path.endswith(".plist"))
        texts.add((text(plist), plist.mode, plist.access))
        assert plist.editor.marked(text(plist))
    assert [found[1:] for found in texts] == [(0o644, "exact")]


def test_who_is_overruled() -> None:
    managed = next(row.replaced_by for row in DARWIN.system if row.name == "zsh")
    facts = FACTS._replace(existing=frozenset([managed]))
    found = replaced(MAC, settings(), ("environment",), facts)
    assert found == [Overruled("zsh", "/etc/zshenv", managed)]
    assert replaced(MAC, settings(), ("condarc",), facts) == []
    assert replaced(MAC, settings(environment_targets=("csh",)), ("environment",), facts) == []
    assert replaced(MAC, settings(), ("environment",), FACTS) == []


def test_paths_of_an_activation_are_those_of_the_user() -> None:
    agent = MAC_ADA.activations["launchd_user"]
    assert isinstance(agent, Agent)
    assert agent.plist == "/Users/ada/Library/LaunchAgents/condafleet.proxy.environment.plist"
    assert SYSTEM.activations == LINUX.activations


def test_another_home_gets_no_agent() -> None:
    """A demo or a test must not load an agent into the session of the user who runs it."""
    found = build_targets(MAC_ADA, settings(scope="user", home="/tmp/demo"), ("environment",), FACTS)
    assert found
    assert not [target for target in found if target.activate]


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        (SYSTEM, "/etc/conda/condarc.d/50-proxy.yml"),
        (WINDOWS_SYSTEM, r"C:\ProgramData\conda\condarc.d\50-proxy.yml"),
        (ADA, "~/.conda/condarc.d/50-proxy.yml"),
        (WINDOWS_ADA, "~/.conda/condarc.d/50-proxy.yml"),
    ],
)
def test_a_condarc_that_cannot_be_merged_names_a_file_that_its_owner_may_create(scope: Scope, path: str) -> None:
    target = by_kind(build(scope), "condarc")[0]
    with pytest.raises(ValueError, match=r"for example conda_proxy_condarc_path: ") as raised:
        target.editor.edit("channels: &mine [a]\n", None, None)
    assert str(raised.value).endswith(path)
