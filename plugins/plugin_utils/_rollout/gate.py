# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Decide whether the next ring may begin. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import Outcome

_MOST_NAMES = 5
_WRONG_PASSWORD = {"proxy_auth_required", "proxy_auth_rejected"}


def refusal(before: t.Sequence[Outcome], max_fail_percentage: float) -> str:
    """Return why the next ring must not begin; empty: it may. `before`: the outcomes of all rings so far.

    Hosts that were not reached, that are held or whose settings were refused say nothing about the settings.
    """
    silent = (_outcome.UNREACHABLE, _outcome.HELD, _outcome.REFUSED, _outcome.NOT_BEGUN)
    reached = [one for one in before if one.state not in silent]
    failed = [one for one in reached if not one.proven]
    rejected = [one for one in failed if _WRONG_PASSWORD & {_outcome.verdict_of(row) for row in one.failures}]
    if rejected:
        return (
            "the rollout was stopped before this ring, and nothing in it was touched: the proxy rejects the credentials "
            f"({_names(rejected)}), and asking from every host may lock the account; correct conda_proxy_password"
        )
    if len(failed) * 100 > max_fail_percentage * len(reached):
        return (
            f"the rollout was stopped before this ring, and nothing in it was touched: {len(failed)} of {len(reached)} "
            f"hosts of the rings before failed ({_names(failed)}), and conda_proxy_max_fail_percentage is "
            f"{max_fail_percentage:g}; correct them, then run with --limit @remaining.txt"
        )
    asked = [one for one in before if one.state not in (_outcome.HELD, _outcome.REFUSED)]
    if asked and not any(one.proven for one in reached):
        return (
            "the rollout was stopped before this ring, and nothing in it was touched: no host of the rings before was "
            f"proven ({_names(asked)}); bring one of them up, or name others in conda_proxy_canaries"
        )
    return ""


def end_of_rollout(outcomes: t.Sequence[Outcome]) -> str:
    """Return why a run did not get to all hosts, where no gate was asked; empty: it did.

    Ansible ends a playbook when all hosts of a ring fail or are not reached, and at a refused setting.
    """
    if not any(one.state == _outcome.NOT_BEGUN for one in outcomes):
        return ""
    refused = [one for one in outcomes if one.state == _outcome.REFUSED]
    begun = [one for one in outcomes if one.state not in (_outcome.NOT_BEGUN, _outcome.REFUSED)]
    if refused and not begun:
        return f"nothing was touched: the settings of {_names(refused)} were refused; correct them"
    return refusal(begun, 0) if begun else ""


def _names(outcomes: t.Sequence[Outcome]) -> str:
    names = [one.host for one in outcomes[:_MOST_NAMES]]
    more = len(outcomes) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
