# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure pieces of conda_proxy_info: where a variable is set, which condarc wins, what contradicts itself."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils import _redact
from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence
from ansible_collections.condafleet.proxy.plugins.module_utils._info import (
    assignments,
    conda,
    config_files,
    conflicts,
    sessions,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._info import curl as _curl
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Conflict, ConsumerRow
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects

if TYPE_CHECKING:
    from pathlib import Path

PROXY = "http://ada:p%40ss@proxy.example.com:8080"


@pytest.mark.parametrize("dialect", sorted(dialects._DIALECTS))
def test_what_we_write_is_found(dialect: str) -> None:
    if dialect == "sudoers":
        return  # names without values
    lines = ["# comment, isn't it", *dialects._DIALECTS[dialect]({"https_proxy": PROXY, "no_proxy": "a,b"})]
    place = assignments.find("https_proxy", PROXY, [("/f", "\n".join(lines))])
    number = next(number for number, line in enumerate(lines, 1) if "https_proxy" in line)
    assert place == f"/f:{number}"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"export A=1 https_proxy={PROXY}", True),
        (f'  https_proxy="{PROXY}"; export https_proxy', True),
        (f"if true; then export https_proxy='{PROXY}'; fi", True),
        (f"setenv https_proxy {PROXY}", True),
        (f"set -gx https_proxy {PROXY}", True),
        ('export https_proxy="http://$HOST:8080"', True),  # computed: nothing else can have set it
        (f"# export https_proxy={PROXY}", False),
        (f"export my_https_proxy={PROXY}", False),
        ("export https_proxy=http://other:1", False),
        ("echo https_proxy", False),
    ],
)
def test_lines_that_set_a_variable(line: str, found: bool) -> None:
    assert assignments.find("https_proxy", PROXY, [("/a", "\n" + line)]) == ("/a:2" if found else "")


def test_the_last_line_that_sets_the_value_counts() -> None:
    files = [("/a", f"https_proxy={PROXY}\nhttps_proxy={PROXY}\n"), ("/b", "https_proxy=x\n")]
    assert assignments.find("https_proxy", PROXY, files) == "/a:2"


SYSTEM = (
    "# ours\nchannels: [a]\nproxy_servers:\n  http: http://corp:8080\n  https: http://corp:8080\nssl_verify: /ca.pem\n"
)
LOCKED = SYSTEM.replace("proxy_servers:", "proxy_servers: #!final")
USER = "proxy_servers:\n  https: http://user:1\n"


@pytest.mark.parametrize(
    ("texts", "key", "winner"),
    [
        ((SYSTEM, USER), "proxy_servers.https", "1:2"),
        ((SYSTEM, USER), "proxy_servers.http", "0:4"),  # a map is merged key by key
        ((SYSTEM, USER), "ssl_verify", "0:6"),
        ((LOCKED, USER), "proxy_servers.https", "0:5"),
        ((LOCKED.replace("final\n", "final\n  # off\n"), USER), "proxy_servers.https", "1:2"),  # a comment after a flag
        (
            (SYSTEM.replace("https: http://corp:8080", "https: http://corp:8080 #!final"), USER),
            "proxy_servers.https",
            "0:5",
        ),
        (
            (SYSTEM.replace("https: http://corp:8080", "https: http://corp:8080 # !final"), USER),
            "proxy_servers.https",
            "1:2",
        ),
        (("proxy_servers: {} #!final\n", USER), "proxy_servers.https", None),
        (("verify_ssl: false #!final\n", "ssl_verify: true\n"), "ssl_verify", "0:1"),
        (("proxy_servers: {http: http://a:1, https: http://b:2}\n",), "proxy_servers.https", "0:1"),
        (('proxy_servers:\n  "https://h.example.com": ""\n',), "proxy_servers.https://h.example.com", "0:2"),
    ],
)
def test_which_condarc_wins(texts: tuple[str, ...], key: str, winner: str | None) -> None:
    winners = condarc_precedence.decide(
        [condarc_precedence.settings(str(number), text) for number, text in enumerate(texts)]
    )
    assert (f"{winners[key].path}:{winners[key].line}" if key in winners else None) == winner


def test_the_entry_for_a_url() -> None:
    text = 'proxy_servers:\n  all: http://a:1\n  https: http://b:2\n  "https://h.example.com": ""\n'
    winners = condarc_precedence.decide([condarc_precedence.settings("f", text)])
    values = {}
    for scheme, host in (("https", "h.example.com"), ("https", "other"), ("http", "h.example.com")):
        entry = condarc_precedence.proxy_for(scheme, host, winners)
        assert entry
        values[scheme, host] = entry.value
    assert list(values.values()) == ["", "http://b:2", "http://a:1"]


