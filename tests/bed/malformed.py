# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are wrong: written by hand, and generated from the type of each option.

What could be shown of a value holds the marker of tests.bed.secrets.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import Any, NamedTuple

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS
from tests.bed.secrets import MARKER

PROXY = "http://proxy.example.com:8080"
_BASE: dict[str, Any] = {"scope": "user", "http": PROXY}
# what an option needs to be looked at at all
_BESIDE: dict[str, dict[str, Any]] = {
    "password": {"username": "ada"},
    "netrc": {"sections": ["condarc", "environment", "netrc"]},
}
_ENTRY = {"machine": "mirror.example.com", "login": "ada", "password": MARKER}
_VAULT = f"$ANSIBLE_VAULT;1.1;AES256\n6162{MARKER}"


class Malformed(NamedTuple):
    """Settings; `option` is the one with the odd value."""

    option: str
    settings: dict[str, Any]


def _all(option: str, *values: Any, **more: Any) -> list[Malformed]:
    return [Malformed(option, {**_BASE, **_BESIDE.get(option, {}), **more, option: value}) for value in values]


def _urls(*parts: str) -> tuple[str, ...]:
    return tuple(f"http://{part}" for part in parts)


# Each is refused.
BY_HAND = [
    *_all("state", MARKER, "Present", "removed"),
    *_all("scope", "systm", "System", MARKER, f"user {MARKER}"),
    *_all("sections", [MARKER], ["condarc", "env"], "condarc;environment", f"condarc,{MARKER}", "[condarc]"),
    *_all("password_exposure", "yes", True, MARKER),
    *_all("verify", True, "always", MARKER),
    *_all(
        "http",
        *_urls(f":{MARKER}@p:1", f"{MARKER}:70000", f"{MARKER}:0", f"{MARKER}:port", f"{MARKER}:", f"u:{MARKER}@"),
        *_urls(f"u:{MARKER}@:8080", f"u:{MARKER}@@p:1", f"u:{MARKER}@p:1/path", f"u:{MARKER}@p:1?q=1"),
        *_urls(f"u:{MARKER}@p:1#f", f"u:{MARKER}%zz@p:1", f"u:{MARKER}%ff@p:1", f"u:{MARKER}%0a@p:1"),
        *_urls(f"a%3Ab:{MARKER}@p:1", f"[{MARKER}]:8080", f"[::1:8080/{MARKER}", f"{MARKER}/wpad.dat", f"{MARKER} :1"),
        *_urls(f"{MARKER}\n:8080", f"{MARKER}\0:8080", f"{MARKER}\t:8080", f"{MARKER}\u00e4:8080", f"-{MARKER}:8080"),
        *_urls(f"{MARKER}..example.com:8080", f"{MARKER}:8080,http://other:8080", f"a\\b:{MARKER}@p:1", MARKER * 40),
        f"http:{MARKER}",
        f"ftp://{MARKER}:8080",
        f"{MARKER}:8080",
        f"//{MARKER}:8080",
        f"https://{MARKER}:8080",
        f"socks6://{MARKER}:1080",
        f"pac+http://{MARKER}/proxy.pac",
        8080,
        f"${{{MARKER}}}",
        _VAULT,
    ),
    *_all("https", f"https://{MARKER}:8080", f"http://u:{MARKER}@p:1", f"{MARKER}:1"),
    *_all("https", f"http://{MARKER}:1", http=None),
    *_all("username", "a:b", f"{MARKER}\n", MARKER * 300, 123, True),
    *_all("username", MARKER, http=None),
    *_all("password", f"{MARKER}\n", f"{MARKER}\0", MARKER * 300, f"\ud800{MARKER}", 123, 1.5, False, [MARKER]),
    *_all("password", MARKER, username=None),
    *_all("no_proxy", [None], ["a", None], ["999.1.1.1"], ["10."], ["10.0.0.0/33"], [f"http://{MARKER}"], [["a"]]),
    *_all("no_proxy", [f"a b{MARKER}"], [f"*{MARKER}"], {"a": MARKER}, True, [True], ["a:port"], f"a;{MARKER}", ["-a"]),
    *_all("no_proxy", ["a" * 64], [".".join(["a" * 60] * 5)], [f"host{n}.example.com" for n in range(5000)]),
    *_all("home", MARKER, f"~/{MARKER}", f"/{MARKER}\n", f"/{MARKER}\0", f"/{'a' * 300}", "/a" * 600, [f"/{MARKER}"]),
    *_all("home", f"/{MARKER}", scope="system"),
    *_all("users", [""], [f"-{MARKER}"], [f"a:{MARKER}"], [f"{MARKER}\n"], [None], [f" {MARKER}"], [{"name": MARKER}]),
    *_all("users", {"ada": MARKER}, True, "['ada', 'bob']", [MARKER * 30]),
    *_all("ca_bundle", MARKER, f"/{MARKER}\n", f"~/{MARKER}", ["/a.pem"], f"/\U0001f600{MARKER}", f"${{HOME}}/{MARKER}"),
    *_all("ca_bundle_src", f"{MARKER}.pem", f"{MARKER}\0", [MARKER], MARKER * 100),
    *_all("ca_bundle_content", MARKER, f"-----BEGIN CERTIFICATE----- {MARKER}", [MARKER], _VAULT),
    *_all("ssl_verify", MARKER, f"truststore {MARKER}", f"/{MARKER}\n", [True], {"path": MARKER}),
    *_all("channels", [f"a b{MARKER}"], [""], [None], [f"#!final{MARKER}"], [f"https://h/{MARKER}#x"], [f"\u00e4{MARKER}"]),
    *_all("channels", [f"https://h:99999/{MARKER}"], [f"https:/h/{MARKER}"], [f"HTTPS://h/{MARKER}"], {"a": MARKER}),
    *_all("channels", [f"'{MARKER}'"], [f"<{MARKER}>"], [f"{MARKER}%zz"], ["a" * 1001], f'["{MARKER}"]', [[MARKER]]),
    *_all("default_channels", [f"a b{MARKER}"], [None], {"a": MARKER}, [f"gopher://{MARKER}"]),
    *_all("allowlist_channels", [f"a\t{MARKER}"], [None], True),
    *_all("denylist_channels", [f"{MARKER}\n"], [None], [1, [MARKER]]),
    *_all("channel_alias", MARKER, f"https://{MARKER} x", f"https://h/{MARKER}?q", f"//{MARKER}", [f"https://{MARKER}"]),
    *_all("custom_channels", {f"a b{MARKER}": "https://h"}, {"": "https://h"}, {f"https://{MARKER}": "https://h"}),
    *_all("custom_channels", {"a": MARKER}, {"a": None}, {"a": [MARKER]}, {None: "https://h"}, {True: "https://h"}),
    *_all("custom_channels", {"defaults": "https://h"}, {f"/{MARKER}": "https://h"}, {"..": "https://h"}, [MARKER]),
    *_all("extra", {1: MARKER}, {None: MARKER}, {True: MARKER}, {"yes": MARKER}, {f"a b{MARKER}": 1}, {f"a\n{MARKER}": 1}),
    *_all("extra", {"channels": [MARKER]}, {"proxy_servers": {"http": MARKER}}, {"verify_ssl": MARKER}, [MARKER], MARKER),
    *_all("extra", {"a": dt.date(2026, 1, 1)}, {"a": math.nan}, {"a": {1: MARKER}}, {"a": f"\U0001f600{MARKER}"}),
    *_all("extra", {"a": [f"{MARKER}\0"]}, {"a": {f"\ud800{MARKER}": 1}}, {"#!final": MARKER}, {f"{MARKER}: b": 1}),
    *_all("remote_max_retries", -1, 1.5, "three", "1e999999999", 10**9, True, [1], {"a": MARKER}, MARKER),
    *_all("remote_backoff_factor", -1, MARKER, 10**9),
    *_all("remote_connect_timeout_secs", 0, -1, math.nan, math.inf, 10**400, MARKER, True, [1]),
    *_all("remote_read_timeout_secs", 0, MARKER, 1e9),
    *_all("verify_deadline", 0, -1, MARKER, math.inf, 1e9),
    *_all("verify_connect_timeout", 0, MARKER),
    *_all("verify_read_timeout", "-.inf", MARKER),
    *_all("condarc_path", MARKER, f"/{MARKER}", f"/{MARKER}/../x.yml", f"/{MARKER}\n.yml", f"/{'a' * 300}.yml", ["/x.yml"]),
    *_all("condarc_path", f"~/{MARKER}.yml", scope="system"),
    *_all("condarc_template", f"{MARKER}.j2", f"{MARKER}\0", f"/{MARKER}\n", [MARKER], {"a": MARKER}),
    *_all("environment_targets", [MARKER], [""], ["etc_environment"], {"a": MARKER}, [None]),
    *_all("netrc", MARKER, {"machine": MARKER}, [MARKER], [None], [[MARKER]], 5, True, dt.date(2026, 1, 1)),
    *_all("netrc", [{**_ENTRY, "port": 1}], [{**_ENTRY, "machine": "a b"}], [{**_ENTRY, "machine": "default"}]),
    *_all("netrc", [{**_ENTRY, "machine": "https://h"}], [{**_ENTRY, "password": 123}], [{**_ENTRY, "login": None}]),
    *_all("netrc", [{**_ENTRY, "password": f"{MARKER}\n"}], [{**_ENTRY, "login": f"\u20ac{MARKER}"}], [_ENTRY, _ENTRY]),
    *_all("netrc", [{**_ENTRY, "machine": "proxy.example.com"}], [{**_ENTRY, "machine": "h:443"}], [{1: MARKER}]),
    *_all("prefix", MARKER, f"opt/{MARKER}", ["/opt/conda"], f"/{MARKER}\n", f"/{'a' * 300}", True),
    *_all("hold", MARKER, f"until 2026-12-01 {MARKER}", f"{MARKER} until 2026-13-01", f"{MARKER}\x1b until 2026-12-01"),
    *_all("hold", [f"{MARKER} until 2026-12-01"], dt.date(2026, 12, 1)),
    *[bad for name, option in OPTIONS.items() if option["type"] == "bool" for bad in _all(name, MARKER, 2, [True])],
]  # fmt: skip

