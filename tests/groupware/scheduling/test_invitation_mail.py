"""Invitations as mail (RFC 6047): the parts, the subjects, the languages, and hostile names."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.facts import facts_of
from stalwart.codec.itip.outcomes import ItipMessage
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.groupware.scheduling.invitation_mail import FILE_NAME, Sender, invitation
from stalwart.groupware.scheduling.wording import LANGUAGES
from tests.groupware.scheduling.events import INVITED, calendar

ALICE = Sender("Alice", "alice@example.test")
LINKS = {
    name: f"https://mail.example.test/calendar/rsvp?i=t&m={name}" for name in ("ACCEPTED", "DECLINED", "TENTATIVE")
}
EVENT = calendar("SUMMARY:Lunch", "LOCATION:Hall", INVITED)
AT = "@ Mon Jan 5, 2026 12:00pm (Europe/Berlin)"
SUBJECTS: list[tuple[dict[str, Any], str]] = [
    ({"method": "REQUEST"}, f"Invitation: Lunch {AT}"),
    ({"method": "REQUEST", "before": EVENT.components[0]}, f"Updated invitation: Lunch {AT}"),
    ({"method": "ADD"}, f"Invitation: Lunch {AT}"),
    ({"method": "CANCEL"}, f"Cancelled: Lunch {AT}"),
    ({"method": "REPLY", "participation": "ACCEPTED"}, f"Accepted: Lunch {AT}"),
    ({"method": "REPLY", "participation": "declined"}, f"Declined: Lunch {AT}"),
    ({"method": "REPLY", "participation": "TENTATIVE"}, f"Tentative: Lunch {AT}"),
    ({"method": "REPLY", "participation": "DELEGATED"}, f"Delegated: Lunch {AT}"),
    ({"method": "REPLY", "participation": "X-ELSE"}, f"Reply: Lunch {AT}"),
    ({"method": "COUNTER"}, f"Reply: Lunch {AT}"),
]


def made(
    method: Any = "REQUEST",
    language: str = "en",
    *,
    sender: Sender = ALICE,
    recipient: str = "bob@example.test",
    event: Any = EVENT,
    links: dict[str, str] | None = LINKS,
    **given: Any,
) -> EmailMessage:
    facts = facts_of(event.components[0], Zones(event), **given)
    told = ItipMessage(method, sender.address, (recipient,), event, facts)
    raw = invitation(sender, recipient, told, event.octets(), links, language, hostname="mail.test", now=1_767_225_600)
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(mail: EmailMessage, type: str) -> str:
    return next(part.get_content() for part in mail.walk() if part.get_content_type() == type)


class MessageTests(SynchronousTestCase):
    def test_parts_are_those_of_the_form(self) -> None:
        mail = made()
        types = [part.get_content_type() for part in mail.walk()]
        self.assertEqual(
            types,
            [
                *("multipart/mixed", "multipart/related", "multipart/alternative"),
                *("text/plain", "text/html", "text/calendar", "image/png", "application/ics"),
            ],
        )
        parts = {part.get_content_type(): part for part in mail.walk()}
        object_ = parts["text/calendar"]
        self.assertEqual((object_.get_param("method"), object_.get_param("charset")), ("REQUEST", "utf-8"))
        file = parts["application/ics"]
        self.assertEqual((file.get_filename(), file.get_param("name")), (FILE_NAME, FILE_NAME))
        self.assertEqual(file.get_content(), EVENT.octets())
        self.assertEqual(object_.get_content().replace("\r\n", "\n"), EVENT.octets().decode().replace("\r\n", "\n"))
        self.assertIn(f"cid:{parts['image/png']['Content-ID'].strip('<>')}", text_of(mail, "text/html"))

    def test_header(self) -> None:
        mail = made()
        self.assertEqual(mail["From"], "Alice <alice@example.test>")
        self.assertEqual((mail["To"], mail["Reply-To"]), ("bob@example.test", "alice@example.test"))
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertTrue(mail["Message-ID"].endswith("@mail.test>"))
        self.assertEqual(mail["Date"].datetime.timestamp(), 1_767_225_600)

    def test_a_sender_without_a_name_has_that_of_the_event(self) -> None:
        mail = made(sender=Sender("", "alice@example.test"))
        self.assertEqual(mail["From"], "Alice <alice@example.test>")
        mail = made("REPLY", sender=Sender("", "guest@elsewhere.test"), participation="ACCEPTED")
        self.assertEqual(mail["From"], "guest@elsewhere.test")
        self.assertIn("guest@elsewhere.test has accepted your invitation.", text_of(mail, "text/plain"))

    def test_subjects(self) -> None:
        for given, expected in SUBJECTS:
            self.assertEqual(made(**given)["Subject"], expected)

    def test_links_are_there_for_who_is_asked_only(self) -> None:
        for method, is_asked in (("REQUEST", True), ("ADD", True), ("CANCEL", False), ("REPLY", False)):
            mail = made(method)
            for type in ("text/plain", "text/html"):
                self.assertEqual("/calendar/rsvp?" in text_of(mail, type), is_asked, f"{method} {type}")
        self.assertNotIn("/calendar/rsvp?", text_of(made(links=None), "text/html"))

    def test_old_values_of_an_update(self) -> None:
        old = calendar("SUMMARY:Lunch", "LOCATION:Garden", INVITED)
        text = text_of(made(before=old.components[0]), "text/plain")
        self.assertIn("Where: Hall\r\n  Before: Garden", text)
        self.assertIn("Alice has changed this event.", text)

    def test_every_language(self) -> None:
        for language in LANGUAGES:
            mail = made(language=language)
            self.assertIn("Alice", text_of(mail, "text/plain"))
            self.assertIn("Lunch", mail["Subject"])
        self.assertIn("lädt Sie zu diesem Termin ein", text_of(made(language="de"), "text/plain"))
        self.assertEqual(made(language="de")["Subject"], "Einladung: Lunch @ Mo, 5. Jan. 2026 12:00 (Europe/Berlin)")

    def test_hostile_names_stay_text(self) -> None:
        event = calendar("SUMMARY:<img src=x>\u202e\\r\\nBcc: eve@evil.test", 'ATTENDEE;CN="<b>":mailto:x@y.test')
        mail = made(sender=Sender('Eve\r\nBcc: eve@evil.test "<', "alice@example.test"), event=event)
        self.assertIsNone(mail["Bcc"])
        html = text_of(mail, "text/html")
        self.assertNotIn("<img src=x>", html)
        self.assertNotIn("<b>", html)
        self.assertNotIn("\u202e", html + mail["Subject"])

    def test_an_address_that_no_header_holds(self) -> None:
        with self.assertRaises(InvalidValue):
            made(recipient="a b\r\n@x")
