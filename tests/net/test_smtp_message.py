"""One message over an open connection: the order of what is written, what is waited for, what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.codec.smtp_reply import Capabilities
from stalwart.errors import Unavailable
from stalwart.mail.delivery.shipment import ShipmentRecipient
from stalwart.mail.delivery.transaction import verdicts
from stalwart.net.smtp import SmtpConnection
from stalwart.net.smtp_message import LONGEST_ENVELOPE, SLOWEST, Envelope, StepLimits, Transmission, transmit
from tests.net.smtp_peers import PlayedServer
from tests.net.smtp_sink import Sink, falls_silent

MESSAGE = b"Subject: x\r\n\r\n.hello\r\n"
STUFFED = b"Subject: x\r\n\r\n..hello\r\n.\r\n"
LIMITS = StepLimits(5, 5, 10)
TWO = Envelope("MAIL FROM:<a@b>", ("RCPT TO:<c@d>", "RCPT TO:<e@f>"))
COMMANDS = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n"


@frozen
class Pieces:
    """A message that is read in pieces; ``fails`` after them."""

    size: int
    each: bytes = b"0123456789abcde\n" * 4096
    fails: bool = False
    held: bytes | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its pieces."""
        for begin in range(0, self.size, len(self.each)):
            yield self.each[: self.size - begin]
        if self.fails:
            raise Unavailable("The disk does not answer.")


def whole(content: bytes = MESSAGE) -> Pieces:
    """A message in memory."""
    return Pieces(len(content), content, held=content)


class PlayedCase(SynchronousTestCase):
    """A connection whose server the test plays."""

    def setUp(self) -> None:
        self.server = PlayedServer()
        self.client = self.server.connect()

    def send(self, *offered: str, envelope: Envelope = TWO, content: Any = None) -> Deferred[Transmission]:
        """Send to a server that offers this."""
        self.client.capabilities = Capabilities("mx", offered)
        return Deferred.fromCoroutine(transmit(self.client, envelope, content or whole(), LIMITS))

    def exchange(self, waiting: Deferred[Any], *steps: tuple[bytes, bytes]) -> Any:
        """What is heard, and what is then said; the result."""
        for heard, said in steps:
            self.assertEqual(self.server.heard(), heard)
            self.server.says(said)
        return self.successResultOf(waiting)


class OrderTests(PlayedCase):
    """As few writes as the server allows."""

    def test_one_by_one(self) -> None:
        sent = self.exchange(
            self.send(),
            (b"MAIL FROM:<a@b>\r\n", b"250 ok\r\n"),
            (b"RCPT TO:<c@d>\r\n", b"250 ok\r\n"),
            (b"RCPT TO:<e@f>\r\n", b"550 no\r\n"),
            (b"DATA\r\n", b"354 go\r\n"),
            (STUFFED, b"250 taken\r\n"),
        )
        self.assertEqual(([one.code for one in sent.rcpts], sent.final[0].code), ([250, 550], 250))
        self.assertFalse(self.client.needs_reset)

    def test_in_a_group(self) -> None:
        sent = self.exchange(
            self.send("PIPELINING"),
            (COMMANDS + b"DATA\r\n", b"250 a\r\n250 b\r\n250 c\r\n354 go\r\n"),
            (STUFFED, b"250 taken\r\n"),
        )
        self.assertEqual((sent.accepted, sent.final[0].text, sent.complete), (2, "taken", True))

    def test_all_at_once(self) -> None:
        sent = self.exchange(
            self.send("PIPELINING", "CHUNKING"),
            (COMMANDS + b"BDAT 22 LAST\r\n" + MESSAGE, b"250 a\r\n250 b\r\n250 c\r\n250 taken\r\n"),
        )
        self.assertEqual((sent.accepted, sent.final[0].text), (2, "taken"))

    def test_chunks_without_groups(self) -> None:
        one = Envelope("MAIL FROM:<>", ("RCPT TO:<c@d>",))
        sent = self.exchange(
            self.send("CHUNKING", envelope=one),
            (b"MAIL FROM:<>\r\n", b"250 ok\r\n"),
            (b"RCPT TO:<c@d>\r\n", b"250 ok\r\n"),
            (b"BDAT 22 LAST\r\n" + MESSAGE, b"250 taken\r\n"),
        )
        self.assertEqual(sent.final[0].code, 250)

    def test_content_that_is_not_small_waits_for_a_recipient(self) -> None:
        content = whole(b"x" * 70_000 + b"\r\n")
        waiting = self.send("PIPELINING", "CHUNKING", content=content)
        self.assertEqual(self.server.heard(), COMMANDS)
        self.server.says(b"250 a\r\n550 b\r\n550 c\r\n")
        sent = self.successResultOf(waiting)
        self.assertEqual((sent.accepted, sent.complete, sent.final), (0, False, []))
        self.assertEqual(self.server.heard(), b"")

    def test_lmtp_has_an_answer_for_each(self) -> None:
        envelope = Envelope(TWO.mail, TWO.rcpts, lmtp=True)
        sent = self.exchange(
            self.send("PIPELINING", "CHUNKING", envelope=envelope),
            (COMMANDS + b"DATA\r\n", b"250 a\r\n250 b\r\n250 c\r\n354 go\r\n"),
            (STUFFED, b"250 first\r\n452 second\r\n"),
        )
        self.assertEqual([one.code for one in sent.final], [250, 452])

    def test_the_next_message_begins_with_rset_if_the_last_was_left(self) -> None:
        self.exchange(self.send("PIPELINING"), (COMMANDS + b"DATA\r\n", b"250 a\r\n" + b"550 b\r\n" * 2 + b"503 d\r\n"))
        self.assertTrue(self.client.needs_reset)
        sent = self.exchange(
            self.send("PIPELINING"),
            (b"RSET\r\n" + COMMANDS + b"DATA\r\n", b"250 r\r\n" + b"250 a\r\n" * 3 + b"354 go\r\n"),
            (STUFFED, b"250 taken\r\n"),
        )
        self.assertEqual((sent.accepted, self.client.needs_reset), (2, False))

    def test_the_same_without_groups(self) -> None:
        self.client.needs_reset = True
        waiting = self.send()
        self.assertEqual(self.server.heard(), b"RSET\r\n")
        waiting.addErrback(lambda _: None)
        self.client.abort()


