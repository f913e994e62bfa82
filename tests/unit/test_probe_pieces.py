# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's pure pieces, and what these bases cannot show on recorded inputs."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import urllib.parse
import urllib.request
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    certificates,
    channel,
    conda_config,
    environ,
    exceptions,
    packages,
    without_conda,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import conda as _conda
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import proxies as _proxies
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import report as _report
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import scrubber as _scrubber
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import verdict as _verdict
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from tests.bed import hostile

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=0x4FF, exclude_categories=["Cs", "Cc"]), min_size=4)


@given(SECRETS, st.sampled_from(["utf-8", "latin-1"]))
def test_a_password_is_gone_in_every_form(password: str, encoding: str) -> None:
    data = password.encode(encoding, "ignore")
    if data.decode(encoding) != password:
        return
    quoted = urllib.parse.quote(data, safe="")
    scrubber = _scrubber.Scrubber()
    scrubber.add_url(f"http://ada:{quoted}@proxy.example.com:8080")
    header = base64.b64encode(b"ada:" + data).decode()
    forms = [
        password,
        quoted,
        re.sub("%..", lambda found: found.group().lower(), quoted),
        repr(password)[1:-1],
        urllib.parse.quote_plus(data),
        header,
    ]
    for form in forms:
        text = scrubber.clean(f"Failed to parse \t{form}\t is not valid")
        assert text == _scrubber.WITHHELD or form not in text.replace("***", "").split("parse", 1)[1].split("is not")[0]


def test_a_short_password_withholds_the_text() -> None:
    scrubber = _scrubber.Scrubber()
    scrubber.add("etc")
    assert scrubber.clean("No such file: /etc/conda") == _scrubber.WITHHELD


@pytest.mark.parametrize(
    "text",
    [
        "http://ada:Zq7pw@proxy:8080/x",
        "'http//ada:Zq7pw@proxy:1'",
        "http://ada:Zq7/x@proxy",
        "ada:Zq7pw@proxy",
        "https://chan/t/Zq7token/main",
        "url: /login?session=Zq7",
    ],
)
def test_shapes(text: str) -> None:
    assert "Zq7" not in _scrubber.Scrubber().clean(f"Cannot open {text} (Caused by x)")


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://ada:pw@proxy:8080", "http://***@proxy:8080"),
        ("http://ada:p/w@proxy:8080", "http://***@proxy:8080"),
        ("ada:pw@proxy:8080", "***@proxy:8080"),
        ("https://chan/t/secret/main?x=y#z", "https://chan/t/***/main"),
        ("http://proxy:8080", "http://proxy:8080"),
    ],
)
def test_mask_url(url: str, masked: str) -> None:
    assert _scrubber.mask_url(url) == masked


@given(st.text(min_size=1), st.text(min_size=1))
def test_encoded_credentials_are_read_back(user: str, password: str) -> None:
    try:
        (user + password).encode("latin-1")
    except UnicodeEncodeError:
        return
    quoted = urllib.parse.quote(user, safe=""), urllib.parse.quote(password, safe="")
    proxy = _proxies.parse_proxy("http://{}:{}@proxy.example.com:8080".format(*quoted))
    assert proxy == ("http", "proxy.example.com", 8080, user, password)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("proxy:8080", ("http", "proxy", 8080, None, "")),
        ("http://proxy", ("http", "proxy", 80, None, "")),
        ("HTTPS://proxy/", ("https", "proxy", 443, None, "")),
        ("socks5h://proxy", ("socks5h", "proxy", 1080, None, "")),
        ("http://[2001:db8::1]:3128", ("http", "2001:db8::1", 3128, None, "")),
        ("http://a:b@c@proxy:1", ("http", "proxy", 1, "a", "b@c")),
    ],
)
def test_parse_proxy(url: str, expected: tuple[object, ...]) -> None:
    assert _proxies.parse_proxy(url) == expected


@pytest.mark.parametrize(
    ("headers", "user", "verdict"),
    [
        ([], None, "proxy_auth_required"),
        (['Basic realm="NTLM, Negotiate"'], "ada", "proxy_auth_rejected"),
        (["NTLM"], "ada", "proxy_auth_unsupported"),
        (["Negotiate, NTLM"], None, "proxy_auth_unsupported"),
        (["Negotiate", 'basic realm="x"'], None, "proxy_auth_required"),
        (['Digest realm="x", qop="auth"'], None, "proxy_auth_unsupported"),
    ],
)
def test_407(headers: list[str], user: str | None, verdict: str) -> None:
    assert _proxies.judge_407(headers, _proxies.Proxy("http", "p", 1, user, "")).name == verdict


