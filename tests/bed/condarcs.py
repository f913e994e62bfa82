# SPDX-License-Identifier: GPL-3.0-or-later
"""Condarc files, collected and generated, and conda's own reader and writer of YAML."""

from __future__ import annotations

import io
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from tests.bed import hostile  # noqa: F401  # pylint: disable=unused-import  # it registers the profile

ruamel_yaml: Any = pytest.importorskip("ruamel.yaml")  # the environments of other ansible-core releases have none

# forms that are merged
FILES = {
    "empty": "",
    "comment only": "# nothing here\n",
    "no final newline": "channels:\n  - a",
    "crlf": "channels:\r\n  - a\r\nssl_verify: false\r\n",
    "bom": "\ufeffchannels:\n  - a\n",
    "document start": "---\n# head\nchannels: [a, b]\n",
    "document start with comment": "--- # conda\nchannels:\n  - conda-forge\n",
    "document end": "---\nchannels:\n  - conda-forge\n...\n# tail\n",
    "document end alone": "always_yes: true\n...\n",
    "empty mapping": "{}\n",
    "empty mapping, comment above": "# all settings come from the system file\n{}\n",
    "empty mapping, comment behind": "{} # nothing\n# more",
    "indented mapping": "  channels:\n  - a\n  - b\n  envs_dirs:\n    - /x\n",
    "sequence at key's column": "channels:\n- a\n- b\nalways_yes: true\n",
    "flow over lines": "channels: [a,\n  b,\nc]\nalways_yes: true\n",
    "compact json": 'channels: ["conda-forge","defaults"]\nproxy_servers: {"http":"http://o:1","https":"http://o:1"}\n',
    "flow map over lines": "proxy_servers: {\n  http: http://o:3128,\n  https: http://o:3128\n}\nchannels: [\n  c,\n]\n",
    "block scalar": "env_prompt: |\n  (x) 'y\n\n  # not a comment\nalways_yes: true\n",
    "folded with keep": "env_prompt: >+\n  text\n\n\nalways_yes: true\n",
    "keep before a managed key": "env_prompt: |+\n  a\nssl_verify: false\n\n\nalways_yes: true\n",
    "quoted over lines": 'env_prompt: "one\n  two: three\n  # no comment"\nalways_yes: true\n',
    "single quotes doubled": "env_prompt: 'it''s # here'\nalways_yes: true # yes\n",
    "alias name": "verify_ssl: false\nchannels: [x]\n",
    "quoted key": '"channels": [x]\n',
    "value with colons": "channel_alias: https://user:pw@host:8080/x#y\n",
    "comments everywhere": (
        "# top\n\n# about channels\nchannels: # which\n  # one\n  - a # first\n\n  # two\n  - b\n# end\n"
    ),
    "plain multiline": "env_prompt: one\n  two\n  three\nalways_yes: true\n",
    "foreign flags": "channels: #!final\n  - a\ntrack_features: [x] #!top\n",
    "nested mapping": "custom_channels:\n  a: http://x\n  b:\n    c: [1,\n     2]\nyes: true\n",
    "long key": "proxy_servers:\n  ? https://h.example.com/" + "x" * 130 + "\n  : http://o:1\noffline: false\n",
    "list of maps": "channel_settings:\n- channel: a\n  auth: b\n-   channel: c\noffline: false\n",
    "numbers": "remote_max_retries: 5\nremote_backoff_factor: 1.5\nlocal_repodata_ttl: 010\n",
    "null": "channels:\npinned_packages: ~\noffline: null\n",
    "latin-1 comment": "# \udce4\nchannels: [a]\n",
}
# valid YAML that is not merged
OUTSIDE = {
    "top-level flow mapping": "{channels: [a]}\n",
    "directive": "%YAML 1.2\n---\na: 1\n",
    "anchor": "channels: &x [a]\nenvs_dirs: *x\n",
    "anchor below": "channels:\n  - &x a\n  - *x\n",
    "tag": "channels: !!set {a, b}\n",
    "complex key": "? a\n: b\n",
    "merge key": "<<: {a: 1}\n",
    "line separator": "a: b\u2028c: d\n",
    "date": "a: 2020-01-01\n",
}
# what conda does not read either
BROKEN = {
    "top-level list": "- a\n- b\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "document end and more": "a: 1\n...\nb: 2\n",
    "duplicate key": "channels: [a]\nchannels: [b]\n",
    "duplicate key below": "proxy_servers:\n  http: a\n  http: b\n",
    "tab": "channels:\n\t- a\n",
    "tab behind a dash": "channels:\n  -\tconda-forge\nssl_verify: true\n",
    "tab in a blank line": "channels:\n  - conda-forge\n\t\nssl_verify: true\n",
    "tab behind an item": "channels:\n  - conda-forge\t\nssl_verify: true\n",
    "tab before a comment": "ssl_verify: true\t# yes\n",
    "open bracket": "channels: [a\n",
    "open quote": "channels: 'a\n",
    "dedent": "  a: 1\nb: 2\n",
    "scalar": "just text\n",
    "no yaml": "# channels:\n- defaults\n\nshow_channel_urls: True\n",
    "second colon": "a: b: c\n",
    "list and map": "channels:\n  - a\n  b: c\n",
    "wrong escape": 'a: "\\q"\n',
    "nul": "channels:\n  - conda-forge\0\n",
    "control": "a: b\x07\n",
}

