# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Load the callback of the collection with its playbooks, without a setting."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.callback import fleet_report

DOCUMENTATION = fleet_report.DOCUMENTATION


class CallbackModule(fleet_report.CallbackModule):
    """See the callback of the same name in the collection."""

    CALLBACK_NEEDS_ENABLED = False
