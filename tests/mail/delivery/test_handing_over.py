"""What a host must offer for a message, before anything is said."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_reply import Capabilities
from stalwart.mail.delivery.content import HeldContent
from stalwart.mail.delivery.handing_over import LIVELY, HandingOver
from stalwart.mail.delivery.kept_connections import Kept
from stalwart.mail.delivery.lifetime import Lifetime
from stalwart.mail.delivery.shipment import HostStrategy, Mx, RecipientOutcome, Shipment, ShipmentRecipient
from stalwart.mail.delivery.stages import Stage
from stalwart.mail.delivery.waiting import Waiting
from stalwart.telemetry import Telemetry
from tests.mail.delivery.sending_world import FiledMessage
from tests.net.smtp_peers import PlayedServer

PLAIN = b"Subject: x\r\n\r\nhello\r\n"


class FitTests(SynchronousTestCase):
    """A host that the test plays."""

    def setUp(self) -> None:
        self.server = PlayedServer()
        self.stages: list[Stage] = []

    def hand_over(
        self, *offered: str, to: str = "bob@one.test", authenticated: bool = True, vouched: bool = True, **more: object
    ) -> str | None:
        """The status for the only recipient if nothing was said to the host; None if the host was asked."""
        connection = self.server.connect()
        connection.capabilities = Capabilities("mx", offered)
        kept = Kept(
            *(connection, Mx("one.test"), "mx.one.test", "192.0.2.1", HostStrategy(), 0.0),
            authenticated=authenticated,
            vouched=vouched,
        )
        given = {"return_path": "jane@here.test", "content": HeldContent(PLAIN), **more}
        shipment = Shipment(Mx("one.test"), recipients=(ShipmentRecipient(to),), **given)  # type: ignore[arg-type]
        waiting = Waiting(shipment.recipients)
        lifetime = Lifetime(self.server.reactor, float("inf"))
        running = Deferred.fromCoroutine(
            HandingOver(shipment, waiting, lifetime, self.stages.append, Telemetry()).run(kept)
        )
        running.addErrback(lambda _: None)
        self.heard = self.server.heard()
        if self.heard:
            connection.abort()
            return None
        return waiting.outcomes()[0].status

    def test_table(self) -> None:
        umlaut = HeldContent("Subject: ü\r\n\r\n".encode())
        for expected, offered, given in (
            (None, (), {}),
            ("5.3.4", ("SIZE 5",), {}),
            (None, ("SIZE 0",), {}),
            (None, ("SIZE",), {}),
            ("5.6.3", (), {"content": umlaut}),
            (None, ("8BITMIME",), {"content": umlaut}),
            ("5.6.9", ("8BITMIME",), {"content": umlaut, "smtputf8": True}),
            (None, ("8BITMIME", "SMTPUTF8"), {"content": umlaut, "smtputf8": True}),
            (None, (), {"smtputf8": True}),
            ("5.6.7", (), {"return_path": "jörg@here.test"}),
            ("5.7.30", (), {"require_tls": True}),
            (None, ("REQUIRETLS",), {"require_tls": True}),
            ("5.7.30", ("REQUIRETLS",), {"require_tls": True, "vouched": False}),
            ("4.7.30", ("REQUIRETLS",), {"require_tls": True, "authenticated": False}),
            ("4.7.30", ("STARTTLS",), {"require_tls": True, "authenticated": False}),
            ("5.1.7", (), {"return_path": "a>\r\nRSET"}),
            ("5.1.7", (), {"return_path": "a" * 3000 + "@here.test"}),
            ("5.1.3", (), {"to": "a" * 3000 + "@one.test"}),
            ("5.1.3", (), {"to": "a@one.test> X=<"}),
            ("5.6.7", (), {"to": "jörg@one.test"}),
        ):
            self.assertEqual(self.hand_over(*offered, **given), expected, (offered, given))

    def test_a_message_of_a_file_is_what_its_sender_says(self) -> None:
        content = FiledMessage(PLAIN)
        self.assertEqual(self.hand_over(content=content, body="8BITMIME"), "5.6.3")
        self.assertIsNone(self.hand_over(content=content))

    def test_a_message_of_ascii_needs_nothing_though_its_sender_says_so(self) -> None:
        self.assertIsNone(self.hand_over("SMTPUTF8", body="8BITMIME", smtputf8=True))
        self.assertEqual(self.heard, b"MAIL FROM:<jane@here.test>\r\n")


class KeptTests(SynchronousTestCase):
    """A connection that has served before, and ends without an answer."""

    def ended(self, *offered: str, after: float, reason: BaseException | None = None) -> tuple[bool, RecipientOutcome]:
        """Whether anything was noted, and what."""
        server = PlayedServer()
        connection = server.connect(timeout=600)
        connection.capabilities = Capabilities("mx", offered)
        kept = Kept(connection, Mx("one.test"), "mx.one.test", "192.0.2.1", HostStrategy(), 0.0, messages=1)
        recipients = (ShipmentRecipient("bob@one.test"),)
        shipment = Shipment(kept.destination, "jane@here.test", recipients, HeldContent(PLAIN))
        waiting = Waiting(recipients)
        lifetime = Lifetime(server.reactor, float("inf"))
        over = HandingOver(shipment, waiting, lifetime, lambda stage: None, Telemetry())
        running = Deferred.fromCoroutine(over.run(kept))
        server.reactor.advance(after)
        server.hangs_up(reason)
        return self.successResultOf(running), waiting.outcomes()[0]

    def said(self, idle: float) -> bytes:
        """What a host hears first over a connection that was idle for so long."""
        server = PlayedServer()
        connection = server.connect(timeout=600)
        connection.capabilities = Capabilities("mx", ("PIPELINING", "CHUNKING"))
        server.reactor.advance(idle)
        kept = Kept(connection, Mx("one.test"), "mx.one.test", "192.0.2.1", HostStrategy(), 0.0, messages=1)
        recipients = (ShipmentRecipient("bob@one.test"),)
        shipment = Shipment(kept.destination, "jane@here.test", recipients, HeldContent(PLAIN))
        lifetime = Lifetime(server.reactor, float("inf"))
        over = HandingOver(shipment, Waiting(recipients), lifetime, lambda stage: None, Telemetry())
        running = Deferred.fromCoroutine(over.run(kept))
        heard = server.heard()
        connection.abort()
        self.successResultOf(running)
        return heard

    def test_who_has_rested_is_asked_before_he_is_given_anything(self) -> None:
        self.assertTrue(self.said(LIVELY).endswith(PLAIN))
        self.assertTrue(self.said(LIVELY + 0.1).endswith(b"RCPT TO:<bob@one.test>\r\n"))

    def test_what_was_closed_before_is_replaced(self) -> None:
        for reason in (ConnectionDone(), ConnectionLost()):
            self.assertFalse(self.ended("PIPELINING", "CHUNKING", after=0.2, reason=reason)[0])
            self.assertFalse(self.ended(after=20, reason=reason)[0], "of the message nothing was said")

    def test_what_may_have_been_taken_is_not_sent_again_at_once(self) -> None:
        for reason in (ConnectionDone(), ConnectionLost()):
            is_noted, outcome = self.ended("PIPELINING", "CHUNKING", after=20, reason=reason)
            self.assertEqual((is_noted, outcome.kind, outcome.sure), (True, "temporary", False))
