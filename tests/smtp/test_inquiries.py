"""VRFY and EXPN: who is told what."""

from __future__ import annotations

from stalwart.config.mail.extensions import MtaExtensions
from stalwart.smtp.inquiries import MOST_LINES
from tests.smtp.inbound_server import InboundCase


class InquiryTests(InboundCase):
    """Whoever has signed in may ask, as long as the rule says so."""

    def setUp(self) -> None:
        super().setUp()
        self.mailing_list("some", "alice@example.test", "x@far.test")

    def test_strangers_learn_nothing(self) -> None:
        client = self.client()
        for address in ("alice@example.test", "nobody@example.test", "some@example.test"):
            self.assertEqual(client.codes(f"VRFY {address}", f"EXPN {address}"), ["252 2.1.5", "502 5.5.1"])

    def test_vrfy(self) -> None:
        client = self.signed_in()
        for text, code in {
            "alice@example.test": "250 2.1.5",
            "<al@example.test>": "250 2.1.5",
            "bob": "250 2.1.5",
            "some@example.test": "250 2.1.5",
            "nobody@example.test": "550 5.1.1",
            "x@far.test": "252 2.1.5",
            "not an address": "501 5.1.3",
            "a@b@c": "501 5.1.3",
        }.items():
            self.assertEqual(client.codes(f"VRFY {text}"), [code], text)

    def test_expn(self) -> None:
        client = self.signed_in()
        lines = client.say("EXPN some@example.test")
        self.assertEqual(lines, ["250-2.1.5 <alice@example.test>", "250 2.1.5 <x@far.test>"])
        self.assertEqual(client.codes("EXPN alice@example.test", "EXPN x@far.test"), ["550 5.1.1"] * 2)
        self.mailing_list("many", *(f"m{number}@far.test" for number in range(MOST_LINES + 1)))
        self.assertEqual(client.codes("EXPN many"), ["550 5.2.4"])

    def test_rule(self) -> None:
        self.set(MtaExtensions, vrfy={"else": "false"}, expn={"else": "false"})
        self.assertEqual(self.signed_in().codes("VRFY alice@example.test", "EXPN some"), ["252 2.1.5", "502 5.5.1"])
        self.set(MtaExtensions, vrfy={"else": "true"})
        self.assertEqual(self.client().codes("VRFY alice@example.test"), ["250 2.1.5"])
