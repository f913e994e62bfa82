# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's own curl is asked what it would use: the real one, with its own start-up files, and nothing is connected to."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._info import consumers, rows
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import shells
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from tests.bed import hostile
from tests.bed.environ import SYSTEM_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "chan.example.com"
RUN, READ = "run", "read from files"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The arguments with which curl was started."""
    return tmp_path / "argv"


@pytest.fixture
def ask(home: Path, tmp_path: Path, log: Path) -> Any:
    """`ask(wrap="...", **variables)`: the row, by the curl that is first on the PATH; it is the real one behind a notebook."""
    real = shutil.which("curl", path=SYSTEM_PATH)
    assert real, "curl is a package of tests/debian-packages.txt"
    programs = tmp_path / "bin"
    programs.mkdir()

    def run(wrap: str = 'exec "$real" "$@"', channel: str = f"https://{HOST}/main", **variables: str) -> dict[str, Any]:
        script = programs / "curl"
        script.write_text(f"#!/bin/sh\nreal={real}\nprintf '%s\\n' \"$@\" >> '{log}'\n{wrap}\n")
        script.chmod(0o755)
        login = {"PATH": f"relative:{programs}:{SYSTEM_PATH}", **variables}
        subject = rows.Subject(LINUX, Account("ada", 1, 1, str(home), "/bin/bash"), login, channel)
        (row,) = [row for row in consumers.rows(subject, []) if row.consumer == "curl"]
        return row._asdict()

    return run


VAR, RC = "http://var:1", "http://rc:2"
CASES: dict[str, tuple[dict[str, str], str, dict[str, str]]] = {
    "nothing": ({}, "", {}),
    "both": ({"http_proxy": VAR, "https_proxy": "http://var:3"}, "", {"http_proxy": VAR, "https_proxy": "http://var:3"}),
    "never HTTP_PROXY": ({"HTTP_PROXY": VAR, "HTTPS_PROXY": VAR}, "", {"https_proxy": VAR}),
    "lower case first": ({"https_proxy": VAR, "HTTPS_PROXY": RC}, "", {"https_proxy": VAR}),
    "an empty one does not count": ({"https_proxy": "", "HTTPS_PROXY": VAR}, "", {"https_proxy": VAR}),
    "all": ({"ALL_PROXY": "socks5h://var:1"}, "", {"http_proxy": "socks5h://var:1", "https_proxy": "socks5h://var:1"}),
    "exempt": ({"https_proxy": VAR, "no_proxy": f"a,{HOST}"}, "", {"no_proxy": f"a,{HOST}"}),
    "exempt by its domain": ({"https_proxy": VAR, "NO_PROXY": ".example.com"}, "", {"no_proxy": ".example.com"}),
    "another is exempt": ({"https_proxy": VAR, "no_proxy": "x"}, "", {"https_proxy": VAR, "no_proxy": "x"}),
    "a very long no_proxy": ({"https_proxy": VAR, "no_proxy": "x" * 5000}, "", {"https_proxy": VAR, "no_proxy": "x" * 5000}),
    "file": ({"https_proxy": VAR}, f'# mine\nproxy = "{RC}"\n', {"http_proxy": RC, "https_proxy": RC}),
    "file, short": ({"https_proxy": VAR}, f"-x {RC}\n", {"http_proxy": RC, "https_proxy": RC}),
    "file, SOCKS": ({}, "--proxy socks5h://rc:2\n", {"http_proxy": "socks5h://rc:2", "https_proxy": "socks5h://rc:2"}),
    "file, none": ({"https_proxy": VAR}, 'proxy = ""\n', {}),
    "file, and the variable exempts": ({"no_proxy": HOST}, f"proxy = {RC}\n", {"no_proxy": HOST}),
    "file, both": ({"no_proxy": HOST}, f"proxy = {RC}\nnoproxy = y\n", {"http_proxy": RC, "https_proxy": RC, "no_proxy": "y"}),
    "file exempts": ({"https_proxy": VAR}, f"noproxy: {HOST}\n", {"no_proxy": HOST}),
    "bundle": ({"CURL_CA_BUNDLE": "/v.pem", "REQUESTS_CA_BUNDLE": "/r.pem"}, "", {"ca_bundle": "/v.pem"}),
    "bundle, file": ({"CURL_CA_BUNDLE": "/v.pem"}, "cacert /c.pem\n", {"ca_bundle": "/c.pem"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_curl_says(name: str, ask: Any, home: Path, log: Path) -> None:
    variables, curlrc, expected = CASES[name]
    if curlrc:
        (home / ".curlrc").write_text(curlrc)
    row = ask(**variables)
    assert log.exists()
    assert row["how"] == RUN, row
    assert {field: row[field] for field in rows.FIELDS if row[field]} == expected
    for field, value in expected.items():
        where = row["decided_by"][field]
        by_file = value in curlrc
        assert where.startswith(f"{home}/.curlrc:" if by_file else "environment: "), (field, where)
        if not by_file:
            assert variables[where.partition(": ")[2]] == value
        elif where:
            assert value in curlrc.splitlines()[int(where.rpartition(":")[2]) - 1]
    exempt = "exempt" in name and not expected.get("https_proxy")
    assert ("no_proxy exempts https://" in row["note"]) is exempt
    assert "variables suggest" not in row["note"]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("scheme", ["http", "https", "socks4", "socks5", "socks5h"])
@pytest.mark.parametrize("where", ["variable", "file", "direct"])
def test_nothing_is_connected_to(ask: Any, home: Path, listener: socket.socket, scheme: str, where: str) -> None:
    port = listener.getsockname()[1]
    proxy = f"{scheme}://127.0.0.1:{port}"
    if where == "file":
        (home / ".curlrc").write_text(f"proxy = {proxy}\nretry = 3\nlocation\n")
    channel = f"http://127.0.0.1:{port}/main" if where == "direct" else "http://127.0.0.1:9/main"
    row = ask(channel=channel, **({"all_proxy": proxy} if where == "variable" else {}))
    assert row["how"] == RUN
    assert row["https_proxy"] == ("" if where == "direct" else proxy)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_secrets_do_not_stand_in_argv(ask: Any, home: Path, log: Path) -> None:
    channel = f"https://ada:Zq7pw@{HOST}:8443/t/Zq7token/main?Zq7"
    for value in hostile.values(60):
        proxy = f"http://ada:Zq7{quote(value)}@var:1"
        row = ask(channel=channel, https_proxy=proxy)
        assert (row["how"], row["https_proxy"]) == (RUN, proxy)
    (home / ".curlrc").write_text(
        'proxy = "http://ada:Zq7\\\\\\"\\tä@rc:2"\nproxy-user = "ada:Zq7"\n', encoding="utf-8"
    )
    row = ask(channel=channel, no_proxy="x")
    assert (row["how"], row["https_proxy"]) == (RUN, 'http://ada:Zq7\\"\tä@rc:2')
    assert row["decided_by"]["https_proxy"] == f"{home}/.curlrc:1"
    assert f"https://{HOST}:8443/" in log.read_text().splitlines()
    assert "Zq7" not in log.read_text()


@pytest.mark.parametrize(
    "line",
    [
        "cookie-jar = jar", "url = http://127.0.0.1:9/", "-o x", "output = x", "next", "config = other", "trace x", "--hsts = x",
        "unix-socket = /x", "preproxy = socks5://x", "-xhttp://x:1", "quote", "remote-name", "-O", "-Z", "\x00", "=",
    ],
)  # fmt: skip
def test_a_file_that_could_do_more_is_only_read(ask: Any, home: Path, log: Path, line: str) -> None:
    (home / ".curlrc").write_text(f"silent\nproxy = {RC}\n{line}\n")
    row = ask(https_proxy=VAR)
    assert not log.exists()
    assert (row["how"], row["https_proxy"]) == (READ, RC)
    assert row["note"].startswith(f"not run: {home}/.curlrc has ")


def test_which_file_is_read(ask: Any, home: Path, tmp_path: Path) -> None:
    """CURL_HOME, XDG_CONFIG_HOME, the home, and without XDG_CONFIG_HOME its .config."""
    paths = [tmp_path / "ch/.curlrc", tmp_path / "xdg/.curlrc", home / ".curlrc", home / ".config/curlrc"]
    for number, path in enumerate(paths):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"proxy = http://file:{number + 1}\n")
    named = {"CURL_HOME": str(tmp_path / "ch"), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    for number, path in enumerate(paths):
        row = ask(**(named if number < 3 else {}))
        assert (row["https_proxy"], row["note"]) == (f"http://file:{number + 1}", "")
        assert row["decided_by"]["https_proxy"] == f"{path}:1"
        path.unlink()


def test_what_curl_does_wins(ask: Any) -> None:
    row = ask('unset https_proxy; HTTP_PROXY= exec "$real" "$@"', http_proxy=VAR, https_proxy=VAR)
    assert (row["how"], row["http_proxy"], row["https_proxy"]) == (RUN, VAR, "")
    assert row["note"] == f"https_proxy: its files and variables suggest {VAR}"
    assert "https_proxy" not in row["decided_by"]


@pytest.mark.parametrize(
    ("wrap", "note"),
    [
        ('"$real" "$@" | grep -v "Uses proxy env"', "does not report its settings"),  # older than 7.60 or so
        ("echo 'curl: option --unix-socket: is unknown'; exit 2", "does not report its settings"),
        ("exec yes", "does not report its settings"),
        ('[ "$1" = --disable ] && exec "$real" "$@"; exec sleep 1000', "timed out"),
    ],
)
def test_where_curl_gives_no_answer(ask: Any, wrap: str, note: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "_TIMEOUT", 1.0)
    row = ask(wrap, https_proxy=VAR)
    assert (row["how"], row["https_proxy"]) == (READ, VAR)
    assert note in row["note"]
