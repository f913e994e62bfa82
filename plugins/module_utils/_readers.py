# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each consumer has as proxy and CA bundle, from its files and by its known rules. curl is then asked itself.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import os
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.condafleet.proxy.plugins.module_utils import _ask_curl, _assignments
from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence
from ansible_collections.condafleet.proxy.plugins.module_utils._consumers import (
    ANY,
    CSH,
    PAM,
    READ,
    Files,
    Row,
    Subject,
    pick,
    place,
    row_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell, process
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base

_CURL = {
    "http_proxy": ("http_proxy", "all_proxy", "ALL_PROXY"),  # never HTTP_PROXY, which a CGI's client can set
    "https_proxy": ANY["https_proxy"],
    "no_proxy": ANY["no_proxy"],
    "ca_bundle": ("CURL_CA_BUNDLE", "SSL_CERT_FILE"),
}
_PIP = {**ANY, "ca_bundle": ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
_BOTH = ("http_proxy", "https_proxy")
# key in the file, fields of the row
_SOCKS = ("socks4", "socks4a", "socks5", "socks5-hostname")
_CURLRC = {**dict.fromkeys(("proxy", "x", *_SOCKS), _BOTH), "noproxy": ("no_proxy",), "cacert": ("ca_bundle",)}
_PIP_CONF = {"proxy": _BOTH, "cert": ("ca_bundle",)}
_KEY = re.compile(r"[ \t]*-{0,2}(?P<key>[A-Za-z0-9-]+)[ \t]*[ \t=:][ \t]*(?P<value>[^\r\n]+?)[ \t\r]*\Z")


def rows(subject: Subject, bases: t.Sequence[Base]) -> list[Row]:
    """The consumers that are on this machine."""
    folders = [*subject.login.get("PATH", process.PATH).split(":"), *(f"{base.prefix}/bin" for base in bases)]
    found = [
        (("csh", "tcsh"), _csh),
        (("crontab",), _cron),
        (("curl",), _curl),
        (("pip", "pip3"), _pip),
    ]
    result = [make(subject) for programs, make in found if _installed(programs, folders)]
    root = bases[0].prefix if bases else ""
    mambas = [name for name in ("mamba", "micromamba") if _installed((name,), folders)]
    return result + [_mamba(name, subject, root) for name in mambas]


def _installed(programs: t.Iterable[str], folders: t.Iterable[str]) -> bool:
    return any(os.access(os.path.join(folder, name), os.X_OK) for folder in folders for name in programs)


def variables_in(files: Files) -> dict[str, str]:
    """What files that only set variables leave, the last one winning."""
    return {each.name: each.value for path, text in files for each in _assignments.parse(path, text)}


def _csh(subject: Subject) -> Row:
    # tcsh reads .cshrc only where there is no .tcshrc
    skipped = "{home}/.cshrc" if os.path.exists(f"{subject.account.home}/.tcshrc") else ""
    files = subject.files(*PAM, *(path for path in CSH if path != skipped))
    return row_of(
        "csh", READ, {**login_shell.pam_environment(), **variables_in(files[1:] if _pam(files) else files)}, files
    )


def _pam(files: Files) -> bool:
    return bool(files) and files[0][0] == PAM[0]


def _cron(subject: Subject) -> Row:
    files = [*subject.files(*PAM)]
    jobs = _crontab(subject)
    environment = {**login_shell.pam_environment(), **variables_in(jobs)}
    return {**row_of("cron", READ, environment, [*files, *jobs]), "note": "the user's crontab, and PAM's variables"}


def _crontab(subject: Subject) -> Files:
    """The lines of the user's crontab that set variables, each at its own line."""
    path = "crontab"
    output = login_shell.output_of(["crontab", "-l"], {"PATH": process.PATH, "HOME": subject.account.home})
    text = (output or b"").decode("utf-8", "surrogateescape")
    files = [(path, text)]
    if subject.account.uid == 0:
        files = [*subject.files("/etc/crontab"), *files]
    # a job's own assignments (NAME=value command) begin with a digit, a star or an @
    return [
        (name, "\n".join(line if re.match(r"\s*\w+\s*=", line) else "" for line in body.split("\n")))
        for name, body in files
    ]


def _curl(subject: Subject) -> Row:
    row = row_of("curl", READ, subject.login, subject.login_files(), _CURL)
    return _ask_curl.asked(_overlay(row, _ask_curl.files(subject)[:1], _CURLRC), subject)


def _pip(subject: Subject) -> Row:
    row = row_of("pip", READ, subject.login, subject.login_files(), _PIP)
    named = subject.login.get("PIP_CONFIG_FILE", "")
    paths = ["/etc/pip.conf", "{home}/.pip/pip.conf", "{home}/.config/pip/pip.conf", *([named] if named else [])]
    row = _overlay(row, subject.files(*paths), _PIP_CONF)
    for name, fields in (("PIP_PROXY", _BOTH), ("PIP_CERT", ("ca_bundle",))):
        value = subject.login.get(name)
        for field in fields if value else ():
            row[field], row["decided_by"][field] = value, place(name, str(value), subject.login_files())
    return row


def _overlay(row: Row, files: Files, keys: t.Mapping[str, t.Sequence[str]]) -> Row:
    """Settings of a program's own file, which beat the variables."""
    for path, text in files:
        for number, line in enumerate(text.split("\n"), 1):
            match = None if line.lstrip().startswith(("#", ";", "[")) else _KEY.match(line)
            for field in keys.get(match.group("key"), ()) if match else ():
                row[field] = t.cast("re.Match[str]", match).group("value").strip("\"'")
                row["decided_by"][field] = f"{path}:{number}"
    return row


def _mamba(name: str, subject: Subject, root: str) -> Row:
    """libmamba: the condarc's entry, else what curl takes from the environment; no_proxy holds for both."""
    row = row_of(name, READ, subject.login, subject.login_files(), {**_CURL, "ca_bundle": ("REQUESTS_CA_BUNDLE",)})
    files = [
        *condarc_precedence.search_path(subject.account.home, root, subject.login),
        f"{subject.account.home}/.mambarc",
    ]
    winners = condarc_precedence.decide([condarc_precedence.read(path) for path in files])
    host = urlsplit(subject.channel).hostname or ""
    for scheme in ("http", "https"):
        entry = condarc_precedence.proxy_for(scheme, host, winners)
        if entry:
            row[f"{scheme}_proxy"], row["decided_by"][f"{scheme}_proxy"] = entry.value, entry.place
    verify = winners.get(condarc_precedence.VERIFY)
    if verify and not pick(subject.login, ("REQUESTS_CA_BUNDLE",))[0]:
        row["ca_bundle"], row["decided_by"]["ca_bundle"] = verify.value, verify.place
    return row
