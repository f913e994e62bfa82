# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence
from ansible_collections.condafleet.proxy.plugins.module_utils._info import (
    conflicts,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Conflict, ConsumerRow

if TYPE_CHECKING:
    from pathlib import Path

PROXY = "http://ada:p%40ss@proxy.example.com:8080"


SYSTEM = (
    "# ours\nchannels: [a]\nproxy_servers:\n  http: http://corp:8080\n  https: http://corp:8080\nssl_verify: /ca.pem\n"
)
LOCKED = SYSTEM.replace("proxy_servers:", "proxy_servers: #!final")
USER = "proxy_servers:\n  https: http://user:1\n"


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
        ("has an entry for mirror.example.com; its login and password are sent to that host", "/h/.netrc")
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
