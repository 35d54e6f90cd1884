"""Whom machines answer, and what (RFC 3834, RFC 5230 4.5 to 5, RFC 5429 2.1)."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import mdn
from stalwart.codec.sieve.actions import Answer
from stalwart.codec.sieve.answering import Person, Stamp, answer_to, memory_key, refused, silence
from tests.codec.sieve.scripts import MAIL, message, rows

OWN = ("bob@other.example", "roadrunner+birds@acme.example")
BOB = Person(("bob@other.example", "b@other.example"), "Bob Ü")
STAMP = Stamp("2024-02-29T13:05:09Z", "new@other.example", "=_x")
USUAL = ("Auto: ", "Automated reply")


def plain(**fields: str) -> str:
    """A message with these fields, beside what it needs."""
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return "From: a@sender.example\r\nTo: bob@other.example\r\n" + "".join(lines) + "\r\nText\r\n"


SILENT: dict[str, tuple[Any, ...]] = {
    "the null sender": (plain(), "", "no sender"),
    "what is no address": (plain(), "x", "no sender"),
    "a daemon": (plain(), "MAILER-DAEMON@sender.example", "a machine"),
    "an owner": (plain(), "owner-list@sender.example", "a machine"),
    "a request address": (plain(), "list-request@sender.example", "a machine"),
    "bounces": (plain(), "list-bounces+bob=other@sender.example", "a machine"),
    "nobody": (plain(), "no-reply@sender.example", "a machine"),
    "oneself": (plain(), "BOB@other.example", "own"),
    "machines": (plain(Auto_Submitted="auto-generated"), "a@sender.example", "by a machine"),
    "answers": (plain(Auto_Submitted="auto-replied; x=y"), "a@sender.example", "by a machine"),
    "lists": (plain(List_Id="<l.sender.example>"), "a@sender.example", "a list"),
    "lists that say how to leave": (plain(List_Unsubscribe="<mailto:x@y.example>"), "a@sender.example", "a list"),
    "bulk": (plain(Precedence="Bulk"), "a@sender.example", "many"),
    "who does not want it": (plain(X_Auto_Response_Suppress="DR, OOF"), "a@sender.example", "want"),
    "reports": (plain(Content_Type="multipart/report; boundary=x"), "a@sender.example", "a report"),
    "hidden recipients": (plain().replace("bob@", "carol@"), "a@sender.example", "addresses"),
}
ANSWERED = {
    "people": (plain(), "a@sender.example", None),
    "copies": (plain(Cc="Bob <BOB@other.example>").replace("To: bob@", "To: x@"), "a@sender.example", None),
    "who says he is none": (plain(Auto_Submitted="no (really)").replace(" (really)", ""), "a@sender.example", None),
    "people whose name is like a machine's": (plain(), "bouncer@sender.example", None),
}


@rows(SILENT | ANSWERED)
class SilenceTests(SynchronousTestCase):
    """Tables."""

    def check(self, text: str, sender: str, expected: str | None) -> None:
        found = silence(message(text, sender), OWN)
        if expected is None:
            self.assertIsNone(found)
        else:
            self.assertIn(expected, found or "answered")


class AnswerTests(SynchronousTestCase):
    """The messages, read by another program."""

    def answer(self, answer: Answer, text: str = MAIL) -> EmailMessage:
        return message_from_bytes(answer_to(message(text), answer, BOB, STAMP, USUAL), policy=policy.default)

    def test_answer(self) -> None:
        read = self.answer(Answer("I am\nawäy.\n.\n"))
        self.assertEqual(read["from"], "Bob Ü <bob@other.example>")
        self.assertEqual(read["to"], "coyote@desert.example")
        self.assertEqual(read["subject"], "Auto: I have a präsent for you")
        self.assertEqual(read["auto-submitted"], "auto-replied (vacation)")
        self.assertEqual(read["message-id"], "<new@other.example>")
        self.assertEqual((read["in-reply-to"], read["references"]), ("<1@desert.example>", "<1@desert.example>"))
        self.assertEqual(read["date"].datetime.isoformat(), "2024-02-29T13:05:09+00:00")
        self.assertEqual(read.get_content().replace("\r\n", "\n").rstrip(), "I am\nawäy.\n.")

    def test_subject(self) -> None:
        self.assertEqual(
            self.answer(Answer("x", subject="Away\r\nBcc: x@y.example"))["subject"], "Away Bcc: x@y.example"
        )
        self.assertEqual(self.answer(Answer("x"), plain())["subject"], "Automated reply")
        self.assertEqual(len(self.answer(Answer("x"), plain(Subject="y" * 5000))["subject"]), 200)

    def test_references_go_on(self) -> None:
        read = self.answer(Answer("x"), plain(Message_ID="<3@a.example>", References="<1@a.example> <2@a.example>"))
        self.assertEqual(read["references"], "<1@a.example> <2@a.example> <3@a.example>")

    def test_only_own_addresses_are_senders(self) -> None:
        for given, expected in {
            "B@other.example": "B@other.example",
            '"Bobby" <b@other.example>': "Bobby <b@other.example>",
            "president@elsewhere.example": "Bob Ü <bob@other.example>",
        }.items():
            self.assertEqual(self.answer(Answer("x", sender=given))["from"], expected)

    def test_html(self) -> None:
        read = self.answer(Answer("", html="<p>Gone <b>fishing</b></p>"))
        self.assertEqual([part.get_content_type() for part in read.iter_parts()], ["text/plain", "text/html"])
        text, _ = read.iter_parts()
        self.assertEqual(text.get_content().strip(), "Gone fishing")
        self.assertEqual(self.answer(Answer(" ")).get_content().strip(), "I am away.")

    def test_mime(self) -> None:
        head = "Content-Type: multipart/alternative; boundary=foo\n\n"
        entity = head + "--foo\n\nText ü\n--foo\nContent-Type: text/html\n\n<b>\n--foo--\n"
        read = self.answer(Answer(entity, is_mime=True))
        self.assertEqual([part.get_content_type() for part in read.iter_parts()], ["text/plain", "text/html"])
        self.assertEqual((read["subject"], read["mime-version"]), ("Auto: I have a präsent for you", "1.0"))

    def test_mime_has_no_other_fields(self) -> None:
        for entity in ("Bcc: x@y.example\n\nText", "Text", "", " Content-Type: text/plain\n\n", "content-x\n\n"):
            with self.assertRaises(ValueError):
                self.answer(Answer(entity, is_mime=True))

    def test_memory(self) -> None:
        one = memory_key(Answer("a"), "X@y.example")
        self.assertEqual(one, memory_key(Answer("a"), "x@y.example"))
        others = [Answer("b"), Answer("a", subject="s"), Answer("a", sender="f"), Answer("a", is_mime=True)]
        others += [Answer("a", handle="h")]
        self.assertEqual(len({one, *(memory_key(each, "x@y.example") for each in others)}), 6)
        self.assertEqual(memory_key(Answer("a", handle="h"), "x"), memory_key(Answer("b", handle="h"), "x"))
        self.assertNotEqual(one, memory_key(Answer("a"), "z@y.example"))

    def test_refused(self) -> None:
        octets = refused(message(), "Go away.\n", BOB, STAMP)
        report = mdn.read_report(octets)
        assert report is not None
        self.assertEqual(report.notification.disposition.type, "deleted")
        self.assertEqual(report.notification.original_message_id, "<1@desert.example>")
        self.assertEqual(report.notification.final_recipient, "rfc822; r+birds@acme.example")
        self.assertIn(b"Go away.", octets)
