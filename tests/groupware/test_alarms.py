"""Reminders when they are due: who gets them, once, and what comes next."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.icalendar.values import time_text
from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.alarm import CalendarAlarm
from stalwart.errors import OverQuota, Unavailable
from stalwart.groupware import alarms
from stalwart.groupware.alarms import AGAIN, LATE, LONGEST, PATIENCE, REST, Alarms, Alert
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import locate
from stalwart.groupware.viewers import Viewer
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.queue.letter import Letter
from stalwart.store import Transaction
from tests.directory.world import NOW, World
from tests.groupware.scheduling.events import octets

START = NOW + 7200


class Letters:
    """In place of the queue; also signs."""

    def __init__(self) -> None:
        self.added: list[Letter] = []
        self.queued_ids: list[int] = []
        self.problem: Exception | None = None
        self.signature: Deferred[bytes] | None = None

    async def prepare(self, content: Any) -> Any:
        return content

    def add(self, tx: Transaction, letter: Letter, now: int) -> int:
        if self.problem is not None:
            raise self.problem
        self.added.append(letter)
        return len(self.added)

    def queued(self, letter: Letter, id: int) -> None:
        self.queued_ids.append(id)

    async def signed(self, content: Any, domain: str) -> bytes:
        if self.signature is not None:
            return await self.signature
        return f"DKIM-Signature: d={domain}\r\n".encode()


class AlarmWorld(World):
    def setUp(self) -> None:
        super().setUp()
        alias = {"name": "al", "domainId": encode_id(self.domain_id)}
        self.alice = self.user("alice", locale="de_DE", aliases={"0": alias})
        self.objects = CalendarObjects(self.settings, Quotas(self.settings, self.clock))
        self.letters, self.alerts = Letters(), []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.emit = lambda event, **fields: self.events.append((event.id, fields))  # type: ignore[method-assign]
        own = OwnAddresses(self.settings, self.clock)
        base = "https://mail.example.test"
        self.alarms = Alarms(
            self.store, self.settings, self.letters, self.letters, own, base, self.clock, self.telemetry
        )
        self.alarms.alerted.append(self.alerts.append)
        self.rules(minTriggerInterval=1000)
        self.addCleanup(self.alarms.close)

    alerts: list[Alert]

    def rules(self, **members: Any) -> None:
        self.settle(self.settings.change(CalendarAlarm, members))

    def keep(self, *given: str, more: tuple[str, ...] = (), name: str = "x.ics", start: str | None = None) -> int:
        """Put an event at `START` with alarms; the id of it."""
        begun = [f"BEGIN:VALARM\n{each}\nEND:VALARM" for each in given]
        at = start or f"DTSTART:{time_text(START, is_utc=True)}"
        text = octets("SUMMARY:Lunch", *more, *begun, start=at).replace(b"lunch-1", name.encode())

        def work(tx: Transaction) -> int:
            if not tx.collections.named(self.alice, CALENDARS.home, ["work"]):
                tx.collections.create(self.alice, CALENDARS.type, CALENDARS.home, "work", now=1)
            found = locate(tx, Viewer(self.alice), CALENDARS, Home(self.alice, ""), ("work", name))
            examined = self.objects.examine(text, int(self.clock.seconds()))
            return self.objects.put(tx, found, examined, user_id=self.alice, now=1).member.item_id

        return self.successResultOf(self.store.write(work))

    def next_at(self) -> int | None:
        return self.successResultOf(self.store.read(lambda tx: tx.collections.next_alarm()))

    def until(self, seconds_before_start: float) -> None:
        """Let time pass."""
        while (left := START - seconds_before_start - self.clock.seconds()) > 0:
            self.clock.advance(min(left, LONGEST))

    def mails(self) -> list[EmailMessage]:
        found = []
        for letter in self.letters.added:
            mail = message_from_bytes(letter.content, policy=default)  # type: ignore[arg-type]
            assert isinstance(mail, EmailMessage)
            found.append(mail)
        return found

    def recipients(self) -> list[str]:
        return [each.address for letter in self.letters.added for each in letter.recipients]

    def told(self) -> list[str]:
        return [id for id, _ in self.events]


EMAIL = "ACTION:EMAIL\nTRIGGER:-PT10M\nSUMMARY:Soon\nDESCRIPTION:It begins"


class MailTests(AlarmWorld):
    def test_a_mail_when_it_is_due_and_not_before(self) -> None:
        self.alarms.lead()
        item = self.keep(EMAIL)
        self.until(601)
        self.assertEqual(self.letters.added, [])
        self.until(599)
        (letter,), (mail,) = self.letters.added, self.mails()
        self.assertEqual(mail["From"], "Stalwart Calendar <calendar-notification@example.test>")
        self.assertEqual((mail["To"], mail["Reply-To"]), ("alice@example.test", "alice@example.test"))
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertTrue(mail["Subject"].startswith("Erinnerung: Soon @ "), mail["Subject"])
        self.assertEqual(mail["DKIM-Signature"], "d=example.test")
        self.assertEqual((letter.return_path, letter.source, letter.signed_for), ("", "autogenerated", "example.test"))
        self.assertEqual(self.letters.queued_ids, [1])
        self.assertIn(
            ("calendar.alarm-sent", {"accountId": self.alice, "documentId": item, "to": "alice@example.test"}),
            self.events,
        )
        self.assertIsNone(self.next_at())

    def test_two_alarms_are_two_mails(self) -> None:
        self.alarms.lead()
        self.keep("ACTION:EMAIL\nTRIGGER:-PT4S", "ACTION:EMAIL\nTRIGGER:-PT2S")
        self.until(3)
        self.assertEqual(len(self.letters.added), 1)
        self.until(1)
        self.assertEqual(len(self.letters.added), 2)

    def test_mails_that_come_too_soon_are_left_out(self) -> None:
        self.rules(minTriggerInterval=3_600_000)
        self.alarms.lead()
        self.keep("ACTION:EMAIL\nTRIGGER:-PT90M", "ACTION:EMAIL\nTRIGGER:-PT60M", "ACTION:EMAIL\nTRIGGER:-PT10M")
        self.until(0)
        self.assertEqual(len(self.letters.added), 2)

    def test_other_alarms_are_not_held_up_by_mails(self) -> None:
        self.rules(minTriggerInterval=3_600_000)
        self.alarms.lead()
        self.keep("ACTION:EMAIL\nTRIGGER:-PT30M", "ACTION:DISPLAY\nTRIGGER:-PT20M", "ACTION:EMAIL\nTRIGGER:-PT10M")
        self.until(0)
        self.assertEqual((len(self.letters.added), len(self.alerts)), (1, 1))

    def test_a_series_goes_on(self) -> None:
        self.alarms.lead()
        self.keep(EMAIL, more=("RRULE:FREQ=DAILY",))
        self.until(0)
        self.assertEqual(self.next_at(), START + 86_400 - 600)
        self.until(-86_400)
        self.assertEqual(len(self.letters.added), 2)

    def test_the_marker_makes_a_mail_of_any_alarm(self) -> None:
        self.alarms.lead()
        self.keep("ACTION:DISPLAY\nTRIGGER:-PT10M\nDESCRIPTION:Go @EMAIL now")
        self.until(0)
        self.assertEqual(self.alerts, [])
        self.assertNotIn("@email", self.letters.added[0].content.decode().lower())  # type: ignore[union-attr]

    def test_who_gets_it(self) -> None:
        self.alarms.lead()
        self.keep(f"{EMAIL}\nATTENDEE:mailto:AL@example.test\nATTENDEE:mailto:eve@elsewhere.test")
        self.keep(f"{EMAIL}\nATTENDEE:mailto:eve@elsewhere.test", name="y.ics")
        self.until(0)
        self.assertEqual(sorted(self.recipients()), ["al@example.test", "alice@example.test"])
        self.assertIn("calendar.alarm-recipient-override", self.told())

    def test_addresses_elsewhere_where_that_is_allowed(self) -> None:
        self.rules(allowExternalRcpts=True, fromEmail="cal@other.test", fromName="Us")
        self.alarms.lead()
        self.keep(f"{EMAIL}\nATTENDEE:mailto:eve@elsewhere.test")
        self.until(0)
        self.assertEqual(self.recipients(), ["eve@elsewhere.test"])
        self.assertEqual(self.mails()[0]["From"], "Us <cal@other.test>")
        self.assertEqual(self.letters.added[0].signed_for, "other.test")


class AlertTests(AlarmWorld):
    def test_clients_are_told_of_other_alarms(self) -> None:
        self.alarms.lead()
        item = self.keep("ACTION:DISPLAY\nTRIGGER:-PT10M", "ACTION:AUDIO\nTRIGGER:-PT10M\nUID:ring")
        self.until(0)
        self.assertEqual(
            self.alerts,
            [Alert(self.alice, item, "x.ics", None, id, self.alice) for id in ("k1", "ring")],
        )
        self.assertEqual(self.letters.added, [])

    def test_an_id_that_is_none_is_not_used(self) -> None:
        self.alarms.lead()
        self.keep(f"ACTION:DISPLAY\nTRIGGER:-PT10M\nUID:{'x' * 256}", f"ACTION:AUDIO\nTRIGGER:-PT10M\nUID:{'x' * 255}")
        self.until(0)
        self.assertEqual([each.alert_id for each in self.alerts], ["k1", "x" * 255])

    def test_which_time_of_a_series(self) -> None:
        self.alarms.lead()
        start = f"DTSTART;TZID=Europe/Berlin:{time_text(START + 3600)}"
        self.keep("ACTION:DISPLAY\nTRIGGER:-PT10M", more=("RRULE:FREQ=WEEKLY",), start=start)
        self.until(0)
        self.assertEqual([each.recurrence_id for each in self.alerts], ["2027-01-15T11:00:00"])


class RefusalTests(AlarmWorld):
    def test_without_the_permission_nobody_is_told(self) -> None:
        self.patch_account(
            self.alice,
            {
                "permissions": {
                    "@type": "Merge",
                    "disabledPermissions": {"calendarAlarmsSend": True},
                    "enabledPermissions": {},
                }
            },
        )
        self.alarms.lead()
        self.keep(EMAIL, more=("RRULE:FREQ=DAILY",))
        self.until(0)
        self.assertEqual(self.letters.added, [])
        self.assertEqual(self.told(), ["calendar.alarm-skipped"])
        self.assertEqual(self.next_at(), START + 86_400 - 600)

    def test_of_what_is_cancelled_nobody_is_reminded(self) -> None:
        self.alarms.lead()
        self.keep(EMAIL, more=("STATUS:CANCELLED",))
        self.until(0)
        self.assertEqual((self.letters.added, self.told()), ([], ["calendar.alarm-skipped"]))

    def test_switched_off_nobody_is_told(self) -> None:
        self.rules(enable=False)
        self.alarms.lead()
        self.keep(EMAIL, "ACTION:DISPLAY\nTRIGGER:-PT10M")
        self.until(0)
        self.assertEqual((self.letters.added, self.alerts), ([], []))

    def test_what_is_late_is_left_out(self) -> None:
        self.keep(EMAIL, more=("RRULE:FREQ=DAILY;INTERVAL=3",))
        self.clock.advance(START - NOW + LATE + 60)
        self.alarms.lead()
        self.assertEqual(self.letters.added, [])
        self.assertEqual(self.next_at(), START + 3 * 86_400 - 600)

    def test_what_is_a_little_late_is_sent(self) -> None:
        self.keep(EMAIL)
        self.clock.advance(START - NOW + 60)
        self.alarms.lead()
        self.assertEqual(len(self.letters.added), 1)

    def test_an_account_whose_queue_is_full_misses_it_and_others_do_not(self) -> None:
        self.letters.problem = OverQuota("There is no room.")
        self.alarms.lead()
        self.keep(EMAIL)
        self.until(599)
        self.assertEqual(self.told(), ["calendar.alarm-failed"])
        self.assertIsNone(self.next_at())

    def test_a_store_that_does_not_answer_is_asked_again(self) -> None:
        self.letters.problem = Unavailable("The store is gone.")
        self.alarms.lead()
        self.keep(EMAIL)
        self.until(599)
        self.assertEqual(self.told(), ["calendar.alarm-failed"])
        self.letters.problem = None
        self.until(598 - REST)
        self.assertEqual(len(self.letters.added), 1)

    def test_a_fault_is_told_and_holds_up_nobody(self) -> None:
        self.letters.problem = KeyError("x")
        self.alarms.lead()
        self.keep(EMAIL)
        self.until(599)
        self.assertEqual(self.events[0][1]["reason"], "KeyError: 'x'")
        self.assertEqual(self.next_at(), START - 600 + AGAIN)
        self.letters.problem = None
        self.keep(EMAIL, name="y.ics")
        self.until(0)
        self.assertEqual(len(self.letters.added), 0)
        self.until(600 - AGAIN)
        self.assertIsNone(self.next_at())

    def test_what_was_written_meanwhile_is_looked_at_anew(self) -> None:
        self.keep(EMAIL)
        self.clock.advance(START - NOW - 599)
        told = self.alarms._told

        def interrupted(*given: Any) -> Any:
            self.patch(self.alarms, "_told", told)
            self.keep("ACTION:EMAIL\nTRIGGER:-PT5M")
            return told(*given)

        self.patch(self.alarms, "_told", interrupted)
        self.alarms.lead()
        self.assertEqual(self.letters.added, [])
        self.assertEqual(self.next_at(), START - 300)

    def test_many_are_due_at_once(self) -> None:
        self.patch(alarms, "PAGE", 5)
        for number in range(23):
            self.keep(EMAIL, name=f"{number}.ics")
        self.alarms.lead()
        self.until(599)
        self.assertEqual(len(self.letters.added), 23)

    def test_what_is_under_way_at_the_end_is_due_again(self) -> None:
        waiting: Deferred[bytes] = Deferred()
        self.letters.signature = waiting
        self.alarms.lead()
        item = self.keep(EMAIL)
        self.until(599)
        self.alarms.close()
        self.assertEqual((self.letters.added, self.events), ([], []))
        due = self.successResultOf(self.store.read(lambda tx: tx.collections.due_alarms(START, 10)))
        self.assertEqual(due, [(self.alice, item, START - 600)])

    def test_what_takes_too_long_is_given_up(self) -> None:
        self.letters.signature = Deferred()
        self.alarms.lead()
        self.keep(EMAIL)
        self.until(599 - PATIENCE)
        self.assertEqual(self.told(), ["calendar.alarm-failed"])

    def test_after_the_end_nothing_happens(self) -> None:
        self.alarms.lead()
        self.keep(EMAIL)
        self.alarms.close()
        self.clock.advance(START - NOW)
        self.assertEqual((self.letters.added, self.clock.getDelayedCalls()), ([], []))
