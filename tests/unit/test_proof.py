# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver: how the probe is started, fed and ended."""

from __future__ import annotations

import json
import os
import pwd
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._host import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import ca_roots, probe, process, trust
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import candidate
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import script as _script
from tests.bed.environ import clean_env
from tests.bed.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable

GIVEN = {"deadline": 0.2, "connect_timeout": 1.0, "read_timeout": 1.0, "environment": {"https_proxy": "http://a:Zq7@p"}}
HERE = process.Account(-1, -1, "", "/nonexistent")


def interpreter_that(tmp_path: Path, script: str) -> str:
    """Something in place of a base's Python."""
    path = tmp_path / "python"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_GRACE", 0.3)


@pytest.mark.usefixtures("_short_grace")
def test_one_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! >{tmp_path}/pid; sleep 60\n"
    rows = probe.run_probe(interpreter_that(tmp_path, script), GIVEN, HERE)
    assert [(row["verdict"], row["finished_by"]) for row in rows] == [("deadline", "killed")]
    child = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    for _attempt in range(100):  # the kernel takes its moment
        if not child.exists() or child.read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("its child is still there")


@pytest.mark.parametrize("script", ["exit 3\n", "echo hello\n", "head -c 3000000 /dev/zero\n", "exec <&-; echo '{}'\n"])
def test_an_answer_that_is_none(tmp_path: Path, script: str) -> None:
    rows = probe.run_probe(interpreter_that(tmp_path, script), dict(GIVEN, deadline=20), HERE)
    assert [(row["verdict"], row["finished_by"]) for row in rows] == [("conda_unusable", "driver")]


def test_no_interpreter() -> None:
    assert probe.run_probe("/nonexistent/python", GIVEN, HERE)[0]["verdict"] == "conda_unusable"


def test_a_python_without_conda(tmp_path: Path) -> None:
    python = interpreter_that(tmp_path, f'exec {sys.executable} -I "$@"\n')
    rows = probe.run_probe(python, dict(GIVEN, deadline=20), HERE)
    assert [(row["verdict"], row["finished_by"]) for row in rows] == [("conda_unusable", "completed")]


def test_nothing_secret_in_argv_or_environment(tmp_path: Path) -> None:
    script = f"tr '\\0' '\\n' </proc/$$/cmdline >{tmp_path}/seen; env >>{tmp_path}/seen; pwd >>{tmp_path}/seen\n"
    probe.run_probe(interpreter_that(tmp_path, script), GIVEN, HERE)
    seen = (tmp_path / "seen").read_text()
    assert "HOME=/nonexistent" in seen
    assert "Zq7" not in seen
    assert "proxy" not in seen.replace("condafleet", "").replace(str(tmp_path), "")
    assert "REQUESTS_CA_BUNDLE" not in seen


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("sleep 60\n", "It was killed"),
        ("echo hello\n", "no answer that can be read"),
        ('echo \'{"rows": [{"detail": "No result."}]}\'\n', "No answer: No result."),
        ('echo \'{"info": "all is well"}\'\n', "all is well"),
    ],
)
@pytest.mark.usefixtures("_short_grace")
def test_conda_info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str) -> None:
    monkeypatch.setattr(probe, "INFO_DEADLINE", 2.0)
    python = interpreter_that(tmp_path, script)
    base = Base(str(tmp_path), python, os.geteuid(), None, "given")
    monkeypatch.setattr(trust, "account_for", lambda _base, _home: HERE)
    assert words in probe.conda_info([base], {}, "/nonexistent")[0]["text"]


def base_at(prefix: str, uid: int) -> Base:
    return Base(prefix, prefix + "/bin/python", uid, None, "given")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
