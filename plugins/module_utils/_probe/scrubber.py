# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Remove secrets from URLs and texts of the result."""

from __future__ import annotations

import base64
import os
import re
import urllib.parse
from typing import Iterable

WITHHELD = "The text is withheld: it may hold a secret."
DETAIL = 300  # characters
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH", re.IGNORECASE)
_WORDS = ("true", "false", "none", "null")
_SHAPES = (
    (re.compile(r"//[^\s'\"<>]*@"), "//***@"),  # up to the last @: a password may hold a raw one, or a slash
    (re.compile(r"[^\s/'\"<>(]+:[^\s'\"<>]*@"), "***@"),  # the same without a scheme
    (re.compile(r"/t/[^/\s'\"]+"), "/t/***"),
    (re.compile(r"\?[^\s'\")]+"), "?***"),  # the redirect of a portal contains session tokens
)


def mask_url(url: str) -> str:
    """Return a URL that may be shown: no userinfo, no token, no query."""
    scheme, sep, rest = url.partition("://")
    if not sep:
        scheme, rest = "", url
    if "@" in rest:
        rest = "***@" + rest.rpartition("@")[2]
    rest = re.sub(r"(^|/)t/[^/]+", r"\1t/***", rest)
    return scheme + sep + re.split(r"[?#]", rest)[0]


def secret_variables() -> list[str]:
    """Return the values of variables whose names say that they are secret; `conda info` prints all of CONDA_*.

    Not files, words such as true, and nothing short: a mask for "1" would hide the whole text.
    """
    return [
        value
        for name, value in os.environ.items()
        if _SECRET_NAME.search(name) and len(value) >= 4 and value.lower() not in _WORDS and not os.path.exists(value)
    ]


class Scrubber:
    """Removes secrets from text of other programs: the registered values first, then by shape."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._short = False

    def add(self, secret: str, user: str = "") -> None:
        """Register a secret, in every form in which a library may print it."""
        for text in (secret, urllib.parse.unquote(secret), urllib.parse.unquote(secret, "latin-1")):
            if not text:
                continue
            self._short = self._short or len(text) < 4
            self._forms.update(_forms(text, urllib.parse.unquote(user)))

    def add_url(self, url: str) -> None:
        """Register the password and the token of a URL, even of one that cannot be parsed."""
        rest = url.partition("://")[2] or url
        for userinfo in (rest.rpartition("@")[0], rest.partition("/")[0].rpartition("@")[0]):
            user, _colon, password = userinfo.partition(":")
            self.add(password, user)
        for token in re.findall(r"(?:^|/)t/([^/]+)", rest):
            self.add(token)

    def clean(self, text: str) -> str:
        """Return `text` as one line without secrets, at most DETAIL characters."""
        return " ".join(self.clean_lines(text).split())[:DETAIL]

    def clean_lines(self, text: str) -> str:
        """Return `text` without secrets; a fixed sentence when a secret is too short to be found reliably."""
        if self._short:
            return WITHHELD
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, "***")
        for shape, mask in _SHAPES:
            text = shape.sub(mask, text)
        return text


def _forms(text: str, user: str) -> Iterable[str]:
    yield text
    yield text.encode("unicode_escape").decode("ascii")
    yield repr(text)[1:-1]
    for encoding in ("utf-8", "latin-1"):
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        quoted = urllib.parse.quote(data, safe="")
        yield quoted
        yield re.sub("%..", lambda match: match.group().lower(), quoted)
        yield urllib.parse.quote_plus(data)
        yield urllib.parse.quote(data)  # leaves the slash
        yield repr(data)[2:-1]
        yield base64.b64encode(user.encode(encoding, "replace") + b":" + data).decode("ascii")
