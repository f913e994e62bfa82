# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The exceptions and types that all files of the probe share."""

from __future__ import annotations

from typing import Any, Dict, Tuple

Row = Dict[str, Any]
Timeouts = Tuple[float, float]


class Verdict(Exception):
    """A verdict that is known where it is raised. `detail` must not contain text of other programs."""

    def __init__(self, name: str, detail: str = "", **facts: Any) -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail
        self.facts = facts


class ProxyAuthenticationError(Exception):
    """The proxy answered 407. `headers`: the values of Proxy-Authenticate."""

    def __init__(self, headers: list[str]) -> None:
        super().__init__("407")
        self.headers = headers


class OpaqueTunnelError(Exception):
    """An https:// proxy opened a tunnel. The ssl module has no TLS in TLS on a socket, so the check ends here."""


class ConnectTimeoutError(Exception):
    """A timeout of a TCP connection. Named like urllib3's, so that one table classifies both."""
