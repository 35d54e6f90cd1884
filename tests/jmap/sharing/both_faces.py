"""Accounts that share things, over HTTP: JMAP and DAV beside each other on one store.

``jmap("Calendar/get", user="bob", account=self.alice)`` is one call that works, ``refused`` gives the type of an error;
``ask`` is a request of DAV. Accounts are those of ``DavWorld``.
"""

from __future__ import annotations

import json
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap import capabilities, endpoint, methods
from stalwart.jmap.endpoint import Service
from stalwart.jmap.engine import Engine
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.search.turns import Turns
from stalwart.schema import collect
from stalwart.web.routes import Route
from tests.dav.world import DavWorld

USING = sorted(capabilities.KNOWN)


class BothFacesCase(DavWorld):
    """Calls are alice's, in her own account, unless it is said otherwise."""

    def routes(self) -> list[Route]:
        return [*super().routes(), *collect(endpoint, Route)]

    def services(self) -> dict[str, Any]:
        tools, settings, clock = self.tools, self.settings, self.clock
        services: dict[str, Any] = {
            "store": self.store,
            "clock": clock,
            "settings": settings,
            "telemetry": self.telemetry,
            "homes": tools.homes,
            "bin": tools.bin,
            "granting": tools.granting,
            "recent_answers": RecentAnswers(self.store),
            "search_turns": Turns(clock),
            "folders": Folders(self.store, settings, clock),
            "quotas": Quotas(settings, clock),
            "own_addresses": OwnAddresses(settings, clock),
            "base_url": "https://mail.example.test",
            **self.more_services(),
        }
        known = [each for each in methods.collected() if services.keys() >= set(each.services)]
        engine = Engine(known, services, telemetry=self.telemetry, clock=clock)
        self.service = Service(
            engine,
            capabilities.collected(),
            settings=settings,
            store=self.store,
            telemetry=self.telemetry,
            base_url="https://mail.example.test",
        )
        return {**super().services(), "jmap": self.service}

    def more_services(self) -> dict[str, Any]:
        """Further ones, for methods of which a test makes use."""
        return {}

    def responses(
        self, name: str, arguments: dict[str, Any], user: str = "alice", using: list[str] | None = None
    ) -> dict[str, Any]:
        """The Response object of one call."""
        body = {"using": USING if using is None else using, "methodCalls": [[name, arguments, "0"]]}
        answer = self.ask(
            "POST", "/jmap", json.dumps(body).encode(), user=user, content_type="application/json; charset=utf-8"
        )
        self.assertEqual(answer.status, 200, answer.body)
        made: dict[str, Any] = json.loads(answer.body)
        return made

    def jmap(
        self, name: str, user: str = "alice", account: int | None = None, using: list[str] | None = None, **given: Any
    ) -> Any:
        """The answer to a call that works; ``account`` is the user's own by default."""
        responses = self.responses(name, self._arguments(user, account, given), user, using)["methodResponses"]
        answered, answer, _ = responses[0]
        self.assertEqual(answered, name, answer)
        return answer

    def refused(self, name: str, user: str = "alice", account: int | None = None, **given: Any) -> str:
        """The type of the method error of a call that does not."""
        ((answered, problem, _),) = self.responses(name, self._arguments(user, account, given), user)["methodResponses"]
        self.assertEqual(answered, "error", problem)
        return str(problem["type"])

    def session(self, user: str = "alice") -> dict[str, Any]:
        """The Session object."""
        made: dict[str, Any] = json.loads(self.expect(200, "GET", "/jmap/session", b"", user=user).body)
        return made

    def state_of_session(self, user: str = "alice") -> str:
        """``sessionState``, as each response has it."""
        return str(self.responses("Core/echo", {}, user)["sessionState"])

    def listed(self, type: str, user: str = "alice", account: int | None = None, **given: Any) -> dict[str, Any]:
        """What ``/get`` shows, by name."""
        found = self.jmap(f"{type}/get", user, account, **given)["list"]
        return {each["name"]: each for each in found}

    def made(self, type: str, user: str = "alice", account: int | None = None, **members: Any) -> str:
        """The id of a new object."""
        answer = self.jmap(f"{type}/set", user, account, create={"k": members})
        self.assertIsNone(answer["notCreated"])
        return str(answer["created"]["k"]["id"])

    def changed(
        self, type: str, id: str, patch: dict[str, Any], user: str = "alice", account: int | None = None
    ) -> Any:
        """What is told of an update that works."""
        answer = self.jmap(f"{type}/set", user, account, update={id: patch})
        self.assertIsNone(answer["notUpdated"], answer)
        return answer["updated"][id]

    def unchanged(
        self, type: str, id: str, patch: dict[str, Any], user: str = "alice", account: int | None = None
    ) -> dict[str, Any]:
        """The SetError of an update that does not."""
        answer = self.jmap(f"{type}/set", user, account, update={id: patch})
        self.assertIsNone(answer["updated"], answer)
        return dict(answer["notUpdated"][id])

    def number(self, user: str) -> int:
        """The account of a user."""
        number: int = getattr(self, user)
        return number

    def _arguments(self, user: str, account: int | None, given: dict[str, Any]) -> dict[str, Any]:
        return {"accountId": encode_id(self.number(user) if account is None else account), **given}
