# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write environment variables in the dialect of each program that reads them.

One function per dialect: variables in, lines out. A test runs each with the real reader on generated hostile text
(tests/integration/hosts/test_dialects.py); a value that a dialect cannot hold raises Unrepresentable, before anything is written.
"""

from __future__ import annotations

import re
import typing as t

Variables = t.Mapping[str, str]


class Unrepresentable(ValueError):
    """Error for a value that a dialect cannot hold. The message names the variable and the characters, never the "
    "value."""


# No reader accepts these: control characters, and code points that are no characters (systemd drops the whole line).
_NO_TEXT = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane * 0x10000 + last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_PAM_LINE = 8190  # bytes; pam_env 1.5 skips a longer line


def _refuse(name: str, what: str) -> None:
    raise Unrepresentable(f"{name} {what}")


def _sh(variables: Variables) -> list[str]:
    return ["export {}='{}'".format(name, value.replace("'", "'\\''")) for name, value in variables.items()]


def _fish(variables: Variables) -> list[str]:
    lines = []
    for name, value in variables.items():
        lines.append("set -gx {} '{}'".format(name, value.replace("\\", "\\\\").replace("'", "\\'")))
    return lines


def _csh(variables: Variables) -> list[str]:
    # csh expands the history character in single quotes too, and backslashes there depending on backslash_quote: write
    # each of these outside of the quotes.
    return ["setenv {} '{}'".format(name, re.sub(r"([\\'!])", r"'\\\1'", value)) for name, value in variables.items()]


def _pam_env(variables: Variables) -> list[str]:
    """Return the lines of /etc/environment, which pam_env and systemd (environment.d/99-environment.conf) read.

    pam_env strips one pair of quotes, knows no escape and cuts at a `#` even in quotes; systemd expands `$` even in
    quotes, and interprets a backslash outside of single quotes. Refuse a value that they read differently.
    """
    lines = []
    for name, value in variables.items():
        if not value:
            _refuse(name, "is empty, which pam_env and systemd read differently from /etc/environment")
        if "#" in value or "$" in value:
            _refuse(name, "contains # or $, which /etc/environment cannot hold")
        quote = ""
        if value != value.strip(" ") or "\\" in value or value[0] in "\"'":
            if "'" in value and ('"' in value or "\\" in value):
                _refuse(
                    name, "contains a combination of quotes, backslashes and spaces that /etc/environment cannot hold"
                )
            quote = '"' if "'" in value else "'"
        line = f"{name}={quote}{value}{quote}"
        if len(line.encode()) > _PAM_LINE:
            _refuse(name, f"is too long for a line of /etc/environment (at most {_PAM_LINE} bytes)")
        lines.append(line)
    return lines


def _environment_d(variables: Variables) -> list[str]:
    lines = []
    for name, value in variables.items():
        if not value:
            _refuse(name, "is empty, which environment.d cannot hold")
        quoted = re.sub(r'(["\\`])', r"\\\1", value).replace("$", "$$")
        lines.append(f'{name}="{quoted}"')
    return lines


def _systemd_manager(variables: Variables) -> list[str]:
    lines = ["[Manager]"]
    for name, value in variables.items():
        quoted = re.sub(r'(["\\])', r"\\\1", value).replace("%", "%%")
        lines.append(f'DefaultEnvironment="{name}={quoted}"')
    return lines


def _sudoers(variables: Variables) -> list[str]:
    return ['Defaults env_keep += "{}"'.format(" ".join(variables))]


_SYSCONFIG_NAMES = ("http_proxy", "https_proxy", "no_proxy")


def _sysconfig_proxy(variables: Variables) -> list[str]:
    """Return the lines of SUSE's /etc/sysconfig/proxy; none without a proxy.

    Its profile reads it line by line with `read` and `eval`, so no value may hold what these interpret; the line of
    PROXY_ENABLED counts only in double quotes, and before the others.
    """
    values = {name.upper(): variables[name] for name in _SYSCONFIG_NAMES if variables.get(name)}
    if not values:
        return []
    for name, value in values.items():
        if re.search(r'["$`\\]', value):
            _refuse(name.lower(), 'contains ", $, ` or a backslash, which /etc/sysconfig/proxy cannot hold')
    return ['PROXY_ENABLED="yes"', *(f'{name}="{value}"' for name, value in values.items())]


def _name_value(variables: Variables) -> list[str]:
    return [f"{name}={value}" for name, value in variables.items()]


_DIALECTS: t.Mapping[str, t.Callable[[Variables], list[str]]] = {
    "sh": _sh,
    "fish": _fish,
    "csh": _csh,
    "pam_env": _pam_env,
    "environment_d": _environment_d,
    "systemd_manager": _systemd_manager,
    "sudoers": _sudoers,
    "sysconfig_proxy": _sysconfig_proxy,
    "name_value": _name_value,
}


def render(dialect: str, variables: Variables) -> list[str]:
    """Return the lines, without line ends, that set and export `variables` in `dialect`, in order.

    Raises Unrepresentable for a value that the dialect cannot hold; no dialect holds a control character.
    """
    for name, value in variables.items():
        if _NO_TEXT.search(value):
            _refuse(
                name,
                "contains a control character or a code point that is not a valid character, which no program accepts",
            )
    return _DIALECTS[dialect](variables)
