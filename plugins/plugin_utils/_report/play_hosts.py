# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find the hosts of a play for a callback."""

from __future__ import annotations

import typing as t


def play_hosts(play: t.Any) -> list[str]:
    """Return the names of all hosts of a play, of every ring, as --limit leaves them; empty if Ansible hides them."""
    # no public way leads from a callback to the inventory
    inventory = getattr(play.get_variable_manager(), "_inventory", None)
    return (
        []
        if inventory is None
        else [str(host.get_name()) for host in inventory.get_hosts(play.hosts, ignore_restrictions=True)]
    )