class RefusedTests(PlayedCase):
    """Answers that are none of those hoped for."""

    def test_mail_is_refused(self) -> None:
        sent = self.exchange(self.send(), (b"MAIL FROM:<a@b>\r\n", b"550 no\r\n"))
        self.assertEqual((sent.mail.code, sent.rcpts), (550, []))

    def test_data_is_refused(self) -> None:
        answer = b"250 a\r\n" * 3 + b"451 full\r\n"
        sent = self.exchange(self.send("PIPELINING"), (COMMANDS + b"DATA\r\n", answer))
        self.assertEqual((sent.data.code, sent.final, self.client.needs_reset), (451, [], True))

    def test_content_is_wanted_though_nobody_is_there(self) -> None:
        answer = b"250 a\r\n550 b\r\n550 c\r\n354 go\r\n"
        sent = self.exchange(self.send("PIPELINING"), (COMMANDS + b"DATA\r\n", answer), (b".\r\n", b"554 nobody\r\n"))
        self.assertEqual((sent.final, sent.complete), ([], False))
        self.assertTrue(self.client.usable)

    def test_421_is_the_end_of_the_connection(self) -> None:
        sent = self.exchange(self.send("PIPELINING"), (COMMANDS + b"DATA\r\n", b"250 a\r\n421 bye\r\n"))
        self.assertEqual([one.code for one in sent.rcpts], [421])
        self.assertTrue(self.server.transport.aborted)

    def test_421_between_messages(self) -> None:
        self.server.says(b"421 idle\r\n")
        sent = self.successResultOf(self.send("PIPELINING"))
        self.assertEqual(sent.mail.code, 421)

    def test_silence(self) -> None:
        waiting = self.send("PIPELINING")
        self.server.reactor.advance(7)
        sent = self.successResultOf(waiting)
        self.assertEqual((sent.failure.kind, sent.is_unanswered), ("timeout", True))

    def test_silence_after_the_content(self) -> None:
        waiting = self.send("PIPELINING")
        self.server.says(b"250 a\r\n" * 3 + b"354 go\r\n")
        self.server.reactor.advance(10)
        sent = self.successResultOf(waiting)
        self.assertEqual((sent.failure.kind, sent.complete, sent.final), ("timeout", True, []))

    def test_a_closed_connection_one_by_one(self) -> None:
        waiting = self.send()
        self.server.says(b"250 ok\r\n")
        self.server.hangs_up()
        self.assertEqual(self.successResultOf(waiting).failure.kind, "closed")

    def test_an_address_that_is_two_commands(self) -> None:
        self.failureResultOf(self.send(envelope=Envelope("MAIL FROM:<a>\r\nDATA", ())), ValueError)
        self.assertEqual(self.server.heard(), b"")


