"""HTTP to one server, patient with one that is busy: what is asked for too often is asked for again later."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from stalwart.cli.settings.connection import Connection, Reply
from stalwart.cli.settings.problems import CallFailed, Problem

_MOST_TRIES = 8
_LONGEST_PAUSE = 60.0
_BUSY = (429, 503)
BLOB = "urn:ietf:params:jmap:blob"
_SMALL = 256 << 10
_TOGETHER = 3 << 20


class Client:
    """``connection`` with tries; ``sleep`` waits seconds."""

    def __init__(self, connection: Connection, sleep: Callable[[float], None] = time.sleep) -> None:
        self.connection = connection
        self._sleep = sleep

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """The reply, whatever its status but busy ones. Raises Problem."""
        for number in range(_MOST_TRIES):
            reply = self.connection.request(method, path, body, headers)
            if reply.status not in _BUSY:
                return reply
            self._sleep(_pause(reply, number))
        raise Problem(f"{self.connection.url} is busy; try again later")

    def checked(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """A reply that is none of an error. Raises Problem."""
        reply = self.send(method, path, body, headers)
        if reply.status == 401:
            raise Problem(f"{self.connection.url} does not accept these credentials")
        if reply.status >= 400:
            raise Problem(f"{self.connection.url} answers {reply.status} to {method} {path[:200]}")
        return reply


class JmapClient:
    """JMAP at one server: its session, calls, blobs (RFC 8620)."""

    def __init__(self, client: Client, where: str = "/.well-known/jmap") -> None:
        self._client = client
        reply = client.checked("GET", where)
        for _ in range(3):
            if reply.status not in (301, 302, 303, 307, 308):
                break
            reply = client.checked("GET", _path(reply.headers.get("location", "")))
        self.session: dict[str, Any] = reply.json()
        if not isinstance(self.session, dict) or not {"apiUrl", "accounts", "capabilities"} <= self.session.keys():
            raise Problem(f"{client.connection.url} has no JMAP session")

    def account(self, name: str | None, capability: str) -> str:
        """The id of an account by its name, or the own one for a capability. Raises Problem."""
        accounts = self.session["accounts"]
        if name is None:
            found = self.session.get("primaryAccounts", {}).get(capability)
        else:
            found = next((id for id, each in accounts.items() if each.get("name") == name or id == name), None)
        if found is None or capability not in accounts.get(found, {}).get("accountCapabilities", {}):
            raise Problem(f"there is no account {name or ''} for {capability.rpartition(':')[2]} at this login")
        return str(found)

    def limit(self, name: str, default: int) -> int:
        """A limit of the core capability."""
        core = self.session["capabilities"].get("urn:ietf:params:jmap:core", {})
        return int(core.get(name) or default)

    def has(self, capability: str) -> bool:
        """Whether the server has announced it."""
        return capability in self.session["capabilities"]

    def calls(self, using: Sequence[str], *calls: tuple[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The answers to calls in one request. Raises CallFailed."""
        request = {
            "using": ["urn:ietf:params:jmap:core", *using],
            "methodCalls": [[name, arguments, str(number)] for number, (name, arguments) in enumerate(calls)],
        }
        body = json.dumps(request, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        answer = self._client.checked("POST", _path(self.session["apiUrl"]), body, headers).json()
        answers = []
        for (asked, _), (name, arguments, _) in zip(calls, answer["methodResponses"], strict=False):
            if name == "error":
                raise CallFailed(asked, arguments)
            answers.append(arguments)
        return answers

    def call(self, using: Sequence[str], name: str, **arguments: Any) -> dict[str, Any]:
        """The answer to one call."""
        return self.calls(using, (name, arguments))[0]

    def upload(self, account_id: str, content: bytes, media_type: str) -> str:
        """The id of a new blob."""
        path = _path(self.session["uploadUrl"]).replace("{accountId}", quote(account_id, safe=""))
        reply = self._client.checked("POST", path, content, {"Content-Type": media_type})
        return str(reply.json()["blobId"])

    def upload_all(self, account_id: str, contents: Sequence[bytes], media_type: str) -> list[str]:
        """The ids of new blobs; small ones go together, as servers count requests (RFC 9404 4.1)."""
        found: dict[int, str] = {}
        waiting: dict[str, Any] = {}
        octets = 0
        for number, content in enumerate(contents):
            if not self.has(BLOB) or len(content) > _SMALL:
                found[number] = self.upload(account_id, content, media_type)
                continue
            if octets + len(content) > _TOGETHER:
                found |= self._upload_small(account_id, waiting)
                waiting, octets = {}, 0
            data = b64encode(content).decode()
            waiting[str(number)] = {"type": media_type, "data": [{"data:asBase64": data}]}
            octets += len(content)
        found |= self._upload_small(account_id, waiting)
        for number, content in enumerate(contents):
            if number not in found:  # the server says why, or takes it this way
                found[number] = self.upload(account_id, content, media_type)
        return [found[number] for number in range(len(contents))]

    def _upload_small(self, account_id: str, create: Mapping[str, Any]) -> dict[int, str]:
        if not create:
            return {}
        answer = self.call([BLOB], "Blob/upload", accountId=account_id, create=create)
        return {int(key): str(made["id"]) for key, made in (answer.get("created") or {}).items()}

    def download(self, account_id: str, blob_id: str) -> bytes:
        """What a blob holds."""
        path = _path(self.session["downloadUrl"])
        given = {"accountId": account_id, "blobId": blob_id, "name": "x", "type": "application/octet-stream"}
        for name, value in given.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return self._client.checked("GET", path, None, {"Accept": "*/*"}).body


def _path(url: str) -> str:
    """What of a URL is asked of the server that is known: behind a proxy it may be called otherwise."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _pause(reply: Reply, number: int) -> float:
    """Seconds to wait before asking again."""
    told = reply.headers.get("retry-after", "")
    return min(float(told) if told.isdigit() else 2.0**number, _LONGEST_PAUSE)
