# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Determine the proxy and CA bundle of consumers from their files, by their known rules."""

from __future__ import annotations

import re

from ansible_collections.condafleet.proxy.plugins.module_utils._info import assignments
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import (
    ANY,
    BOTH,
    READ,
    ConsumerRow,
    Files,
    Subject,
    overlay,
    place,
    row_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell, process, shells

_PIP = {**ANY, "ca_bundle": ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
_PIP_CONF = {"proxy": BOTH, "cert": ("ca_bundle",)}


def variables_in(files: Files) -> dict[str, str]:
    """Return what files that only set variables leave, the last one winning."""
    return {each.name: each.value for path, text in files for each in assignments.parse(path, text)}


def cron(subject: Subject) -> ConsumerRow:
    session, jobs = subject.platform.session, _crontab(subject)
    environment = {**login_shell.file_environment(session), **variables_in(jobs)}
    row = row_of("cron", READ, environment, [*subject.session_files, *jobs])
    return row._replace(note="the user's crontab" + (", and PAM's variables" if session.environment_files else ""))


def _crontab(subject: Subject) -> Files:
    """Return the lines of the user's crontab that set variables, each at its own line."""
    path = "crontab"
    output = shells.output_of(["crontab", "-l"], {"PATH": process.PATH, "HOME": subject.account.home})
    text = (output or b"").decode("utf-8", "surrogateescape")
    files = [(path, text)]
    if subject.account.uid == 0:
        files = [*subject.files("/etc/crontab"), *files]
    # a job's own assignments (NAME=value command) begin with a digit, a star or an @
    return [
        (name, "\n".join(line if re.match(r"\s*\w+\s*=", line) else "" for line in body.split("\n")))
        for name, body in files
    ]


def pip(subject: Subject) -> ConsumerRow:
    row = row_of("pip", READ, subject.login, subject.login_files(), _PIP)
    named = subject.login.get("PIP_CONFIG_FILE", "")
    paths = ["/etc/pip.conf", "{home}/.pip/pip.conf", "{home}/.config/pip/pip.conf", *([named] if named else [])]
    row = overlay(row, subject.files(*paths), _PIP_CONF)
    for name, fields in (("PIP_PROXY", BOTH), ("PIP_CERT", ("ca_bundle",))):
        value = subject.login.get(name)
        for field in fields if value else ():
            row = row.with_value(field, str(value), place(name, str(value), subject.login_files()))
    return row
