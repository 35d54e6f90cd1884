"""Mail is delivered, and calendars take in what it says (spec/dav.md 8.6)."""

from __future__ import annotations

import base64
from typing import Any

from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.groupware.scheduling import incoming_mail
from stalwart.groupware.scheduling.incoming_mail import IncomingInvitations
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.recipients import Resolved
from stalwart.store.mail_rows import AddedEmail
from tests.codec.itip.test_mail_part import mail
from tests.groupware.scheduling.world import SchedulingWorld, meeting

ZOE, BOB = "zoe@good.test", "bob@example.test"
GUEST = f";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:{BOB}"


def said(method: str, octets: bytes, *, sender: str = ZOE, padding: str = "") -> bytes:
    """A mail with a message."""
    text = octets.decode().replace("VERSION:2.0", f"VERSION:2.0\r\nMETHOD:{method}")
    return mail(text, sender=f"From: {sender}\r\n{padding}", kind=f"text/calendar; method={method}")


class IncomingMailTests(SchedulingWorld):
    def setUp(self) -> None:
        super().setUp()
        quotas = Quotas(self.settings, self.clock)
        self.messages = Messages(self.store, self.settings, quotas, self.clock, self.telemetry)
        self.delivering = Delivering(
            self.store, self.messages, Folders(self.store, self.settings, self.clock), self.clock
        )
        self.delivering.calendars = IncomingInvitations(
            self.store, self.settings, self.receiving, self.scheduling, self.telemetry
        )
        self.settle(self.settings.change(CalendarScheduling, {"autoAddInvitations": True}))
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, *rest: self.told.append((event.id, {})))

    def deliver(self, content: bytes, account: int | None = None, **given: Any) -> None:
        """Give a mail to bob, who always gets it."""
        prepared = self.settle(self.messages.prepare(content))
        given = {"sender": ZOE, "recipients": (BOB,), "dmarc_pass": True, **given}
        account = account or self.bob
        found = self.settle(self.delivering.deliver(prepared, (Resolved((account,)),), **given))
        self.assertIsInstance(found[account], AddedEmail)

    def has_it(self) -> bool:
        return bool(self.inbox("bob"))

    def test_an_invitation_of_a_proved_sender(self) -> None:
        self.deliver(said("REQUEST", meeting(GUEST, organizer=ZOE)))
        self.assertIn("SUMMARY:Meeting", self.event("bob"))
        self.assertIn("METHOD:REQUEST", self.inbox("bob")[0])
        self.assertIn("calendar.itip-message-received", [id for id, _ in self.told])

    def test_nobody_else_is_believed(self) -> None:
        invitation = said("REQUEST", meeting(GUEST, organizer=ZOE))
        self.deliver(invitation, dmarc_pass=False)
        self.deliver(said("REQUEST", meeting(GUEST, organizer=ZOE), sender="other@good.test"))
        self.deliver(said("REQUEST", meeting(GUEST, organizer=ZOE), padding="X: 1\r\n"), folder="junk")
        self.assertFalse(self.has_it())
        self.assertIn("calendar.itip-message-error", [id for id, _ in self.told])
        self.deliver(said("REQUEST", meeting(GUEST, organizer=ZOE), padding="X: 2\r\n"), dmarc_pass=False, is_ours=True)
        self.assertTrue(self.has_it())

    def test_one_that_comes_again_is_taken_once(self) -> None:
        for _ in range(2):
            self.deliver(said("REQUEST", meeting(GUEST, organizer=ZOE)))
        self.assertEqual(len(self.inbox("bob")), 1)

    def test_an_event_that_is_in_it_twice_is_not_taken_in(self) -> None:
        twice = meeting(GUEST, organizer=ZOE).decode()
        event = twice[twice.index("BEGIN:VEVENT") : twice.index("END:VCALENDAR")]
        self.deliver(said("REQUEST", twice.replace(event, event * 2).encode()))
        self.assertEqual((self.names("bob"), self.inbox("bob")), ([], []))
        self.assertIn("calendar.itip-message-error", [id for id, _ in self.told])
        self.deliver(said("REQUEST", twice.encode()))
        self.assertIn("SUMMARY:Meeting", self.event("bob"))

    def test_limits_and_switches(self) -> None:
        octets = meeting(GUEST, organizer=ZOE)
        self.settle(self.settings.change(CalendarScheduling, {"itipMaxSize": 100}))
        self.deliver(said("REQUEST", octets))
        self.settle(self.settings.change(CalendarScheduling, {"itipMaxSize": 10_000, "enable": False}))
        self.deliver(said("REQUEST", octets, padding="X: 1\r\n"))
        self.settle(self.settings.change(CalendarScheduling, {"enable": True}))
        self.patch(incoming_mail, "LARGEST_MAIL", 100)
        self.deliver(said("REQUEST", octets, padding="X: 2\r\n"))
        self.assertFalse(self.has_it())

    def test_large_mail_is_read_from_its_file(self) -> None:
        attached = base64.encodebytes(b"\x00" * 100_000).decode().replace("\n", "\r\n")
        part = f"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n{attached}\r\n--b--"
        content = said("REQUEST", meeting(GUEST, organizer=ZOE)).replace(b"--b--", part.encode())
        self.deliver(content)
        self.assertTrue(self.has_it())

    def test_answers_and_questions_come_by_mail(self) -> None:
        self.put("bob", meeting(f";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:{ZOE}", organizer=BOB))
        tasks = len(self.tasks())
        self.deliver(said("REPLY", meeting(f";PARTSTAT=ACCEPTED:{ZOE}", organizer=BOB)))
        self.assertRegex(self.event("bob"), rf"PARTSTAT=ACCEPTED[^\r]*{ZOE}")
        self.deliver(said("REFRESH", meeting(f":{ZOE}", organizer=BOB)))
        self.assertEqual(len(self.tasks()), tasks + 1)
        self.assertEqual(self.woken, 2)

    def test_a_fault_of_ours_keeps_no_mail_back(self) -> None:
        def broken(*given: Any) -> None:
            raise ZeroDivisionError

        self.patch(incoming_mail, "mailed_message", broken)
        self.deliver(said("REQUEST", meeting(GUEST, organizer=ZOE)))
        self.assertFalse(self.has_it())
        self.assertIn("resource.error", [id for id, _ in self.told])
