"""x:ArchivedItem: what was deleted is listed, comes back and goes for good."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import decode_id
from stalwart.config.collaboration.archived_item import DELETED_TYPE, ArchivedItem
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.groupware.contacts import Contacts
from stalwart.groupware.kinds import CALENDARS, FILES
from stalwart.groupware.restoring import Restoring
from stalwart.jmap.types.archived_item import ArchivedItemHandler
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem
from tests.jmap.registry.world import RegistryWorld

EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20240101T000000Z\r\n"
    b"DTSTART:20240101T100000Z\r\nDTEND:20240101T110000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


class ArchivedItemTests(RegistryWorld):
    """Alice has deleted the folder ``a`` with ``1`` and ``b/2`` in it."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = decode_id(self.account())
        quotas = Quotas(self.settings, self.clock)
        events, contacts = CalendarObjects(self.settings, quotas), Contacts(self.settings, quotas)
        self.serve(restoring=Restoring(self.store, events, contacts, quotas))
        self.become("alice")

        def work(tx: Transaction) -> None:
            a = tx.collections.create(self.alice, FILES.type, FILES.home, "a", now=1, data={"n": 1}).item_id
            b = tx.collections.create(self.alice, FILES.type, a, "b", now=1).item_id
            for place, name in ((a, "1"), (b, "2")):
                blob = tx.blobs.put(name.encode(), 1)
                tx.collections.put(self.alice, place, name, NewItem(1, blob=blob.hash, size=1), now=1)

        self.write(work)
        self.delete("a")

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def delete(self, *path: str, kind: Any = FILES) -> None:
        def work(tx: Transaction) -> None:
            (*_, member) = tx.collections.walk(self.alice, kind.home, path)
            tx.archive.keep(self.alice, member.collection_id, member.segment, now=10, expires_at=20)
            tx.collections.remove(self.alice, member.collection_id, member.segment, now=10)

        self.write(work)

    def names(self, *path: str, kind: Any = FILES) -> list[str]:
        def work(tx: Transaction) -> list[str]:
            walked = tx.collections.walk(self.alice, kind.home, path)
            place = walked[-1].item_id if path else kind.home
            return [each.segment for each in tx.collections.members(self.alice, place, limit=99)]

        return list(self.write(work))

    def listed(self) -> list[dict[str, Any]]:
        return list(self.ask("x:ArchivedItem/get", {"ids": None})["list"])

    def restore(self, id: str) -> Any:
        return self.ask("x:ArchivedItem/set", {"update": {id: {"status": "requestRestore"}}})

    def test_what_was_deleted_is_told(self) -> None:
        self.assertEqual(ArchivedItemHandler.handled, ("ArchivedItem",))
        (one,) = self.listed()
        id = one.pop("id")
        self.assertEqual(
            one,
            {
                "status": "archived",
                "archivedItemType": "FileNode",
                "path": "a",
                "items": 4,
                "size": 2,
                "archivedAt": "1970-01-01T00:00:10Z",
                "archivedUntil": "1970-01-01T00:00:20Z",
            },
        )
        self.assertEqual(self.ask("x:ArchivedItem/query", {})["ids"], [id])
        self.account("bob")
        self.become("bob")
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.restore(id)["notUpdated"][id]["type"], "notFound")

    def test_it_is_a_view_of_the_bin(self) -> None:
        self.assertFalse(ArchivedItem.stored)
        self.assertIn("FileNode", DELETED_TYPE.names)

    def test_it_comes_back_whole(self) -> None:
        answer = self.restore(self.listed()[0]["id"])
        self.assertIn(next(iter(answer["updated"])), answer["updated"])
        self.assertEqual((self.names(), self.names("a"), self.names("a", "b")), (["a"], ["1", "b"], ["2"]))
        self.assertEqual(self.listed(), [])
        self.delete("a", "b", "2")
        self.delete("a")
        for one in self.listed():
            self.restore(one["id"])
        self.assertEqual(self.names("a", "b"), ["2"])

    def test_a_name_that_is_taken_is_another(self) -> None:
        self.write(lambda tx: tx.collections.create(self.alice, FILES.type, FILES.home, "a", now=1))
        self.restore(self.listed()[0]["id"])
        self.assertEqual(self.names(), ["a", "a (2)"])

    def test_an_event_comes_back_where_it_can_be_found(self) -> None:
        def work(tx: Transaction) -> None:
            place = tx.collections.create(self.alice, CALENDARS.type, CALENDARS.home, "work", now=1).item_id
            tx.collections.put(self.alice, place, "e.ics", NewItem(1, EVENT, uid="u1"), now=1)

        self.write(work)
        self.delete("work", "e.ics", kind=CALENDARS)
        self.delete("work", kind=CALENDARS)
        kinds = {one["archivedItemType"]: one["id"] for one in self.listed()}
        self.assertEqual(set(kinds), {"FileNode", "Calendar", "CalendarEvent"})
        self.restore(kinds["CalendarEvent"])
        self.assertEqual(self.names("work", kind=CALENDARS), ["e.ics"])
        found = self.write(lambda tx: tx.collections.spans(self.alice, None))
        self.assertEqual([each.member.segment for each in found], ["e.ics"])
        self.restore(kinds["Calendar"])
        self.assertEqual(self.names(kind=CALENDARS), ["work", "work (2)"])

    def test_it_is_gone_when_it_is_destroyed(self) -> None:
        id = self.listed()[0]["id"]
        self.assertEqual(self.ask("x:ArchivedItem/set", {"destroy": [id]})["destroyed"], [id])
        self.assertEqual(self.listed(), [])
        refused = self.ask("x:ArchivedItem/set", {"create": {"x": {}}, "update": {id: {"status": "archived"}}})
        self.assertEqual(refused["notCreated"]["x"]["type"], "forbidden")
        self.assertEqual(refused["notUpdated"][id]["type"], "notFound")
