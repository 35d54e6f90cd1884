"""An administrator who works over JMAP, as an outside test does: domains, accounts, keys, any other call."""

from __future__ import annotations

import http.client
import json
from typing import Any, Protocol

from tests.live.daemon import ADMIN, PATIENCE, basic

USING = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]
PASSWORD = "correct-horse-battery-7"


class Served(Protocol):
    """Where a server is: a daemon, or what is before several."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def url(self) -> str: ...
    @property
    def log(self) -> str: ...


class Administrator:
    """Calls JMAP methods at ``daemon`` as ``login``, by default the recovery administrator."""

    using = USING

    def __init__(self, daemon: Served, login: str = ADMIN[0], password: str = ADMIN[1]) -> None:
        self.daemon = daemon
        self._authorization = basic(login, password)
        self._domain: str | None = None

    def request(self, *calls: tuple[str, dict[str, Any]]) -> list[tuple[str, Any]]:
        """Name and arguments of each response, one request for all calls."""
        body = {
            "using": self.using,
            "methodCalls": [[name, arguments, str(n)] for n, (name, arguments) in enumerate(calls)],
        }
        status, answer = self.post("/jmap/", json.dumps(body).encode())
        assert status == 200, (status, answer)
        return [(name, arguments) for name, arguments, _ in json.loads(answer)["methodResponses"]]

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The arguments of the one response, which is no error."""
        ((answered, found),) = self.request((name, arguments))
        assert answered == name, (answered, found)
        return found

    def create(self, type: str, members: dict[str, Any]) -> dict[str, Any]:
        """What the server told about a new object."""
        answer = self.call(f"x:{type}/set", {"create": {"new": members}})
        assert answer["created"], answer
        made: dict[str, Any] = answer["created"]["new"]
        return made

    def change(self, type: str, patch: dict[str, Any], id: str = "singleton") -> None:
        """Patch an object."""
        answer = self.call(f"x:{type}/set", {"update": {id: patch}})
        assert id in (answer["updated"] or {}), answer

    def post(self, path: str, body: bytes, content_type: str = "application/json") -> tuple[int, bytes]:
        """Status and body."""
        return self._asked("POST", path, body, {"Content-Type": content_type})

    def put(self, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        """Status and body."""
        return self._asked("PUT", path, body, {"Content-Type": content_type})

    def session(self) -> Any:
        """The JMAP session."""
        status, answer = self._asked("GET", "/jmap/session", None, {})
        assert status == 200, (status, answer)
        return json.loads(answer)

    def _asked(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        client = http.client.HTTPConnection(self.daemon.host, self.daemon.port, timeout=PATIENCE)
        try:
            client.request(method, path, body, {**self._authorization, **headers})
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def new_user(self, name: str, **members: Any) -> tuple[str, str]:
        """Login and password of a new user of example.org."""
        if self._domain is None:
            self._domain = self.create("Domain", {"name": "example.org"})["id"]
        user = {
            "@type": "User",
            "name": name,
            "domainId": self._domain,
            "credentials": {"0": {"@type": "Password", "secret": PASSWORD}},
        }
        self.create("Account", {**user, **members})
        return f"{name}@example.org", PASSWORD

    def new_api_key(self, login: str, password: str) -> str:
        """A key that the user has made."""
        return str(Administrator(self.daemon, login, password).create("ApiKey", {"description": "test"})["secret"])
