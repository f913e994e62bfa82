# SPDX-License-Identifier: GPL-3.0-or-later
"""The compile step: what it refuses, what it warns of, what it sends. No machine takes part."""

from __future__ import annotations

import json
from typing import Any

import jinja2
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.compile import Compiled, compile_settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import Refused
from tests.bed.paths import CHECKOUT

TEMPLATE = (CHECKOUT / "roles/conda_proxy/templates/default.condarc.j2").read_text(encoding="utf-8")
PROXY = "http://proxy.example.com:8080"
SECRET = "hunter2-Zq"
HOSTILE = ":@/#?%\"'\\$ `\u00fc%40;"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def render(condarc: dict[str, Any], template: str = TEMPLATE) -> str:
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)  # noqa: S701  # as Ansible has it
    environment.filters["to_json"] = json.dumps
    return environment.from_string(template).render(condarc=condarc)


def compiled(template: str = TEMPLATE, bundle_text: str | None = None, **given: Any) -> Compiled:
    validated = ArgumentSpecValidator(OPTIONS).validate(given)
    assert not validated.error_messages
    return compile_settings(validated.validated_parameters, lambda condarc: render(condarc, template), bundle_text)


def condarc(result: Compiled) -> dict[str, Any]:
    return yaml.safe_load("".join(text for _key, text in result.settings.fragment)) or {}