def test_search_path(tmp_path: Path) -> None:
    names = [
        "root/.condarc",
        "root/condarc.d/b.yml",
        "home/.condarc",
        "home/.conda/.condarc",
        "xdg/conda/condarc",
        "mine.yml",
    ]
    for name in [*names, "root/condarc.d/no.conf"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    environment = {"CONDARC": str(tmp_path / "mine.yml"), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    found = condarc_precedence.search_path(str(tmp_path / "home"), str(tmp_path / "root"), environment)
    mine = [path.removeprefix(f"{tmp_path}/") for path in found if path.startswith(str(tmp_path))]
    assert mine == [names[0], names[1], names[4], names[3], names[2], names[5]]


def ranked(*texts: str) -> list[list[condarc_precedence.Setting]]:
    return [condarc_precedence.settings(f"/{number}", text) for number, text in enumerate(texts)]


def test_condarc_conflicts() -> None:
    assert conflicts.condarcs(ranked(SYSTEM, USER, "ssl_verify: /ca.pem\n")) == [
        Conflict("/1", "sets proxy_servers.https, which /0 sets too", "/1")
    ]
    assert conflicts.condarcs(ranked(LOCKED, USER))[0].winner == "/0"
    assert conflicts.condarcs(ranked(SYSTEM, SYSTEM)) == []
    assert conflicts.condarcs(ranked(SYSTEM, "ssl_verify: false\n"))[0].what == "sets ssl_verify, which /0 sets too"


def test_a_condarc_that_is_not_compared_is_named(tmp_path: Path) -> None:
    odd, good = tmp_path / "odd.yml", tmp_path / ".condarc"
    odd.write_text("{proxy_servers: {http: 'http://u:Zq7pw@h:1'}}\n")
    good.write_text(USER)
    (found,) = conflicts.unread([str(odd), str(good)])
    assert found.path == str(odd)
    assert "line 1" in found.what
    assert "Zq7pw" not in str(found)
    assert "cannot be read" in conflicts.unread([str(tmp_path / "none")])[0].what


def test_conflicts_of_variables() -> None:
    login = {
        "CONDA_SSL_VERIFY": "false", "CONDA_PREFIX": "/opt/conda", "CONDARC": "/mine.yml", "REQUESTS_CA_BUNDLE": "/other.pem",
        "CONDA_PROXY_SERVERS": "x",
    }  # fmt: skip

    def found(text: str) -> dict[str, str]:
        rows = conflicts.variables(login, lambda name, _value: name, condarc_precedence.decide(ranked(text)))
        return {row.path: row.winner for row in rows}

    environment = "the environment: CONDA_SSL_VERIFY"
    assert found(SYSTEM) == {
        "CONDARC": "/mine.yml",
        "CONDA_PROXY_SERVERS": "none",
        "CONDA_SSL_VERIFY": environment,
        "REQUESTS_CA_BUNDLE": "the environment: REQUESTS_CA_BUNDLE",
    }
    assert found(SYSTEM.replace("/ca.pem", "/ca.pem #!final"))["CONDA_SSL_VERIFY"] == "/0"


def test_variables_of_conda_that_are_in_nobodys_way() -> None:
    names = (
        "CONDA_EXE", "CONDA_PREFIX", "CONDA_PREFIX_1", "CONDA_SHLVL", "CONDA_PYTHON_EXE", "CONDA_DEFAULT_ENV", "_CE_CONDA",
        "CONDA_PROMPT_MODIFIER", "CONDA_AUTO_ACTIVATE_BASE", "CONDA_CHANGEPS1", "CONDA_SOLVER", "CONDA_OVERRIDE_CUDA",
        "CONDA_ENVS_PATH", "CONDA_PKGS_DIRS", "CONDA_ALWAYS_YES", "CONDA_BACKUP_CC", "CONDA_PROXY_NOTE", "CONDA_", "CONDA",
    )  # fmt: skip
    winners = condarc_precedence.decide(ranked(SYSTEM))
    assert conflicts.variables(dict.fromkeys(names, "x"), lambda name, _value: name, winners) == []
    for name in ("CONDA_OFFLINE", "CONDA_CHANNEL_ALIAS", "CONDA_CLIENT_SSL_CERT", "CONDA_VERIFY_SSL"):
        (row,) = conflicts.variables({name: "x"}, lambda name, _value: name, winners)
        assert (row.path, row.winner) == (name, f"the environment: {name}")
    locked = condarc_precedence.decide(ranked(SYSTEM.replace("/ca.pem", "/ca.pem #!final")))
    assert conflicts.variables({"CONDA_VERIFY_SSL": "x"}, lambda name, _value: name, locked)[0].winner == "/0"


def test_netrc_conflicts() -> None:
    def texts(path: str) -> str | None:
        return {"/h/.netrc": "default login x password Zq7pw\n", "/etc/hostname": "machine a login b\nnonsense\n"}.get(
            path
        )

    own = conflicts.netrc("/h", "", texts, True)
    assert [(row.path, row.winner) for row in own] == [("/h/.netrc", "/h/.netrc")]
    assert "default entry" in own[0].what
    assert "Zq7pw" not in str(own)
    ours = conflicts.netrc(
        "/h", "", lambda _path: "machine mirror.example.com login x password Zq7\n", True, "mirror.example.com"
    )
    assert [(row.what, row.winner) for row in ours] == [
        ("has an entry for mirror.example.com, whose login and password are sent there", "/h/.netrc")
    ]
    elsewhere = conflicts.netrc("/h", "/etc/hostname", texts, True)
    assert [(row.path, row.winner) for row in elsewhere] == [
        ("/h/.netrc", "/etc/hostname"),
        ("/etc/hostname", "none"),
    ]


def test_disagreements() -> None:
    def row(consumer: str, proxy: str) -> ConsumerRow:
        return ConsumerRow(consumer, "run", https_proxy=proxy)

    assert conflicts.disagreements([row("a", PROXY), row("b", "proxy.example.com:8080/"), row("c", "")]) == []
    (found,) = conflicts.disagreements([row("a", PROXY), row("b", "http://127.0.0.1:9")])
    assert found.what == "https_proxy differs: proxy.example.com:8080 for a; 127.0.0.1:9 for b"


def subject(home: Path, **login: str) -> _rows.Subject:
    return _rows.Subject(Account("ada", 1, 1, str(home), "/bin/bash"), login, "https://conda.anaconda.org")


def test_curl_and_pip_by_their_rules(tmp_path: Path) -> None:
    mine = subject(tmp_path, HTTP_PROXY="http://upper:1", HTTPS_PROXY="http://upper:2", REQUESTS_CA_BUNDLE="/r.pem")
    curl = _curl.curl(mine)
    assert (curl.http_proxy, curl.https_proxy, curl.ca_bundle) == ("", "http://upper:2", "")
    (tmp_path / ".curlrc").write_text('# proxy = no\nproxy = "http://rc:3"\ncacert /c.pem\n')
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text("[global]\nproxy = http://pip:4\n")
    curl, pip = _curl.curl(mine), config_files.pip(mine)
    assert (curl.https_proxy, curl.decided_by["https_proxy"]) == ("http://rc:3", f"{tmp_path}/.curlrc:2")
    assert curl.ca_bundle == "/c.pem"
    assert pip.decided_by["https_proxy"] == f"{tmp_path}/.config/pip/pip.conf:2"


def test_mamba_takes_the_condarc_then_the_environment(tmp_path: Path) -> None:
    mine = subject(tmp_path, https_proxy="http://env:1", http_proxy="http://env:2", no_proxy="x")
    (tmp_path / ".condarc").write_text(USER)
    row = conda.mamba("mamba", mine, "")
    assert (row.https_proxy, row.http_proxy, row.no_proxy) == ("http://user:1", "http://env:2", "x")
    assert row.decided_by["https_proxy"] == f"{tmp_path}/.condarc:2: proxy_servers.https"
    assert row.decided_by["http_proxy"] == "environment: http_proxy"


def test_csh_reads_one_of_two_files(tmp_path: Path) -> None:
    (tmp_path / ".cshrc").write_text(f"setenv https_proxy '{PROXY}'\n")
    assert config_files.csh(subject(tmp_path)).https_proxy == PROXY
    (tmp_path / ".tcshrc").write_text("")
    assert config_files.csh(subject(tmp_path)).https_proxy != PROXY


def test_every_text_of_a_result_is_masked() -> None:
    from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows

    row = {"https_proxy": PROXY, "decided_by": {"https_proxy": "/f:1"}, "note": "see /t/Zq7token/x", "n": 1}
    masked = _rows.masked(row, _redact.Masker("key"))
    assert "p%40ss" not in str(masked)
    assert "Zq7token" not in str(masked)
    assert masked["https_proxy"].endswith("@proxy.example.com:8080")
    assert masked["decided_by"] == {"https_proxy": "/f:1"}
    assert _rows.masked("a\udc80", _redact.Masker("key")) == "a\\udc80"


def test_a_socket_that_a_killed_manager_left_is_no_manager(tmp_path: Path) -> None:
    path = str(tmp_path / "private")
    assert not sessions.answers(path)
    with socket.socket(socket.AF_UNIX) as manager:
        manager.bind(path)
        manager.listen()
        assert sessions.answers(path)
    assert not sessions.answers(path)
