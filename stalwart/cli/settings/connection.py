"""One HTTP connection to a server, kept open: requests in turn, JSON both ways, every failure a sentence."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field, frozen

from stalwart.cli.settings.problems import Problem

TIME_OUT = 120.0
LARGEST = 64 * 1024 * 1024
REDIRECTS = 3


@frozen
class Reply:
    """Status, lower-case headers and the body, decompressed."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Problem("the server's answer is not JSON; is this the address of a Stalwart server?") from None


@define
class Connection:
    """A server at ``url``; either a login with its password or an API key proves who asks."""

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    insecure: bool = False
    _client: http.client.HTTPConnection | None = field(default=None, init=False)

    def get(self, path: str) -> Reply:
        """GET, following redirects on the same server."""
        for _ in range(REDIRECTS):
            reply = self.request("GET", path)
            if reply.status not in (301, 302, 303, 307, 308):
                return self._checked(reply)
            path = _same_server(reply.headers.get("location", ""))
        raise Problem(f"{self.url} redirects in circles")

    def location(self, path: str) -> str | None:
        """Where ``path`` redirects to, None if it does not."""
        reply = self.request("GET", path)
        if reply.status in (301, 302, 303, 307, 308):
            return _same_server(reply.headers.get("location", ""))
        self._checked(reply)
        return None

    def post(self, path: str, value: Any) -> Any:
        """POST JSON, answer JSON."""
        body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        return self._checked(self.request("POST", path, body)).json()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request; a kept connection that the server has closed meanwhile is opened again, once. ``headers`` are
        further ones, or take the place of the usual.
        """
        reused = self._client is not None
        try:
            return self._exchange(method, path, body, headers or {})
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as failure:
            self.close()
            if not reused:
                raise Problem(f"{self.url} closed the connection: {failure}") from None
            return self.request(method, path, body, headers)
        except (OSError, http.client.HTTPException, ssl.SSLError) as failure:
            self.close()
            raise Problem(f"no answer from {self.url}: {_reason(failure)}{_advice(self.url, failure)}") from None

    def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _exchange(self, method: str, path: str, body: bytes | None, further: Mapping[str, str]) -> Reply:
        client = self._client = self._client or self._connect()
        client.request(method, self._prefix() + path, body, self._headers(body) | dict(further))
        answer = client.getresponse()
        content = answer.read(LARGEST + 1)
        if len(content) > LARGEST:
            self.close()
            raise Problem("the server's answer is larger than this program reads")
        headers = {name.lower(): value for name, value in answer.getheaders()}
        if headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Reply(answer.status, headers, content)

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Problem(f"{self.url} is no http or https URL")
        if parts.scheme == "http":
            return _NoDelayConnection(parts.hostname, parts.port, timeout=TIME_OUT)
        context = ssl.create_default_context()
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIME_OUT, context=context)

    def _prefix(self) -> str:
        return urlsplit(self.url).path.rstrip("/")

    def _headers(self, body: bytes | None) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.api_key is not None:
            headers["Authorization"] = f"Bearer {self.api_key}"
        elif self.user is not None:
            pair = b64encode(f"{self.user}:{self.password or ''}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        return headers

    def _checked(self, reply: Reply) -> Reply:
        if reply.status < 400:
            return reply
        if reply.status == 401:
            given = "these credentials" if self.user or self.api_key else "a request without credentials"
            raise Problem(f"{self.url} does not accept {given}; give --user and --password, or --api-key")
        raise Problem(f"{self.url} answers {reply.status}: {_detail(reply)}")


class _NoDelayConnection(http.client.HTTPConnection):
    """Sends a request's head and body without waiting for an acknowledgement in between."""

    def connect(self) -> None:
        """Connect."""
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _same_server(location: str) -> str:
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _detail(reply: Reply) -> str:
    try:
        problem = json.loads(reply.body)
    except ValueError:
        return "no explanation"
    return str(problem.get("detail") or problem.get("title")) if isinstance(problem, dict) else "no explanation"


def _reason(failure: Exception) -> str:
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({failure.verify_message}); -k accepts it"
    return getattr(failure, "strerror", None) or str(failure) or type(failure).__name__


def _advice(url: str, failure: Exception) -> str:
    """What to do about it, where that is known."""
    if isinstance(failure, ssl.SSLError) and failure.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return f"; this port does not speak TLS, try {url.replace('https:', 'http:', 1)}"
    if isinstance(failure, http.client.BadStatusLine) and url.startswith("http:"):
        return f"; if this port speaks TLS, try {url.replace('http:', 'https:', 1)}"
    return ""
