# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Determine the proxy that the operating system has in its own network settings (macOS).

Format of `scutil --proxy`: sources of configd. Python's urllib takes host and port of the kinds that are switched on
(_scproxy.c), no login and no automatic configuration; conda asks it for `*.json.zst` where no variable is set and the
condarc has no key for the host.
"""

from __future__ import annotations

import re

from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import RUN, ConsumerRow, Subject, failed
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process

_NAME = "network settings"
_VALUE = re.compile(r"^\s*(?P<key>\w+) : (?P<value>.*)$")
_READERS = "conda takes it for *.json.zst where no variable and no condarc sets a proxy; it has no password"
_BY_SCRIPT = (
    ("ProxyAutoConfigEnable", "an automatic configuration ({}) is switched on, which conda and Python do not read"),
    ("ProxyAutoDiscoveryEnable", "automatic discovery is switched on, which conda and Python do not use"),
)


def rows(subject: Subject) -> list[ConsumerRow]:
    """Return the row of the network settings, where the platform has such."""
    argv = subject.platform.network_settings
    if not argv:
        return []
    status, output = process.command(argv)
    if status != 0:
        return [failed(_NAME, "{} failed".format(" ".join(argv)))]
    return [row_of_output(output, " ".join(argv))]


def row_of_output(output: str, source: str) -> ConsumerRow:
    """Return the row that the output of `scutil --proxy` makes; `source` says where the values are from."""
    settings, exceptions = parse(output)
    row = ConsumerRow(_NAME, RUN)
    for field, kind in (("http_proxy", "HTTP"), ("https_proxy", "HTTPS")):
        host = settings.get(f"{kind}Proxy", "")
        if settings.get(f"{kind}Enable") == "1" and host:
            port = settings.get(f"{kind}Port", "")
            url = f"http://[{host}]" if ":" in host else f"http://{host}"
            row = row.with_value(field, f"{url}:{port}" if port else url, f"{source}: {kind}Proxy")
    notes = [_READERS] if row.http_proxy or row.https_proxy else []
    if exceptions:
        row = row.with_value("no_proxy", ",".join(exceptions), f"{source}: ExceptionsList")
    if settings.get("ExcludeSimpleHostnames") == "1":
        notes.append("host names without a dot are excepted too")
    url = settings.get("ProxyAutoConfigURLString", "no address")
    notes += [text.format(url) for key, text in _BY_SCRIPT if settings.get(key) == "1"]
    return row._replace(note="; ".join(notes))


def parse(output: str) -> tuple[dict[str, str], list[str]]:
    """Return the settings by key, and the exceptions."""
    settings: dict[str, str] = {}
    exceptions: list[str] = []
    inside = ""
    for line in output.split("\n"):
        match = _VALUE.match(line)
        if line.strip() == "}":
            inside = ""
        elif match and match.group("value").startswith(("<array>", "<dictionary>")):
            inside = match.group("key")
        elif match and inside == "ExceptionsList":
            exceptions.append(match.group("value"))
        elif match and not inside:
            settings[match.group("key")] = match.group("value")
    return settings, exceptions
