# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of others, before the first push, commented out, and brought back: a home, with the module's own run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._host import converge
from ansible_collections.condafleet.proxy.plugins.module_utils._info import claims
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Run, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Claim

if TYPE_CHECKING:
    from pathlib import Path

OLD = "http://ada:Zq7old@192.0.2.107:5865"
NEW = {"http_proxy": "http://proxy.example.com:8080", "HTTP_PROXY": "http://proxy.example.com:8080"}
FILES = {
    ".bashrc": f"# ~/.bashrc\ncase $- in *i*) ;; *) return;; esac\nexport http_proxy={OLD}\nexport HTTP_PROXY=$http_proxy\n",
    ".profile": f"# BEGIN ANSIBLE MANAGED BLOCK\nexport http_proxy={OLD}\n# END ANSIBLE MANAGED BLOCK\n. ~/.proxyrc\n",
    ".proxyrc": f"if true; then\n  export http_proxy={OLD}\nfi\nexport http_proxy={OLD} EDITOR=vim\n",
    ".zprofile": f"proxyon() {{\n  export http_proxy={OLD}\n}}\n",
    ".login": f"setenv http_proxy {OLD}\r\n",
}
REMOVABLE = {(".bashrc", 3), (".bashrc", 4), (".profile", 2), (".proxyrc", 2), (".login", 1)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


def run(home: Path, number: int, check_mode: bool = False, **given: Any) -> dict[str, Any]:
    settings = Settings(
        **{
            "state": "present", "scope": "user", "users": (), "home": str(home), "sections": ("environment",),
            "prefix": "", "verify": "none", "variables": NEW, **given,
        }
    )  # fmt: skip
    result = converge.run(settings, Run(f"run{number}", "key", 1.0), check_mode, with_diff=True)
    assert "failed" not in result, result
    return result


def content(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def lines(result: dict[str, Any], home: Path) -> set[tuple[str, int]]:
    return {(row["path"].removeprefix(f"{home}/"), row["line"]) for row in result["claims"]}


def test_they_are_listed_before_the_first_push(home: Path) -> None:
    before = content(home)
    checked = run(home, 1, check_mode=True)
    assert lines(checked, home) == {*REMOVABLE, (".proxyrc", 4)}
    assert {row["path"] for row in checked["claims"] if not row["removable"]} == {f"{home}/.proxyrc"}
    note = f"{home}/.bashrc: line 3, 4 sets http_proxy, HTTP_PROXY too; conda_proxy_takeover: true comments it out"
    assert note in checked["warnings"]
    assert content(home) == before
    assert run(home, 2)["changed"]
    again = run(home, 3)
    assert not again["changed"]
    assert len(lines(again, home)) == 6, "they are still there"
    assert not [note for note in again["warnings"] if "conda_proxy_takeover" in note], "said once, not every hour"


def test_they_are_commented_out_and_come_back(home: Path) -> None:
    before = content(home)
    checked = run(home, 1, check_mode=True, takeover=True)
    done = run(home, 2, takeover=True)
    assert sorted(row["path"] for row in done["resources"]) == sorted(row["path"] for row in checked["resources"])
    assert "Zq7" not in str(done)
    assert lines(done, home) == {(".proxyrc", 4)}
    assert (home / ".proxyrc").read_text() == (
        f"if true; then\n  : # condafleet.proxy took over: export http_proxy={OLD}\nfi\nexport http_proxy={OLD} EDITOR=vim\n"
    )
    assert (home / ".zprofile").read_bytes() == before[".zprofile"]
    left = claims.find(Scope(LINUX, str(home)), NEW)
    assert left[0] == [Claim(f"{home}/.proxyrc", 4, ("http_proxy",), removable=False)]
    assert left[1] == {f"{home}/{name}" for name in (".bashrc", ".profile", ".proxyrc", ".login")}
    assert not run(home, 3, takeover=True)["changed"]

    with (home / ".proxyrc").open("a") as stream:
        stream.write(f"export http_proxy={OLD}\n")
    drift = run(home, 4, check_mode=True, takeover=True)
    assert [(row["path"], row["reasons"]) for row in drift["resources"]] == [(f"{home}/.proxyrc", ["edited"])]
    run(home, 5, takeover=True)
    assert lines(run(home, 6, takeover=True), home) == {(".proxyrc", 4)}

    run(home, 7, state="absent")
    expected = dict(before)
    expected[".proxyrc"] += f"export http_proxy={OLD}\n".encode()
    assert content(home) == expected


def test_without_the_option_they_come_back_and_ours_stay(home: Path) -> None:
    before = content(home)
    run(home, 1, takeover=True)
    assert run(home, 2)["changed"]
    again = run(home, 3)
    assert not again["changed"]
    assert len(lines(again, home)) == 6
    assert (home / ".proxyrc").read_bytes() == before[".proxyrc"]
    assert "# condafleet.proxy took over" not in (home / ".bashrc").read_text()
    assert NEW["http_proxy"] in (home / ".bashrc").read_text()
    run(home, 4, state="absent")
    assert content(home) == before


def test_a_file_of_the_table_that_is_not_requested_is_left_alone(home: Path) -> None:
    """It may be requested later, and then holds a block."""
    before = content(home)
    done = run(home, 1, takeover=True, environment_targets=("fish", "profile"))
    assert content(home)[".bashrc"] == before[".bashrc"]
    assert lines(done, home) == {(".bashrc", 3), (".bashrc", 4), (".proxyrc", 4)}
    assert run(home, 2, takeover=True)["changed"]
    assert not run(home, 3, takeover=True)["changed"]
    assert lines(run(home, 4, takeover=True), home) == {(".proxyrc", 4)}
    run(home, 5, state="absent")
    assert content(home) == before


def test_one_file_with_several_names_is_taken_over_once(home: Path) -> None:
    (home / "dotfiles").mkdir()
    (home / ".bashrc").rename(home / "dotfiles/bashrc")
    (home / ".bashrc").symlink_to("dotfiles/bashrc")
    with (home / ".profile").open("a") as stream:
        stream.write(". ~/dotfiles/bashrc\n. ~/./.proxyrc\n. ~/a\0/*\n")
    before = content(home)
    checked = run(home, 1, check_mode=True, takeover=True)
    assert len(lines(checked, home)) == 1
    done = run(home, 2, takeover=True)
    assert [row["path"] for row in done["resources"]] == [row["path"] for row in checked["resources"]]
    assert not run(home, 3, takeover=True)["changed"]
    run(home, 4, state="absent")
    assert content(home) == before


def test_what_lies_outside_of_the_home_is_listed_and_left_alone(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = tmp_path_factory.mktemp("shared") / "proxy.sh"
    shared.write_text(f"export http_proxy={OLD}\n")
    (home / ".proxyrc").unlink()
    (home / ".proxyrc").symlink_to(shared)
    done = run(home, 1, takeover=True)
    assert [(row["path"], row["removable"]) for row in done["claims"]] == [(f"{home}/.proxyrc", False)]
    assert shared.read_text() == f"export http_proxy={OLD}\n"


def test_a_file_of_others_that_cannot_be_written_does_not_stop_the_rest(home: Path) -> None:
    with (home / ".proxyrc").open("ab") as stream:
        stream.write(b"#" * (5 << 20))
    for number, check_mode in ((1, True), (2, False)):
        done = run(home, number, check_mode, takeover=True)
        assert f"{home}/.proxyrc" not in {row["path"] for row in done["resources"]}
        assert (".proxyrc", 2) in lines(done, home)
        assert any(".proxyrc" in note and "its lines stay as they are" in note for note in done["warnings"])
    assert NEW["http_proxy"] in (home / ".bashrc").read_text()
