# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Verify with the rights and the login environment of a user of this machine."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH, Session
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.probe import PosixLauncher
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.connectivity import CondaInfo
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import ProofOptions


class UserView(t.NamedTuple):
    """A user, the bases found for that user, and the variables of a fresh login shell."""

    account: Account
    bases: t.Sequence[Base]
    login: t.Mapping[str, str]

    @classmethod
    def of(cls, account: Account, prefix: str, session: Session) -> UserView:
        """Return the view of `account`: start a login shell and find bases, with the rights of this process."""
        login = login_shell.login_environment(session, account, prefix)
        return cls(account, find_bases(account.home, login.get("PATH", ""), prefix), login)

    @property
    def environment(self) -> dict[str, str | None]:
        return {name: value for name, value in self.login.items() if name != "PATH"}

    def prove(self, options: ProofOptions, ca_bundle: str, applied: bool) -> list[ProofRow]:
        """Return the proof. `ca_bundle`: path of the joined bundle; `applied`: the desired state has been written."""
        alone = options.without_conda
        if not applied:
            alone = alone._replace(proxy_servers=None, ca_bundle=None)
        elif alone.ca_bundle == CA_BUNDLE_PATH:
            alone = alone._replace(ca_bundle=ca_bundle)
        return connectivity.prove(
            PosixLauncher(self.account.home),
            self.bases,
            self.environment,
            options._replace(without_conda=alone),
            user=self.account.name,
        )

    def conda_info(self) -> tuple[CondaInfo, ...]:
        """Return `conda info --all` of every base."""
        launcher = PosixLauncher(self.account.home)
        return tuple(connectivity.conda_info(launcher, self.bases, self.environment, user=self.account.name))
