"""Tests ``stalwart.groupware.event_notices``: what is told of a change, and how much of it is kept."""

from __future__ import annotations

from typing import Any

from stalwart.groupware import event_notices
from stalwart.groupware.event_notices import (
    CREATED,
    DESTROYED,
    MOST,
    NOTICE,
    UPDATED,
    add_notice_of,
    by_account,
    by_address,
    notice_of,
)
from stalwart.store.object_types import CALENDAR_EVENT_NOTIFICATION
from stalwart.tasks import cleaning
from tests.directory.world import NOW, World
from tests.groupware.scheduling.events import octets

WHO: dict[str, Any] = {"name": "Bob", "email": "bob@example.test", "principalId": "c", "calendarAddress": None}


class NoticeTests(World):
    def notice(self, what: str, before: bytes | None, after: bytes | None) -> dict[str, Any]:
        made = notice_of(what, before, after, WHO)
        assert made is not None
        return made

    def test_what_is_told(self) -> None:
        one, other = octets("SUMMARY:One"), octets("SUMMARY:Other")
        created = self.notice(CREATED, None, one)
        self.assertEqual((created["event"]["title"], created["eventPatch"]), ("One", None))
        updated = self.notice(UPDATED, one, other)
        self.assertEqual((updated["event"]["title"], updated["eventPatch"]), ("One", {"title": "Other"}))
        destroyed = self.notice(DESTROYED, other, None)
        self.assertEqual((destroyed["event"]["title"], destroyed["eventPatch"]), ("Other", None))
        self.assertEqual(destroyed["changedBy"], WHO)

    def test_nothing_is_told_of_nothing(self) -> None:
        one = octets("SUMMARY:One")
        self.assertIsNone(notice_of(UPDATED, one, one, WHO))
        self.assertIsNone(notice_of(CREATED, None, b"nothing", WHO))
        self.assertIsNone(notice_of(CREATED, None, octets("SUMMARY:x", kind="VJOURNAL"), WHO))

    def test_large_events_are_cut_short(self) -> None:
        large = octets("SUMMARY:One", f"DESCRIPTION:{'x' * 40_000}")
        told = self.notice(UPDATED, large, octets("SUMMARY:Other"))
        self.assertEqual((told["event"]["title"], told["eventPatch"]), ("One", None))
        self.assertNotIn("description", told["event"])

    def test_who_it_was(self) -> None:
        user = self.user("alice")

        def work(tx: Any) -> tuple[Any, Any, Any]:
            return by_account(tx, user), by_account(tx, 999_999), by_address(tx, "x@y.test", None)

        known, gone, stranger = self.successResultOf(self.store.read(work))
        self.assertEqual(
            (known["email"], known["calendarAddress"]), ("alice@example.test", "mailto:alice@example.test")
        )
        self.assertEqual((gone["email"], stranger["email"], stranger["principalId"]), (None, "x@y.test", None))

    def test_the_oldest_make_room_and_go_by_themselves(self) -> None:
        self.patch(event_notices, "MOST", 3)
        self.assertGreater(MOST, 3)
        user, notice = self.user("alice"), self.notice(CREATED, None, octets("SUMMARY:One"))

        def work(tx: Any) -> tuple[list[int], int]:
            add_notice_of(tx, user, 7, None, NOW)
            for number in range(5):
                add_notice_of(tx, user, number, notice, NOW)
            kept = [each.data[NOTICE]["eventId"] for each in tx.objects.list(user, CALENDAR_EVENT_NOTIFICATION)]
            gone = cleaning._expunge_notices(tx, user, NOW, NOW, 10)
            gone += cleaning._expunge_notices(tx, user, NOW + 1, NOW, 2)
            return kept, gone + 10 * tx.objects.count(user, CALENDAR_EVENT_NOTIFICATION)

        self.assertEqual(self.successResultOf(self.store.write(work)), ([2, 3, 4], 2 + 10))
