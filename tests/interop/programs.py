"""A program that signs people in at a daemon: an OAuth client without a secret, with PKCE (RFC 7636) and an address on
loopback (RFC 8252 7.3).
"""

from __future__ import annotations

import http.client
import json
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.live.daemon import PATIENCE
from tests.live.people import Administrator
from tests.live.test_sign_in import carried

CLIENT_ID = "a-program"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ARRIVED = b'<!doctype html><link rel="icon" href="data:,"><title>Arrived</title><p>Signed in.'  # asks for no favicon


class Program:
    """One sign-in at the daemon on ``port``. Its address answers until ``close``, so a browser can be led there."""

    def __init__(self, port: int, scope: str = "openid", *, client_id: str = CLIENT_ID) -> None:
        self.port = port
        self.scope = scope
        self.client_id = client_id
        self._verifier = secrets.token_urlsafe(48)
        self._state = secrets.token_urlsafe(8)
        self._arrivals: list[str] = []
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._arrivals))
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        self.redirect_uri = f"http://127.0.0.1:{self._listener.server_port}/cb"

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown()
        self._listener.server_close()

    @property
    def page(self) -> str:
        """Path and query of the sign-in page."""
        challenge = urlsafe_b64encode(sha256(self._verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self._state,
            "scope": self.scope,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"/login?{urlencode({name: value for name, value in asked.items() if value})}"

    def returned(self) -> list[str]:
        """The addresses at which somebody has come back."""
        return [path for path in self._arrivals if path.startswith("/cb?")]

    def redeem(self, location: str) -> dict[str, Any]:
        """The tokens for the code in an address at which somebody has come back."""
        told = parse_qs(urlsplit(location).query)
        assert told["state"] == [self._state], told
        fields = {"grant_type": "authorization_code", "code": told["code"][0], "redirect_uri": self.redirect_uri}
        status, _, body = self.post(
            "/auth/token", {**fields, "client_id": self.client_id, "code_verifier": self._verifier}
        )
        assert status == 200, body
        tokens: dict[str, Any] = json.loads(body)
        return tokens

    def sign_in(self, login: str, password: str) -> dict[str, Any]:
        """The tokens of a person who fills in the form, without a browser."""
        _, _, page = self._ask("GET", self.page)
        status, headers, body = self.post("/login", {**carried(page), "username": login, "password": password})
        assert status == 303, (status, body)
        return self.redeem(headers["location"])

    def post(self, path: str, fields: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
        """Status, headers with lower-case names and body of a form that was sent."""
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, str], str]:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            client.request(method, path, body, FORM if body is not None else {})
            answer = client.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read().decode()
        finally:
            client.close()


class TokenHolder(Administrator):
    """Calls JMAP methods with an access token."""

    def __init__(self, daemon: Any, token: str) -> None:
        super().__init__(daemon)
        self._authorization = {"Authorization": f"Bearer {token}"}


def _handler(arrivals: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Notes where somebody arrives, and answers with a page."""

        def do_GET(self) -> None:
            arrivals.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(ARRIVED)))
            self.end_headers()
            self.wfile.write(ARRIVED)

        def log_message(self, format: str, *arguments: Any) -> None:
            """The output is the test's."""

    return Handler