def test_issuer_of_a_certificate() -> None:
    issued = trustme.CA(organization_name="Ünser Haus").issue_cert("example.com")
    pem = issued.cert_chain_pems[0].bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    assert certificates.issuer_of(der) == "Ünser Haus"
    for cut in range(0, len(der), 7):
        certificates.issuer_of(der[:cut])  # never raises


class FakeContext:
    """Recorded answers of a conda that the test bed does not have."""

    offline = False
    allowlist_channels = ()
    proxy_servers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, channels: Any) -> None:
        self._channels = channels

    @property
    def channels(self) -> Any:
        if isinstance(self._channels, Exception):
            raise self._channels
        return self._channels


def fake(context: FakeContext) -> _conda.Conda:
    conda = object.__new__(_conda.Conda)
    conda.context = context
    conda._channel = lambda name: SimpleNamespace(urls=lambda **_options: [name + "/noarch"], base_urls=[name])
    return conda


def test_no_channels() -> None:
    """conda 25.9 and newer: none is configured. Before that there was always `defaults`."""
    error = type("NoChannelsConfiguredError", (Exception,), {})
    for channels in ((), error("x")):
        with pytest.raises(_verdict.Verdict) as caught:
            fake(FakeContext(channels)).channels(None)
        assert caught.value.name == "no_channels"


@pytest.mark.parametrize("name", ["ChannelDenied", "ChannelNotAllowed"])
def test_denied_by_newer_conda(name: str) -> None:
    with pytest.raises(_verdict.Verdict) as caught:
        fake(FakeContext(type(name, (Exception,), {})("https://ada:Zq7@x"))).channels(None)
    assert caught.value.name == "channel_denied"


def test_denylist() -> None:
    context = FakeContext(())
    context.denylist_channels = ("https://a",)  # type: ignore[attr-defined]
    assert fake(context).denied("https://a")
    assert not fake(context).denied("https://b")


def test_a_configuration_error_shows_names_only() -> None:
    class InvalidTypeError(Exception):
        parameter_name = "proxy_servers"
        source = "/home/ada/.condarc"

        def __str__(self) -> str:
            raise TypeError  # conda's own do that for a value with a percent sign

    assert conda_config.config_problem(InvalidTypeError("http://ada:Zq7@x")) == (
        "config_invalid",
        "InvalidTypeError in proxy_servers in /home/ada/.condarc",
    )
    name, detail = conda_config.config_problem(PermissionError(13, "Permission denied", "/etc/conda/.condarc"))
    assert (name, detail) == ("config_invalid", "PermissionError /etc/conda/.condarc")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Unknown error", "unknown"),
        ("[SSL: SSLV3_ALERT_CERTIFICATE_UNKNOWN] x", "tls_client_cert"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] x", "tls_client_cert"),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'x'", "tls_hostname_mismatch"),
        ("self signed certificate in certificate chain (_ssl.c:1)", "tls_unknown_ca"),
        ("self signed certificate (_ssl.c:1)", "tls_self_signed"),
        ("[SSL] record layer failure (_ssl.c:1000)", "tls_not_tls"),
    ],
)
def test_texts_of_other_openssl(text: str, verdict: str) -> None:
    assert exceptions.classify(Exception(text), proxied=False)[0] == verdict


def test_a_folder_as_channel(tmp_path: Path) -> None:
    (tmp_path / "noarch").mkdir()
    url = (tmp_path / "noarch").as_uri()
    assert channel.check_folder(url)["verdict"] == "channel_not_found"
    (tmp_path / "noarch/repodata.json").write_text(json.dumps({"packages": {}}))
    assert channel.check_folder(url)["verdict"] == "ok"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"a-1-0.tar.bz2": {"size": 5}, "b-1-0.tar.bz2": {"size": 4}', "b-1-0.tar.bz2"),
        ('"a-1-0.tar.bz2": {"size": 5}, "b-1-0.conda": {"depends": ["x >=1"], "size": 400}', "b-1-0.conda"),
        ('ds": [], "size": 1}, "b-1-0.conda": {"size": 4}, "c-1-0.conda": {"siz', "b-1-0.conda"),
        ('"a-1-0.conda": {}', "a-1-0.conda"),
        ('"../a-1-0.conda": {"size": 5}', None),
        ('{"packages": {}, "packages.conda": {}}', None),
        ('{"packages": {"a-1-0.tar.bz2": {"size": 5}}, "packages.conda": {}}', "a-1-0.tar.bz2"),
        ("<html>", None),
    ],
)
def test_smallest_package(text: str, name: str | None) -> None:
    assert packages.smallest_package(text) == name


