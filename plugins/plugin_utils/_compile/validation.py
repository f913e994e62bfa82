# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused: one function per kind of setting, each raising Refused.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import math
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.supported import ENVIRONMENT_TARGETS
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import CHANNEL_LISTS, check_channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import Refused


def check_scope(options: Options, sections: t.Collection[str]) -> None:
    """Whom the settings are for."""
    present = options["state"] == "present"
    if options["home"] and (options["scope"] != "user" or options["users"]):
        raise Refused(
            "home",
            "is for the own scope of the connecting user only",
            "set conda_proxy_scope: user and leave conda_proxy_users empty",
        )
    if options["home"] and not options["home"].startswith("/"):
        raise Refused("home", "is not an absolute path", "begin it with /")
    # one section alone, or none (the proof), is let pass: another play with the same inventory has the netrc section
    everything = {"condarc", "environment"} <= set(sections) and "netrc" not in sections
    if options["scope"] == "system" and options["users"] and everything and present:
        raise Refused(
            "users",
            "is set, but system scope has users for the netrc section only",
            "set conda_proxy_scope: user, or name netrc in the sections",
        )
    if options["scope"] == "system" and "netrc" in sections and not options["users"] and present:
        raise Refused(
            "users",
            "is empty, and the netrc section writes into users' homes",
            "name the users, or set conda_proxy_scope: user",
        )
    for name in options["users"]:
        # directories have names such as 4711 or "john smith"; these could stand in no password database
        if not name or name[0] in "-+" or re.search(r"[/:\x00-\x1f\x7f-\x9f]", name):
            raise Refused(
                "users", "has an entry that is no user name", "name users as the machine's password database does"
            )


def check_windows(options: Options, sections: t.Collection[str]) -> None:
    """What a Windows host cannot be asked for."""
    if options["scope"] == "system" and "netrc" in sections and options["state"] == "present":
        raise Refused(
            "sections",
            "names netrc for a Windows host in system scope, and there only the connecting user's profile can be written",
            "set conda_proxy_scope: user for that host, or leave netrc out",
        )
    if options["users"]:
        raise Refused(
            "users",
            "is set for a Windows host, where only the machine and the connecting user are served (the registry of "
            "another user is there only while that user is logged in)",
            "connect as that user, with conda_proxy_scope: user",
        )
    for name in ("ca_bundle", "ssl_verify", "prefix"):
        if (options[name] or "").startswith("/"):
            raise Refused(name, "is a path without a drive, for a Windows host", "begin it with a drive, as in C:\\")
    targets = options["environment_targets"]
    if targets and "environment" in sections and "registry" not in targets and options["state"] == "present":
        raise Refused(
            "environment_targets",
            "names nothing that a Windows host has",
            "add registry, or leave environment out of conda_proxy_sections there",
        )
    if options["home"]:
        raise Refused("home", "is set for a Windows host, where the profile is the home", "leave it out there")


def check_channel_options(options: Options) -> None:
    """Channels and the numbers beside them."""
    for name in CHANNEL_LISTS:
        check_channels(name, options[name])
    if options["channel_alias"]:
        check_channels("channel_alias", [options["channel_alias"]], must_be_url=True)
    check_channels("custom_channels", [str(value) for value in options["custom_channels"].values()], must_be_url=True)
    check_seconds(options, "remote_connect_timeout_secs", "remote_read_timeout_secs", "verify_deadline")


def check_seconds(options: Options, *names: str) -> None:
    """Times: above 0, and neither infinite nor no number at all."""
    for name in names:
        if options[name] is not None and not 0 < options[name] < math.inf:
            raise Refused(name, "is not a number above 0", "give seconds")


def check_paths(options: Options, windows: bool) -> None:
    """Paths and names of targets."""
    path = options["condarc_path"]
    if path and windows:
        path = path.replace("\\", "/")
        if re.match(r"/(?!/)", path):
            raise Refused("condarc_path", "has no drive", "begin it with a drive, as in C:\\, or in user scope with ~/")
        path = re.sub(r"^[A-Za-z]:(?=/)", "", path)
        if re.search(r'[%"<>|?*:]', path):
            raise Refused(
                "condarc_path",
                'has a character that cmd.exe or Windows takes for something else (% " < > | ? * :)',
                "choose another path",
            )
    if path:
        if not path.startswith(("/", "~/")) or re.search(r"[\x00-\x1f]", path):
            raise Refused("condarc_path", "is not an absolute path", "begin it with / (or ~/ in user scope)")
        if options["users"] and options["scope"] == "user" and not path.startswith("~/"):
            raise Refused("condarc_path", "is one file for several users", "begin it with ~/")
        if path.startswith("~/") and options["scope"] == "system":
            raise Refused(
                "condarc_path",
                "is in a home, but the scope is the system",
                "set conda_proxy_scope: user, or begin the path with /",
            )
        if not re.search(r"/(\.?condarc|[^/]*\.ya?ml)$", path):
            raise Refused(
                "condarc_path", "has a name that conda does not read", "end it in /.condarc, /condarc or .yml"
            )
    for name in options["environment_targets"]:
        if name not in ENVIRONMENT_TARGETS:
            raise Refused("environment_targets", "has an unknown name", "choose from " + ", ".join(ENVIRONMENT_TARGETS))


def check_dialects(variables: t.Mapping[str, str]) -> None:
    """Values that no environment file can hold."""
    try:
        dialects.render("sh", variables)
    except dialects.Unrepresentable as exc:
        raise Refused(
            "no_proxy", f"or a path gives a variable that no environment file can hold ({exc})", "remove it"
        ) from None