_PIECES = (
    "a", "b: ", "c: d", "- ", "- x", "\n", "\n  ", "\n    ", "\n", " ", "  ", "'", '"', "[", "]", "{", "}", ", ", ",",
    ": ", ":", "#", " # c", "|", "|-", ">", "|+", ">2", "~", "true", "1", "0x1f", "1.5", "é", "\\n", "\\", "-", "?",
    "? ", "...", "---", "&", "*", "!", "%", "@", "`", "''", "\t", "\r\n", "http://u:p@h:8/x?y#z", "key:\n  - v\n",
    "k2: \n", "k3:\n- v\n", "{}", "[a, b]", "{a: b}", "'x y'", '"x\\ty"', "2020-01-01", "yes", "null", "a#b", "\u00a0",
    "\nz: ", "\n\n", "\nq: |\n  t\n", "\nr: >\n t\n\n u\n", "\n# c\n", "\n  # c\n", "ssl_verify: ", "channels:\n",
)  # fmt: skip
soup = st.tuples(st.sampled_from(["", "k: "]), st.lists(st.sampled_from(_PIECES), max_size=16).map("".join)).map(
    "".join
)

_KEYS = st.sampled_from(
    ["channels", "envs_dirs", "always_yes", "verify_ssl", "env_prompt", "x", "proxy_servers", "auto_activate_base"]
)
_SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.none(),
    st.text("ab '\"#:-[]{},&*!|>%@`\\\n", max_size=12),
    st.sampled_from(["#!final", "- x", "https://" + "h" * 140 + ".example.com", "http://u:p%40w@proxy:3128 " * 8]),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:# ", max_size=4), inner, max_size=3),
    max_leaves=6,
)
_COMMENTS = st.sampled_from(["", "# comment\n", "\n", "\n# two\n# lines\n", "#!final\n"])


@st.composite
def dumped(draw: st.DrawFn) -> str:
    """A file that a YAML library has written, with comments between the keys."""
    parts = []
    for key in draw(st.lists(_KEYS, unique=True, max_size=5)):
        style = draw(st.sampled_from([None, "'", '"', "|", ">"]))
        text = yaml.safe_dump(
            {key: draw(_VALUES)},
            default_flow_style=draw(st.sampled_from([None, True, False])),
            default_style=style,
            width=draw(st.sampled_from([10, 1000])),
        )
        parts.append(draw(_COMMENTS) + ("" if text.startswith(("{", "?")) else text))
    return "".join(parts) + draw(_COMMENTS)


def _library() -> Any:
    library = ruamel_yaml.YAML(typ="rt")
    library.indent(mapping=2, offset=2, sequence=4)
    return library


def conda_reads(text: str) -> dict[str, Any] | None:
    """What conda's `yaml_round_trip_load` makes of a file, as plain values with their types; None: nothing."""
    try:
        content = _library().load(text)
    except (ruamel_yaml.error.YAMLError, ValueError):  # a wrong date, a wrong escape
        return None
    if content is None:
        return {}
    return {_key(key): _plain(value) for key, value in content.items()} if isinstance(content, dict) else None


def conda_writes(text: str, key: str, value: Any) -> str:
    """A file after `conda config --set`, which writes it anew."""
    content = _library().load(text) or {}
    content[key] = value
    stream = io.StringIO()
    _library().dump(content, stream)
    return stream.getvalue()


def _key(key: Any) -> str:
    return key if isinstance(key, str) else repr(_plain(key))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ == "ScalarBoolean":
        return ("bool", bool(value))
    if isinstance(value, int):
        return ("int", int(value))
    return ("float", str(float(value))) if isinstance(value, float) else ("?", repr(value))
