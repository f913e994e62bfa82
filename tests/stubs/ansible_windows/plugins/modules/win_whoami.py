# SPDX-License-Identifier: GPL-3.0-or-later
"""win_whoami.ps1 of ansible.windows 3.3.0, as far as the account goes."""

from __future__ import annotations

from typing import Any

from ..module_utils.standin import Call, run


def whoami(call: Call) -> dict[str, Any]:
    """Who is connected."""
    sid = call.machine.state["account"]
    domain, _backslash, name = call.machine.account(sid).partition("\\")
    return {"account": {"sid": sid, "account_name": name, "domain_name": domain, "type": "User"}}


if __name__ == "__main__":
    run("win_whoami", whoami)
