"""Alerts of sharees and default alerts of calendars: who is reminded, when, of what.

Tests ``stalwart.groupware.own_alerts`` and ``stalwart.groupware.event_private``.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.groupware import event_private, own_alerts
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.own_alerts import as_reminded, defaults_changed, look_again, reminds
from stalwart.groupware.traits import ALERTS_WITH_TIME, ALERTS_WITHOUT_TIME, DRAFT
from stalwart.store import Transaction
from tests.groupware.test_alarms import START, AlarmWorld

TESTED = event_private, own_alerts
USES = ("JSPROP;JSPTR=useDefaultAlerts:true",)


def alert(offset: str, action: str = "display") -> dict[str, Any]:
    """An alert of JSCalendar."""
    return {"@type": "Alert", "action": action, "trigger": {"@type": "OffsetTrigger", "offset": offset}}


class OwnAlertTests(AlarmWorld):
    """Bob, with whom alice shares her calendar."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.user("bob")
        self.item = self.keep("ACTION:DISPLAY\nTRIGGER:-PT10M")
        (self.calendar,) = self.write(
            lambda tx: [each.id for each in tx.collections.of_type(self.alice, CALENDARS.type)]
        )
        self.share(Rights.READ_ITEMS)

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def share(self, rights: Rights) -> None:
        self.write(lambda tx: tx.shares.replace(self.alice, self.calendar, {self.bob: int(rights)}))

    def own(self, data: dict[str, Any] | None, item: int | None = None) -> None:
        """What bob has of his own in the event, as CalendarEvent/set writes it."""

        def work(tx: Transaction) -> None:
            tx.preferences.set(self.alice, item or self.item, self.bob, data)
            look_again(tx, self.alice, item or self.item, int(self.clock.seconds()))

        self.write(work)

    def defaults(self, user: int, with_time: Any, without_time: Any = None) -> None:
        """What somebody has as default alerts, as Calendar/set writes it."""
        data = {ALERTS_WITH_TIME: with_time, ALERTS_WITHOUT_TIME: without_time}

        def work(tx: Transaction) -> None:
            if user == self.alice:
                tx.collections.update(self.alice, self.calendar, now=1, data=data)
            else:
                tx.preferences.set(self.alice, self.calendar, user, data)
            defaults_changed(tx, self.alice, self.calendar, user, int(self.clock.seconds()))

        self.write(work)

    def rung(self) -> list[tuple[int, str]]:
        """Who was told of which alerts since this was asked."""
        found = [(each.user_id, each.alert_id) for each in self.alerts]
        self.alerts.clear()
        return found

    def test_a_sharee_is_reminded_by_his_own_alerts(self) -> None:
        self.own({"alerts": {"mine": alert("-PT30M")}})
        self.alarms.lead()
        self.until(1800)
        self.assertEqual(self.rung(), [(self.bob, "mine")])
        self.until(600)
        ((who, _),) = self.rung()
        self.assertEqual(who, self.alice)
        self.assertIsNone(self.next_at())

    def test_at_the_same_time_each_hears_of_his_own(self) -> None:
        self.own({"alerts": {"mine": alert("-PT10M"), "post": alert("-PT10M", "email")}})
        self.alarms.lead()
        self.until(600)
        self.assertEqual(sorted(who for who, _ in self.rung()), sorted((self.alice, self.bob)))
        self.assertEqual(self.recipients(), ["bob@example.test"])
        self.assertIn("/dav/cal/alice%40example.test/", self.letters.added[0].content.decode())
        self.assertEqual(self.letters.added[0].account_id, self.bob)

    def test_what_he_may_not_read_any_more_reminds_nobody(self) -> None:
        self.own({"alerts": {"mine": alert("-PT30M")}})
        self.alarms.lead()
        self.share(Rights.SCHEDULING_READ_FREE_BUSY)
        self.until(1000)
        self.assertEqual(self.rung(), [])

    def test_alerts_stay_when_the_owner_writes_the_event(self) -> None:
        self.own({"alerts": {"mine": alert("-PT30M")}})
        self.keep("ACTION:DISPLAY\nTRIGGER:-PT5M")
        self.alarms.lead()
        self.until(1800)
        self.assertEqual(self.rung(), [(self.bob, "mine")])
        self.until(300)
        self.assertEqual([who for who, _ in self.rung()], [self.alice])

    def test_an_instance_may_have_alerts_of_its_own(self) -> None:
        item = self.keep(more=("RRULE:FREQ=DAILY;COUNT=2",), name="y.ics")
        self.own({"alerts": {"mine": alert("-PT30M")}, "recurrenceOverrides": {}}, item)
        self.alarms.lead()
        self.until(1800)
        self.assertEqual(self.rung(), [(self.bob, "mine")])
        self.until(1800 - 86_400)
        self.assertEqual([each for each in self.rung() if each[0] == self.bob], [(self.bob, "mine")])

    def test_default_alerts_of_the_owner(self) -> None:
        item = self.keep("ACTION:DISPLAY\nTRIGGER:-PT20M", more=USES, name="y.ics")
        self.defaults(self.alice, {"d": alert("-PT40M")})
        self.alarms.lead()
        self.until(2400)
        self.assertEqual(self.rung(), [(self.alice, "d")])
        self.until(1200)
        self.assertEqual(self.rung(), [])  # its own alert does not count
        self.until(601)
        self.defaults(self.alice, {"e": alert("-PT8M")})
        self.until(480)
        self.assertEqual([id for _, id in self.rung()][1:], ["e"])
        self.assertIsNotNone(item)

    def test_default_alerts_of_a_sharee_are_his(self) -> None:
        self.own({"useDefaultAlerts": True, "alerts": {"x": alert("-PT50M")}})
        self.defaults(self.bob, {"d": alert("-PT40M")}, {"w": alert("-PT45M")})
        self.defaults(self.alice, {"o": alert("-PT35M")})
        self.alarms.lead()
        self.until(601)
        self.assertEqual(self.rung(), [(self.bob, "d")])

    def test_events_of_whole_days_have_default_alerts_of_their_own(self) -> None:
        self.keep(more=USES, name="y.ics", start="DTSTART;VALUE=DATE:20270601")
        self.defaults(self.alice, {"t": alert("-PT10M")}, {"w": alert("-PT15M")})
        self.alarms.lead()
        self.until(0)
        self.clock.advance(15)
        at = self.next_at()
        assert at is not None
        self.assertEqual(at % 86_400, 86_400 - 900)

    def test_drafts_remind_nobody(self) -> None:
        def work(tx: Transaction) -> None:
            tx.objects.update(self.alice, self.item, now=1, data={DRAFT: True})
            tx.collections.set_alarm(self.alice, self.item, None)
            look_again(tx, self.alice, self.item, int(self.clock.seconds()))

        self.write(work)
        self.assertIsNone(self.next_at())

    def test_what_says_anything_of_alerts(self) -> None:
        for own, expected in (
            ({}, False),
            ({"color": "red", "alerts": None}, False),
            ({"useDefaultAlerts": False}, False),
            ({"useDefaultAlerts": True}, True),
            ({"alerts": {"x": alert("-PT5M")}}, True),
            ({"recurrenceOverrides": {"2027-01-01T00:00:00": {"color": "red"}}}, False),
            ({"recurrenceOverrides": {"2027-01-01T00:00:00": {"alerts/x": None}}}, True),
        ):
            with self.subTest(own):
                self.assertEqual(reminds(own), expected)

    def test_what_is_no_event_reminds_nobody(self) -> None:
        none: dict[str, Any] = {ALERTS_WITH_TIME: {}, ALERTS_WITHOUT_TIME: {}}
        self.assertIsNone(as_reminded(b"", {}, none))
        secret = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20270101T000000Z\r\n"
        secret += b"DTSTART:20270101T000000Z\r\nCLASS:CONFIDENTIAL\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        self.assertIsNone(as_reminded(secret, {"alerts": {"x": alert("-PT5M")}}, none))
        self.assertIsNotNone(as_reminded(secret, None, none))
        self.assertGreater(START, 0)
