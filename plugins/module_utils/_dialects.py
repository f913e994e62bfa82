# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each reader of environment variables wants them written.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

One function per dialect: variables in, lines out. Each is proven by the real reader on generated hostile text
(tests/integration/test_dialects.py); what a dialect cannot hold raises Unrepresentable, before anything is written.
"""

from __future__ import annotations

import re
import typing as t

Variables = t.Mapping[str, str]


class Unrepresentable(ValueError):
    """A value that this dialect cannot hold; the message names the variable and the character class, never the value."""


def _refuse(name: str, value: str, pattern: str, what: str) -> None:
    if re.search(pattern, value):
        raise Unrepresentable("{0} holds {1}".format(name, what))


def _sh(variables: Variables) -> t.List[str]:
    return ["export {0}='{1}'".format(name, value.replace("'", "'\\''")) for name, value in variables.items()]


def _fish(variables: Variables) -> t.List[str]:
    return ["set -gx {0} '{1}'".format(name, value.replace("\\", "\\\\").replace("'", "\\'")) for name, value in variables.items()]


def _csh(variables: Variables) -> t.List[str]:
    lines = []
    for name, value in variables.items():
        quoted = value.replace("'", "'\\''").replace("!", "\\!")  # history expansion reaches into single quotes
        lines.append("setenv {0} '{1}'".format(name, quoted))
    return lines


def _pam_env(variables: Variables) -> t.List[str]:
    for name, value in variables.items():
        _refuse(name, value, r"[#\"'\\$]|^\s|\s$", "a quote, #, $, backslash or outer space, which /etc/environment cannot hold")
    return ["{0}={1}".format(name, value) for name, value in variables.items()]


def _environment_d(variables: Variables) -> t.List[str]:
    lines = []
    for name, value in variables.items():
        quoted = re.sub(r'(["\\`])', r"\\\1", value).replace("$", "$$")
        lines.append('{0}="{1}"'.format(name, quoted))
    return lines


def _systemd_manager(variables: Variables) -> t.List[str]:
    lines = ["[Manager]"]
    for name, value in variables.items():
        quoted = re.sub(r'(["\\])', r"\\\1", value).replace("%", "%%")
        lines.append('DefaultEnvironment="{0}={1}"'.format(name, quoted))
    return lines


def _sudoers(variables: Variables) -> t.List[str]:
    return ['Defaults env_keep += "{0}"'.format(" ".join(variables))]


_DIALECTS: t.Mapping[str, t.Callable[[Variables], t.List[str]]] = {
    "sh": _sh,
    "fish": _fish,
    "csh": _csh,
    "pam_env": _pam_env,
    "environment_d": _environment_d,
    "systemd_manager": _systemd_manager,
    "sudoers": _sudoers,
}


def render(dialect: str, variables: Variables) -> t.List[str]:
    """Return the lines, without line ends, that set and export C(variables) in C(dialect), in their order.

    Raises Unrepresentable for a value that the dialect cannot hold; no dialect holds a control character.
    """
    for name, value in variables.items():
        _refuse(name, value, r"[\x00-\x1f\x7f]", "a control character, which no reader takes")
    return _DIALECTS[dialect](variables)
