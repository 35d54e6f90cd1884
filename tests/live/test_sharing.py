"""What is shared through one worker is there at the others with the next request, and gone as soon; pushes follow."""

from __future__ import annotations

import json
from typing import Any

from tests.live.daemon import basic
from tests.live.people import Administrator
from tests.live.push_clients import Events
from tests.live.test_workers import CrewCase

USING = [f"urn:ietf:params:jmap:{name}" for name in ("core", "calendars", "principals")]


class SharedAcrossWorkersTests(CrewCase):
    def setUp(self) -> None:
        super().setUp()
        administrator = Administrator(self.crew)
        self.headers = {name: basic(*administrator.new_user(name)) for name in ("alice", "bob")}
        self.ids = {name: self.own(name) for name in self.headers}

    def own(self, user: str) -> str:
        session = json.loads(self.clients[0].get("/jmap/session", self.headers[user])[2])
        return str(session["primaryAccounts"]["urn:ietf:params:jmap:calendars"])

    def call(self, worker: int, user: str, name: str, account: str, **arguments: Any) -> tuple[str, Any]:
        """The name and the arguments of what a worker answers."""
        body = {"using": USING, "methodCalls": [[name, {"accountId": self.ids[account], **arguments}, "0"]]}
        fields = {**self.headers[user], "Content-Type": "application/json"}
        status, _, text = self.clients[worker].request("POST", "/jmap/", json.dumps(body).encode(), fields)
        self.assertEqual(status, 200, text)
        answered, answer, _ = json.loads(text)["methodResponses"][0]
        return answered, answer

    def seen(self, worker: int) -> list[str]:
        """The calendars that bob sees of alice."""
        _, answer = self.call(worker, "bob", "Calendar/get", "alice")
        return [each["name"] for each in answer.get("list", ())]

    def test_rights_come_and_go_everywhere_at_once(self) -> None:
        _, made = self.call(0, "alice", "Calendar/set", "alice", create={"k": {"name": "Work"}})
        calendar = made["created"]["k"]["id"]
        stream = Events(self.crew.port, self.headers["bob"])
        self.addCleanup(stream.close)
        patch = f"shareWith/{self.ids['bob']}"
        for giver, taker in ((0, 1), (1, 0)):
            self.assertEqual([self.seen(worker) for worker in (0, 1)], [[], []])
            self.call(giver, "alice", "Calendar/set", "alice", update={calendar: {patch: {"mayReadItems": True}}})
            self.assertEqual([self.seen(worker) for worker in (taker, giver)], [["Work"], ["Work"]])
            session = json.loads(self.clients[taker].get("/jmap/session", self.headers["bob"])[2])
            self.assertIn(self.ids["alice"], session["accounts"])
            self.call(taker, "alice", "Calendar/set", "alice", update={calendar: {patch: None}})
            self.assertEqual([self.seen(worker) for worker in (giver, taker)], [[], []])
        self.call(0, "alice", "Calendar/set", "alice", update={calendar: {patch: {"mayReadItems": True}}})
        self.told(stream, lambda: self.rename(calendar, 1), self.ids["alice"])
        self.call(1, "alice", "Calendar/set", "alice", update={calendar: {patch: None}})
        changed = self.told(stream, lambda: self.call(1, "alice", "Calendar/get", "bob"), None)
        self.assertNotIn(self.ids["alice"], changed)
        self.assert_clean()

    def rename(self, calendar: str, worker: int) -> None:
        self.call(worker, "alice", "Calendar/set", "alice", update={calendar: {"name": "Works"}})

    def told(self, stream: Events, change: Any, account: str | None) -> dict[str, Any]:
        """What bob hears until he hears of an account; with None what he hears in a while after a change."""
        found: dict[str, Any] = {}
        for _ in range(20):
            change()
            event = stream.next(1.0)
            if event is not None:
                found = event["data"]["changed"]
                if account in found:
                    return found
            elif account is None:
                return {}
        self.assertIsNone(account, "nothing was told")
        return found
