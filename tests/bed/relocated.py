# SPDX-License-Identifier: GPL-3.0-or-later
"""The Linux of a folder: its table with all paths below it, and runs of the real module's tasks there, without conda."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ansible_collections.condafleet.proxy.plugins.module_utils._host import converge, user_probe
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import supported
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts, login_shell
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Run, Settings
from tests.bed.settings import CERTIFICATE, NETRC, compiled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

PASSWORD = "Zq7-of-nobody-else"
OTHER = "Zq8-the-next-one"
ALL = ["condarc", "environment", "netrc"]
_SYSTEM = ("profile", "zsh", "pam", "environment_d")
_USER = ("profile", "bash_profile", "bashrc", "fish", "environment_d")


def settings(password: str | None = PASSWORD, **given: Any) -> Settings:
    """Compiled settings of all sections: user scope unless told otherwise."""
    options: dict[str, Any] = {
        "http": "http://proxy.example.com:8080",
        "username": "svc",
        "password": password,
        "scope": "user",
        "sections": ALL,
        "netrc": [NETRC],
        "ca_bundle_content": CERTIFICATE,
        "verify": "none",
    }
    if given.get("scope") == "system":
        options |= {"sections": ALL[:2], "password_exposure": "allow"}
        del options["netrc"]
    pem = CERTIFICATE if given.get("state") != "absent" else None
    if given.get("state") == "absent":
        options = {"scope": options["scope"], "sections": options["sections"], "verify": "none"}
    return compiled(pem=pem, **{**options, **given}).settings


def use(folder: Path, monkeypatch: pytest.MonkeyPatch, users: Mapping[str, accounts.Account] | None = None) -> None:
    """Make this process take `folder` for the root of the file system, whose users are `users`. No shell is asked."""

    def moved(path: str) -> str:
        return path if path.startswith("{home}") else f"{folder}{path}"

    def rows(table: Any, names: tuple[str, ...]) -> Any:
        return tuple(
            row._replace(paths=tuple(map(moved, row.paths)), needs=(), activate="", check="")
            for row in table
            if row.name in names
        )

    roots = folder / "roots.pem"
    if not roots.exists():
        roots.write_text(CERTIFICATE)
    table = LINUX._replace(
        system=rows(LINUX.system, _SYSTEM),
        user=rows(LINUX.user, _USER),
        system_condarc=moved(LINUX.system_condarc),
        system_state=moved(LINUX.system_state),
        system_ca_bundle=moved(LINUX.system_ca_bundle),
        ca_roots=(str(roots),),
    )
    monkeypatch.setattr(supported, "PLATFORMS", {"Linux": table})
    monkeypatch.setattr(login_shell, "login_environment", lambda *_args: {})
    for module in (converge, user_probe):
        monkeypatch.setattr(module, "find_bases", lambda *_args: [])
    real = accounts.own
    monkeypatch.setattr(accounts, "own", lambda home="": real(home or str(folder / "root")))
    if users is not None:
        monkeypatch.setattr(accounts, "find", users.get)


def run(wanted: Settings, check_mode: bool = False, lock_timeout: float = 5) -> dict[str, Any]:
    """The result of the task of `conda_proxy`, in this process."""
    return converge.run(wanted, Run(os.urandom(4).hex(), "key", lock_timeout, "here"), check_mode, with_diff=False)
