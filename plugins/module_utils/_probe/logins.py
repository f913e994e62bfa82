# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Offer a login to a proxy once: accounts are locked after a few failures, and hundreds of hosts ask."""

from __future__ import annotations

import threading
from typing import Callable

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import Proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import Row

_REJECTED = "proxy_auth_rejected"
_NOT_ASKED = "Not requested: the same proxy rejected the same credentials for {}."


class Logins:
    """The logins of one base. The first request with a login goes alone; the others follow side by side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[Proxy, threading.Lock] = {}
        self._answers: dict[Proxy, tuple[str, Row]] = {}  # of the first request: its URL, what was found

    def request(self, proxy: Proxy | None, url: str, send: Callable[[], Row]) -> Row:
        """Return what `send` finds, or, where the proxy rejected this login before, that. `url`: as rows show it."""
        if proxy is None or proxy.user is None:
            return send()
        with self._lock:
            first = self._asked.setdefault(proxy, threading.Lock())
        with first:
            if proxy not in self._answers:
                found = send()
                self._answers[proxy] = url, found
                return found
        asked, found = self._answers[proxy]
        if found["verdict"] != _REJECTED:
            return send()
        return dict(found, detail=_NOT_ASKED.format(asked))