NETRC = {"machine": "mirror.example.com", "login": "ada", "password": SECRET}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "the widely copied example": (
        {"http": PROXY, "https": "https://username:password@corp.com:8080"},
        "conda_proxy_https",
        "write http://, or set conda_proxy_tls_to_proxy: true",
    ),
    "no scheme": ({"http": "proxy.example.com:8080"}, "conda_proxy_http", "write it as http://"),
    "not a URL": ({"http": "http://:8080"}, "conda_proxy_http", "write it as http://"),
    "bad port": ({"http": f"http://ada:{SECRET}@proxy:99999"}, "conda_proxy_http", "1 to 65535"),
    "raw password in the URL": (
        {"http": f"http://ada:{SECRET}#x@proxy:8080"},
        "conda_proxy_http",
        "conda_proxy_password",
    ),
    "PAC": ({"http": "http://wpad.example.com/proxy.pac"}, "conda_proxy_http", "PAC"),
    "credentials in the URL and apart": (
        {"http": f"http://ada:{SECRET}@proxy:8080", "username": "ada", "password": SECRET},
        "conda_proxy_http",
        "leave them out of the URL",
    ),
    "password without a user": ({"http": PROXY, "password": SECRET}, "conda_proxy_password", "set both"),
    "password without a proxy": ({"username": "ada", "password": SECRET}, "conda_proxy_username", "conda_proxy_http"),
    "colon in the user": ({"http": PROXY, "username": "a:da", "password": SECRET}, "conda_proxy_username", "colon"),
    "newline in the password": (
        {"http": PROXY, "username": "ada", "password": SECRET + "\n"},
        "conda_proxy_password",
        "line end",
    ),
    "https alone": ({"https": PROXY}, "conda_proxy_https", "set conda_proxy_http"),
    "password in system scope": (
        {"http": PROXY, "username": "ada", "password": SECRET},
        "conda_proxy_password",
        "conda_proxy_password_exposure: allow",
    ),
    "token in a channel in system scope": (
        {"channels": [f"https://mirror.example.com/t/{SECRET}/main"]},
        "conda_proxy_channels",
        "every user of the machine",
    ),
    "token as the user name of a channel in system scope": (
        {"channel_alias": f"https://{SECRET}@mirror.example.com"},
        "conda_proxy_channel_alias",
        "conda_proxy_netrc",
    ),
    "password in the proxy's URL in system scope": (
        {"http": f"http://ada:{SECRET}@proxy.example.com:8080"},
        "conda_proxy_http",
        "every user of the machine",
    ),
    "password deep in extra in system scope": (
        {"extra": {"custom_multichannels": {"corp": ["a", f"https://svc:{SECRET}@host.example.com/x"]}}},
        "conda_proxy_extra",
        "conda_proxy_password_exposure: allow",
    ),
    "variable beside the environment": (
        {"http": PROXY, "username": "ada", "password": "${PROXY_PASSWORD}"},
        "conda_proxy_password",
        "[condarc]",
    ),
    "netrc for the proxy": (
        {"http": PROXY, "scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, machine="Proxy.Example.com")]},
        "conda_proxy_netrc",
        "never authenticates to a proxy",
    ),
    "netrc default": (
        {"scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, machine="default")]},
        "conda_proxy_netrc",
        "default entry",
    ),
    "netrc as text": (
        {"scope": "user", "sections": ["netrc"], "netrc": f"machine x login y password {SECRET}"},
        "conda_proxy_netrc",
        "list of mappings",
    ),
    "netrc with a newline": (
        {"scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, password=SECRET + "\nmachine evil")]},
        "conda_proxy_netrc",
        "line end",
    ),
    "users in system scope that no section is for": (
        {"http": PROXY, "users": ["ada"]},
        "conda_proxy_users",
        "netrc section only",
    ),
    "a user with a path": ({"scope": "user", "users": ["a/b"]}, "conda_proxy_users", "no user name"),
    "a user with a colon": ({"scope": "user", "users": ["a:b"]}, "conda_proxy_users", "no user name"),
    "a user with a line end": ({"scope": "user", "users": ["ada\n"]}, "conda_proxy_users", "no user name"),
    "a user like an option": ({"scope": "user", "users": ["-ada"]}, "conda_proxy_users", "no user name"),
    "a user without a name": ({"scope": "user", "users": [""]}, "conda_proxy_users", "no user name"),
    "no time": ({"verify_deadline": float("nan")}, "conda_proxy_verify_deadline", "give seconds"),
    "netrc in system scope without users": (
        {"sections": ["netrc"], "netrc": [NETRC]},
        "conda_proxy_users",
        "name the users",
    ),
    "home in system scope": ({"home": "/x"}, "conda_proxy_home", "conda_proxy_scope: user"),
    "a name conda does not read": ({"condarc_path": "/etc/conda/proxy.conf"}, "conda_proxy_condarc_path", "end it in"),
    "unknown target": ({"environment_targets": ["bash"]}, "conda_proxy_environment_targets", "choose from"),
    "own key in extra": ({"extra": {"verify_ssl": False}}, "conda_proxy_extra", "conda_proxy_ssl_verify"),
    "two bundles": (
        {"ca_bundle": "/a.pem", "ca_bundle_src": "b.pem", "ca_bundle_": CERTIFICATE},
        "conda_proxy_ca_bundle",
        "keep the one",
    ),
    "bundle without a certificate": (
        {"ca_bundle_src": "b.pem", "ca_bundle_": "text"},
        "conda_proxy_ca_bundle_src",
        "PEM",
    ),
    "bundle with a key": (
        {"ca_bundle_src": "b.pem", "ca_bundle_": CERTIFICATE + "-----BEGIN PRIVATE KEY-----"},
        "conda_proxy_ca_bundle_src",
        "private key",
    ),
    "ssl_verify and a bundle": ({"ca_bundle": "/a.pem", "ssl_verify": "true"}, "conda_proxy_ssl_verify", "leave"),
    "ssl_verify nonsense": ({"ssl_verify": "maybe"}, "conda_proxy_ssl_verify", "truststore"),
    "no_proxy with a URL": ({"http": PROXY, "no_proxy": ["https://x/"]}, "conda_proxy_no_proxy", "leave out schemes"),
    "channel with a space": ({"channels": ["https://x/a b"]}, "conda_proxy_channels", "percent-encode"),
    "alias without a scheme": ({"channel_alias": "mirror"}, "conda_proxy_channel_alias", "https://host/path"),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    settings = dict(settings)
    with pytest.raises(Refused) as raised:
        compiled(bundle_text=settings.pop("ca_bundle_", None), **settings)
    message = str(raised.value)
    assert message.startswith(variable + " ")
    assert says in message
    assert "; " in message, "no fix"
    assert SECRET not in message
    assert "username:password" not in message


SECRETS: dict[str, tuple[bool, dict[str, Any]]] = {
    # name: is it one, settings
    "password in extra": (True, {"extra": {"x": {"corp": [f"https://svc:{SECRET}@host/x"]}}}),
    "token in a key of extra": (True, {"extra": {"x": {f"https://host/t/{SECRET}/x": 1}}}),
    "token as a channel's user": (True, {"channels": [f"https://{SECRET}@host/x"]}),
    "the same with a colon": (True, {"custom_channels": {"x": f"https://{SECRET}:@host/x"}}),
    "a variable as a channel's user": (False, {"channels": ["https://${TOKEN}@host/x", "https://host/t/${TOKEN}/x"]}),
    "a variable as a channel's password": (False, {"extra": {"x": ["https://svc:${TOKEN}@host/x"]}}),
    "a user of a proxy": (False, {"http": PROXY, "username": "ada"}),
    "an address in a path": (False, {"channels": ["https://host/a@b"], "extra": {"x": ["ada@example.com", None, 1]}}),
}


@pytest.mark.parametrize(("secret", "settings"), SECRETS.values(), ids=SECRETS.keys())
def test_what_makes_files_private(secret: bool, settings: dict[str, Any]) -> None:
    assert compiled(scope="user", **settings).settings.secret is secret


def test_a_password_that_a_template_writes_is_seen() -> None:
    own = f"proxy_servers:\n  http: http://ada:{SECRET}@proxy.example.com:8080\n"
    assert compiled(own, http=PROXY, scope="user").settings.secret is True
    with pytest.raises(Refused) as raised:
        compiled(own, http=PROXY)
    assert str(raised.value).startswith("conda_proxy_condarc_template ")
    assert SECRET not in str(raised.value)
    name_alone = "proxy_servers:\n  http: http://ada:@proxy.example.com:8080\n"
    assert compiled(name_alone, http=PROXY).settings.secret is False


def test_users_are_named_as_directories_name_them() -> None:
    names = ["4711", "john smith", "j\u00fcrgen", "EXAMPLE\\ada", "ada@example.com", "host$", "#1"]
    assert compiled(scope="user", users=names).settings.users == tuple(names)


@pytest.mark.parametrize("sections", [[], ["condarc"], ["environment"], ["netrc"], ["condarc", "netrc"]])
def test_one_inventory_for_site_and_for_the_single_roles(sections: list[str]) -> None:
    """In system scope the users are for the netrc section; another section alone leaves them be."""
    assert compiled(http=PROXY, users=["ada"], netrc=[NETRC], sections=sections).settings.sections == tuple(sections)


TEMPLATES = {
    "not YAML": ("a: b: c\n", "not YAML"),
    "not a mapping": ("- a\n", "not a mapping"),
    "not ASCII": ("ssl_verify: '\u00fc'\n", "ASCII"),
    "an unknown key": ("proxy_server: x\n", "proxy_server"),
    "a comment after a flag": ("ssl_verify: true #!final\n# why\nchannels: [a]\n", "comment line after"),
    "a flag with text": ("ssl_verify: true #!final locked\n", "flag that conda does not see"),
    "an anchor": ("channels: &a [x]\n", "cannot split"),
}


@pytest.mark.parametrize(("template", "says"), TEMPLATES.values(), ids=TEMPLATES.keys())
def test_a_template_that_makes_nonsense_is_refused(template: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as raised:
        compiled(template, http=PROXY)
    assert str(raised.value).startswith("conda_proxy_condarc_template ")


def test_a_template_of_the_users_own() -> None:
    template = "# by us\nproxy_servers:\n  http: {{ condarc.proxy_servers.value.http }}\nchannel_priority: strict\n"
    result = compiled(template, http=PROXY, extra={"channel_priority": "strict"})
    assert condarc(result) == {"proxy_servers": {"http": PROXY}, "channel_priority": "strict"}


def test_condarc_has_a_key_for_every_known_host() -> None:
    result = compiled(
        http=PROXY,
        channels=["conda-forge", "https://mirror.internal.example.com/main", "http://10.1.2.3:8000/x"],
        channel_alias="https://alias.example.com/conda",
        custom_channels={"own": "https://own.example.org"},
        no_proxy=["localhost", "::1", ".internal.example.com", "10.0.0.0/8", "exact.example.com"],
    )
    servers = condarc(result)["proxy_servers"]
    for host in ("repo.anaconda.com", "conda.anaconda.org", "alias.example.com", "own.example.org"):
        assert (servers[f"https://{host}"], servers[f"http://{host}"]) == (PROXY, PROXY)
    for host in ("mirror.internal.example.com", "10.1.2.3", "exact.example.com", "localhost", "::1"):
        assert (servers[f"https://{host}"], servers[f"http://{host}"]) == ("", "")
    assert sum("CIDR" in note for note in result.warnings) == 1
    assert sum("wildcard" in note for note in result.warnings) == 1


def test_credentials_are_encoded_for_each_reader() -> None:
    result = compiled(http=PROXY, username="dom\\ada", password=HOSTILE, scope="user")
    environment = result.settings.variables
    for_env = "http://dom%5Cada:%3A%40%2F%23%3F%25%22%27%5C%24%20%60%C3%BC%2540%3B@proxy.example.com:8080"
    assert environment["https_proxy"] == environment["HTTPS_PROXY"] == for_env
    # conda sends Latin-1: each UTF-8 byte is written as the character of that number
    assert condarc(result)["proxy_servers"]["https"] == for_env.replace("%C3%BC", "%C3%83%C2%BC")
    assert result.settings.secret is True


def test_a_variable_is_left_to_conda() -> None:
    result = compiled(http=PROXY, username="${PU}", password="${PP}", sections=["condarc"])
    assert condarc(result)["proxy_servers"]["http"] == "http://${PU}:${PP}@proxy.example.com:8080"
    assert result.settings.secret is False


def test_lock_flags_what_is_locked_and_nothing_else() -> None:
    result = compiled(http=PROXY, channels=["a"], lock=True, extra={"channel_priority": "strict"})
    fragment = dict(result.settings.fragment)
    flagged = {key for key, text in fragment.items() if "#!final" in text}
    assert flagged == {"proxy_servers", "ssl_verify", "channels", "override_channels_enabled"}
    assert condarc(result)["override_channels_enabled"] is False
    assert fragment["proxy_servers"].startswith("proxy_servers: #!final\n")


def test_warnings() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"http": "http://proxy.example.com"}, "has no port"),
        ({"http": PROXY, "ssl_verify": "truststore"}, "before conda 26.7"),
        ({"ssl_verify": "false"}, "anybody on the way"),
        ({"http": PROXY, "sections": ["environment"], "channels": ["a"]}, "alone carries conda_proxy_channels"),
        ({"netrc": [NETRC]}, "does not name netrc"),
        ({"scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, password=SECRET + "\\ ")]}, "Python 3.11"),
        (
            {"http": PROXY, "scope": "user", "username": "\u00fc", "password": "x", "sections": ["condarc"]},
            "outside ASCII",
        ),
    ]
    for settings, says in cases:
        notes = compiled(**settings).warnings
        assert [note for note in notes if says in note], (says, notes)
        assert SECRET not in str(notes)
    assert compiled(http=PROXY, channels=["a"]).warnings == []


def test_absent_needs_no_settings() -> None:
    result = compiled(state="absent", http="nonsense", sections=["condarc", "environment"])
    assert result.settings.sections == ("condarc", "environment", "netrc")
    assert compiled(state="absent", sections=["netrc"]).settings.sections == ("netrc",)
