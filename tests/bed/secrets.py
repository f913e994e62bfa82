# SPDX-License-Identifier: GPL-3.0-or-later
"""A password that any output would show, and the forms in which it could."""

from __future__ import annotations

import base64
from urllib.parse import quote

MARKER = "Zq7marker"
PASSWORD = f"{MARKER}:@/#?%\"'\\$ `\u00fc%40;{MARKER}"


def forms(secret: str) -> set[str]:
    """The secret as it could show up: raw, encoded in each way, in base64 at each of the three offsets."""
    found = {secret, MARKER, quote(secret, safe=""), quote(secret.encode().decode("latin-1"), safe="")}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + MARKER.encode() + b"x" * 3).decode()
        found.add(encoded[4 if offset else 0 : -8])
    return found


def leaks(text: str, secret: str = PASSWORD) -> set[str]:
    """The forms of the secret that the text shows."""
    return {form for form in forms(secret) if form in text}
