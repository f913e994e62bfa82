# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What is wrong with conda's configuration, and how a candidate's setting is put over it."""

from __future__ import annotations

import logging
import os
import re
from typing import Any

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.exceptions import text_of
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import DETAIL


class IgnoredFiles(logging.Handler):
    """Since 23.7 conda skips a condarc that it cannot parse with nothing but a log line: that line, kept."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "Ignoring configuration file" in str(record.msg) and isinstance(record.args, tuple):
            path, error = record.args[0], record.args[-1]
            line = re.search(r"line (\d+)", str(error))
            self.found.append(f"{path} is ignored by conda: not readable{_line(line)}.")


def _line(match: re.Match[str] | None) -> str:
    return ", line " + match.group(1) if match else ""


def config_problem(exc: BaseException) -> tuple[str, str]:
    """Class and detail of an exception out of conda's configuration. Only names: the texts quote the file."""
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
    return "config_invalid", " ".join(words)[:DETAIL] + _line(re.search(r"line (\d+)", text))


class Fixed:
    """In place of one of conda's settings: the value is given, everything else is asked of the original.

    So nothing has to be written for conda to use it, and conda still checks the machine's own files.
    """

    def __init__(self, original: Any, value: Any) -> None:
        self._original = original
        self._value = value

    def __get__(self, _context: Any, _owner: Any) -> Any:
        return expand(self._value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def expand(value: Any) -> Any:
    """${NAME} in a proxy's URL, as conda does; a path is as conda's commands check it, before that."""
    if isinstance(value, dict):
        return {key: os.path.expandvars(text) for key, text in value.items()}
    return value
