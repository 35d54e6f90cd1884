"""A JMAP server and a DAV server that say what a test has prepared, and remember what they were asked."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from stalwart.cli.importing.client import Client, JmapClient
from stalwart.cli.settings.connection import Reply

SESSION = {
    "apiUrl": "https://elsewhere.test/jmap/",
    "uploadUrl": "https://elsewhere.test/jmap/upload/{accountId}/",
    "downloadUrl": "https://elsewhere.test/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
    "username": "jane@example.org",
    "capabilities": {
        "urn:ietf:params:jmap:core": {"maxObjectsInGet": 3},
        "urn:ietf:params:jmap:mail": {},
        "urn:ietf:params:jmap:blob": {},
        "urn:ietf:params:jmap:filenode": {},
    },
    "accounts": {
        "a1": {
            "name": "jane@example.org",
            "accountCapabilities": {"urn:ietf:params:jmap:mail": {}, "urn:ietf:params:jmap:filenode": {}},
        },
        "a2": {"name": "staff@example.org", "accountCapabilities": {"urn:ietf:params:jmap:mail": {}}},
    },
    "primaryAccounts": {"urn:ietf:params:jmap:mail": "a1", "urn:ietf:params:jmap:filenode": "a1"},
}

Methods = dict[str, Callable[[dict[str, Any]], Any]]


class FakeServer:
    """Answers by ``methods`` of JMAP, and ``replies`` in turn to anything else."""

    url = "https://mail.example.org"

    def __init__(self, methods: Methods | None = None, replies: list[Reply] | None = None) -> None:
        self.methods = methods or {}
        self.replies = replies or []
        self.asked: list[tuple[str, str, bytes | None, dict[str, str]]] = []
        self.uploads: list[bytes] = []
        self.pauses: list[float] = []

    def request(self, method: str, path: str, body: bytes | None = None, headers: Any = None) -> Reply:
        """As ``Connection``."""
        self.asked.append((method, path, body, dict(headers or {})))
        if self.replies:
            return self.replies.pop(0)
        if path in ("/jmap/session", "/.well-known/jmap"):
            return reply(200, SESSION)
        if path.startswith("/jmap/upload/"):
            self.uploads.append(body or b"")
            return reply(200, {"blobId": f"B{(body or b'').decode()[:20]}"})
        if path.startswith("/jmap/download/"):
            return Reply(200, {}, path.encode())
        if path == "/jmap/":
            calls = json.loads(body or b"")["methodCalls"]
            self.methods.setdefault("Blob/upload", self._take)
            return reply(200, {"methodResponses": [self._answer(*call) for call in calls]})
        return Reply(404, {}, b"")

    def _answer(self, name: str, arguments: dict[str, Any], id: str) -> list[Any]:
        answer = self.methods[name](arguments)
        return ["error" if "type" in answer else name, answer, id]

    def _take(self, given: dict[str, Any]) -> dict[str, Any]:
        contents = {key: b64decode(each["data"][0]["data:asBase64"]) for key, each in given["create"].items()}
        self.uploads += contents.values()
        created = {key: {"id": f"B{content.decode()[:20]}"} for key, content in contents.items() if content != b"odd"}
        return {"created": created or None}

    def client(self) -> Client:
        """A client that does not wait."""
        return Client(self, self.pauses.append)  # type: ignore[arg-type]

    def jmap(self) -> JmapClient:
        """A client of JMAP."""
        return JmapClient(self.client(), "/jmap/session")


def reply(status: int, value: Any, **headers: str) -> Reply:
    """A reply with JSON."""
    return Reply(status, headers, json.dumps(value).encode())
