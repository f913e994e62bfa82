# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse proxy URLs, refuse what cannot work, and put credentials in as each reader wants them."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from urllib.parse import quote, unquote, urlsplit

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_EXAMPLE = "write it as http://proxy.example.com:8080"
_APART = "leave them out of the URL and set {username} and {password}, which are encoded for you"
_USERINFO = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?::(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*)?"
)
_HOST = re.compile(r"(?=.{1,253}$)(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
# conda expands it; the collection leaves it as it is
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")

_MOST_BYTES = 2000  # encoded, both fit into a variable of the environment and into the header of a request


def is_variable(value: str) -> bool:
    """Return whether this is exactly `${NAME}`, a variable that conda expands itself."""
    return bool(_VARIABLE.fullmatch(value))


class Credentials(t.NamedTuple):
    """A username and a password as the user typed them, not encoded."""

    username: str
    password: str | None

    @property
    def secret(self) -> bool:
        return self.password is not None and not is_variable(self.password)

    @property
    def ascii(self) -> bool:
        return (self.username + (self.password or "")).isascii()

    @property
    def variable(self) -> str:
        """The option that holds a variable which conda expands itself; empty: none does."""
        if is_variable(self.password or ""):
            return "password"
        return "username" if is_variable(self.username) else ""

    def userinfo(self, for_conda: bool) -> str:
        """Return the part before the `@`. Basic authentication wants UTF-8 on the wire (RFC 7617).

        curl, mamba and pip send the bytes that the percent-encoding names. requests, and so conda, decodes them as
        UTF-8 and sends Latin-1: for it each UTF-8 byte is written as the character of that number.
        """
        # always a colon: without one requests sends no credentials at all
        parts = (self.username, self.password or "")
        return ":".join(
            part if is_variable(part) else quote(_wire(part) if for_conda else part, safe="") for part in parts
        )


def _wire(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


class Proxy(t.NamedTuple):
    """A proxy without its credentials; `host` has brackets around an IPv6 address."""

    scheme: str
    host: str
    port: int | None

    def url(self, credentials: Credentials | None, for_conda: bool) -> str:
        """Return the URL, with credentials as conda or as all others decode them."""
        userinfo = credentials.userinfo(for_conda) + "@" if credentials else ""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{userinfo}{self.host}{port}"


def parse_proxy(option: str, text: str, tls_to_proxy: bool) -> tuple[Proxy, Credentials | None]:
    """Return the parts of the value of `option`. Raises InvalidSettingError."""
    if not text.isascii() or re.search(r"[\x00-\x20\x7f]", text):
        raise InvalidSettingError(
            option, "has a space, a control character or a character outside ASCII", _EXAMPLE + " (credentials apart)"
        )
    if re.match(r"(pac\+|file:|data:)|.*(\.pac|/wpad\.dat)([?#].*)?$", text, re.IGNORECASE):
        raise InvalidSettingError(
            option,
            "is the address of a PAC file, which conda cannot read",
            "give the URL of the proxy that the PAC file selects for the channels",
        )
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise InvalidSettingError(option, "has no scheme", _EXAMPLE)
    scheme = scheme.lower()
    if scheme not in _SCHEMES:
        raise InvalidSettingError(option, "has a scheme that conda does not support for a proxy", _EXAMPLE)
    if scheme == "https" and not tls_to_proxy:
        raise InvalidSettingError(
            option,
            "begins with https://, which means that the proxy's own port uses TLS (this is rare; https:// URLs "
            "also work through an http:// proxy)",
            "write http://, or set {tls_to_proxy}: true if the proxy's port really speaks TLS",
        )
    userinfo, at, address = rest.rpartition("@")
    if at and not _USERINFO.fullmatch(userinfo):
        raise InvalidSettingError(option, "holds credentials with characters that are not percent-encoded", _APART)
    if not at and re.search(r"[/?#].", rest):
        raise InvalidSettingError(option, "contains a path, query or fragment; a proxy URL must not", _EXAMPLE)
    if re.search(r"[/?#]", address.rstrip("/")) or "\\" in address:
        raise InvalidSettingError(option, "contains a path, query or fragment; a proxy URL must not", _EXAMPLE)
    host, port = _address(option, scheme, address.rstrip("/"))
    return Proxy(scheme, host, port), _credentials(option, userinfo) if at else None


def _address(option: str, scheme: str, address: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"{scheme}://{address}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidSettingError(
            option, "has no usable host or port (a port is a number from 1 to 65535)", _EXAMPLE
        ) from None
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]", port
        except ValueError:
            raise InvalidSettingError(
                option, "has an IPv6 address that cannot be parsed", "write it as http://[2001:db8::1]:8080"
            ) from None
    if not _HOST.fullmatch(host) or port == 0 or address.endswith(":"):
        raise InvalidSettingError(option, "has no usable host or port (a port is a number from 1 to 65535)", _EXAMPLE)
    return host, port


def _credentials(option: str, userinfo: str) -> Credentials:
    username, colon, password = userinfo.partition(":")
    try:
        decoded = [part if is_variable(part) else unquote(part, errors="strict") for part in (username, password)]
    except UnicodeDecodeError:
        raise InvalidSettingError(option, "holds credentials that are not percent-encoded UTF-8", _APART) from None
    return Credentials(decoded[0], decoded[1] if colon else None)


def check_credentials(credentials: Credentials, user_option: str, password_option: str) -> None:
    """Raise InvalidSettingError for what Basic authentication cannot carry (RFC 7617)."""
    if not credentials.username:
        what = (
            "is empty although there is a password"
            if user_option == "username"
            else "has a password without a user name"
        )
        raise InvalidSettingError(user_option, what, "set both, or neither")
    if ":" in credentials.username:
        raise InvalidSettingError(
            user_option,
            "has a colon, but in Basic authentication a colon ends the user name",
            "use a user name without a colon",
        )
    for option, text in ((user_option, credentials.username), (password_option, credentials.password or "")):
        if len(text.encode("utf-8", "replace")) > _MOST_BYTES:
            raise InvalidSettingError(
                option, f"is longer than {_MOST_BYTES} bytes, which is no credential of a proxy", "look for a mistake"
            )
        if re.search(r"[\x00-\x1f\x7f-\x9f]", text):
            raise InvalidSettingError(
                option,
                "has a line break or another control character",
                "remove it (a vaulted block scalar often ends with a line break: use '|-')",
            )
        if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
            raise InvalidSettingError(option, "is not valid Unicode", "give it as UTF-8")
