"""Limits on incoming mail: what they count, and whom they spare."""

from __future__ import annotations

from typing import Any

from stalwart.config.mail.throttle import MtaInboundThrottle
from stalwart.smtp.throttles import RATE_LIMITED
from tests.smtp.inbound_server import InboundCase
from tests.smtp.twin import Client

FROM, TO = "MAIL FROM:<a@sender.test>", "RCPT TO:<alice@example.test>"
POSTPONED = f"{RATE_LIMITED.code} {RATE_LIMITED.enhanced}"


class ThrottleTests(InboundCase):
    """``limit`` makes one of two in a minute."""

    def limit(self, *key: str, **members: Any) -> None:
        rate = {"count": 2, "period": 60_000}
        members = {"description": "x", "key": dict.fromkeys(key, True), "rate": rate, **members}
        self.settle(self.settings.create(MtaInboundThrottle, members))

    def mails(self, count: int, client: Client | None = None, sender: str = "a@sender.test") -> list[str]:
        client = client or self.client()
        return [client.codes(f"MAIL FROM:<{sender}>", "RSET")[0] for _ in range(count)]

    def test_messages(self) -> None:
        self.limit("remoteIp")
        self.assertEqual(self.mails(3), ["250 2.1.0", "250 2.1.0", POSTPONED])
        self.assertEqual(self.mails(1, self.client(host="198.51.100.8")), ["250 2.1.0"])
        self.assertEqual(self.mails(1), [POSTPONED])
        self.assertIn("smtp.rate-limit-exceeded", self.events)
        self.clock.advance(61)
        self.assertEqual(self.mails(1), ["250 2.1.0"])

    def test_senders(self) -> None:
        self.limit("senderDomain", "remoteIp")
        self.assertEqual(self.mails(3, sender="A@Sender.Test")[-1], POSTPONED)
        self.assertEqual(self.mails(1, sender="b@sender.test"), [POSTPONED])
        self.assertEqual(self.mails(1, sender="b@other.test"), ["250 2.1.0"])

    def test_recipients(self) -> None:
        self.limit("rcpt")
        client = self.client()
        self.assertEqual(client.codes(FROM, TO, "RSET", FROM, TO, "RSET")[-1], "250 2.0.0")
        self.assertEqual(client.codes(FROM, "RCPT TO:<bob@example.test>")[-1], "250 2.1.5")
        self.assertEqual(client.codes(TO), [])
        self.clock.advance(5)
        self.assertEqual(client.lines()[-1][:9], POSTPONED)

    def test_who_has_signed_in(self) -> None:
        self.limit("authenticatedAs", match={"else": "!is_empty(authenticated_as)"})
        self.assertEqual(self.mails(3, self.signed_in(), "sue@example.test")[-1], POSTPONED)
        self.assertEqual(self.mails(3)[-1], "250 2.1.0")

    def test_what_does_not_apply(self) -> None:
        self.limit("remoteIp", enable=False)
        self.limit("remoteIp", match={"else": "remote_ip == '198.51.100.9'"})
        self.assertEqual(self.mails(4)[-1], "250 2.1.0")

    def test_who_is_spared(self) -> None:
        """Design 8."""
        self.limit()
        self.assertEqual(self.mails(4, self.client(host="127.0.0.1"))[-1], "250 2.1.0")
        self.assertEqual(self.mails(4, self.client(lmtp=True))[-1], "250 2.1.0")
        self.assertEqual(self.mails(3)[-1], POSTPONED)