def test_a_child_does_not_inherit_what_only_python_code_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess.Popen, "__init__", subprocess.Popen.__init__)  # put back at the end
    monkeypatch.setattr(environ, "_HIDDEN", set())
    for value in [*hostile.values(20), "http://ada:Zq7@var:1"]:
        for name in ("https_proxy", "PROXY_PW"):
            monkeypatch.delenv(name, raising=False)
            environ.set_variable(name, value)
        environ.guard_children()
        assert os.environ["PROXY_PW"] == os.environ.copy()["PROXY_PW"] == os.getenv("PROXY_PW") == value
        assert os.path.expandvars("${PROXY_PW}") == value
        assert urllib.request.getproxies().get("https") == (value or None)
        for environment in (None, os.environ.copy(), os.environ):
            done = subprocess.run(["/usr/bin/env"], env=environment, capture_output=True, text=True, check=True)
            assert "PATH=" in done.stdout
            assert not [line for line in done.stdout.splitlines() if line.startswith(("https_proxy=", "PROXY_PW="))]


def test_what_openssl_reads_by_itself_is_really_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    environ.set_variable("SSL_CERT_FILE", "/x.pem")
    done = subprocess.run(["/usr/bin/env"], capture_output=True, text=True, check=True)
    assert "SSL_CERT_FILE=/x.pem" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("condarc", "deadline", "patience"),
    [
        ({}, 45.0, (5.0, 15.0)),  # what conda has by itself is not somebody's wish
        ({"remote_read_timeout_secs": 20}, 45.0, (5.0, 20.0)),
        ({"remote_read_timeout_secs": 60, "remote_connect_timeout_secs": 9}, 120.0, (9.0, 60.0)),
        ({"remote_read_timeout_secs": 60}, 45.0, (5.0, 30.0)),  # the deadline counts
        ({"remote_read_timeout_secs": 1}, 45.0, (5.0, 15.0)),
    ],
)
def test_patience(condarc: dict[str, float], deadline: float, patience: tuple[float, float]) -> None:
    conda = object.__new__(_conda.Conda)
    conda.timeouts, conda._deadline = (5.0, 15.0), deadline
    conda.context = SimpleNamespace(
        **{"remote_connect_timeout_secs": 9.15, "remote_read_timeout_secs": 60.0, **condarc}
    )
    assert conda._patience({"/etc/conda/.condarc": {"channels": 1}, "/home/ada/.condarc": condarc}) == patience


def test_variables_that_say_they_are_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "CONDA_MY_TOKEN": "/Zk3aaQ9+abc==",  # base64 may begin like a path
        "CONDA_CLIENT_SSL_CERT_KEY": str(tmp_path),
        "CONDA_ADD_ANACONDA_TOKEN": "True",
        "CONDA_AUTH_TRIES": "1",
        "CONDA_CHANNELS": "mine",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert set(_scrubber.secret_variables()) & set(given.values()) == {"/Zk3aaQ9+abc=="}


def test_without_conda_variables_are_expanded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def verdict() -> tuple[str, str]:
        proxies = {"http": "http://${USER_OF_BARE}:${PW_OF_BARE}@127.0.0.1:9"}
        report, row = _report.Report(-1), _report.new_row("http://mirror.invalid/main")
        without_conda.Bare(report, _scrubber.Scrubber(), WithoutConda(proxy_servers=proxies), (1.0, 1.0)).check(
            "http://mirror.invalid/main", row
        )
        return row["verdict"], row["detail"]

    monkeypatch.setenv("USER_OF_BARE", "ada")
    assert verdict() == ("config_invalid", "The variable PW_OF_BARE of the proxy URL is not set.")
    monkeypatch.setenv("PW_OF_BARE", "secret")
    assert verdict()[0] == "refused_proxy"
