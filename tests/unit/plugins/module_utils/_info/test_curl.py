# SPDX-License-Identifier: GPL-3.0-or-later
"""curl's files, and what is in them before curl is run. tests/integration/local runs the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._info import curl
from ansible_collections.condafleet.proxy.plugins.module_utils._info.curl import Said
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import READ, RUN, ConsumerRow, Subject
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import shells
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PROXY, OTHER = "http://proxy.invalid:1", "http://other.invalid:2"


def subject(tmp_path: Path, **login: str) -> Subject:
    account = Account("ada", 1, 1, str(tmp_path / "home"), "/bin/dash")
    return Subject(LINUX, account, {"PATH": str(tmp_path / "bin"), **login}, "https://ada:pw@mirror.invalid/main")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def program(tmp_path: Path, mode: int = 0o755) -> None:
    write(tmp_path / "bin/curl", "#!/bin/sh\nexit 1\n").chmod(mode)


class FakeCurl:
    """Prints what a curl would say: the options of its files, the variables that it takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, reports: bool = True, **options: str) -> None:
        self.options = options
        self.reports = reports
        self.runs: list[Sequence[str]] = []
        monkeypatch.setattr(shells, "output_of", self.output_of)

    def output_of(self, argv: Sequence[str], environment: Mapping[str, str]) -> bytes | None:
        self.runs.append(argv)
        scheme = argv[-1].partition(":")[0]
        lines = ['  curl_easy_setopt(hnd, CURLOPT_UNIX_SOCKET_PATH, "/dev/null");']
        if "--disable" not in argv:
            lines += [f'  curl_easy_setopt(hnd, CURLOPT_{name}, "{text}");' for name, text in self.options.items()]
        name = next((name for name in (f"{scheme}_proxy", "all_proxy") if environment.get(name)), "")
        if environment.get("no_proxy") and self.reports:
            lines.append(f"* Uses proxy env variable no_proxy == '{environment['no_proxy']}'")
        exempt = "mirror.invalid" in environment.get("no_proxy", "")
        if name and self.reports and not exempt and not ("PROXY" in self.options and "--disable" not in argv):
            lines.append(f"* Uses proxy env variable {name} == '{environment[name]}'")
        return "\n".join(lines).encode()


@pytest.mark.parametrize("named", [(), ("CURL_HOME",), ("XDG_CONFIG_HOME",), ("CURL_HOME", "XDG_CONFIG_HOME")])
def test_which_files_in_which_order(named: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "home"
    paths = [write(tmp_path / name / ".curlrc", name) for name in named]
    paths.append(write(home / ".curlrc", "home"))
    config = write(home / ".config/curlrc", "config")
    if "XDG_CONFIG_HOME" not in named:
        paths.append(config)
    asked = subject(tmp_path, **{name: str(tmp_path / name) for name in named})
    assert [path for path, _text in curl.files(asked)] == list(map(str, paths))


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "home/.curlrc").mkdir(parents=True)
    assert curl.files(subject(tmp_path)) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("proxy = x", "proxy"),
        ("--proxy x", "proxy"),
        ("\t-x x", "-x"),
        ("-x", "-x"),
        ("proxy:x\r", "proxy"),
        ("proxy", "proxy"),
        ("output = x", "output"),
        ('"proxy" = x', "a line that cannot be parsed"),
        ("Zq7 = x", "Zq7"),
    ],
)
def test_the_option_of_a_line_without_its_value(line: str, word: str) -> None:
    assert list(curl._words(line)) == [word]


@pytest.mark.parametrize("text", ["", "\n \n", "# output = x\n", "  # x\n"])
def test_lines_without_an_option(text: str) -> None:
    assert list(curl._words(text)) == []


def test_the_rules_are_those_of_curl_which_never_takes_http_proxy_in_capitals(tmp_path: Path) -> None:
    row = curl.curl(subject(tmp_path, HTTP_PROXY=PROXY, ALL_PROXY=OTHER, HTTPS_PROXY=PROXY))
    assert (row.how, row.http_proxy, row.https_proxy) == (READ, OTHER, PROXY)
    assert "PATH" in row.note


def test_only_the_first_file_counts(tmp_path: Path) -> None:
    first = write(tmp_path / "home/.curlrc", f"# x\nproxy = {PROXY}\n")
    write(tmp_path / "home/.config/curlrc", f"proxy = {OTHER}\n")
    row = curl.curl(subject(tmp_path, https_proxy=OTHER))
    assert (row.http_proxy, row.https_proxy) == (PROXY, PROXY)
    assert row.decided_by["https_proxy"] == f"{first}:2"


