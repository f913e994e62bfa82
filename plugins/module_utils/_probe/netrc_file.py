# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Check the netrc that requests reads, and collect its secrets."""

from __future__ import annotations

import netrc
import os

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import Scrubber


def netrc_path() -> str | None:
    """Return the file that requests reads: $NETRC alone when it is set, else the first of two names in the home."""
    names = [os.environ["NETRC"]] if "NETRC" in os.environ else ["~/.netrc", "~/_netrc"]
    for name in names:
        path = os.path.expanduser(name)
        if os.path.exists(path):
            return path
    return None


def netrc_problem() -> str | None:
    """Return why no entry of the netrc file counts (requests swallows this), or nothing."""
    path = netrc_path()
    if path is None:
        return None
    try:
        netrc.netrc(path)
    except netrc.NetrcParseError as exc:
        return f"{path}, line {exc.lineno}: cannot be parsed as netrc, so no entry of the file is used"
    except UnicodeError:
        return f"{path}: contains bytes that are not UTF-8"
    except OSError as exc:
        return f"{path}: {exc.strerror}"
    return None


def learn_netrc(scrubber: Scrubber) -> None:
    """Learn the secrets of the netrc file without its parser, which refuses whole files."""
    path = netrc_path()
    if path is None:
        return
    try:
        with open(path, "rb") as handle:
            words = handle.read(1 << 20).decode("latin-1").split()
    except OSError:
        return
    for key, value in zip(words, words[1:]):
        if key in ("password", "account"):
            scrubber.add(value.strip('"'))