class LongTests(TestCase):
    """Long messages over real connections."""

    timeout = 10

    async def send(self, sink: Sink, content: Any, limit: float = 2) -> Transmission:
        """Send ``content``."""
        reactor: Any = real_reactor
        port = reactor.listenTCP(0, sink, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.client = await SmtpConnection.connect(reactor, "127.0.0.1", port.getHost().port, timeout=5)
        self.addCleanup(lambda: (self.client.abort(), self.client.closed)[1])
        await self.client.greeting(5)
        await self.client.ehlo("here.test", 5)
        one = Envelope("MAIL FROM:<>", ("RCPT TO:<c@d>",))
        return await transmit(self.client, one, content, StepLimits(2, 2, limit))

    async def test_by_data(self) -> None:
        sink = Sink()
        sent = await self.send(sink, Pieces(3_000_000))
        self.assertEqual(sent.final[0].code, 250)
        expected = (b"0123456789abcde\r\n" * 200_000)[: 3_000_000 // 16 * 17]
        self.assertEqual(sink.taken[0].content, expected)

    async def test_by_chunks(self) -> None:
        sink = Sink(keywords=("CHUNKING", "PIPELINING"))
        sent = await self.send(sink, Pieces(300_001))
        self.assertEqual(sent.final[0].code, 250)
        self.assertEqual(len(sink.taken[0].content), 300_001 // 16 * 17 + 3)
        self.assertGreater(sink.verbs.count("BDAT"), 2)

    async def test_a_host_that_refuses_a_chunk(self) -> None:
        sink = Sink(keywords=("CHUNKING", "PIPELINING"), script={"BDAT": ["250 more", "552 5.3.4 too much"]})
        sent = await self.send(sink, Pieces(3_000_000))
        self.assertEqual((sent.final[0].code, sent.complete, sink.verbs.count("BDAT")), (552, False, 2))
        self.assertTrue(self.client.needs_reset)

    async def test_a_host_that_refuses_in_the_middle(self) -> None:
        script = {"DURING": [lambda host: (host.say("552 5.3.4 too much"), host.flush(), falls_silent(host))]}
        sent = await self.send(Sink(script=script), Pieces(50_000_000))
        self.assertEqual((sent.final[0].code, sent.complete), (552, False))
        self.assertFalse(self.client.usable)

    async def test_a_host_that_takes_nothing(self) -> None:
        sink = Sink(script={"DURING": [lambda host: host.transport.pauseProducing()]})
        sent = await self.send(sink, Pieces(50_000_000), 0.3)
        assert sent.failure is not None
        self.assertEqual((sent.failure.kind, sent.complete), ("timeout", False))

    async def test_a_message_that_cannot_be_read_to_its_end(self) -> None:
        for keywords in ((), ("CHUNKING", "PIPELINING")):
            sink = Sink(keywords=keywords)
            with self.assertRaises(Unavailable):
                await self.send(sink, Pieces(200_000, fails=True))
            self.client.abort()
            await self.client.closed
            self.assertEqual(sink.taken, [])


class BoundedTests(PlayedCase):
    """However slow the server is."""

    def test_commands_one_by_one_have_an_end(self) -> None:
        envelope = Envelope("MAIL FROM:<>", tuple(f"RCPT TO:<p{each}@d>" for each in range(1000)))
        waiting = self.send(envelope=envelope)
        for _ in range(1000):
            self.server.says(b"250 ok\r\n")
            self.server.reactor.advance(4.5)
            if waiting.called:
                break
        sent = self.successResultOf(waiting)
        self.assertEqual(sent.failure.kind, "timeout")
        self.assertLess(self.server.reactor.seconds(), LONGEST_ENVELOPE + 10)

    def test_content_has_a_least_speed(self) -> None:
        self.assertEqual(LIMITS.content(SLOWEST * 3), 13)


REPLIES = st.sampled_from(
    [
        *(b"250 ok\r\n", b"250-a\r\n250 b\r\n", b"354 go\r\n", b"451 4.7.1 later\r\n", b"550 5.1.1 no\r\n"),
        *(
            b"421 bye\r\n",
            b"452 many\r\n",
            b"552 full\r\n",
            b"220 x\r\n",
            b"25",
            b"0 x\r\n",
            b"hello\r\n",
            b"\x00\xff\r\n",
            b"",
        ),
    ]
)
OFFERS = st.sets(st.sampled_from(["PIPELINING", "CHUNKING", "8BITMIME", "SIZE 9"]))


class HostileTests(SynchronousTestCase):
    """Whatever a server says, and whenever it goes, there is an end and an outcome for everybody."""

    @settings(max_examples=200)
    @given(OFFERS, st.lists(st.lists(REPLIES, max_size=5), max_size=8), st.booleans(), st.booleans(), st.booleans())
    def test_any_replies(self, offers: set[str], turns: list[list[bytes]], lmtp: bool, long: bool, goes: bool) -> None:
        server = PlayedServer()
        client = server.connect()
        client.capabilities = Capabilities("mx", tuple(offers))
        content = Pieces(200_000) if long else whole()
        envelope = Envelope(TWO.mail, TWO.rcpts, lmtp)
        waiting = Deferred.fromCoroutine(transmit(client, envelope, content, LIMITS))
        for turn in turns:
            server.says(b"".join(turn))
        if goes and not server.transport.aborted:
            server.hangs_up()
        server.reactor.pump([5.0] * 40)
        sent = self.successResultOf(waiting)
        people = [ShipmentRecipient("c@d"), ShipmentRecipient("e@f")]
        for each in verdicts(sent, envelope, people, "mx", tells=False):
            digit = {"delivered": "2", "temporary": "4", "permanent": "5"}[each.outcome.kind]
            self.assertEqual(each.outcome.status[0], digit)
            if each.outcome.kind == "delivered":
                self.assertTrue(sent.complete)
                self.assertTrue(any(reply.positive for reply in sent.final))
        client.abort()
        self.assertEqual(server.reactor.getDelayedCalls(), [])
