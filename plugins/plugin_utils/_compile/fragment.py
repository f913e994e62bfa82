# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Check what the template of the condarc made, and split it into top-level keys."""

from __future__ import annotations

import re
import typing as t

import yaml

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import condarc
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc_aliases import canonical
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import Unreadable
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.condarc import KEYS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError

_NAME = re.compile(r"[a-z_]{1,40}")  # what else a template makes may be a secret
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
Fragment = t.Tuple[t.Tuple[str, str], ...]  # canonical key and its text


def parse_fragment(text: str, extra: t.Collection[str], source: str = "condarc_template") -> Fragment:
    """Return the keys of `text`, each with its text. `source` is the option that a user corrects.

    Raises InvalidSettingError: it must be a mapping in ASCII with keys that have an option or are in `extra`, and its
    locks must hold.
    """
    try:
        return _parse(text, extra)
    except InvalidSettingError as exc:
        raise InvalidSettingError(source, exc.reason, exc.fix) from None


def _parse(text: str, extra: t.Collection[str]) -> Fragment:
    if not text.isascii():
        raise _error(
            "produced text with characters outside ASCII, which conda reads in the machine's own encoding",
            "use the filter to_json for each value",
        )
    content = _load(text)
    if content is None:
        return ()
    if not isinstance(content, dict):
        raise _error("produced YAML that is not a mapping", "begin each line with 'key: '")
    try:
        items = condarc.parse(text).items
    except Unreadable as exc:
        raise _error(
            f"produced YAML that cannot be merged on the machine: {exc}", "use only plain 'key: value' lines"
        ) from None
    for key in content:
        if canonical(str(key)) not in KEYS and key not in extra:
            named = f"the key {key}" if _NAME.fullmatch(str(key)) else "a key that is no name"
            raise _error(f"sets {named}, which is not a managed key", "add it to {extra}")
    _check_flags([line.strip() for line in text.splitlines() if line.strip()])
    return tuple((item.key, "\n".join(condarc.own(item.text).splitlines()) + "\n") for item in items)


def _load(text: str) -> t.Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as exc:
        line = getattr(getattr(exc, "problem_mark", None), "line", None)
        where = "" if line is None else f" at line {line + 1} of its output"
        raise _error("produced text that is not YAML" + where, "use the filter to_json for each value") from None


def _check_flags(lines: t.Sequence[str]) -> None:
    for line, following in zip(lines, lines[1:]):
        if condarc.FLAG.search(line) and following.startswith("#"):
            raise _error(
                "has a comment line after a line that ends in a flag; this comment disables the flag",
                "move the comment above",
            )
    for line in (_QUOTED.sub('""', line) for line in lines):
        if re.search(r"#\s*!?\s*(final|top|bottom)\b", line) and not condarc.FLAG.search(line):
            raise _error("has a flag that conda does not recognize", "write exactly '#!final' at the end of the line")


def _error(reason: str, fix: str) -> InvalidSettingError:
    return InvalidSettingError("condarc_template", reason, fix)
