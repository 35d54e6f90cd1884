"""A JMAP service in memory with methods made for the test: ``Desk(method, ...).call(["Core/echo", {}, "0"])``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from twisted.internet.task import Clock

from stalwart.directory.access import Access
from stalwart.jmap import capabilities, endpoint
from stalwart.jmap.call import Call, Request
from stalwart.jmap.capabilities import CORE, Capability
from stalwart.jmap.core import core, echo
from stalwart.jmap.endpoint import Service
from stalwart.jmap.engine import Engine
from stalwart.jmap.methods import Method
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import JMAP_METHOD_CALL, Event, Level
from tests.web.client import BASIC_ALICE, Response, Server, serve
from tests.web.fakes import EPOCH, FakeDirectory, FakeSettings

ROUTES = (
    endpoint.api,
    endpoint.api_slash,
    endpoint.session,
    endpoint.session_below,
    endpoint.discovery,
)
JSON = BASIC_ALICE | {"Content-Type": "application/json"}


def access(**members: Any) -> Access:
    """Alice, account 7 (``h``), with ``members`` changed."""
    given: dict[str, Any] = {
        "account_id": 7,
        "login": "alice@example.test",
        "name": "Alice",
        "permissions": frozenset(("authenticate",)),
    }
    return Access(**given | members)


def call(arguments: dict[str, Any], name: str = "Test/get", **request: Any) -> Call:
    """A call of alice; ``request`` are members of its ``Request``."""
    who = request.pop("access", None) or access()
    return Call(name, arguments, "0", Request(who, **request))


class Desk:
    """A server with ``methods`` besides Core/echo. ``jmap`` are members of x:Jmap, ``who`` is alice's access."""

    def __init__(
        self,
        *methods: Method,
        announcing: Iterable[Capability] = (core, capabilities.management),
        services: dict[str, Any] | None = None,
        mode: Any = "normal",
        base_url: str = "https://mail.example.test",
        who: Access | None = None,
        **jmap: Any,
    ) -> None:
        self.settings = FakeSettings(Jmap=jmap)
        self.store = MemoryStore()
        self.store.start()
        directory = FakeDirectory()
        directory.alice = who or access()
        self.directory = directory
        self.clock = Clock()
        self.clock.advance(EPOCH)
        self.calls: list[dict[str, Any]] = []
        self.events: list[tuple[Event, dict[str, Any]]] = []
        self.telemetry = telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        telemetry.observe(self._note)
        services = {"telemetry": telemetry, **(services or {})}
        engine = Engine((echo, *methods), services, telemetry=telemetry, clock=self.clock, mode=mode)
        self.service = Service(
            engine,
            announcing,
            settings=self.settings,
            store=self.store,
            telemetry=telemetry,
            base_url=base_url,
        )
        self.server: Server = serve(ROUTES, {"jmap": self.service}, settings=self.settings, directory=directory)

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        """Calls are events too, and apart."""
        if event == JMAP_METHOD_CALL:
            self.calls.append(keys)
        else:
            self.events.append((event, keys))

    def post(self, body: bytes | Any, headers: dict[str, str] = JSON, path: str = "/jmap") -> Response:
        """A request with ``body``, JSON unless it is bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.server.request("POST", path, headers, data)

    def call(self, *calls: list[Any], using: Iterable[str] = (CORE,), **members: Any) -> dict[str, Any]:
        """The Response object for ``calls``; ``members`` are further ones of the request."""
        response = self.post({"using": list(using), "methodCalls": list(calls)} | members)
        assert response.status == 200, response.body
        return response.json()

    def responses(self, *calls: list[Any], **members: Any) -> list[Any]:
        """Its ``methodResponses``."""
        return self.call(*calls, **members)["methodResponses"]
