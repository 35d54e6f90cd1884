"""What the answer to EHLO offers, by the rules, and what may be used."""

from __future__ import annotations

from stalwart.config.mail.extensions import MtaExtensions
from stalwart.config.mail.session_stages import MtaStageAuth
from stalwart.smtp.offers import Offering
from stalwart.smtp.role import SUBMISSION
from tests.smtp.inbound_server import InboundCase
from tests.smtp.twin import Client


class OfferTests(InboundCase):
    """Extensions; for mechanisms see ``test_sasl``."""

    def words(self, client: Client) -> list[str]:
        return [line[4:] for line in client.offers[1:]]  # type: ignore[attr-defined]

    def test_to_other_servers(self) -> None:
        base = ["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "PIPELINING", "CHUNKING"]
        self.assertEqual(self.words(self.client())[:-1], base)
        client = self.client(tls=object())
        self.assertEqual(self.words(client)[-1], "STARTTLS")
        client.connection.session.tls_started()
        self.assertIn("250-REQUIRETLS", client.say("EHLO a.test"))

    def test_only_mechanisms_that_are_built(self) -> None:
        offering = Offering(self.settings, self.rules, ("PLAIN",), self.clock)
        peer = self.secure().connection.session.peer
        self.settle(offering.named(peer))
        self.assertEqual(peer.offers.mechanisms, ("PLAIN",))

    def test_without_some(self) -> None:
        self.set(MtaExtensions, chunking={"else": "false"}, pipelining={"else": "false"})
        client = self.client()
        self.assertEqual(self.words(client)[:-1], ["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"])
        self.assertEqual(client.codes("BDAT 5 LAST"), ["502 5.5.1"])

    def test_nothing_is_taken_that_is_not_offered(self) -> None:
        client = self.client()
        for words in ("RET=FULL", "HOLDFOR=5", "MT-PRIORITY=3", "REQUIRETLS", "BY=60;R"):
            self.assertEqual(client.codes(f"MAIL FROM:<a@sender.test> {words}"), ["555 5.5.4"], words)

    def test_announced_before_the_sign_in_and_decided_after_it(self) -> None:
        self.set(
            MtaExtensions,
            dsn={"else": "authenticated_as == 'sue@example.test'"},
            mtPriority={"else": "false"},
        )
        client = self.secure()
        self.assertNotIn("DSN", self.words(client))
        signed_in = self.signed_in()
        self.assertEqual(signed_in.codes("MAIL FROM:<sue@example.test> RET=FULL"), ["250 2.1.0"])
        self.assertEqual(signed_in.codes("RSET", "MAIL FROM:<sue@example.test> MT-PRIORITY=1")[-1], "555 5.5.4")

    def test_sign_in_is_demanded_by_rule(self) -> None:
        self.set(MtaStageAuth, require={"else": "false"})
        client = self.client(role=SUBMISSION)
        self.assertEqual(client.codes("MAIL FROM:<a@sender.test>", "RCPT TO:<alice@example.test>")[-1], "250 2.1.5")
        client.say("RCPT TO:<x@far.test>")
        self.clock.advance(5)
        self.assertEqual(client.lines()[-1][:9], "550 5.7.1")
        self.set(MtaStageAuth, require={"else": "true"})
        self.assertEqual(self.client().codes("MAIL FROM:<a@sender.test>"), ["530 5.7.0"])
