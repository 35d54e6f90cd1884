"""Reminders as mail."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.alarms import alarms
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import instances
from stalwart.groupware.alarm_mail import Reminded, is_mail, reminder
from stalwart.groupware.scheduling.invitation_mail import Sender
from tests.groupware.scheduling.events import calendar

SENDER = Sender("Stalwart Calendar", "calendar-notification@example.test")
URL = "webcal://mail.example.test/dav/cal/alice%40example.test/default/x.ics"
ALARM = "BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT10M\n{more}END:VALARM"


def made(*lines: str, more: str = "", language: str = "en", nth: int = 0, start: str | None = None) -> EmailMessage:
    given = {} if start is None else {"start": start}
    event: Component = calendar(*lines, ALARM.format(more=more), **given)
    expansion = instances(event, limit=10)
    to = Reminded("al@example.test", "alice@example.test", language, URL)
    raw = reminder(alarms(expansion)[nth], expansion.zones, SENDER, to, hostname="mail.test", now=1)
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(mail: EmailMessage, type: str = "text/plain") -> str:
    return next(part.get_content() for part in mail.walk() if part.get_content_type() == type)


class ReminderTests(SynchronousTestCase):
    def test_header_and_parts(self) -> None:
        mail = made("SUMMARY:Lunch")
        self.assertEqual(mail["Subject"], "Notification: Lunch @ Mon Jan 5, 2026 12:00pm (Europe/Berlin)")
        self.assertEqual(mail["From"], "Stalwart Calendar <calendar-notification@example.test>")
        self.assertEqual((mail["To"], mail["Reply-To"]), ("al@example.test", "alice@example.test"))
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        types = [part.get_content_type() for part in mail.walk()]
        expected = ["multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png"]
        self.assertEqual(types, expected)
        self.assertIn(f"View Event: {URL}", text_of(mail))
        self.assertIn(f'href="{URL}"', text_of(mail, "text/html"))

    def test_the_alarm_speaks_for_the_event(self) -> None:
        mail = made("SUMMARY:Lunch", "DESCRIPTION:Bring bread", more="SUMMARY:Go\nDESCRIPTION:Now\\, really\n")
        self.assertTrue(mail["Subject"].startswith("Notification: Go @"))
        self.assertIn("Now, really", text_of(mail))
        self.assertNotIn("Bring bread", text_of(mail))

    def test_an_event_without_a_name(self) -> None:
        self.assertTrue(made()["Subject"].startswith("Notification: No Subject @"))
        self.assertTrue(made("DESCRIPTION:Bread")["Subject"].startswith("Notification: Bread @"))

    def test_the_time_of_a_series_that_it_is_for(self) -> None:
        mail = made("SUMMARY:Lunch", "RRULE:FREQ=DAILY", nth=2, language="de")
        self.assertEqual(mail["Subject"], "Erinnerung: Lunch @ Mi, 7. Jan. 2026 12:00 (Europe/Berlin)")
        self.assertIn("Wann: Mi, 7. Jan. 2026 12:00 (Europe/Berlin)", text_of(mail))
        self.assertNotIn("jeden Tag", text_of(mail))

    def test_other_clocks(self) -> None:
        for start, expected in (
            ("DTSTART:20260105T120000Z", "12:00pm (UTC)"),
            ("DTSTART:20260105T120000", "12:00pm"),
            ("DTSTART;VALUE=DATE:20260105", "Mon Jan 5, 2026"),
        ):
            self.assertTrue(made("SUMMARY:x", start=start)["Subject"].endswith(expected), start)

    def test_hostile_texts(self) -> None:
        mail = made("SUMMARY:x", more="SUMMARY:<b>\u202e\\nBcc: a@b.test\nDESCRIPTION:<script>\n")
        self.assertIsNone(mail["Bcc"])
        self.assertNotIn("<script>", text_of(mail, "text/html"))
        self.assertNotIn("<b>", text_of(mail, "text/html"))


class KindTests(SynchronousTestCase):
    def test_which_alarms_are_mail(self) -> None:
        for lines, expected in (
            ("ACTION:EMAIL", True),
            ("ACTION:email", True),
            ("ACTION:DISPLAY", False),
            ("ACTION:DISPLAY\nDESCRIPTION:x @Email", True),
            ("ACTION:AUDIO\nSUMMARY:@email", True),
            ("DESCRIPTION:x", False),
        ):
            event = calendar(f"BEGIN:VALARM\n{lines}\nEND:VALARM")
            (alarm,) = event.components[0].within("VALARM")
            self.assertEqual(is_mail(alarm), expected, lines)
