# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of a start-up file set a variable, as users, administrators and other tools write them."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.statements import Setting, settings

NAMES = ("http_proxy", "https_proxy", "HTTP_PROXY", "no_proxy")
ALONE = """
export http_proxy=http://old.example.com:3128
  export http_proxy="http://old.example.com:3128"   # the old one
http_proxy=http://old.example.com:3128
http_proxy=http://old.example.com:3128; export http_proxy
http_proxy=http://old.example.com:3128 ; export http_proxy https_proxy;
export http_proxy='http://a#b:3128' https_proxy="$http_proxy"
declare -x http_proxy=http://old.example.com:3128
typeset -x http_proxy=http://old.example.com:3128
export HTTP_PROXY=$http_proxy
export http_proxy=
setenv http_proxy http://old.example.com:3128
setenv http_proxy "http://old.example.com:3128"; setenv https_proxy "$http_proxy"
set -gx http_proxy http://old.example.com:3128
set -x -U http_proxy http://old.example.com:3128
HTTP_PROXY="http://old.example.com:3128"
"""
WITH_MORE = """
export http_proxy=http://old.example.com:3128 EDITOR=vim
export http_proxy=http://old.example.com:3128 && echo set
[ -f /etc/proxy ] && export http_proxy=http://old.example.com:3128
if [ -f /etc/proxy ]; then export http_proxy=http://old.example.com:3128; fi
export http_proxy=$(cat /etc/proxy)
http_proxy="$(start-daemon)"
export http_proxy=`cat /etc/proxy`
export http_proxy='http://old.example.com
if ($?prompt) setenv http_proxy http://old.example.com:3128
umask 022; export http_proxy=http://old.example.com:3128
"""
OTHER = """
# export http_proxy=http://old.example.com:3128
export http_proxy
export -n http_proxy=x
declare -p http_proxy
unset http_proxy
echo http_proxy=1
http_proxy= curl http://intranet.example.com
http_proxy=http://p:1 pip install x
env http_proxy=x make
alias proxyon='export http_proxy=http://old.example.com:3128'
export my_http_proxy=1
proxyon() { export http_proxy=http://old.example.com:3128; }
setenv http_proxy_old x
set http_proxy
"""


@pytest.mark.parametrize("line", ALONE.strip("\n").split("\n"))
def test_a_line_that_does_nothing_else(line: str) -> None:
    (setting,) = settings(f"umask 022\n{line}\n", NAMES)
    assert (setting.line, setting.alone) == (2, True)
    assert set(setting.names) <= set(NAMES)


@pytest.mark.parametrize("line", WITH_MORE.strip("\n").split("\n"))
def test_a_line_that_does_more(line: str) -> None:
    (setting,) = settings(f"umask 022\n{line}\n", NAMES)
    assert (setting.line, setting.names, setting.alone) == (2, ("http_proxy",), False)


@pytest.mark.parametrize("line", OTHER.strip("\n").split("\n"))
def test_a_line_that_sets_nothing(line: str) -> None:
    assert settings(f"umask 022\n{line}\n", NAMES) == []


def test_what_is_not_run_when_the_file_is_read() -> None:
    text = (
        "write_env() {\ncat <<EOT\nhttp_proxy=http://function.example.org:1\nEOT\n}\n"
        "cat <<EOT\nhttp_proxy=http://here.example.org:1\nEOT\n"
        "export NOTES='first\nhttps_proxy=http://notes.example.org:1\nlast'\n"
        "X=a\\\nhttp_proxy=b\n"
        "no_proxy=localhost\n"
    )
    assert settings(text, NAMES) == [Setting(14, ("no_proxy",), alone=True)]


def test_a_block_of_another_tool() -> None:
    text = "# BEGIN ANSIBLE MANAGED BLOCK\nexport http_proxy=http://a:1\nexport https_proxy=http://a:1\n# END ANSIBLE MANAGED BLOCK\n"
    assert [(setting.line, setting.names) for setting in settings(text, NAMES)] == [
        (2, ("http_proxy",)),
        (3, ("https_proxy",)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "curlopts=(\n  no_proxy=a\n)\n",
        "fetch=$(\nexport http_proxy=x\n)\n",
        "(\nexport http_proxy=x\n)\n",
        "proxyon() {\n  if true; then {\n    true\n  }\n  fi\n  export http_proxy=x\n}\n",
        "function proxyon\n  set -gx http_proxy x\nend\n",
    ],
)
def test_what_is_inside_of_something_sets_nothing_in_the_session(text: str) -> None:
    assert settings(text, NAMES) == []
    number = text.count("\n") + 1
    assert settings(f"{text}http_proxy=y\n", NAMES) == [Setting(number, ("http_proxy",), alone=True)]