_KINDS: dict[str, list[Any]] = {
    "str": [[MARKER], {MARKER: 1}, {}, [[MARKER]], [None], dt.date(2026, 1, 1)],
    "list": [{MARKER: 1}, True, [None], [[MARKER]], [{MARKER: 1}], [True], dt.date(2026, 1, 1), f"{{'{MARKER}': 1}}"],
    "dict": [[MARKER], True, 5, MARKER, [[MARKER]], f"{{{MARKER}", dt.date(2026, 1, 1)],
    "bool": [MARKER, 2, -1, [MARKER], {MARKER: True}, "ja", math.nan],
    "int": [MARKER, "1.5", 1.5, True, [MARKER], {MARKER: 1}, "0x1F", "--1", math.inf],
    "float": [MARKER, True, [MARKER], {MARKER: 1}, "1,5", "1.5s", math.nan],
    "raw": [MARKER, {MARKER: 1}, [MARKER], [None], 5],
}


def wrong_types() -> list[Malformed]:
    """Each option with each kind of value that its type does not take. Each is refused."""
    return [bad for name, option in OPTIONS.items() for bad in _all(name, *_KINDS[option["type"]])]


_HEADS = (
    "",
    "/",
    "~/",
    "https://",
    "http://u:",
    "C:\\",
    "-",
    "'",
    '["',
    "{{ ",
    "${",
    "$ANSIBLE_VAULT;1.1\n",
    "!",
    "#",
    "[",
)
_TAILS = ("", "\n", "\0", "\t", " ", "/../x", " #!final", "#!final", "\u00e4", "\U0001f600", "\u2028", "\ud800", "@h:1",
          ":99999", "%zz", "\\", "'", '"]', " }}", "}", ".yml", "?q=1", "x" * 3000, " until 2026-12-01")  # fmt: skip
_WORDS = ("null", "None", "~", "yes", "0123", "1e400", "-1", ".inf", "nan", "0x1F", "=", "<<", "*", "&a", "%", "@", "`")


def odd_texts(seed: int, count: int) -> list[Malformed]:
    """Options that take text, with odd ones. Each is refused, or accepted and then of use."""
    chance = random.Random(seed)  # noqa: S311  # a table, no secret
    names = [name for name, option in OPTIONS.items() if option["type"] in ("str", "list", "dict", "raw")]
    found = []
    for number in range(count):
        name = names[number % len(names)]
        text = chance.choice(_HEADS) + MARKER + chance.choice(_TAILS) if number % 8 else chance.choice(_WORDS)
        shapes: dict[str, list[Any]] = {
            "list": [text, [text], ["conda", text]],
            "dict": [{text: "https://h/x"}, {"a": text}, {"a": {"b": [text]}}, {"a": {text: None}}],
            "raw": [[{**_ENTRY, key: text}] for key in _ENTRY],
        }
        found += _all(name, chance.choice(shapes.get(OPTIONS[name]["type"], [text])))
    return found
