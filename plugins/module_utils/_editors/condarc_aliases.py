# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The names under which conda knows a setting.

Two names of one setting in one file are a MultipleKeysError, with which every conda command fails, so an alias counts as
the key.
"""

from __future__ import annotations

import typing as t


class Alias(t.NamedTuple):
    """`key` is conda's own name in the newest version; `seen`: the oldest version in which both names were found."""

    name: str
    key: str
    seen: tuple[int, int]


# From the parameters of conda 22.9.0 and 24.7.1, whose names an integration test compares; what is newer is from the
# changelog of conda 25.5 and 25.11 and from the parameters of 26.5 (nothing was added up to 26.7)
ALIASES = (
    Alias("add_binstar_token", "add_anaconda_token", (22, 9)),
    Alias("auto_activate_base", "auto_activate", (25, 5)),
    Alias("binstar_upload", "anaconda_upload", (22, 9)),
    Alias("channel", "channels", (22, 9)),
    Alias("client_cert", "client_ssl_cert", (22, 9)),
    Alias("client_cert_key", "client_ssl_cert_key", (22, 9)),
    Alias("conda-build", "conda_build", (22, 9)),
    Alias("copy", "always_copy", (22, 9)),
    Alias("disallow", "disallowed_packages", (22, 9)),
    Alias("env_spec", "environment_specifier", (26, 5)),
    Alias("envs_path", "envs_dirs", (22, 9)),
    Alias("experimental_solver", "solver", (24, 7)),
    Alias("extra_platforms", "export_platforms", (26, 5)),
    Alias("pip_interop_enabled", "prefix_data_interoperability", (26, 5)),
    Alias("root_dir", "root_prefix", (22, 9)),
    Alias("self_update", "auto_update_conda", (22, 9)),
    Alias("softlink", "always_softlink", (22, 9)),
    Alias("verbose", "verbosity", (22, 9)),
    Alias("verify_ssl", "ssl_verify", (22, 9)),
    Alias("virtual_packages", "override_virtual_packages", (25, 11)),
    Alias("whitelist_channels", "allowlist_channels", (22, 9)),
    Alias("yes", "always_yes", (22, 9)),
)
_KEYS = {alias.name: alias.key for alias in ALIASES}
# an older conda knows only one of these two names
RENAMED = frozenset(name for alias in ALIASES if alias.seen > (22, 9) for name in alias[:2])


def canonical(key: str) -> str:
    """Return the one name of a setting. conda also accepts some of its own names with an underscore in front."""
    key = key[1:] if key.startswith("_") else key
    return _KEYS.get(key, key)
