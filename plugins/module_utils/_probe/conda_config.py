# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Explain errors in conda's configuration, and override settings with those of a candidate."""

from __future__ import annotations

import logging
import os
import re
from typing import Any

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.exceptions import text_of
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import DETAIL


class IgnoredFiles(logging.Handler):
    """Collects the log lines with which conda, since 23.7, ignores a condarc that it cannot parse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "Ignoring configuration file" in str(record.msg) and isinstance(record.args, tuple):
            path, error = record.args[0], record.args[-1]
            self.found.append(f"{path} is ignored by conda: it cannot be parsed{_line(str(error))}.")


def _line(text: str) -> str:
    """Return the line that an error names. Where conda words it itself, it counts from 0."""
    match = re.search(r"(invalid yaml at )?line (\d+)", text)
    return f", line {int(match.group(2)) + bool(match.group(1))}" if match else ""


def config_problem(exc: BaseException) -> tuple[str, str]:
    """Return verdict and detail of an exception of conda's configuration. Only names: the texts quote the file."""
    words = [type(exc).__name__]
    text = ""
    for link in [exc, *getattr(exc, "errors", ())]:
        text += text_of(link) + "\n"
        parameter = getattr(link, "parameter_name", None)
        if parameter == "ssl_verify" and "MultipleKeys" not in type(link).__name__:
            return "ca_bundle_missing", "ssl_verify in {} names a file that does not exist.".format(
                getattr(link, "source", "a condarc")
            )
        words += [f"in {where}" for where in (parameter, getattr(link, "source", None)) if where]
    files = [getattr(exc, "filename", None), *re.findall(r"/[^\s'\",:]*(?:condarc|\.ya?ml)", text)]
    words += sorted({str(name) for name in files if name})
    return "config_invalid", " ".join(words)[:DETAIL] + _line(text)


class Fixed:
    """A replacement for one of conda's settings: returns the given value, and all other attributes of the original.

    So conda uses the value although nothing is written, and still checks the machine's own files.
    """

    def __init__(self, original: Any, value: Any) -> None:
        self._original = original
        self._value = value

    def __get__(self, _context: Any, _owner: Any) -> Any:
        return expand(self._value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def expand(value: Any) -> Any:
    """Return `value` with `${NAME}` in proxy URLs expanded like conda; conda's commands check a path unexpanded."""
    if isinstance(value, dict):
        return {key: os.path.expandvars(text) for key, text in value.items()}
    return value
