"""Alerts of calendars, on every way on which clients are told."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.groupware.alarms import Alert
from stalwart.jmap.push.calendar_alert import calendar_alert
from stalwart.jmap.push.state_change import ALERTS, MOST_ALERTS, Change, merged, types_of
from stalwart.store.object_types import EMAIL, MAILBOX
from tests.jmap.push.push_case import PushCase
from tests.jmap.push.push_desk import PushDesk, frames
from tests.jmap.push.test_devices import DeviceCase


def alert(account_id: int, id: str = "k1") -> dict[str, Any]:
    return calendar_alert(Alert(account_id, 7, "lunch-1", "2026-01-05T12:00:00", id, account_id))


class ObjectTests(SynchronousTestCase):
    def test_the_object(self) -> None:
        self.assertEqual(
            alert(1),
            {
                "@type": "CalendarAlert",
                "accountId": "b",
                "calendarEventId": "h",
                "uid": "lunch-1",
                "recurrenceId": "2026-01-05T12:00:00",
                "alertId": "k1",
            },
        )

    def test_alerts_are_told_with_changes_and_without(self) -> None:
        both = merged(Change({1: {MAILBOX: 7}}, {1: 7}), Change({}, {1: 7}, ((1, alert(1)),)))
        self.assertEqual([json.loads(each)["@type"] for each in both.messages], ["StateChange", "CalendarAlert"])
        self.assertEqual(
            [line for line in both.frame.split(b"\n") if line.startswith(b"event")],
            [b"event: state", b"event: calendarAlert"],
        )
        alone = Change({}, {}, ((1, alert(1)),))
        self.assertEqual([json.loads(each)["@type"] for each in alone.messages], ["CalendarAlert"])

    def test_only_those_of_accounts_that_somebody_sees(self) -> None:
        change = Change({}, {}, ((1, alert(1)), (2, alert(2))))
        left = change.within({2})
        assert left is not None
        self.assertEqual([account for account, _ in left.alerts], [2])
        self.assertIsNone(change.within({3}))

    def test_they_are_bounded(self) -> None:
        found: Change | None = None
        for number in range(MOST_ALERTS + 5):
            found = merged(found, Change({}, {}, ((1, alert(1, f"k{number}")),)))
        assert found is not None
        self.assertEqual((len(found.alerts), found.alerts[-1][1]["alertId"]), (MOST_ALERTS, f"k{MOST_ALERTS + 4}"))


class FeedTests(PushCase):
    def test_those_are_told_who_want_to_hear_of_them(self) -> None:
        wanted = self.watch(types_of(["CalendarAlert"]))
        every, other = self.watch(), self.watch(frozenset((EMAIL,)))
        self.assertEqual(types_of(["CalendarAlert"]), frozenset((ALERTS,)))
        for _ in range(2):
            self.feed.alert(self.alice, alert(self.alice))
        self.feed.alert(self.user("bob"), alert(99))
        for one, count in ((wanted, 2), (every, 2), (other, 0)):
            self.assertEqual(len([each for change in one.listener.changes for each in change.alerts]), count)

    def test_who_wants_alerts_only_hears_of_nothing_else(self) -> None:
        one = self.watch(types_of(["CalendarAlert"]))
        self.touch(self.alice)
        self.assertEqual(one.taken(), [])

    def test_nothing_before_the_access_was_looked_at(self) -> None:
        one = self.watch()
        self.join(is_member=False)
        self.feed.alert(self.staff, alert(self.staff))
        self.assertEqual([change.alerts for change in one.listener.changes if change.alerts], [])


class StreamTests(PushDesk):
    def test_an_event_of_its_own(self) -> None:
        stream = self.stream("?types=CalendarAlert&closeafter=state&ping=0")
        frames(stream)
        self.streams.feed.alert(self.alice, alert(self.alice))
        (frame,) = frames(stream)
        self.assertEqual(frame["event"], "calendarAlert")
        self.assertEqual(json.loads(frame["data"])["accountId"], encode_id(self.alice))

    def test_a_message_of_its_own(self) -> None:
        socket = self.socket()
        socket.send({"@type": "WebSocketPushEnable", "dataTypes": None})
        self.after(0)
        self.streams.feed.alert(self.alice, alert(self.alice))
        self.after(0)
        self.assertEqual([each["@type"] for each in socket.objects()], ["CalendarAlert"])


class DeviceTests(DeviceCase):
    def test_a_push_of_its_own(self) -> None:
        self.subscribe(types=("CalendarAlert",))
        self.touch(self.alice)
        self.feed.alert(self.alice, alert(self.alice))
        self.soon()
        self.assertEqual(self.service.taken(), [alert(self.alice)])
