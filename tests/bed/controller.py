# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for AWX: it keeps what the modules of awx.awx post, and gives it back. It checks nothing."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bed.serving import Serving

_ROOT = "/api/v2/"
_UNIFIED = ("job_templates", "projects", "inventory_sources")
_SECRET = "password"


class Controller(Serving):
    """A context manager. `objects`: kind, as `job_templates`, -> what was posted, with what was associated."""

    def __init__(self, **existing: list[str]) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self._count = 0
        for kind, names in existing.items():
            for name in names:
                self.create(kind, {"name": name})
        handler = type("Handler", (_Handler,), {"controller": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def create(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        url = f"{_ROOT}{kind}/{self._count}/"
        own = {"id": self._count, "url": url, "type": kind.rstrip("s"), "scm_revision": "", "summary_fields": {}}
        item = {**data, **own, "related": {"survey_spec": f"{url}survey_spec/"}, "linked": {}}
        self.objects.setdefault(kind, []).append(item)
        return item

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        """Name -> object."""
        return {item["name"]: item for item in self.objects.get(kind, [])}

    def answer(self, method: str, path: str, query: dict[str, list[str]], data: Any) -> tuple[int, Any]:
        kind, identity, rest = [*path.removeprefix(_ROOT).strip("/").split("/"), "", ""][:3]
        kinds = _UNIFIED if kind == "unified_job_templates" else (kind,)
        items = [item for one in kinds for item in self.objects.get(one, [])]
        if not identity:
            if method == "POST":
                return 201, _shown(self.create(kind, data))
            names = query.get("name") or query.get("or__name")
            return 200, _page([_shown(item) for item in items if not names or item["name"] in names])
        found = [item for item in items if str(item["id"]) == identity]
        if not found:
            return 404, {}
        (item,) = found
        if rest == "survey_spec":
            if method == "POST":
                item[rest] = data
            return 200, item.get(rest, {})
        if rest:
            linked = item["linked"].setdefault(rest, [])
            if method == "POST":
                linked.append(data["id"])
                return 204, None
            return 200, _page([{"id": number} for number in linked])
        if method == "PATCH":
            item.update(data)
        return 200, _shown(item)


def _page(results: list[Any]) -> dict[str, Any]:
    return {"count": len(results), "next": None, "results": results}


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    """Without the secret of a credential, as AWX shows it."""
    inputs = item.get("inputs") or {}
    return {**item, "inputs": {**inputs, _SECRET: "$encrypted$"}} if _SECRET in inputs else item


class _Handler(BaseHTTPRequestHandler):
    controller: Controller

    def _do(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = parse_qs(parts.query)
        status, answer = self.controller.answer(self.command, parts.path, query, json.loads(body or b"null"))
        text = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = _do  # noqa: N815 - http.server calls them so

    def log_message(self, *_arguments: Any) -> None:
        """Be quiet."""
