# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof on Windows: the same probe, handed over on stdin to the python.exe of conda's base.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import candidate as _candidate
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import protocol, script
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.verdicts import advise
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.bases import Base
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed, Remote

Row = t.Dict[str, t.Any]


def prove(
    remote: Remote, bases: t.Sequence[Base], environment: t.Mapping[str, str | None], options: t.Mapping[str, t.Any]
) -> list[Row]:
    """A row per base and channel; C(options) as for the prove() of POSIX."""
    given = protocol.probe_input(environment, options)
    rows: list[Row] = []
    with _candidate.trying(options.get("candidate") or {}, given, None) as asked:
        for base in bases:
            answered = _candidate.named(_ask(remote, base, asked), asked)
            rows += [dict({"base": base.prefix}, **row) for row in answered]
    if not bases:
        detail = (
            "Looked in the usual places of Miniconda, Anaconda and Miniforge and in the list of installed programs."
        )
        rows = [dict(protocol.failed_row("no_conda", detail), base=None, proxy_verdict=None)]
    return [advise(dict(row, user=options.get("user"))) for row in rows]


def conda_info(
    remote: Remote, bases: t.Sequence[Base], environment: t.Mapping[str, str | None], candidate: t.Mapping[str, t.Any]
) -> list[Row]:
    """C(conda info --all) of every base, without secrets."""
    given = dict(protocol.DEFAULTS, deadline=protocol.INFO_DEADLINE, environment=dict(environment), info=True)
    found = []
    with _candidate.trying(candidate, given, None) as asked:
        for base in bases:
            output, failure = _run(remote, base, asked)
            found.append({"base": base.prefix, "text": protocol.info_text(process.Answer(output, True, failure))})
    return found


def _ask(remote: Remote, base: Base, given: t.Mapping[str, t.Any]) -> list[Row]:
    output, failure = _run(remote, base, given)
    return [protocol.failed_row("conda_unusable", failure)] if failure else protocol.rows_of(output, in_time=True)


def _run(remote: Remote, base: Base, given: t.Mapping[str, t.Any]) -> tuple[bytes, str]:
    """What the probe prints, and why there is nothing. It ends by its own deadline."""
    if base.refusal:
        return b"", f"Not run: {base.refusal}."
    program = script.program(script.PROOF, given).decode("ascii")
    try:
        answer = remote.module("win_command", argv=[base.python, "-B", "-"], stdin=program)
    except ModuleFailed as exc:
        # its text may quote the program, which holds the environment
        return b"", f"{base.python} cannot be run (exit code {exc.result.get('rc')})."
    return str(answer["stdout"]).strip().encode("ascii", "replace"), ""
