# SPDX-License-Identifier: GPL-3.0-or-later
"""Which consumers do not have the managed variables, and what decides: real shells, and homes as users have them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import block
from ansible_collections.condafleet.proxy.plugins.module_utils._info import reach
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Subject
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import shells
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled

VARIABLES = {"http_proxy": "http://ada:p%40ss@proxy.example.com:8080", "no_proxy": "localhost,::1"}
OLD = "http://192.0.2.107:5865"
FILES = {
    ".profile": ("profile", "sh", False),
    ".bash_profile": ("bash_profile", "sh", False),
    ".bashrc": ("bashrc", "sh", True),
    ".zshenv": ("zsh", "sh", False),
    ".cshrc": ("csh", "csh", False),
}
WRITTEN = ["profile", "bash_profile", "bashrc", "zsh", "fish", "csh"]

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "zsh", "fish", "tcsh"))), reason="needs bash, zsh, fish and tcsh"
)


class Home:
    """A home with the managed lines in it, beside those of its user."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.session = ""

    def write(self, name: str, text: str) -> None:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def apply(self) -> None:
        for name, (_row, dialect, top) in FILES.items():
            path = self.path / name
            if path.exists() or name != ".bash_profile":
                text = path.read_text() if path.exists() else None
                path.write_text(block.merge(text, dialects.render(dialect, VARIABLES), top))
        self.write(
            ".config/fish/conf.d/zz-condafleet-proxy.fish",
            "".join(f"{line}\n" for line in dialects.render("fish", VARIABLES)),
        )

    def ask(self, written: list[str] | None = None) -> list[Overruled]:
        environment = self.path / "environment"
        environment.write_text(self.session)
        table = LINUX._replace(session=LINUX.session._replace(environment_files=(str(environment),)))
        subject = Subject(table, Account("ada", 1, 1, str(self.path), "/bin/bash"), {})
        return reach.overruled(subject, WRITTEN if written is None else written, VARIABLES)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_every_shell_has_the_variables(home: Home) -> None:
    home.apply()
    before = sorted(path for path in home.path.rglob("*"))
    assert home.ask() == []
    assert sorted(path for path in home.path.rglob("*") if path.name != "environment") == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".cshrc", "umask 022\nif (! $?prompt) exit   # not interactive\n\nalias ll 'ls -l'\n"),
        (".bash_profile", "# ~/.bash_profile\n[[ $- != *i* ]] && return\nexport EDITOR=vim\n"),
        (".profile", '[ -z "$PS1" ] && return\nEDITOR=vim; export EDITOR\n'),
        (".zshenv", "[[ -o interactive ]] || return\nexport EDITOR=vim\n"),
        (".bashrc", "case $- in *i*) ;; *) return;; esac\nexport EDITOR=vim\n"),
        (".bash_profile", '[ -f ~/.profile ] && . ~/.profile\n[ -z "$ZSH_VERSION" ] && exec /usr/bin/zsh -l\n'),
    ],
)
def test_files_that_end_early_are_reached(home: Home, name: str, text: str) -> None:
    home.write(name, text)
    home.apply()
    assert home.ask() == []


@pytest.mark.parametrize(
    ("name", "text", "consumers", "line"),
    [
        (".bashrc", "case $- in *i*) ;; *) return;; esac\nexport http_proxy={}\n", ["bash in a terminal"], "{}:5"),
        (".bashrc", "export http_proxy={}\n", ["bash over ssh", "bash in a terminal"], "{}:5"),
        (".bash_profile", "return 0\n", [], ""),
        (".zshrc", "export http_proxy={}\n", ["zsh in a terminal"], "{}:1"),
        (".zprofile", "\nexport http_proxy={}\n", ["zsh login shell"], "{}:2"),
        (".config/fish/config.fish", "set -gx http_proxy {}\n", ["fish over ssh", "fish in a terminal"], "{}:1"),
        (
            ".config/fish/config.fish",
            "if status is-interactive\n  set -gx http_proxy {}\nend\n",
            ["fish in a terminal"],
            "{}:2",
        ),
        (".login", "", [], ""),
    ],
)
def test_what_wins_is_named(home: Home, name: str, text: str, consumers: list[str], line: str) -> None:
    home.write(name, text.format(OLD))
    home.apply()
    if name == ".bashrc":  # the block is at the top, so the user's lines come after it
        line = "{}:" + str((home.path / name).read_text().split("\n").index(f"export http_proxy={OLD}") + 1)
    rows = home.ask()
    assert [(row.consumer, row.variable, row.value) for row in rows] == [
        (consumer, "http_proxy", OLD) for consumer in consumers
    ]
    assert {row.decided_by for row in rows} == ({line.format(home.path / name)} if consumers else set())


