"""Contact forms: who is believed, what the message says, who gets it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.dns_records import MX
from stalwart.codec.mime.header_forms import as_text
from stalwart.codec.web_form import reader_of
from stalwart.config.network.http_form import HttpForm
from stalwart.errors import Unavailable
from stalwart.mail import contact_form
from stalwart.mail.contact_form import ContactForm, FormRefused, HoneyPot, Sheet
from stalwart.net.dns import LookupFailed
from tests.mail.sorting_office import SortingOffice
from tests.net.fake_dns import FakeResolver

ZONE = {
    ("good.com", "MX"): [MX(10, "mx.good.com.")],
    ("xn--bcher-kva.com", "MX"): [MX(10, "mx.good.com.")],
    ("null.com", "MX"): [MX(0, ".")],
    ("address.com", "A"): ["192.0.2.1"],
    ("broken.com", "MX"): LookupFailed("servfail", "broken"),
    ("good.test", "MX"): [MX(10, "mx.good.test.")],
}
FIELDS = [("who", " Jane Doe "), ("mail", "Jane@Good.COM"), ("what", "Hello"), ("text", "Line\r\nIP: 1.2.3.4\nEnd\r")]


class FormCase(SortingOffice):
    """``fill`` has a form taken; ``refusal`` says why it is not."""

    def setUp(self) -> None:
        super().setUp()
        self.zone: dict[Any, Any] = dict(ZONE)
        self.set(
            HttpForm,
            enable=True,
            deliverTo={"alice@example.test": True, "bob@example.test": True},
            fieldEmail="mail",
            fieldName="who",
            fieldSubject="what",
            fieldHoneyPot="trap",
        )
        self.form = ContactForm(
            *(self.store, self.settings, self.messages, self.delivering, self.recipients, self.quotas),
            lambda: FakeResolver(self.zone),
            self.clock,
        )

    def fill(self, fields: Sequence[tuple[str, str]] = FIELDS, ip: str = "198.51.100.7") -> None:
        self.settle(self.form.take(Sheet(fields, ip, 4711)))

    def refusal(self, fields: Sequence[tuple[str, str]]) -> str:
        return str(self.failure(FormRefused, fields))

    def failure(self, kind: type[Exception], fields: Sequence[tuple[str, str]] = FIELDS) -> Any:
        taking = Deferred.fromCoroutine(self.form.take(Sheet(fields, "198.51.100.7", 4711)))
        return self.failureResultOf(taking, kind).value

    def head_and_body(self, name: str = "alice") -> tuple[list[str], str]:
        ((_, octets),) = self.mail_of(name)
        head, _, body = octets.decode().partition("\r\n\r\n")
        return head.split("\r\n"), body


class MessageTests(FormCase):
    def test_the_message(self) -> None:
        self.fill()
        head, body = self.head_and_body()
        self.assertEqual(head[0], "Return-Path: <jane@good.com>")
        self.assertEqual(head[1], "From: Jane Doe <jane@good.com>")
        self.assertIn("To: alice@example.test, bob@example.test", head)
        self.assertIn("Auto-Submitted: auto-generated", head)
        self.assertIn("Subject: Hello", head)
        self.assertIn("Content-Type: text/plain; charset=utf-8", head)
        (id,) = (line for line in head if line.startswith("Message-ID:"))
        self.assertRegex(id, r"<[0-9a-f]{32}@mail\.example\.test>$")
        (date,) = (line for line in head if line.startswith("Date:"))
        wanted = [
            "who: Jane Doe",
            "mail: Jane@Good.COM",
            "what: Hello",
            "text: Line",
            "    IP: 1.2.3.4",
            "    End",
            date,
            "IP: 198.51.100.7:4711",
            "",
        ]
        self.assertEqual(body.split("\r\n"), wanted)
        self.assertEqual(len(self.mail_of("bob")), 1)

    def test_nobody_answers_the_address_that_was_typed(self) -> None:
        """Bounces and vacation responses would go to whomever the visitor has named."""
        given: list[dict[str, Any]] = []
        deliver = self.delivering.deliver

        def watched(*args: Any, **members: Any) -> Any:
            given.append(members)
            return deliver(*args, **members)

        self.patch(self.delivering, "deliver", watched)
        self.fill()
        self.assertEqual([(each["sender"], each["reports_failure"]) for each in given], [("jane@good.com", False)])

    def test_two_forms_that_say_the_same_are_two_messages(self) -> None:
        self.fill()
        self.fill()
        self.assertEqual(len(self.mail_of("alice")), 2)

    def test_what_is_not_said_has_defaults(self) -> None:
        self.fill([("mail", " "), ("", "x"), ("blank", " ")], ip="2001:db8::1")
        head, body = self.head_and_body()
        self.assertIn("From: Anonymous <postmaster@localhost>", head)
        self.assertIn("Subject: Contact form submission", head)
        self.assertEqual(body.split("\r\n")[0], ": x")
        self.assertIn("IP: [2001:db8::1]:4711", body)
        self.assertNotIn("blank", body)

    def test_the_first_of_several_values_counts(self) -> None:
        self.fill([("what", "One"), ("what", "Two")])
        head, body = self.head_and_body()
        self.assertIn("Subject: One", head)
        self.assertIn("what: One\r\nwhat: Two", body)

    def test_nothing_gets_into_the_header(self) -> None:
        evil = "x\r\nBcc: victim@elsewhere.test\r\n\r\n<b>"
        self.fill([("who", evil), ("mail", "jane@good.com"), ("what", evil), (evil, "y")])
        head, body = self.head_and_body()
        names = [line.partition(":")[0] for line in head if not line.startswith((" ", "\t"))]
        wanted = ["Return-Path", "From", "To", "Auto-Submitted", "Message-ID", "Date", "Subject", "MIME-Version"]
        self.assertEqual([name for name in names if not name.startswith("Content-")], wanted)
        self.assertIn("x Bcc: victim@elsewhere.test <b>: y", body)
        for address in (
            "a@good.com\r\nBcc: x@y.com",
            "a@good.com>, <b@good.com",
            "a@good.com, b@good.com",
            "a b@good.com",
        ):
            self.assertEqual(self.refusal([("mail", address)]), contact_form.NO_ADDRESS, address)

    def test_many_words(self) -> None:
        self.fill([*FIELDS, ("more", "word " * 100_000)])
        ((row, _),) = self.mail_of("alice")
        self.assertGreater(row.size, 500_000)
        reader = reader_of("application/x-www-form-urlencoded")
        reader.feed(b"a=" + b"%41" * 100_000)
        ((name, value),) = self.settle(self.form.fields(reader, 300_000))
        self.assertEqual((name, len(value)), ("a", 100_000))

    def test_long_and_foreign_words(self) -> None:
        self.fill([("who", "Ü" * 3000), ("mail", "jäne@bücher.com"), ("what", "ß" * 3000), ("text", "日本語" * 500)])
        ((_, octets),) = self.mail_of("alice")
        head = octets.partition(b"\r\n\r\n")[0]
        self.assertLess(max(map(len, octets.split(b"\r\n"))), 999)
        subject = head.replace(b"\r\n ", b" ").partition(b"Subject:")[2].partition(b"\r\n")[0]
        self.assertEqual(as_text(subject.decode()), "ß" * contact_form.LONGEST_SUBJECT)
        self.assertIn("jäne@bücher.com".encode(), head)


class SenderTests(FormCase):
    def test_addresses_that_are_none(self) -> None:
        for address in ("jane", "@good.com", "jane@", "jane@com", "jane@good.test", "jane@localhost", "jane@co.uk",
                        "jane@[192.0.2.1]", "jane@good..com", "x" * 65 + "@good.com"):  # fmt: skip
            self.assertEqual(self.refusal([("mail", address)]), "Please enter a valid email address.", address)

    def test_domains_that_take_no_mail(self) -> None:
        for domain in ("nowhere.com", "null.com", "address.com", "broken.com"):
            text = f'No MX records found for domain "{domain}". Please enter a valid email address.'
            self.assertEqual(self.refusal([("mail", f"a@{domain}")]), text)

    def test_domains_need_not_be_looked_up(self) -> None:
        self.set(HttpForm, validateDomain=False)
        self.fill([("mail", "jane@good.test")])
        self.assertEqual(self.refusal([("mail", "jane")]), contact_form.NO_ADDRESS)

    def test_the_default_address_is_believed(self) -> None:
        self.set(HttpForm, defaultFromAddress="form@nowhere.test")
        self.fill([("mail", "Form@nowhere.test "), ("a", "b")])
        self.assertIn("From: Anonymous <form@nowhere.test>", self.head_and_body()[0])

    def test_the_trap(self) -> None:
        self.failure(HoneyPot, [*FIELDS, ("trap", "x")])
        self.fill([*FIELDS, ("trap", " ")])
        self.assertEqual(len(self.mail_of("alice")), 1)

    def test_empty_forms(self) -> None:
        for fields in ([], [("a", ""), ("mail", " \r\n")], [('{"a":1}', "")]):
            self.assertEqual(self.refusal(fields), "Empty form")


class RecipientTests(FormCase):
    def test_one_recipient_is_enough(self) -> None:
        self.set(HttpForm, deliverTo={"nobody@example.test": True, "x@elsewhere.test": True, "bob@example.test": True})
        self.fill()
        self.assertEqual(len(self.mail_of("bob")), 1)

    def test_nobody_gets_it(self) -> None:
        for address in ("nobody@example.test", "x@elsewhere.test"):
            self.set(HttpForm, deliverTo={address: True})
            self.assertEqual(self.refusal(FIELDS), "Mailbox not found.", address)

    def test_full_mailboxes(self) -> None:
        self.person("full", quotas={"maxDiskQuota": 10})
        self.set(HttpForm, deliverTo={"full@example.test": True})
        self.assertEqual(self.refusal(FIELDS), "Mailbox is full.")

    def test_a_fault_of_ours_is_none_of_the_form(self) -> None:
        async def fails(*_args: Any, **_named: Any) -> Any:
            return {1: Unavailable("later")}

        self.patch(self.delivering, "deliver", fails)
        self.failure(Unavailable)
