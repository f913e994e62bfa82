# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of others become comments and come back: as text, and as real shells read it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import block, takeover
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.by_name import editor
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor

NAMES = ["http_proxy", "HTTP_PROXY"]
DESIRED = {"names": NAMES, "prefix": takeover.SHELL}
OLD = "http://ada:Zq7old@old.example.com:3128"
_line = st.sampled_from(
    [
        f"export http_proxy={OLD}",
        f"\thttp_proxy='{OLD}'; export http_proxy",
        f"setenv HTTP_PROXY {OLD}",
        "export http_proxy=x EDITOR=vim",
        "if true; then",
        "fi",
        "",
        "# don't",
        "f() {",
        "}",
        "cat <<EOT",
        "EOT",
        "export NOTES='a",
        "b'",
        "x=\\",
        "return",
        block.END,
    ]
)
_text = st.builds(
    lambda lines, newline, last: newline.join(lines) + last,
    st.lists(_line, max_size=9),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n", "\r\n"]),
)


@given(text=_text)
def test_what_became_a_comment_comes_back(text: str) -> None:
    for one in (
        editor("takeover", DESIRED),
        editor("block", {"lines": ["export http_proxy='new'"], "top": False, "takeover": DESIRED}),
    ):
        edited = one.edit(text, None, text)
        assert one.edit(edited, one.owned(), text) == edited
        back = one.revert(edited, text, force=False)
        assert back in (text, text + "\n", text + "\r\n")


def test_the_block_gives_it_up_again() -> None:
    text = f"a=1\nexport http_proxy={OLD}\n"
    with_it = editor("block", {"lines": ["x"], "top": False, "takeover": DESIRED})
    without: Editor = editor("block", {"lines": ["x"], "top": False})
    edited = with_it.edit(text, None, text)
    assert f": # condafleet.proxy took over: export http_proxy={OLD}\n" in edited
    assert without.edit(edited, with_it.owned(), text) == without.edit(text, None, text)


def test_a_diff_shows_the_lines_and_no_secret() -> None:
    one = editor("takeover", DESIRED)
    text = f"SECRET_OF_OTHERS=Zq7\nexport http_proxy={OLD}\n"
    shown = one.view(text, Masker("key")) + one.view(one.edit(text, None, text), Masker("key"))
    assert "old.example.com" in shown
    assert "Zq7" not in shown


@pytest.mark.parametrize("shell", ["dash", "bash", "zsh", "fish", "tcsh"])
def test_a_shell_reads_what_is_left(tmp_path: Path, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    line = {
        "fish": "set -gx http_proxy 'http://$old\"'",
        "tcsh": "setenv http_proxy http://old'!'x#y",
    }.get(shell, "export http_proxy='http://old;'\"'$\"")
    begin, end = {"fish": ("if true", "end"), "tcsh": ("if (1) then", "endif")}.get(shell, ("if true; then", "fi"))
    question, answer = ("$?http_proxy", "0") if shell == "tcsh" else ('"$http_proxy."', ".")
    script = tmp_path / "script"
    script.write_text(takeover.comment_out(f"{begin}\n  {line}\n{end}\necho {question}\n", NAMES, takeover.SHELL))
    assert "took over" in script.read_text()
    done = subprocess.run(
        [program, str(script)], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (f"{answer}\n", "", 0)