class TestRights:
    def test_another_owners_base_is_run_as_the_owner(self, tmp_path: Path) -> None:
        owner = pwd.getpwnam("nobody")
        os.chown(tmp_path, owner.pw_uid, owner.pw_gid)
        account = trust.account_for(base_at(str(tmp_path), owner.pw_uid), "/root")
        assert account.home == owner.pw_dir
        script = 'echo "{\\"conda_version\\":0,\\"python_version\\":0,\\"finished_by\\":0,'
        script += '\\"rows\\":[{\\"id\\":\\"`id -u` `id -G`\\"}]}"\n'
        for folder in (tmp_path, *tmp_path.parents):
            if folder.is_relative_to("/tmp/") and folder != Path("/tmp"):
                folder.chmod(0o755)
        rows: list[dict[str, Any]] = probe.run_probe(interpreter_that(tmp_path, script), GIVEN, account)
        assert rows[0]["id"].split()[0] == str(owner.pw_uid)
        assert "0" not in rows[0]["id"].split()

    def test_a_base_of_root_that_others_can_change_is_run_by_nobody(self, tmp_path: Path) -> None:
        for folder in (tmp_path, *tmp_path.parents):
            if folder.is_relative_to("/tmp/") and folder != Path("/tmp"):
                folder.chmod(0o755)
        tmp_path.chmod(0o2775)
        script = 'echo "{\\"conda_version\\":0,\\"python_version\\":0,\\"finished_by\\":0,'
        script += '\\"rows\\":[{\\"id\\":\\"`id -u` `id -G` $HOME\\"}]}"\n'
        python = interpreter_that(tmp_path, script)
        account = trust.account_for(base_at(str(tmp_path), 0), "/root")
        nobody = pwd.getpwnam("nobody")
        assert probe.run_probe(python, GIVEN, account)[0]["id"] == f"{nobody.pw_uid} {nobody.pw_gid} /nonexistent"

    def test_what_nobody_may_not_run_says_so(self, tmp_path: Path) -> None:
        base = base_at(str(tmp_path), 0)
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/python").write_text("#!/bin/sh\n")
        tmp_path.chmod(0o770)
        (row,) = probe.prove([base], {}, "/root", {})
        assert row["verdict"] == "conda_unusable"
        assert "cannot be started: Permission denied" in row["detail"]

    def test_an_owner_without_account(self, tmp_path: Path) -> None:
        os.chown(tmp_path, 54321, 54321)
        with pytest.raises(trust.NotAsRootError, match=r"Not run as root: .*\S"):
            trust.account_for(base_at(str(tmp_path), 54321), "/root")


CANDIDATE: dict[str, Any] = {
    "proxy_servers": {"https": "http://ada:Zq7pw@new:1"},
    "variables": {"https_proxy": "http://ada:Zq7pw@new:1"},
    "ssl_verify": None,
    "ca_bundle": None,
    "bundle": "the certificates\n",
}


def test_a_candidate_replaces_the_proxies_and_its_bundle_is_a_private_file_for_a_while() -> None:
    given = {"environment": {"http_proxy": "http://old:1", "ALL_PROXY": "x", "CURL_CA_BUNDLE": "y", "CONDARC": "z"}}
    owner = pwd.getpwnam("nobody")
    account = process.Account(owner.pw_uid, owner.pw_gid, "nobody", "/") if os.geteuid() == 0 else HERE
    with candidate.trying(CANDIDATE, given, account) as asked:
        path = asked["candidate"]["ssl_verify"]
        assert asked["candidate"] == {"proxy_servers": CANDIDATE["proxy_servers"], "ssl_verify": path}
        assert asked["environment"] == {
            "CURL_CA_BUNDLE": "y", "CONDARC": "z", "https_proxy": "http://ada:Zq7pw@new:1", "REQUESTS_CA_BUNDLE": path,
        }  # fmt: skip
        assert Path(path).read_text() == CANDIDATE["bundle"]
        found = Path(path).stat()
        assert (found.st_mode & 0o777, found.st_uid) == (0o600, owner.pw_uid if os.geteuid() == 0 else os.geteuid())
    assert not Path(path).exists()
    with pytest.raises(ZeroDivisionError), candidate._private_file("x", HERE) as path:
        raise ZeroDivisionError
    assert not Path(path).exists()


