# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Declare the options of the action conda_proxy, as ArgumentSpecValidator wants them.

A test compares them with the documentation of the module and with the argument_specs of the role. `types.convert` comes
first, as a validation error of Ansible shows the value.
"""

from __future__ import annotations

import typing as t

# What ArgumentSpecValidator made of a task's options. Only parsers read it.
Options = t.Mapping[str, t.Any]
Spec = t.Dict[str, t.Dict[str, t.Any]]
SECTIONS = ("condarc", "environment", "netrc")


def _list() -> dict[str, t.Any]:
    return {"type": "list", "elements": "str", "default": []}


# The same in conda_connectivity. `verify` itself is another choice there.
VERIFICATION: Spec = {
    "verify_deadline": {"type": "float", "default": 45.0},
    "verify_connect_timeout": {"type": "float", "default": 5.0},
    "verify_read_timeout": {"type": "float", "default": 15.0},
    "verify_packages": {"type": "bool", "default": False},
    "verify_info": {"type": "bool", "default": False},
}
OPTIONS: Spec = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "preflight": {"type": "bool", "default": False},
    "scope": {"type": "str", "choices": ["system", "user"], "default": "system"},
    "users": _list(),
    "home": {"type": "str"},
    "sections": {"type": "list", "elements": "str", "choices": list(SECTIONS), "default": ["condarc", "environment"]},
    "http": {"type": "str"},
    "https": {"type": "str"},
    "username": {"type": "str"},
    "password": {"type": "str"},
    "no_proxy": {"type": "list", "elements": "str", "default": ["localhost", "127.0.0.1", "::1"]},
    "tls_to_proxy": {"type": "bool", "default": False},
    "password_exposure": {"type": "str", "choices": ["refuse", "allow"], "default": "refuse"},
    "ca_bundle": {"type": "str"},
    "ca_bundle_src": {"type": "str"},
    "ca_bundle_content": {"type": "str"},
    "ssl_verify": {"type": "str"},
    "channels": _list(),
    "default_channels": _list(),
    "channel_alias": {"type": "str"},
    "custom_channels": {"type": "dict", "default": {}},
    "allowlist_channels": _list(),
    "denylist_channels": _list(),
    "override_channels_enabled": {"type": "bool"},
    "remote_connect_timeout_secs": {"type": "float"},
    "remote_read_timeout_secs": {"type": "float"},
    "remote_max_retries": {"type": "int"},
    "remote_backoff_factor": {"type": "int"},
    "extra": {"type": "dict", "default": {}},
    "lock": {"type": "bool", "default": False},
    "condarc_path": {"type": "str"},
    "condarc_template": {"type": "str"},
    "environment_targets": _list(),
    "takeover": {"type": "bool", "default": False},
    "netrc": {"type": "raw", "default": []},
    "verify": {"type": "str", "choices": ["none", "report", "rollback", "require"], "default": "rollback"},
    **VERIFICATION,
    "prefix": {"type": "str"},
    "hold": {"type": "str"},
}
