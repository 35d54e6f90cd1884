"""Calendars and address books by JMAP, from one server to another.

Tests ``stalwart.cli.importing.remote_groupware`` and ``stalwart.cli.importing.groupware_targets``.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing import groupware_targets, remote_groupware
from stalwart.cli.importing.client import JmapClient
from stalwart.cli.importing.groupware_targets import GroupwareTarget, has_event
from stalwart.cli.importing.items import Item
from stalwart.cli.importing.remote_groupware import CARDS, DEFAULT, EVENTS, objects
from stalwart.cli.importing.targets import IMPORTED, PRESENT, Loaded, Outcome
from tests.cli.importing.fakes import FakeServer

TESTED = groupware_targets, remote_groupware
CALENDARS = [
    {"id": "c1", "name": "Stalwart Calendar (jane)", "isDefault": True, "myRights": {}, "shareWith": {"x": {}}},
    {"id": "c2", "name": "Work", "color": "#00ff00", "description": None, "sortOrder": 3, "isSubscribed": True},
]
EVENT = {"id": "e1", "uid": "u1", "calendarIds": {"c1": True, "c2": True}, "isOrigin": True, "title": "T"}


class SourceTests(SynchronousTestCase):
    def items(self, *events: dict[str, Any], into: tuple[str, ...] = ()) -> list[Item]:
        server = FakeServer({"Calendar/get": lambda given: {"list": CALENDARS}})
        return list(objects(server.jmap(), "a1", EVENTS, lambda *given: iter(events), into))

    def test_calendars_come_before_what_is_in_them(self) -> None:
        calendar, event = self.items(EVENT)
        self.assertEqual((calendar.kind, calendar.key, calendar.name), ("calendar", "c2", "Work"))
        self.assertEqual(json.loads(calendar.read()), {"name": "Work", "color": "#00ff00", "sortOrder": 3})
        self.assertEqual((event.kind, event.key, event.place), ("calendarEvent", "e1", (DEFAULT, "Work")))
        self.assertEqual(json.loads(event.read()), {"uid": "u1", "title": "T"})
        assert event.fetch is not None
        self.assertIn(b"/a1/Bx/", event.fetch("Bx"))

    def test_into_one_calendar(self) -> None:
        (event,) = self.items(EVENT, into=("a", "Old"))
        self.assertEqual(event.place, ("Old",))

    def test_what_is_in_no_known_calendar_stays(self) -> None:
        self.assertEqual(len(self.items({**EVENT, "calendarIds": {"c9": True}})), 1)


class UidTests(SynchronousTestCase):
    def test_whether_an_event_is_there(self) -> None:
        server = FakeServer({"CalendarEvent/query": lambda given: {"ids": ["e"] * (given["filter"] == {"uid": "u1"})}})
        client: JmapClient = server.jmap()
        client.session = json.loads(json.dumps(client.session))
        client.session["accounts"]["a1"]["accountCapabilities"][EVENTS.capability] = {}
        client.session["primaryAccounts"][EVENTS.capability] = "a1"
        self.assertEqual([has_event(client, None, uid) for uid in ("u1", "u2")], [True, False])


class TargetTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.created: list[tuple[str, dict[str, Any]]] = []
        self.refused: dict[str, Any] = {}
        self.server = FakeServer(
            {
                "AddressBook/get": lambda given: {"list": [{"id": "b1", "name": "Mine", "isDefault": True}]},
                "AddressBook/set": lambda given: self.set("AddressBook", given),
                "ContactCard/set": lambda given: self.set("ContactCard", given),
            }
        )
        client: JmapClient = self.server.jmap()
        client.session = json.loads(json.dumps(client.session))
        client.session["accounts"]["a1"]["accountCapabilities"][CARDS.capability] = {}
        client.session["primaryAccounts"][CARDS.capability] = "a1"
        self.target = GroupwareTarget(client, None, CARDS)

    def set(self, type: str, given: dict[str, Any]) -> dict[str, Any]:
        self.created += ((type, each) for each in given["create"].values())
        made = {key: {"id": f"n{key}"} for key in given["create"] if key not in self.refused}
        return {"created": made or None, "notCreated": {k: v for k, v in self.refused.items() if k in given["create"]}}

    def card(self, *place: str, **members: Any) -> Loaded:
        item = Item("contactCard", "x", place, bytes, fetch=lambda id: f"content of {id}".encode())
        return Loaded(item, json.dumps(members).encode())

    def test_cards_are_made_where_they_belong(self) -> None:
        self.assertEqual(
            self.target.store([self.card(DEFAULT, "Work", uid="1"), self.card("mine", uid="2")]), [IMPORTED] * 2
        )
        self.assertEqual(
            self.created,
            [
                ("AddressBook", {"name": "Work"}),
                ("ContactCard", {"uid": "1", "addressBookIds": {"b1": True, "nk": True}}),
                ("ContactCard", {"uid": "2", "addressBookIds": {"b1": True}}),
            ],
        )

    def test_blobs_go_along(self) -> None:
        photo = {"kind": "photo", "blobId": "Bold", "href": "https://old.test/x", "size": 3, "mediaType": "image/png"}
        self.target.store([self.card(DEFAULT, uid="1", media={"p": photo, "q": {"uri": "https://x.test/"}})])
        self.assertEqual(self.server.uploads, [b"content of Bold"])
        media = self.created[0][1]["media"]
        self.assertEqual(media["p"], {"kind": "photo", "blobId": "Bcontent of Bold", "mediaType": "image/png"})
        self.assertEqual(media["q"], {"uri": "https://x.test/"})

    def test_what_is_there_is_not_made_again(self) -> None:
        self.refused["0"] = {"type": "invalidProperties", "properties": ["uid"]}
        self.refused["1"] = {"type": "invalidProperties", "properties": ["name"], "description": "no"}
        found = self.target.store([self.card(DEFAULT, uid="1"), self.card(DEFAULT, uid="2"), self.card(DEFAULT)])
        self.assertEqual([each.what for each in found], ["present", "failed", "imported"])

    def test_collections(self) -> None:
        book = Loaded(Item("addressBook", "x", (), bytes, name="Friends"), b'{"name":"Friends","sortOrder":2}')
        self.assertEqual(self.target.store([book]), [IMPORTED])
        self.assertEqual(self.created, [("AddressBook", {"name": "Friends", "sortOrder": 2})])
        self.assertEqual(self.target.store([book]), [PRESENT])
        self.refused["k"] = {"type": "overQuota"}
        other = Loaded(Item("addressBook", "y", (), bytes, name="More"), b'{"name":"More"}')
        (outcome,) = self.target.store([other])
        self.assertEqual(outcome.what, "failed")
        self.assertIn("More", outcome.reason)
        (outcome,) = self.target.store([self.card("More", uid="1")])
        self.assertIsInstance(outcome, Outcome)
        self.assertEqual(outcome.what, "failed")
