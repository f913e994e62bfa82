# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Determine the proxy and CA bundle that conda uses for a URL, with conda's own session.

Nothing is requested. conda has two kinds of requests: packages with its own proxies, `*.json.zst` (since 24.1) without,
so that those of the environment win.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import sys
from typing import Mapping, NoReturn

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.environ import guard_children, set_variable
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import select_proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ViewAnswer, ViewInput, ViewProxy
from ansible_collections.condafleet.proxy.plugins.module_utils._records import to_json


def look(urls: Mapping[str, str]) -> ViewAnswer:
    """Return what `session.get` would use, by style and scheme."""
    base = importlib.import_module("conda.base.context")
    base.reset_context()  # at import the search path is still empty
    context = base.context
    module = importlib.import_module("conda.gateways.connection.session")
    environ_proxies = importlib.import_module("requests.utils").get_environ_proxies
    condarc = dict(context.proxy_servers)
    styles = ["packages"]
    if getattr(context, "repodata_use_zst", False):
        styles.append("zst")
    verify, verify_from = str(context.ssl_verify), "condarc"
    proxies = []
    for style in styles:
        for scheme, url in urls.items():
            session = module.get_session(url) if hasattr(module, "get_session") else module.CondaSession()
            given = dict(session.proxies) if style == "packages" else {}
            merged = session.merge_environment_settings(url, dict(given), None, None, None)
            key = select_proxy(url, merged["proxies"])[0]
            environment = environ_proxies(url, no_proxy=given.get("no_proxy"))
            mine = key in condarc and (style == "packages" or key not in environment)
            source = "none" if key is None else "condarc" if mine else "environment"
            proxies.append(ViewProxy(style, scheme, merged["proxies"].get(key, ""), key or "", source))
            named = [os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")]
            if any(named) and merged["verify"] in named:
                verify, verify_from = str(merged["verify"]), "environment"
    return ViewAnswer("", verify, verify_from, tuple(proxies))


def main(encoded: str) -> NoReturn:
    """Print the answer as one JSON document, and end the process."""
    given = ViewInput.from_json(json.loads(base64.b64decode(encoded)))
    output = os.dup(1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.stdout = sys.stderr = open(quiet, "w", closefd=False)  # noqa: SIM115  # until the end of the process
    for name, value in given.environment.items():
        set_variable(name, value)
    guard_children()
    try:
        answer = look(given.urls)
    except BaseException as exc:  # noqa: BLE001  # its text may hold a secret
        answer = ViewAnswer(type(exc).__name__, "", "", ())
    os.write(output, json.dumps(to_json(answer)).encode("ascii"))
    os._exit(0)
