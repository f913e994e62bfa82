# SPDX-License-Identifier: GPL-3.0-or-later
"""A channel judged by the start of its answer."""

from __future__ import annotations

from email.message import Message

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.responses import READ, Reply, judge, judge_body

Headers = dict[str, str]
REPODATA = b'{"info": {}, "packages": {}}'
ZST, CONDA, BZ2 = b"\x28\xb5\x2f\xfd....", b"PK\x03\x04....", b"BZh9...."


def reply(
    status: int = 200, body: bytes = REPODATA, kind: str = "json", plain: bool = False, headers: Headers | None = None
) -> Reply:
    message = Message()
    for name, value in (headers or {}).items():
        message[name] = value
    return Reply(status, message, body, kind, plain)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, "ok"),
        (206, "ok"),
        (204, "http_other"),
        (302, "http_other"),
        (400, "http_other"),
        (401, "channel_unauthorized"),
        (403, "channel_forbidden"),
        (404, "channel_not_found"),
        (407, "proxy_auth_required"),
        (416, "not_repodata"),
        (429, "rate_limited"),
        (500, "server_error"),
        (503, "server_error"),
        (511, "captive_portal"),
    ],
)
def test_the_status(status: int, verdict: str) -> None:
    headers = {"Proxy-Authenticate": "Basic realm=x"} if status == 407 else {}
    assert judge(reply(status, headers=headers))[0] == verdict


def test_a_407_is_judged_by_what_the_proxy_wants() -> None:
    assert judge(reply(407, headers={"Proxy-Authenticate": "NTLM"}))[0] == "proxy_auth_unsupported"


@pytest.mark.parametrize(
    ("status", "headers", "plain", "verdict"),
    [
        (403, {"Server": "squid/5.7"}, True, "proxy_forbidden"),
        (403, {"X-Squid-Error": "ERR_ACCESS_DENIED 0"}, True, "proxy_forbidden"),
        (403, {"Server": "TinyProxy/1.11"}, True, "proxy_forbidden"),
        (502, {"Server": "squid"}, True, "proxy_upstream"),
        (504, {"X-Squid-Error": "x"}, True, "proxy_upstream"),
        (403, {"Server": "squid/5.7"}, False, "channel_forbidden"),
        (403, {"Server": "nginx"}, True, "channel_forbidden"),
        (503, {}, True, "server_error"),
        (404, {"Server": "squid/5.7"}, True, "channel_not_found"),
        (500, {"Server": "squid/5.7"}, True, "server_error"),
    ],
)
def test_whose_answer_it_is(status: int, headers: dict[str, str], plain: bool, verdict: str) -> None:
    assert judge(reply(status, plain=plain, headers=headers))[0] == verdict


@pytest.mark.parametrize(
    ("body", "kind", "verdict"),
    [
        (REPODATA, "json", "ok"),
        (b"\xef\xbb\xbf \r\n" + REPODATA, "json", "ok"),
        (b'{"repodata_version": 1}', "json", "ok"),
        (b'{"packages": {' + b" " * READ, "json", "ok"),
        (b'{"packages": {', "json", "truncated"),
        (b'{"error": "no"}', "json", "not_repodata"),
        (b"[]", "json", "not_repodata"),
        (b"", "json", "not_repodata"),
        (b"  <!doctype html>", "json", "captive_portal"),
        (b"<html>", "zst", "captive_portal"),
        (ZST, "zst", "ok"),
        (REPODATA, "zst", "not_repodata"),
        (CONDA, "package", "ok"),
        (BZ2, "package", "ok"),
        (ZST, "package", "not_repodata"),
        (b"", "package", "not_repodata"),
    ],
)
def test_the_body(body: bytes, kind: str, verdict: str) -> None:
    assert judge_body(reply(body=body, kind=kind))[0] == verdict


def test_html_is_told_by_its_type_too_except_where_it_is_json() -> None:
    assert judge_body(reply(body=b"Sign in", headers={"Content-Type": "text/html; charset=x"}))[0] == "captive_portal"
    assert judge_body(reply(headers={"Content-Type": "text/html"}))[0] == "ok"


@pytest.mark.parametrize(
    ("length", "encoding", "verdict"),
    [
        (str(len(REPODATA)), "", "ok"),
        (str(len(REPODATA) + 1), "", "truncated"),
        (str(len(REPODATA) + 1), "gzip", "ok"),
        ("many", "", "ok"),
    ],
)
def test_fewer_bytes_than_were_announced(length: str, encoding: str, verdict: str) -> None:
    headers = {"Content-Length": length, **({"Content-Encoding": encoding} if encoding else {})}
    assert judge_body(reply(headers=headers))[0] == verdict


def test_a_long_body_is_judged_by_what_was_read_of_it() -> None:
    body = REPODATA + b" " * (READ - len(REPODATA))
    assert judge_body(reply(body=body, headers={"Content-Length": "99999"}))[0] == "ok"


def test_a_detail_shows_nothing_of_the_answer() -> None:
    headers = {"Server": "Zq7secret", "Proxy-Authenticate": "Zq7secret"}
    for status in (200, 403, 407, 500):
        _verdict, detail = judge(reply(status, b"Zq7secret", headers=headers))
        assert "Zq7secret" not in detail
