# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Mask secrets in text that leaves the machine: by shape, not by value.

A search by value fails for every form nobody thought of (percent-encoded, escaped, cut in two) and garbles everything
when the password is `etc`. So what has the shape of a secret is masked, managed or foreign, old or new. Rotation stays
visible: the mask carries a few digits of an HMAC under a key that lives as long as the run.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import typing as t
from urllib.parse import quote

# Up to the last "@" of the line: a password that is not percent-encoded may hold "/", "@" or spaces; masking too much
# does little harm.
# But a proxy_servers key that is a URL itself ("https://host": "http://user:...") stays readable. The second branch is
# for a URL without its scheme: user:password@host.
_USERINFO = re.compile(
    r"""(?x)
    (?<=//) (?! (?:[A-Za-z0-9._*-]+ | \[[0-9A-Fa-f:.]+\]) /? ["']? [ \t]* : [ \t]+ ["']? [A-Za-z][A-Za-z0-9+.-]*:// )
    [^\r\n]* (?=@)
    | (?<![^\s"'=,(\[{]) (?<!//\[) [^\s"':/@\[\]{}(),=]+ : (?=[^\s/]) [^\r\n]* (?=@)
    """
)
_PASSWORD = re.compile(r"://[^/@:\s]*:[^/@\s]+@")
_TOKEN = re.compile(r"(?<=/t/)[^/\s\"']+")
# A name is searched once and not at each of its letters, so that the time is proportional to the text.
_NAME = re.compile(r"""(?<![\w.-])[\w.-]+(?=["']?[ \t]*[:=])""")
_SECRET_NAME = re.compile(r"(?i)passw(?:or)?d|passphrase|secret|token|api[_-]?key")
_VALUE = re.compile(
    r"""(?ixm)
    ( ["']? [ \t]* [:=]
      (?! [ \t]* (?: (?:true|false) [ \t]* (?:\#!(?:final|top|bottom))? | \#!(?:final|top|bottom) ) [ \t]* \r?$ ) [ \t]* )
    ( [|>][-+0-9]* [ \t]* (?:\#[^\r\n]*)? (?: \r?\n (?: [ \t]+[^\r\n]* | (?=\r?\n) ) )+
    | \r?\n [ \t]+ [^ \t\r\n][^\r\n]*
    | [^ \t\r\n][^\r\n]* )
    """
)
# the words of a netrc, as an exception may quote a line or the whole file
_NETRC_ENTRY = re.compile(r"(?i)\b(?:machine|login|user|default)\b")
_NETRC_SECRET = re.compile(r"(?i)\b(?:password|account)(?:[ \t]|\\[tnr])+([^\r\n]+)")
_LINE = re.compile(r"[^\r\n]+")
_HEADER = re.compile(r"(?i)(\b(?:basic|bearer)[ \t]+)([A-Za-z0-9+/=._~-]{4,})")
_MASK = re.compile(r"\*{3}[0-9a-f]{6}\*{3}")
_SHORT = 4


def digest(text: str) -> str:
    """Return a short fingerprint of something that is no secret."""
    return "sha256 " + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def has_password(text: str) -> bool:
    """Return whether a URL in `text` has a password."""
    return bool(_PASSWORD.search(text))


class Masker:
    """Masks secrets for one run. `key` is random per run; equal secrets get equal masks within it."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def secret(self, value: str) -> str:
        """Return the mask of one secret."""
        digest = hmac.new(self._key, value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
        return f"***{digest[:6]}***"

    def text(self, text: str) -> str:
        """Return `text` with everything masked that has the shape of a secret: URL userinfo, tokens, assignments."""
        spans = [match.span() for match in _TOKEN.finditer(text)]
        spans += [match.span(2) for match in _HEADER.finditer(text)]
        spans += [*_assigned(text), *_in_lines(text)]
        parts, position = [], 0
        for start, end in _joined(spans):
            parts += [text[position:start], self.secret(text[start:end])]
            position = end
        return "".join([*parts, text[position:]])

    def foreign(self, text: str, secrets: t.Iterable[str]) -> str:
        """Return text of another program (an exception, its output) with secrets masked: by value, then by shape.

        A secret of fewer than four characters is too short to be replaced; a text that contains it is withheld.
        """
        forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        for value in forms:
            if len(value) >= _SHORT:
                text = text.replace(value, self.secret(value))
        text = self.text(text)
        rest = _MASK.sub("", text)
        if any(value in rest for value in forms):
            return "(text withheld: it may hold a secret that is too short to be masked)"
        return text


def _assigned(text: str) -> t.Iterator[tuple[int, int]]:
    """Yield the values of names that say that they hold a secret."""
    position = 0
    while True:
        name = _NAME.search(text, position)
        if not name:
            return
        value = _SECRET_NAME.search(name.group(0)) and _VALUE.match(text, name.end())
        if value:
            yield value.span(2)
        position = value.end() if value else name.end()


def _in_lines(text: str) -> t.Iterator[tuple[int, int]]:
    """Yield userinfo of URLs and secrets of netrc entries, of which each line is searched only where there can be one."""
    for line in _LINE.finditer(text):
        start, end = line.span()
        sign = text.rfind("@", start, end)
        if sign >= 0:
            yield from (match.span() for match in _USERINFO.finditer(text, start, sign + 1))
        entry = _NETRC_ENTRY.search(text, start, end)
        secret = entry and _NETRC_SECRET.search(text, entry.end(), end)
        if secret:
            yield secret.span(1)


def _joined(spans: t.Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans in order, with overlapping ones joined: one shape may match a part of another's match."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _forms(value: str) -> set[str]:
    """Return a secret as others write it: percent-encoded in both ways (see Credentials), escaped in a repr or in JSON."""
    raw = value.encode("utf-8", "surrogateescape")
    encoded = {quote(raw, safe=safe) for safe in ("", "/")} | {quote(raw.decode("latin-1"), safe="")}
    escaped = {repr(value)[1:-1], repr(raw)[2:-1], ascii(value)[1:-1]}
    escaped |= {json.dumps(value, ensure_ascii=only)[1:-1] for only in (True, False)}
    return {form for form in {value} | encoded | escaped if form}
