# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse the settings of the condarc itself: its path, numbers, further keys and the lock."""

from __future__ import annotations

import ntpath
import os
import re
import typing as t

import yaml

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc_aliases import canonical
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import Channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import (
    InvalidSettingError,
    check_path,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.json_values import check_value
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.scope import Scope
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.seconds import check_seconds

_NUMBERS = (
    "remote_connect_timeout_secs",
    "remote_read_timeout_secs",
    "remote_max_retries",
    "remote_backoff_factor",
)
_MOST = 1000
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
KEYS = frozenset(("ssl_verify", "proxy_servers", *Channels._fields, *_NUMBERS))  # conda's, that have an option


class Condarc(t.NamedTuple):
    """Settings of the condarc itself."""

    path: str = ""  # empty: the platform's
    numbers: t.Mapping[str, float] = {}  # by option, which is also conda's key
    extra: t.Mapping[str, t.Any] = {}  # further keys of conda's
    lock: bool = False


def parse_condarc(options: Options, scope: Scope, windows: bool) -> Condarc:
    """Return the settings; where the file may be depends on `scope`. Raises InvalidSettingError."""
    check_seconds(options, "remote_connect_timeout_secs", "remote_read_timeout_secs")
    for name in ("remote_max_retries", "remote_backoff_factor"):
        if options[name] is not None and not 0 <= options[name] <= _MOST:
            raise InvalidSettingError(name, f"is not a number from 0 to {_MOST}", "write one")
    for key, value in options["extra"].items():
        _check_key(key)
        check_value("extra", value)
        if canonical(key) in KEYS:
            option = "http" if key == "proxy_servers" else canonical(key)
            raise InvalidSettingError("extra", f"has the key {key}, which has its own variable", f"set {{{option}}}")
    return Condarc(
        path=_parse_path(options["condarc_path"], scope, windows) if options["condarc_path"] else "",
        numbers={name: options[name] for name in _NUMBERS if options[name] is not None},
        extra=options["extra"],
        lock=options["lock"],
    )


def _check_key(key: t.Any) -> None:
    # the template writes it as it is; YAML reads yes, null and others as no text
    if not isinstance(key, str) or not _KEY.fullmatch(key) or yaml.safe_load(key) != key:
        raise InvalidSettingError("extra", "has a key that no setting of conda has", "write the name as conda has it")


def _parse_path(path: str, scope: Scope, windows: bool) -> str:
    check_path("condarc_path", path)
    plain = _without_drive(path) if windows else path
    if ".." in plain.split("/"):
        raise _path_error("contains .., which may lead to a directory that is not meant", "write the path without it")
    if not plain.startswith(("/", "~/")):
        raise _path_error("is not an absolute path", "begin it with / (or ~/ in user scope)")
    if scope.users and not scope.system and not plain.startswith("~/"):
        raise _path_error("is the same file for several users", "begin it with ~/")
    if plain.startswith("~/") and scope.system:
        raise _path_error(
            "is in a home directory, but the scope is system", "set {scope}: user, or begin the path with /"
        )
    if not re.search(r"/(\.?condarc|[^/]*\.ya?ml)$", plain):
        raise _path_error("has a name that conda does not read", "end it in /.condarc, /condarc or .yml")
    return ntpath.normpath(path) if windows else os.path.normpath(path)


def _without_drive(path: str) -> str:
    path = path.replace("\\", "/")
    if re.match(r"/(?!/)", path):
        raise _path_error("has no drive", "begin it with a drive, as in C:\\, or in user scope with ~/")
    path = re.sub(r"^[A-Za-z]:(?=/)", "", path)
    if re.search(r'[%"<>|?*:]', path):
        raise _path_error(
            'has a character that cmd.exe or Windows reads differently (a percent sign or one of " < > | ? * :)',
            "choose another path",
        )
    return path


def _path_error(reason: str, fix: str) -> InvalidSettingError:
    return InvalidSettingError("condarc_path", reason, fix)
