# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Say why a host gave no answer of ours: nearly always its Python cannot run the module."""

from __future__ import annotations

import re
import typing as t

_OLDEST = (3, 8)
# what /usr/bin/python3 prints without the Command Line Tools (ansible 76567)
_STUB = re.compile(r"xcode-select: (note|error): no (developer tools were found|install could be requested)")
_MINIMUM = re.compile(r"requires a minimum of Python version (\d+)\.(\d+)")
_NOT_FOUND = 127  # of a shell
_RAW = ("module_stdout", "module_stderr", "exception")


def explained(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return `answer`; where it is no answer of ours, with one sentence in place of what Python and the shell said."""
    if not answer.get("failed") or "schema_version" in answer:
        return answer
    said = "{} {} {}".format(*(answer.get(key, "") for key in ("module_stdout", "module_stderr", "msg")))
    why = _reason(said, answer.get("rc"))
    if why:
        return {**{key: value for key, value in answer.items() if key not in _RAW}, "msg": why}
    if "module_stderr" in answer:
        first = str(answer.get("msg", "")).partition("\n")[0].rstrip(".")
        needs = f"needs Python {_words(_OLDEST)} or newer in ansible_python_interpreter"
        return {**answer, "msg": f"the module gave no answer on this host ({first}); look at module_stderr, it {needs}"}
    return answer


def _reason(said: str, code: t.Any) -> str:
    if _STUB.search(said):
        return (
            "the Python interpreter of this host is a stub of macOS that asks on the user's screen to install "
            "developer tools; set ansible_python_interpreter to a Python that root owns (docs/macos.md names three)"
        )
    minimum = _MINIMUM.search(said)
    oldest = max(_OLDEST, (int(minimum[1]), int(minimum[2]))) if minimum else _OLDEST
    fix = f"set ansible_python_interpreter to Python {_words(oldest)} or newer"
    if minimum or "SyntaxError" in said:
        return f"the Python interpreter of this host is too old; {fix}"
    if code == _NOT_FOUND:
        return f"the Python interpreter of this host was not found; {fix}"
    return ""


def _words(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
