"""A gate before pebble: an https proxy that counts the requests of ACME clients and can hold one of them.

Pebble writes its URLs with the name that it was asked under, so whoever gets the directory here stays here. A held
request stays unanswered until ``release``: held ``before``, pebble has not seen it; held ``after``, its answer is kept
back.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import define, field

from tests.interop.pebble import LOOPBACK, Pebble

_PATIENCE = 30.0


@define
class Hold:
    """The request ``number`` (from 0) whose path contains ``path`` is held; ``reached`` when it is there."""

    number: int
    after: bool
    path: str
    reached: threading.Event = field(factory=threading.Event)
    released: threading.Event = field(factory=threading.Event)


class Gate:
    """Listens on a free loopback port; ``seen`` are method, path and status of what went through."""

    def __init__(self, pebble: Pebble) -> None:
        self._pebble = pebble
        self._lock = threading.Lock()
        self._hold: Hold | None = None
        self._count = 0
        self.seen: list[tuple[str, str, int]] = []
        self.failing: int | None = None
        """A status that is answered to everything; 0: connections are closed without an answer."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pebble.folder / "server.pem", pebble.folder / "server.key")
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def directory_url(self) -> str:
        """Where clients begin."""
        return f"https://{LOOPBACK}:{self._server.server_address[1]}/dir"

    def hold(self, number: int, *, after: bool, path: str = "") -> Hold:
        """Hold the request ``number`` from now on, with 0 for the next one."""
        with self._lock:
            self._count = 0
            self._hold = Hold(number, after, path)
            return self._hold

    def issued(self, since: int = 0) -> int:
        """How many orders were finished, among what was seen from ``since`` on."""
        return sum(
            1 for method, path, status in self.seen[since:] if "finalize" in path and method == "POST" and status == 200
        )

    def close(self) -> None:
        """Listen no more."""
        if self._hold is not None:
            self._hold.released.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path: str) -> Hold | None:
        """The hold, if it is for the request that has just come."""
        with self._lock:
            if self._hold is None or self._hold.path not in path:
                return None
            number, self._count = self._count, self._count + 1
            return self._hold if self._hold.number == number else None

    def _pass_on(self, asking: Any, body: bytes | None) -> None:
        if self.failing is not None:
            if self.failing:
                asking.send_response(self.failing)
                asking.send_header("Content-Length", "0")
                asking.end_headers()
            asking.close_connection = True
            return
        held = self._take(asking.path)
        if held is not None and not held.after:
            _wait(held)
        context = ssl.create_default_context(cafile=self._pebble.ca_path)
        client = http.client.HTTPSConnection(LOOPBACK, self._pebble.port, timeout=_PATIENCE, context=context)
        try:
            client.request(asking.command, asking.path, body, dict(asking.headers.items()))
            answer = client.getresponse()
            content = answer.read()
        finally:
            client.close()
        self.seen.append((asking.command, asking.path, answer.status))
        if held is not None and held.after:
            _wait(held)
        asking.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                asking.send_header(name, value)
        asking.send_header("Content-Length", str(len(content)))
        asking.end_headers()
        if asking.command != "HEAD":
            asking.wfile.write(content)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                try:
                    gate._pass_on(self, self.rfile.read(length) if length else None)
                except OSError:
                    self.close_connection = True  # whoever asked has gone

            do_GET = do_HEAD = do_POST = _answer

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is said."""

        return Handler


def _wait(held: Hold) -> None:
    held.reached.set()
    held.released.wait(_PATIENCE)
