# SPDX-License-Identifier: GPL-3.0-or-later
"""Which condarc decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize(
    "text",
    [
        'proxy_servers: {"http":"http://o:3128","https":"http://o:3128"}\n',
        "proxy_servers: {http: http://o:3128, https: http://o:3128}\n",
        "proxy_servers: {\n  http: http://o:3128,\n  https: http://o:3128\n}\n",
        "proxy_servers:\n  {http: http://o:3128,\n  https: 'http://o:3128' }\n",
        "proxy_servers:\n  http:\n    http://o:3128\n  ? https\n  : http://o:3128 # x\n",
        'proxy_servers:\n  "http":   "http:\\x2f/o:3128"\n  https: >-\n    http://o:3128\n',
    ],
)
def test_every_style_is_read_as_conda_reads_it(text: str) -> None:
    found = condarc_precedence.settings("f", "channels: [\n  a\n]\n" + text)
    assert {one.key: one.value for one in found} == {
        "proxy_servers": "",
        "proxy_servers.http": "http://o:3128",
        "proxy_servers.https": "http://o:3128",
    }
    assert found[0].line == 4


def test_why_a_file_is_not_compared(tmp_path: Path) -> None:
    path = tmp_path / ".condarc"
    for text, reason in (
        ("ssl_verify:\ttrue\n", "cannot be used by conda (line 1: a tab, which YAML does not allow here); correct it"),
        ("channels: &x [a]\n", "uses YAML that cannot be compared (line 1: an anchor, an alias or a tag); see the"),
        ("# " + "x" * (1 << 20), "is larger than 1 MB; see the"),
        ("ssl_verify: true\n", ""),
    ):
        path.write_text(text)
        assert condarc_precedence.problem(str(path)).startswith(reason)
        assert bool(condarc_precedence.read(str(path))) == (not reason)


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