def test_a_file_that_another_one_reads_is_named(home: Home) -> None:
    home.write(".proxyrc", f"# old\nexport http_proxy={OLD} no_proxy=old\n")
    home.write(".bashrc", "[ -f ~/.proxyrc ] && . ~/.proxyrc\n")
    home.apply()
    rows = home.ask(["bashrc"])
    assert {(row.consumer, row.variable) for row in rows} == {
        (consumer, name) for consumer in ("bash over ssh", "bash in a terminal") for name in VARIABLES
    }
    assert {row.decided_by for row in rows} == {f"{home.path}/.proxyrc:2"}


def test_a_file_of_a_directory_is_named(home: Home) -> None:
    home.write(".bashrc.d/50-proxy.sh", f"\nexport http_proxy={OLD}\n")
    home.write(".bashrc", 'for rc in ~/.bashrc.d/*; do\n  [ -f "$rc" ] && . "$rc"\ndone\nunset rc\n')
    home.apply()
    assert {row.decided_by for row in home.ask(["bashrc"])} == {f"{home.path}/.bashrc.d/50-proxy.sh:2"}


@pytest.mark.parametrize(
    ("name", "text", "line", "consumer"),
    [
        (".bashrc", "unset http_proxy HTTP_PROXY\n", 1, "bash over ssh"),
        (".zshrc", "unset -v http_proxy\n", 1, "zsh in a terminal"),
        (".config/fish/config.fish", "set -e http_proxy\n", 1, "fish over ssh"),
        (".tcshrc", "unsetenv http_proxy\n", 1, "csh over ssh"),
    ],
)
def test_who_takes_a_variable_away_is_named(home: Home, name: str, text: str, line: int, consumer: str) -> None:
    home.apply()
    own = home.path / name
    own.parent.mkdir(parents=True, exist_ok=True)
    with own.open("a") as stream:
        stream.write(text)
    number = own.read_text().split("\n").index(text.rstrip("\n")) + 1
    found = {row.consumer: row for row in home.ask() if row.variable == "http_proxy"}
    assert (found[consumer].value, found[consumer].decided_by) == ("", f"{own}:{number}")


def test_a_start_up_that_never_ends_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "_TIMEOUT", 0.5)
    home.write(".zshrc", "sleep 60\n")
    home.apply()
    rows = home.ask(["zsh"])
    assert {(row.consumer, row.decided_by) for row in rows} == {("zsh in a terminal", shells.TIMED_OUT)}


def test_start_ups_that_never_end_hold_a_run_up_twice_at_most(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "_TIMEOUT", 0.2)
    home.write(".zshenv", "sleep 60\n")
    home.write(".profile", "sleep 60\n")
    home.apply()
    rows = home.ask(["profile", "zsh", "fish"])
    assert list(dict.fromkeys(row.consumer for row in rows)) == ["sh login shell", "bash login shell"]


def test_pam_is_asked_by_what_it_reads(home: Home) -> None:
    home.session = f"http_proxy={VARIABLES['http_proxy']}\nno_proxy={VARIABLES['no_proxy']}\nhttp_proxy={OLD}\n"
    rows = [row for row in home.ask(["pam"]) if row.consumer == "PAM session"]
    assert [(row.variable, row.value, row.decided_by) for row in rows] == [
        ("http_proxy", OLD, f"{home.path}/environment:3")
    ]


def test_who_is_not_fed_is_not_asked(home: Home) -> None:
    home.write(".bashrc", f"export http_proxy={OLD}\n")
    assert home.ask([]) == []
    home.apply()
    assert home.ask(["fish"]) == []
