"""One HTTP connection: against a small real server on loopback."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.settings.connection import Connection
from stalwart.cli.settings.problems import Problem


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/moved":
            self._send(302, b"", Location="http://elsewhere.test/there?x=1")
        elif self.path == "/there?x=1":
            self._send(200, gzip.compress(b'{"ok":true}'), **{"Content-Encoding": "gzip"})
        elif self.path == "/loop":
            self._send(302, b"", Location="/loop")
        elif self.path == "/closing":
            self._send(200, b"{}")
            self.close_connection = True
        elif self.path == "/page":
            self._send(200, b"<html>")
        elif self.path == "/denied":
            self._send(401, b'{"detail":"no"}')
        else:
            self._send(503, b'{"detail":"Out of order."}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(200, b'{"got":' + body + b',"as":"' + self.headers.get("Authorization", "").encode() + b'"}')

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class ConnectionTests(SynchronousTestCase):
    """Requests and failures."""

    def setUp(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()

        def stop() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        self.addCleanup(stop)
        self.connection = Connection(f"http://127.0.0.1:{server.server_port}", "alice", "s3cret")
        self.addCleanup(self.connection.close)

    def test_redirects_stay_on_the_server_and_bodies_are_unpacked(self) -> None:
        self.assertEqual(self.connection.get("/moved").json(), {"ok": True})
        self.assertEqual(self.connection.location("/moved"), "/there?x=1")
        self.assertIsNone(self.connection.location("/there?x=1"))

    def test_endless_redirects_end(self) -> None:
        self.assertRaises(Problem, self.connection.get, "/loop")

    def test_json_goes_out_with_credentials(self) -> None:
        answer = self.connection.post("/jmap/", {"ä": 1})
        self.assertEqual(answer, {"got": {"ä": 1}, "as": "Basic YWxpY2U6czNjcmV0"})

    def test_keys_go_as_bearer_tokens(self) -> None:
        connection = Connection(self.connection.url, api_key="API_x")
        self.addCleanup(connection.close)
        self.assertEqual(connection.post("/", {})["as"], "Bearer API_x")

    def test_a_kept_connection_that_was_closed_is_opened_again(self) -> None:
        self.connection.get("/closing")
        self.assertEqual(self.connection.get("/moved").json(), {"ok": True})

    def test_refusals_are_sentences(self) -> None:
        self.assertIn("does not accept", str(self.assertRaises(Problem, self.connection.get, "/denied")))
        self.assertIn("503: Out of order.", str(self.assertRaises(Problem, self.connection.get, "/x")))
        self.assertIn("not JSON", str(self.assertRaises(Problem, self.connection.get("/page").json)))

    def test_nobody_there(self) -> None:
        nobody = Connection("http://127.0.0.1:1")
        self.assertIn("no answer from", str(self.assertRaises(Problem, nobody.get, "/")))
        self.assertRaises(Problem, Connection("ftp://x").get, "/")

    def test_password_is_not_shown(self) -> None:
        self.assertNotIn("s3cret", repr(self.connection))
