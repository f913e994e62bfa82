# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that nobody would write, seeded, and real bash: our lines are reached, and a line taken over changes nothing else."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import block, takeover

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASH = shutil.which("bash") or ""
NAMES = ["http_proxy", "HTTP_PROXY"]
SCRIPTS = 400  # about every fourth is one that bash accepts
PLAIN = r"""
if true; then
fi
else
A=1
export B=2
f() {
}
f
case x in
x)
*)
;;
esac
for i in 1 2; do
done
while false; do
cat <<EOT
cat <<-'X Y'
cat <<< word
EOT
X Y
C='
D="
'
"
E=a\
# don't
{
(
)
[ 1 ] &&
|| true
echo $'it\'s'
I=$((1<<J))
export G=$(echo 1)
L=${M:-'}'}
trap 'echo bye' EXIT
alias q=exit
h() { return; }; h
function g {
""".strip("\n").split("\n")
SETTING = r"""
export http_proxy=old
http_proxy=old; export http_proxy
  declare -x HTTP_PROXY='o#l"d'
http_proxy=old true
export http_proxy='a
export http_proxy=x \
echo `echo http_proxy=1`
""".strip("\n").split("\n")
ENDING = r"""
return
exit 0
[ -z "$PS1" ] && return
case $- in *i*) ;; *) return;; esac
test 1 &&return
if test 1;then exit;fi
return 1 2>/dev/null || exit 1
! return
\exit
eval return
command exec true
builtin return
exec env FOO=1
  *) return;;
}; return
""".strip("\n").split("\n")

pytestmark = pytest.mark.skipif(not BASH, reason="needs bash")


def scripts(lines: list[str], seed: int) -> Iterator[str]:
    """Yield scripts that bash accepts."""
    dice = random.Random(seed)  # noqa: S311  # no secret
    for _number in range(SCRIPTS):
        text = "\n".join(dice.choice(lines) for _line in range(dice.randint(1, 7))) + "\n"
        if subprocess.run([BASH, "-n"], input=text, text=True, capture_output=True, check=False).returncode == 0:
            yield text


def as_profile(home: Path, text: str) -> tuple[str, list[str]]:
    """Return what a login shell prints, and its variables when it ends, wherever in the file that is."""
    trap = "trap 'printf \"\\0\\0\"; env -0' EXIT\n"
    (home / ".bash_profile").write_text(trap + text)
    done = subprocess.run(
        [BASH, "-l", "-c", "true"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    printed, _mark, variables = done.stdout.partition("\0\0")
    return printed, sorted(variables.split("\0"))


def test_our_lines_are_reached(tmp_path: Path) -> None:
    seen = 0
    for text in scripts(PLAIN + ENDING + ENDING, 1):
        variables = as_profile(tmp_path, block.merge(text, ["export http_proxy='ours'"]))[1]
        if variables != [""]:  # the script replaced the trap, or the shell by another program
            seen += 1
            assert "http_proxy=ours" in variables, text
    assert seen > SCRIPTS / 20


def test_a_line_that_is_taken_over_changes_nothing_else(tmp_path: Path) -> None:
    def others(text: str) -> tuple[str, list[str]]:
        printed, variables = as_profile(tmp_path, text)
        return printed, [entry for entry in variables if entry.split("=")[0] not in (*NAMES, "_")]

    seen = 0
    for text in scripts(PLAIN + SETTING + SETTING, 2):
        taken = takeover.comment_out(text, NAMES, takeover.SHELL)
        assert takeover.bring_back(taken) == text
        if taken != text:
            seen += 1
            assert others(taken) == others(text), text
    assert seen > SCRIPTS / 20