@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_a_curl_is_run_where_it_can_be(mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, mode)
    fake = FakeCurl(monkeypatch)
    row = curl.curl(subject(tmp_path, https_proxy=PROXY))
    assert (row.how, bool(fake.runs)) == ((RUN, True) if mode == 0o755 else (READ, False))
    assert row.https_proxy == PROXY


@pytest.mark.parametrize("line", ["output = x", "url = http://Zq7secret", "-K other", "--config x", "-o x", "%"])
def test_with_an_option_that_may_do_harm_it_is_not_run_and_no_value_is_told(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path)
    path = write(tmp_path / "home/.curlrc", f"silent\n{line}\n")
    fake = FakeCurl(monkeypatch)
    row = curl.curl(subject(tmp_path))
    assert (row.how, fake.runs) == (READ, [])
    assert str(path) in row.note
    assert "Zq7secret" not in row.note


def test_a_value_that_follows_its_option_directly_is_not_told(tmp_path: Path) -> None:
    program(tmp_path)
    write(tmp_path / "home/.curlrc", "-bZq7secret\n")
    assert "Zq7secret" not in curl.curl(subject(tmp_path)).note


def test_every_run_is_without_a_connection_and_without_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path)
    fake = FakeCurl(monkeypatch)
    curl.curl(subject(tmp_path, https_proxy=PROXY))
    for argv in fake.runs:
        assert argv[list(argv).index("--unix-socket") + 1] == "/dev/null"
        assert argv[-1] in ("http://mirror.invalid/", "https://mirror.invalid/")


def test_a_curl_that_reports_no_variables_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path)
    FakeCurl(monkeypatch, reports=False)
    row = curl.curl(subject(tmp_path, https_proxy=PROXY))
    assert (row.how, row.https_proxy) == (READ, PROXY)
    assert row.note


def test_no_proxy_is_tried_on_the_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path)
    FakeCurl(monkeypatch)
    row = curl.curl(subject(tmp_path, https_proxy=PROXY, no_proxy="mirror.invalid"))
    assert (row.how, row.https_proxy, row.no_proxy) == (RUN, "", "mirror.invalid")
    assert "https://mirror.invalid/" in row.note


def test_what_its_files_say_is_named_with_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path)
    path = write(tmp_path / "home/.curlrc", f"silent\nproxy = {OTHER}\ncacert = /ca.pem\n")
    FakeCurl(monkeypatch, PROXY=OTHER, CAINFO="/ca.pem")
    row = curl.curl(subject(tmp_path, https_proxy=PROXY))
    assert (row.how, row.https_proxy, row.ca_bundle, row.note) == (RUN, OTHER, "/ca.pem", "")
    assert row.decided_by["https_proxy"] == f"{path}:2"
    assert row.decided_by["ca_bundle"] == f"{path}:3"


@pytest.mark.parametrize(
    ("options", "proxy"),
    [
        ({}, ""),
        ({"PROXY": "p:1"}, "p:1"),
        ({"PROXY": "p:1", "PROXYTYPE": "CURLPROXY_SOCKS5_HOSTNAME"}, "socks5h://p:1"),
        ({"PROXY": "p:1", "PROXYTYPE": "CURLPROXY_SOCKS4"}, "socks4://p:1"),
        ({"PROXY": "http://p:1", "PROXYTYPE": "CURLPROXY_SOCKS5"}, "http://p:1"),
        ({"PROXY": "p:1", "PROXYTYPE": "CURLPROXY_HTTP"}, "p:1"),
    ],
)
def test_a_socks_proxy_has_its_scheme(options: dict[str, str], proxy: str) -> None:
    assert curl._with_scheme(options) == proxy


@pytest.mark.parametrize(
    ("constant", "text"),
    [
        ("a b", "a b"),
        (r"\"x\\", '"x\\'),
        (r"\n\t\r", "\n\t\r"),
        (r"\x41\102", "AB"),
        (r"\303\244", "ä"),
        (r"\xc3\xa4ä", "ää"),
        (r"\?", "?"),
    ],
)
def test_a_constant_of_c(constant: str, text: str) -> None:
    assert curl._unescaped(constant) == text


def test_which_of_its_variables_is_the_proxy_and_which_the_exemption() -> None:
    said = Said(["no_proxy", "https_proxy"], {})
    assert (said.variable(False), said.variable(True)) == ("https_proxy", "no_proxy")
    assert (Said([], {}).variable(False), Said(["NO_PROXY"], {}).variable(True)) == ("", "NO_PROXY")


def test_a_program_that_does_not_do_what_it_is_told_is_no_curl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path)
    monkeypatch.setattr(shells, "output_of", lambda *_args: b"* Uses proxy env variable all_proxy == 'x'\n")
    rules = ConsumerRow("curl", READ, https_proxy=PROXY)
    row = curl.asked(rules, subject(tmp_path, https_proxy=PROXY))
    assert row._replace(note="") == rules
    assert row.note
