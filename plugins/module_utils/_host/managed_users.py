# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which users root has served on this machine, so that a dropped one and C(absent) can be worked from it.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import Store
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import Machine


class Roster:
    """The names lie in the system's state, beside what the system's own files need."""

    def __init__(self, machine: Machine, folder: str) -> None:
        self._machine = machine
        self._store = Store(machine, folder)

    def names(self) -> list[str]:
        """Every user who may have something of ours."""
        return list(self._store.load_state().users)

    def add(self, names: t.Collection[str]) -> None:
        """Before anything is written for them: a run may be killed."""
        if set(names) <= set(self.names()):
            return
        made = self._store.missing_folders()
        for folder in made:
            self._machine.make_folder(folder, private=folder == self._store.folder)
        with self._machine.lock(self._store.folder):
            state = self._store.load_state()
            state.made += [folder for folder in made if folder not in state.made]
            state.users.update({name: {} for name in names})
            self._store.save_state(state)

    def drop(self, names: t.Collection[str]) -> None:
        """Those who have nothing of ours any more."""
        if not set(names) & set(self.names()):
            return
        with self._machine.lock(self._store.folder):
            state = self._store.load_state()
            state.users = {name: value for name, value in state.users.items() if name not in names}
            if state.empty:
                self._store.drop(state.made)
            else:
                self._store.save_state(state)
