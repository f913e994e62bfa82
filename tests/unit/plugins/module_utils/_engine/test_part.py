# SPDX-License-Identifier: GPL-3.0-or-later
"""A platform is a table and facts: one that the collection has never heard of goes through the same engine."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.part import Part, run_part
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Verification
from ansible_collections.condafleet.proxy.plugins.module_utils._host import converge
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import supported
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Activation, Consumer, Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, NetrcEntry, Run, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Facts
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled
from tests.bed.memory import MemoryMachine

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
    from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import PartResult

PLAN9 = Platform(
    system=(
        Consumer("boot", "sh", "whole", ("/rc/proxy",), activate="reboot", notice="restart rc"),
        Consumer("editor", "csh", "block", ("/lib/acme",), needs=("/bin/acme",)),
    ),
    user=(
        Consumer("profile", "sh", "block", ("{home}/lib/profile",)),
        Consumer("secret", "sh", "whole", ("{home}/lib/by_name",), by_name=True),
    ),
    system_condarc="/lib/conda/.condarc",
    system_state="/lib/condafleet",
    system_ca_bundle="/lib/conda/ca.pem",
    ca_roots=(),
    user_netrc=("{home}/lib/netrc",),
    system_uid=7,
    activations={"reboot": Activation(("true",), "/", "")},
)
URL = "http://ada:pw@proxy.example.com:8080"
SETTINGS = Settings(
    state="present",
    scope="system",
    users=(),
    home="",
    sections=("condarc", "environment", "netrc"),
    prefix="",
    verify="none",
    fragment=(("proxy_servers", f"proxy_servers:\n  http: {URL}\n"),),
    variables={"http_proxy": URL, "HTTP_PROXY": URL},
    ca_bundle=CaBundle("ours\n"),
    netrc=(NetrcEntry("mirror.example.com", "ada", "secret"),),
    secret=True,
)
RUN = Run("run", "key", 1.0, "here")


class Plan9Side:
    """All that such a platform has to bring: a machine, and facts."""

    def __init__(self, machine: MemoryMachine, netrc: str) -> None:
        self.machine = machine
        self._netrc = netrc

    def facts(self) -> Facts:
        existing = frozenset({*self.machine.files, *self.machine.folders})
        return Facts(existing=existing, ca_roots="roots\n", netrc_path=self._netrc, netrc_escapes=True)

    def leftovers(self) -> list[str]:
        return []

    def remarks(self, changes: Sequence[Change]) -> list[str]:  # noqa: ARG002
        return []

    def overruled(self, written: Collection[str]) -> list[Overruled]:
        self.written = set(written)
        return [Overruled("acme", "", "/lib/acme:1", "http_proxy", "http://ada:pw@old.example.com:1")]

    def permissions(self, file: File) -> str:
        return f"(mode {file.mode:04o})\n"


@pytest.mark.parametrize("home", ["", "/usr/ada"], ids=["system", "user"])
def test_present_again_and_absent(home: str) -> None:
    machine = MemoryMachine()
    machine.folders |= {"/lib", "/rc", "/bin", "/usr", "/usr/ada", "/usr/ada/lib"}
    machine.files["/bin/acme"] = File(b"x")
    machine.files["/lib/acme"] = File(b"set a\n", 0o644, 7, 7)
    machine.files["/usr/ada/lib/profile"] = File(b"echo hello\n", 0o644, 7, 7)
    before = dict(machine.files), set(machine.folders)
    scope = Scope(PLAN9, home)
    side = Plan9Side(machine, scope.path(PLAN9.user_netrc[0]))

    def run(settings: Settings, number: str, check_mode: bool = False) -> list[str]:
        desired = settings.sections if settings.present else ()
        verification = Verification("none", 0, lambda _applied: [])
        part = Part(scope, settings.sections, desired)
        done = run_part(part, side, settings, RUN._replace(id=number), verification, check_mode)
        assert not done.error
        return sorted(resource["path"] for resource in done.resources)

    predicted = run(SETTINGS, "check", check_mode=True)
    assert (machine.files, machine.folders) == before
    assert run(SETTINGS, "first") == predicted
    if home:
        names = [".condarc", ".conda/condafleet-ca.pem", "lib/netrc", "lib/profile"]
        assert predicted == sorted(f"/usr/ada/{name}" for name in names)
        assert all(machine.files[path].mode & 0o077 == 0 for path in predicted if "ca.pem" not in path)
    else:
        assert predicted == ["/lib/acme", "/lib/conda/.condarc", "/lib/conda/ca.pem", "/rc/proxy"]
        assert f"export http_proxy='{URL}'" in str(machine.text("/rc/proxy"))
        assert machine.activated == ["reboot"]
    assert run(SETTINGS, "second") == []
    assert run(SETTINGS._replace(state="absent"), "third") == predicted
    assert (machine.files, machine.folders) == before


def test_who_is_overruled_is_drift_until_a_run_has_recorded_it() -> None:
    machine = MemoryMachine()
    machine.folders |= {"/lib", "/rc", "/bin"}
    side = Plan9Side(machine, "")
    scope = Scope(PLAN9)

    def run(
        settings: Settings, number: str, mode: str = "report", check_mode: bool = False, host: Run = RUN
    ) -> PartResult:
        part = Part(scope, settings.sections, settings.sections if settings.present else ())
        verification = Verification(mode, 0, lambda _applied: [])
        return run_part(part, side, settings, host._replace(id=number), verification, check_mode)

    assert run(SETTINGS, "check", check_mode=True).overruled == (), "nothing was written yet"
    first = run(SETTINGS, "first")
    assert side.written == {"boot"}
    (row,) = first.overruled
    assert (row.consumer, row.variable, row.known) == ("acme", "http_proxy", False)
    assert ":pw@" not in row.value
    assert (
        "acme: not the managed value of http_proxy, because of /lib/acme (line 1); correct it there" in first.warnings
    )
    state = machine.text("/lib/condafleet/state.json")
    assert "/lib/acme:1" in str(state)
    assert [row.known for row in run(SETTINGS, "check", check_mode=True).overruled] == [True]
    assert machine.text("/lib/condafleet/state.json") == state
    elsewhere = RUN._replace(host="there")
    assert [row.known for row in run(SETTINGS, "other", host=elsewhere).overruled] == [False], "hosts may share a home"
    assert [row.known for row in run(SETTINGS, "check", check_mode=True).overruled] == [True]
    assert run(SETTINGS, "unasked", "none").overruled == ()
    pending = SETTINGS._replace(variables={"http_proxy": "http://other.example.com:1"})
    assert run(pending, "check", check_mode=True).overruled == ()
    assert run(SETTINGS._replace(sections=()), "verify").overruled == (row._replace(known=True),)
    assert run(SETTINGS._replace(state="absent"), "absent").overruled == ()
    assert machine.files == {}


def test_one_row_of_the_table_makes_a_posix_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Plan9")
    monkeypatch.setattr(supported, "PLATFORMS", {**supported.PLATFORMS, "Plan9": PLAN9})
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/profile").write_text("echo hello\n")
    settings = SETTINGS._replace(scope="user", home=str(tmp_path), ca_bundle=CaBundle("ours\n", "roots\n"))
    result = converge.run(settings, RUN, check_mode=False, with_diff=False)
    assert "failed" not in result, result
    names = {row["path"].removeprefix(f"{tmp_path}/") for row in result["resources"]}
    assert names == {".condarc", ".conda/condafleet-ca.pem", "lib/profile", "lib/netrc"}
    assert converge.run(settings, RUN, check_mode=False, with_diff=False)["changed"] is False
    removed = converge.run(settings._replace(state="absent"), RUN, check_mode=False, with_diff=False)
    assert "failed" not in removed, removed
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["lib", "profile"]
    assert (tmp_path / "lib/profile").read_text() == "echo hello\n"


def test_a_system_that_is_not_in_the_table_is_named() -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(platform, "system", lambda: "SunOS")
        result = converge.run(SETTINGS, RUN, check_mode=False, with_diff=False)
    assert (result["failed"], result["msg"]) == (
        True,
        "the operating system SunOS is not supported; use Linux, macOS or Windows",
    )
