"""The scheduling message in a mail is found, and what is none is not."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip.mail_part import MailedMessage, has_calendar, mailed_message
from stalwart.codec.mime.scanner import scan

CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Zoë\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
REQUEST = CALENDAR.format("METHOD:REQUEST\r\n")


def mail(
    text: str = REQUEST,
    *,
    sender: str = "From: Alice <Alice@Example.test>\r\n",
    kind: str = "text/calendar; method=request; charset=utf-8",
    charset: str = "utf-8",
) -> bytes:
    """A mail with a text and a calendar."""
    content = base64.encodebytes(text.encode(charset)).decode().replace("\n", "\r\n")
    head = f"{sender}Subject: x\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    first = "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    second = f"--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n{content}\r\n--b--\r\n"
    return (head + first + second).encode()


def read(data: bytes, most: int = 10_000) -> MailedMessage | None:
    return mailed_message(data, scan(data), most)


class MailPartTests(SynchronousTestCase):
    def test_the_message_and_who_says_it(self) -> None:
        found = read(mail())
        assert found is not None
        self.assertEqual(found.sender, "alice@example.test")
        self.assertEqual(found.calendar.value("METHOD"), "REQUEST")
        self.assertEqual(found.calendar.components[0].value("SUMMARY"), "Zoë")

    def test_character_sets_and_a_method_only_in_the_header(self) -> None:
        kind = 'text/calendar; charset=iso-8859-1;\r\n method="REPLY"; name=x.ics'
        found = read(mail(CALENDAR.format(""), kind=kind, charset="iso-8859-1"))
        assert found is not None
        self.assertEqual(found.calendar.value("METHOD"), "REPLY")
        self.assertEqual(found.calendar.components[0].value("SUMMARY"), "Zoë")

    def test_what_is_no_message(self) -> None:
        for wrong in (
            mail(kind="text/calendar; charset=utf-8"),
            mail(kind="text/plain; method=REQUEST"),
            mail(kind="text/calendar; method=CANCEL"),
            mail(sender=""),
            mail(sender="From: a@b.test, c@d.test\r\n"),
            mail(sender="From: a@b.test\r\nFrom: c@d.test\r\n"),
            mail(sender="From: nobody\r\n"),
            mail("words"),
            mail(REQUEST * 2),
            b"From: a@b.test\r\n\r\nHello\r\n",
        ):
            self.assertIsNone(read(wrong), wrong)
        self.assertIsNone(read(mail(), len(REQUEST.encode())))
        self.assertIsNotNone(read(mail(), len(REQUEST.encode()) + 1))

    def test_others_are_not_read(self) -> None:
        self.assertTrue(has_calendar(scan(mail())))
        self.assertFalse(has_calendar(scan(b"From: a@b.test\r\n\r\nHello\r\n")))

    @given(st.binary(max_size=200), st.integers(0, 400))
    def test_anything_is_a_message_or_none(self, octets: bytes, at: int) -> None:
        data = mail()
        read(data[:at] + octets + data[at:])