def test_a_candidate_of_a_ca_alone_leaves_the_proxies() -> None:
    given = {"environment": {"http_proxy": "http://old:1"}}
    only = dict(CANDIDATE, proxy_servers=None, variables={"REQUESTS_CA_BUNDLE": "/ca"}, ssl_verify="/ca", bundle=None)
    with candidate.trying(only, given, HERE) as asked:
        assert asked["environment"] == {"http_proxy": "http://old:1", "REQUESTS_CA_BUNDLE": "/ca"}
        assert asked["candidate"] == {"ssl_verify": "/ca"}
    with candidate.trying({}, given, HERE) as asked:
        assert asked is given


def test_a_machine_without_roots_asks_for_the_control_nodes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ca_roots, "find_roots", lambda _files, _bases: None)
    bundle = {"pem": "ours\n", "roots": None}
    options: dict[str, Any] = {
        "prefix": "/nonexistent",
        "home": str(tmp_path),
        "channels": ["https://nowhere.invalid/x"],
    }
    options["candidate"] = dict(CANDIDATE, ca_bundle=bundle, bundle=None)
    assert connectivity.run_connectivity(options)["needs"] == "ca_roots"
    bundle["roots"] = Path("/etc/ssl/certs/ca-certificates.crt").read_text()
    bundle["pem"] = bundle["roots"]
    (row,) = connectivity.run_connectivity(options)["proof"]
    assert (row["proxy_verdict"], row["verify"], row["proxy_source"]) == ("dns_proxy", "candidate", "candidate")


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
def test_out_of_a_zip(version: str, interpreter: Callable[[str], Path], tmp_path: Path) -> None:
    """As a module's payload: the sources are in a zip file and nowhere else."""
    package = "ansible_collections/condafleet/proxy/plugins/module_utils"
    sources = CHECKOUT / "plugins/module_utils"
    with zipfile.ZipFile(tmp_path / "payload.zip", "w") as archive:
        parts = package.split("/")
        for number in range(len(parts)):
            archive.writestr("/".join(parts[: number + 1]) + "/__init__.py", "")
        for path in sources.rglob("*.py"):
            archive.write(path, f"{package}/{path.relative_to(sources)}")
    code = (
        f"import json, sys; sys.path.insert(0, {str(tmp_path / 'payload.zip')!r})\n"
        f"from {package.replace('/', '.')}._posix import probe\n"
        "rows = probe.prove([], {}, '/nonexistent', {'bare': {'channels': ['https://nowhere.invalid/x']}})\n"
        "print(json.dumps(rows))\n"
    )
    done = subprocess.run(
        [interpreter(version), "-I", "-c", code], capture_output=True, text=True, check=True, env=clean_env(tmp_path)
    )
    row = json.loads(done.stdout)[0]
    assert (row["verdict"], row["proxy_verdict"], row["finished_by"]) == ("no_conda", "dns_channel", "completed")
    assert row["python_version"].startswith(version)


def test_the_module_s_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    options = {
        "prefix": str(tmp_path / "none"),
        "home": str(tmp_path),
        "channels": ["https://nowhere.invalid/x"],
        "environment": {"https_proxy": "http://ada:Zq7pw@proxy.invalid:1"},
        "require": True,
    }
    result = connectivity.run_connectivity(options)
    assert result["failed"]
    assert result["reachable"] is False
    assert "no_conda" in result["msg"]
    assert result["proof"][0]["proxy_verdict"] == "dns_proxy"
    assert result["proof"][0]["proxy"] == "http://***@proxy.invalid:1"
    assert "Zq7" not in json.dumps(result)


def test_the_program_holds_every_file_of_the_probe() -> None:
    text = _script.program(_script.PROOF, {"a": "ä"})
    assert text.isascii()
    files = {path.stem for path in (CHECKOUT / "plugins/module_utils/_probe").glob("[!_]*.py")}
    assert set(re.findall(r"(?m)^load\('[\w.]+\.(\w+)', ", text.decode())) == files
    assert len(text) < 100_000
