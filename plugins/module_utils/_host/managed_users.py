# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Record the users that root manages on this machine, so that a later run can remove their settings."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import Store
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import (
    GoneError,
    Machine,
    MachineError,
    insist,
)


class ManagedUsers:
    """The managed users. Their names are in the state of the system."""

    def __init__(self, machine: Machine, directory: str) -> None:
        self._machine = machine
        self._directory = directory
        self._store = Store(machine, directory)

    def names(self) -> list[str]:
        """Return all users who may have managed settings."""
        return list(self._store.load().users)

    def add(self, names: t.Collection[str], check_mode: bool = False) -> None:
        """Record users. Called before anything is written for them, as a run may be killed.

        Raises MachineError for what cannot be recorded, also in check mode, which writes nothing.
        """
        insist(lambda: self._add(names, check_mode), GoneError)  # another run may remove the state (`state: absent`)

    def _add(self, names: t.Collection[str], check_mode: bool) -> None:
        if set(names) <= set(self.names()):
            return
        self._store.foresee_save()
        created = self._store.missing_directories()
        if check_mode:
            if not created:
                self._machine.foresee_lock(self._directory)
            return
        self._store.create(created)
        try:
            self._save(names, created)
        except MachineError:
            self._store.take_back(created)
            raise

    def _save(self, names: t.Collection[str], created: t.Sequence[str]) -> None:
        with self._machine.lock(self._directory):
            state = self._store.load()
            state = state._replace(
                created=tuple(dict.fromkeys([*state.created, *created])),
                users=tuple(dict.fromkeys([*state.users, *names])),
            )
            try:
                self._store.save(state)
            except MachineError:
                if created:
                    self._machine.remove_lock(self._directory)
                raise

    def drop(self, names: t.Collection[str]) -> None:
        """Remove users who have no managed settings any more."""
        insist(lambda: self._drop(names), GoneError)

    def _drop(self, names: t.Collection[str]) -> None:
        if not set(names) & set(self.names()):
            return
        with self._machine.lock(self._directory):
            state = self._store.load()
            state = state._replace(users=tuple(name for name in state.users if name not in names))
            if state.empty:
                self._store.drop(state.created)
            else:
                self._store.save(state)
