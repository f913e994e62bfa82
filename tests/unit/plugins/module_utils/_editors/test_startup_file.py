# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines may end a start-up file: as users, distributions and installers write them."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.startup_file import early_exit

ENDS = r"""
[ -z "$PS1" ] && return
[[ $- != *i* ]] && return
[[ -o interactive ]] || return
case $- in *i*) ;; *) return;; esac
      *) return;;
  return
exit
exit 0
return 0 2>/dev/null || exit
if [ -z "$PS1" ]; then return; fi
test -t 0 || { return; }
if (! $?prompt) exit   # not interactive
if ($?prompt == 0) exit
exec zsh -l
[ -z "$ZSH_VERSION" ] && exec "$SHELL" -l
status is-interactive; or exit
h() { return; }; return
"""
GOES_ON = r"""
# return
echo x # then return
alias q=exit
export RETURN=1
EXITCODE=1
f() { return 1; }
f() { return 1; }; f
trap cleanup EXIT
exec 2>/dev/null
exec 3<&0
exec > log
my-exit
if (! $?prompt) then
if [ -f ~/.proxy ]; then . ~/.proxy; fi
"""


@pytest.mark.parametrize("line", ENDS.strip().split("\n"))
def test_a_line_that_may_end_the_file(line: str) -> None:
    assert early_exit(f"a=1\n{line}\nb=2") == 2


@pytest.mark.parametrize("line", GOES_ON.strip().split("\n"))
def test_a_line_that_does_not(line: str) -> None:
    assert early_exit(f"a=1\n{line}\nb=2") is None


def test_what_is_not_run_when_the_file_is_read_does_not_count() -> None:
    assert early_exit("f() {\n  return 1\n}\na=1") is None
    assert early_exit("function f\n{\n  return 1\n}\nreturn") == 5
    assert early_exit("cat <<EOT\nreturn\nEOT\n") is None
    for begin, end in (("<<-'X Y'", "X Y"), ('<< "EOT"', "EOT"), ("<<\\EOT", "EOT"), ("<<-EOT", "\tEOT")):
        assert early_exit(f"cat {begin}\nreturn\n{end}\n") is None, begin
        assert early_exit(f"cat {begin}\nreturn\n{end}\nexit") == 4, begin
    for no_document in ("cat <<< EOT", "x=$((1 << EOT))", "# <<EOT", "echo '<<EOT'"):
        assert early_exit(f"{no_document}\nreturn\n") == 2, no_document
    assert early_exit("NOTES='first\nreturn\nlast'\nexit") == 4
    assert early_exit("a=\\\nreturn\nexit") == 3
    assert early_exit("# don't\nreturn") == 2, "a quote in a comment opens nothing"


@pytest.mark.parametrize(
    "text",
    [
        "f() {\n  if true; then {\n    true\n  }\n  fi\n  return\n}\n",
        "f() {\n  g() {\n    true\n  }\n  return\n}\n",
        "function f\n  return\nend\n",
        "function f\n{\n  return\n}\n",
        "(\n  return\n)\n",
        "x=$(\n  exit\n)\n",
        "x=(\n  exit\n)\n",
        "cat <<A <<B\nexit\nA\nexit\nB\n",
        "cat <<E\n  E\nexit\nE\n",
    ],
)
def test_what_is_inside_of_something_is_not_run_by_itself(text: str) -> None:
    assert early_exit(text) is None
    assert early_exit(f"{text}exit\n") == text.count("\n") + 1


@pytest.mark.parametrize(
    "text", ["PS1='\\[(\\]'\n", 'echo "f() {"\n', "# f() {\n", "case x in\nx) ;;\nesac\n", "echo \\(\n"]
)
def test_quotes_comments_and_patterns_open_nothing(text: str) -> None:
    assert early_exit(text) is None
    assert early_exit(f"{text}exit\n") == text.count("\n") + 1


@pytest.mark.parametrize("text", ["cat <<EOT\na\n", "x='\n", "x=(\n", "f() {\n"])
def test_something_without_an_end_is_as_good_as_one(text: str) -> None:
    assert early_exit(f"a=1\n{text}") == 2


def test_a_long_line_is_read_in_linear_time() -> None:
    """10 MB of any of these took hours by a pattern that is tried from every position."""
    for line in ("a" * 300_000, "((((" * 50_000, "<<'" * 100_000, "f(" * 100_000, "{ " * 100_000, "a=" * 100_000):
        early_exit(f"X={line}\n{line}\n")
