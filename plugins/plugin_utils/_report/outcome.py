# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What became of one host, from the result of its task. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._proof.verdicts import VERDICTS

# states, the worst first: a host that is in several counts once, by the first
UNREACHABLE = "unreachable"  # Ansible did not reach it
REFUSED = "refused"  # its settings were refused before a connection
ROLLED_BACK = "rolled_back"
OFF_NETWORK = "off_network"  # the proxy was not found or not reached, before as after
FAILED = "failed"
DRIFT = "drift"  # check mode: a run would change something
BLOCKED = "blocked"  # a channel is not reached, and the task was told to go on
HELD = "held"  # conda_proxy_hold
NOT_BEGUN = "not_begun"
CHANGED = "changed"
IN_ORDER = "in_order"
STATES = (
    UNREACHABLE, REFUSED, ROLLED_BACK, FAILED, BLOCKED, DRIFT, OFF_NETWORK, NOT_BEGUN, HELD, CHANGED, IN_ORDER,
)  # fmt: skip
GOOD = (CHANGED, IN_ORDER)
LEFT = (UNREACHABLE, REFUSED, ROLLED_BACK, FAILED, OFF_NETWORK, NOT_BEGUN)  # what a second run must take
_NO_WAY_TO_THE_PROXY = ("dns_proxy", "refused_proxy", "unreachable_proxy", "connect_timeout_proxy")
Result = t.Mapping[str, t.Any]  # of Ansible


class Outcome(t.NamedTuple):
    """The outcome of one host."""

    host: str
    state: str
    message: str = ""  # why it is not in order, in one line
    changes: tuple[tuple[str, str], ...] = ()  # path and reasons of what changed or would change
    proof: tuple[Result, ...] = ()  # rows of the result
    overruled: tuple[Result, ...] = ()
    hold: str = ""

    @property
    def proven(self) -> bool:
        """Whether this host speaks for the settings: it was done, and every channel that was asked is reached."""
        return self.state in GOOD

    @property
    def without_conda(self) -> bool:
        return any(row.get("verdict") == "no_conda" for row in self.proof)

    @property
    def failures(self) -> list[Result]:
        """Return the rows of channels that are not reached."""
        return [row for row in self.proof if not passes(row)]


def passes(row: Result) -> bool:
    """Return whether a row is good. Without conda it is while the proxy works."""
    if row.get("verdict") == "no_conda":
        return row.get("proxy_verdict") in ("ok", None, "channel_unauthorized")
    return bool(row.get("ok"))


def verdict_of(row: Result) -> str:
    """Return the verdict that says what to do: without conda that of Python alone."""
    alone = row.get("proxy_verdict")
    return str(alone if row.get("verdict") == "no_conda" and alone not in ("ok", None) else row.get("verdict"))


def outcome_of(host: str, result: Result, check_mode: bool = False) -> Outcome:
    """Return the outcome that the result of the task of `conda_proxy` shows."""
    proof = tuple(result.get("proof") or ())
    changes = tuple((row["path"], ", ".join(row["reasons"])) for row in result.get("resources") or ())
    found = Outcome(
        host,
        IN_ORDER,
        _line(result.get("msg", "")) if result.get("failed") or result.get("unreachable") else "",
        changes,
        proof,
        tuple(result.get("overruled") or ()),
        (result.get("hold") or {}).get("text", ""),
    )
    return found._replace(state=_state(found, result, check_mode))._replace(message=_message(found, result, check_mode))


def joined(first: Outcome, second: Outcome) -> Outcome:
    """Return the outcome of two tasks on one host, such as two roles for a section each: the worse state, all changes."""
    worse = min(first, second, key=lambda one: STATES.index(one.state))
    return worse._replace(
        message=_line("; ".join(dict.fromkeys(one.message for one in (first, second) if one.message))),
        changes=tuple(dict.fromkeys(first.changes + second.changes)),
        proof=second.proof or first.proof,
        overruled=second.overruled or first.overruled,
        hold=second.hold or first.hold,
    )


def _state(found: Outcome, result: Result, check_mode: bool) -> str:
    if result.get("unreachable"):
        return UNREACHABLE
    if result.get("hold"):
        return HELD
    off = bool(found.failures) and all(verdict_of(row) in _NO_WAY_TO_THE_PROXY for row in found.failures)
    if result.get("failed"):
        if result.get("refused"):
            return REFUSED
        if result.get("rolled_back"):
            return ROLLED_BACK
        return OFF_NETWORK if off else FAILED
    if result.get("changed"):
        return DRIFT if check_mode else (BLOCKED if found.failures else CHANGED)
    if found.failures:
        return OFF_NETWORK if off else BLOCKED
    if check_mode and any(_is_new(row) for row in found.overruled):
        return DRIFT
    return IN_ORDER


def _is_new(row: Result) -> bool:
    """Return whether a consumer has another value since the last run that corrected."""
    return row.get("known") is False


def _message(found: Outcome, result: Result, check_mode: bool) -> str:
    hold = result.get("hold") or {}
    if hold:
        return _line("{}{}".format(hold.get("text", ""), " (expired)" if hold.get("expired") else ""))
    if found.message:
        return found.message
    parts = [f"{path} ({reasons})" for path, reasons in found.changes] if check_mode else []
    if check_mode:
        parts += [overruled_text(row) for row in found.overruled if _is_new(row)]
    for row in found.failures:
        verdict = verdict_of(row)
        remedy = VERDICTS[verdict].remedy if verdict in VERDICTS else ""
        parts.append("{}: {}. {}".format(row.get("url") or "its channels", verdict, remedy))
    return _line("; ".join(parts))


def overruled_text(row: Result) -> str:
    """Return a row of `overruled` as part of a line."""
    consumer, decided_by = row.get("consumer"), row.get("decided_by")
    if not row.get("variable"):
        return f"{consumer} reads {decided_by}"
    return "{}: not the managed {}, because of {}".format(consumer, row["variable"], decided_by)


def _line(text: t.Any) -> str:
    """Return a message in one line."""
    return " ".join(str(text).split())
