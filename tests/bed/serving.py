# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP servers that serve in a thread as long as their context lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import threading
    from http.server import ThreadingHTTPServer


class Serving:
    """What enters and leaves; `_server` and `_thread` are the subclass's."""

    _server: ThreadingHTTPServer
    _thread: threading.Thread

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
