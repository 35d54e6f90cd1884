"""The connection: lines and messages out of any pieces, one reply after the other, time, back-pressure, STARTTLS."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from stalwart.smtp import connection
from stalwart.smtp.role import LMTP, MX, Role
from tests.smtp.twin import Client, SmtpServer

COMMANDS = b"MAIL FROM:<jane@a.test>\r\nRCPT TO:<john@b.test>\r\n"
WHOLE = b"EHLO a.test\r\n" + (COMMANDS + b"DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\n") * 2 + b"BAD\nNOOP\r\nQUIT\r\n"


def begun(server: SmtpServer) -> Client:
    client = server.greeted()
    client.send(COMMANDS)
    client.say("DATA")
    return client


class GreetingTests(SynchronousTestCase):
    def test_it_comes_by_itself(self) -> None:
        self.assertEqual(SmtpServer().connect().lines(), ["220 mx.example.test ready"])

    def test_who_does_not_wait_is_sent_away(self) -> None:
        for delay in (0, 3):
            server = SmtpServer(greet_delay=delay)
            client = server.connect(greet=False)
            if delay:
                server.clock.advance(delay / 2)
            self.assertEqual(client.send(b"EHLO a.test\r\nMAIL FROM:<>\r\n")[0][:9], "554 5.5.0")
            server.clock.pump([5, 5])
            self.assertEqual(client.lines(), [])
            self.assertTrue(client.has_ended)
            self.assertIn("smtp.spoke-too-early", server.events)

    def test_it_may_be_held_back(self) -> None:
        server = SmtpServer(greet_delay=3)
        client = server.connect()
        self.assertEqual(client.lines(), [])
        server.clock.pump([3, 0])
        self.assertEqual(len(client.lines()), 1)

    def test_at_once_where_nobody_is_suspected(self) -> None:
        self.assertEqual(len(SmtpServer(LMTP, greet_delay=None).connect(greet=False).lines()), 1)


class PipeliningTests(SynchronousTestCase):
    def _answers(self, *pieces: bytes) -> tuple[list[str], list[bytes]]:
        server = SmtpServer()
        client = server.connect()
        for piece in pieces:
            client.connection.dataReceived(piece)
        return client.lines(), server.reception.octets

    @given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
    def test_any_pieces_give_the_same(self, cuts: list[int]) -> None:
        edges = [0, *sorted(cuts), len(WHOLE)]
        pieces = [WHOLE[begin:end] for begin, end in pairwise(edges)]
        answers, messages = self._answers(*pieces)
        self.assertEqual(messages, [b"Subject: x\r\n\r\n.dot\r\n"] * 2)
        self.assertEqual((answers, messages), self._answers(WHOLE))
        self.assertEqual([line[:3] for line in answers[8:]], [*["250", "250", "354", "250"] * 2, "500", "250", "221"])

    def test_what_came_together_is_answered_together(self) -> None:
        client = SmtpServer().greeted()
        before = client.wire.writes
        client.send(COMMANDS + b"RCPT TO:<b@b.test>\r\n" * 100 + b"DATA\r\n")
        self.assertEqual(client.wire.writes, before + 1)

    def test_replies_keep_their_order_when_one_waits(self) -> None:
        server = SmtpServer()
        client = server.greeted()
        waiting = server.reception.waits["recipient"] = Deferred()
        self.assertEqual(client.send(COMMANDS + b"RCPT TO:<unknown@b.test>\r\nNOOP\r\n"), [])
        waiting.callback(None)
        self.assertEqual([line[:9] for line in client.lines()], ["250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.0.0"])

    def test_little_is_read_ahead_while_one_waits(self) -> None:
        server = SmtpServer(idle_commands=None)
        client = server.greeted()
        waiting = server.reception.waits["sender"] = Deferred()
        client.send(COMMANDS)
        for _ in range(10):
            client.send(b"NOOP\r\n" * 1000)
        self.assertTrue(client.wire.reading)
        client.send(b"NOOP\r\n" * 1000)
        self.assertFalse(client.wire.reading)
        waiting.callback(None)
        server.clock.pump([0] * 25)
        self.assertTrue(client.wire.reading)
        self.assertEqual(len(client.lines()), 11002)

    def test_others_have_their_turn(self) -> None:
        server = SmtpServer(idle_commands=None)
        client = server.greeted()
        self.assertEqual(len(client.send(b"NOOP\r\n" * 1700)), 500)
        self.assertFalse(client.wire.reading)
        server.clock.pump([0] * 3)
        self.assertEqual(len(client.lines()), 1200)
        self.assertTrue(client.wire.reading)
        client.send(b"NOOP\r\n" * 700)
        client.lose()
        server.clock.pump([0])

    def test_a_hundred_thousand_recipients(self) -> None:
        server = SmtpServer(recipients=100)
        client = server.greeted()
        client.say("MAIL FROM:<jane@a.test>")
        for part in range(100):
            names = range(part * 1000, part * 1000 + 1000)
            client.connection.dataReceived(b"".join(b"RCPT TO:<r%d@b.test>\r\n" % name for name in names))
            server.clock.pump([0] * 3)
        lines = client.lines()
        self.assertEqual([lines.count("250 2.1.5 Recipient OK"), len(lines)], [100, 100_000])

    def test_a_command_line_of_a_megabyte(self) -> None:
        server = SmtpServer()
        client = server.greeted()
        for _ in range(1024):
            self.assertEqual(client.send(b"a" * 1024), [])
        self.assertEqual([line[:9] for line in client.send(b"\r\nNOOP\r\n")], ["500 5.5.2", "250 2.0.0"])
        self.assertIn("smtp.request-too-large", server.events)


class BackPressureTests(SynchronousTestCase):
    def test_a_slow_spool_is_waited_for(self) -> None:
        server = SmtpServer()
        server.reception.slow = True
        client = begun(server)
        client.send(b"a" * 1000)
        (spool,) = server.reception.spools
        self.assertFalse(client.wire.reading)
        client.send(b"b" * 1000)  # was on its way
        self.assertEqual(len(spool.octets), 1000)
        spool.waits[0].callback(None)
        self.assertEqual(len(spool.octets), 2000)
        spool.waits[1].callback(None)
        self.assertTrue(client.wire.reading)
        self.assertEqual(client.send(b"\r\n.\r\nNOOP\r\n"), [])
        spool.waits[2].callback(None)
        self.assertEqual([line[:3] for line in client.lines()], ["250", "250"])

    def test_a_spool_that_fails_later(self) -> None:
        server = SmtpServer()
        server.reception.slow = True
        client = begun(server)
        client.send(b"a")
        server.reception.spools[0].waits[0].errback(OSError(28, "No space left on device"))
        self.assertEqual([line[:9] for line in client.send(b"\r\n.\r\n")], ["452 4.3.1"])
        self.assertTrue(server.reception.spools[0].aborted)

    def test_a_spool_that_never_answers(self) -> None:
        server = SmtpServer(checking=60, duration=None)
        server.reception.slow = True
        client = begun(server)
        client.send(b"a")
        server.clock.advance(60)
        self.assertEqual([line[:9] for line in client.send(b"\r\n.\r\n")], ["451 4.3.0"])
        self.assertFalse(client.has_ended)

    def test_who_does_not_read_is_not_answered(self) -> None:
        server = SmtpServer(command=60)
        client = server.greeted()
        client.connection.pauseProducing()
        self.assertEqual(client.say("NOOP"), [])
        self.assertFalse(client.wire.reading)
        client.connection.resumeProducing()
        self.assertEqual(client.lines(), ["250 2.0.0 OK"])
        client.connection.pauseProducing()
        server.clock.advance(61)
        self.assertTrue(client.has_ended)
        server.clock.advance(connection.CLOSING)
        self.assertTrue(client.wire.aborted)


class TimeTests(SynchronousTestCase):
    def _hears_until(self, client: Client, server: SmtpServer, seconds: float) -> None:
        server.clock.advance(seconds - 1)
        self.assertEqual(client.lines(), [])
        server.clock.advance(1)
        self.assertEqual([line[:9] for line in client.lines()], ["421 4.4.2"])
        self.assertTrue(client.has_ended)
        self.assertIn("smtp.time-limit-exceeded", server.events)

    def test_no_command(self) -> None:
        server = SmtpServer(command=300, duration=None)
        client = server.greeted()
        server.clock.advance(200)
        client.say("NOOP")
        self._hears_until(client, server, 300)

    def test_a_command_octet_by_octet(self) -> None:
        server = SmtpServer(command=300, duration=None)
        client = server.greeted()
        for _ in range(2):
            server.clock.advance(100)
            client.send(b"N")
        self._hears_until(client, server, 200)

    def test_no_more_of_the_message(self) -> None:
        server = SmtpServer(data=180, duration=None)
        client = begun(server)
        server.clock.advance(100)
        client.send(b"a")
        self._hears_until(client, server, 180)
        self.assertTrue(server.reception.spools[0].aborted)

    def test_a_long_session(self) -> None:
        server = SmtpServer(duration=600, command=300)
        client = server.greeted()
        for _ in range(5):
            server.clock.advance(100)
            client.say("NOOP")
        server.clock.advance(100)
        self.assertEqual([line[:9] for line in client.lines()], ["421 4.3.2"])
        self.assertTrue(client.has_ended)

    def test_a_short_one(self) -> None:
        server = SmtpServer(duration=50)
        client = server.greeted()
        server.clock.advance(50)
        self.assertEqual([line[:9] for line in client.lines()], ["421 4.3.2"])

    def test_a_message_is_delivered_before_a_long_session_ends(self) -> None:
        server = SmtpServer(duration=600, delivering=1000, command=1000, data=1000)
        client = begun(server)
        waiting = server.reception.waits["deliver"] = Deferred()
        server.clock.advance(500)
        client.send(b".\r\n")
        server.clock.advance(500)
        self.assertEqual(client.lines(), [])
        waiting.callback(None)
        self.assertEqual([line[:9] for line in client.lines()], ["250 2.0.0", "421 4.3.2"])

    def test_a_reception_that_never_answers(self) -> None:
        for step, after in (("sender", COMMANDS), ("deliver", COMMANDS + b"DATA\r\n.\r\n")):
            server = SmtpServer(checking=100, delivering=100, duration=None)
            client = server.greeted()
            server.reception.waits[step] = Deferred()
            client.send(after)
            server.clock.advance(100)
            self.assertIn("451 4.3.0", [line[:9] for line in client.lines()])
            self.assertEqual(server.reception.messages, [])
            self.assertEqual(client.say("NOOP"), ["250 2.0.0 OK"])

    def test_too_much_in_one_session(self) -> None:
        server = SmtpServer(transfer=1000)
        client = begun(server)
        self.assertEqual([line[:9] for line in client.send(b"a" * 1000)], ["421 4.3.2"])
        self.assertTrue(client.has_ended)
        self.assertTrue(server.reception.spools[0].aborted)
        self.assertEqual(client.send(b"\r\n.\r\n"), [])

    def test_who_is_sent_away_may_read_why(self) -> None:
        server = SmtpServer(errors=0)
        client = server.greeted()
        client.say("FOO")
        self.assertTrue(client.wire.half_closed)
        self.assertFalse(client.wire.aborted)
        server.clock.advance(connection.LINGER)
        self.assertTrue(client.wire.aborted)


class LossTests(SynchronousTestCase):
    def test_half_a_message_is_dropped(self) -> None:
        server = SmtpServer()
        client = begun(server)
        client.send(b"a\r\n")
        client.lose()
        self.assertTrue(server.reception.spools[0].aborted)
        told = dict(server.told)["smtp.connection-end"]
        self.assertEqual((told["total"], told["elapsed"]), (0, 0))
        self.assertEqual(server.clock.getDelayedCalls(), [])

    def test_a_question_is_cancelled(self) -> None:
        server = SmtpServer()
        client = server.greeted()
        waiting = server.reception.waits["recipient"] = Deferred()
        client.send(COMMANDS)
        client.lose()
        self.assertTrue(waiting.called)
        self.assertEqual(len(server.factory.connections), 0)

    def test_a_delivery_is_left_to_its_end(self) -> None:
        server = SmtpServer()
        client = begun(server)
        waiting = server.reception.waits["deliver"] = Deferred()
        client.send(b".\r\n")
        client.lose()
        self.assertFalse(waiting.called)
        waiting.callback(None)
        self.assertEqual(len(server.reception.messages), 1)
        self.assertFalse(server.reception.spools[0].aborted)
        self.assertEqual(server.clock.getDelayedCalls(), [])

    def test_even_then_it_has_an_end(self) -> None:
        server = SmtpServer(delivering=100)
        client = begun(server)
        server.reception.waits["deliver"] = Deferred()
        client.send(b".\r\n")
        client.lose()
        server.clock.advance(100)
        self.assertTrue(server.reception.spools[0].aborted)
        self.assertEqual(server.clock.getDelayedCalls(), [])

    def test_a_delivery_has_its_own_time(self) -> None:
        server = SmtpServer(checking=10, delivering=100)
        for step in ("commit", "deliver"):
            client = begun(server)
            waiting = server.reception.waits[step] = Deferred()
            client.send(b".\r\n")
            server.clock.advance(99)
            waiting.callback(None)
            self.assertEqual(client.lines(), ["250 2.0.0 Message accepted"])


class StartTlsTests(SynchronousTestCase):
    def test_the_session_begins_anew(self) -> None:
        server = SmtpServer(tls="a context")
        client = server.greeted()
        client.send(COMMANDS)
        self.assertEqual(client.say("STARTTLS"), ["220 2.0.0 Ready to start TLS"])
        self.assertEqual(client.wire.tls, "a context")
        peer = client.connection.session.peer
        self.assertEqual((peer.hello, peer.is_tls), (None, True))
        self.assertEqual(client.codes("MAIL FROM:<>", "STARTTLS"), ["503 5.5.1", "503 5.5.1"])
        self.assertNotIn("250 STARTTLS", client.say("EHLO a.test"))

    def test_nothing_may_follow_it(self) -> None:
        """CVE-2011-0411: what an attacker puts behind it would count as said over TLS."""
        server = SmtpServer(tls="a context")
        client = server.greeted()
        said = client.send(b"STARTTLS\r\nMAIL FROM:<evil@a.test>\r\n")
        self.assertEqual([line[:9] for line in said], ["554 5.5.1"])
        self.assertIsNone(client.wire.tls)
        self.assertTrue(client.has_ended)

    def test_the_handshake_has_its_time(self) -> None:
        server = SmtpServer(tls="a context")
        client = server.greeted()
        client.say("STARTTLS")
        server.clock.advance(connection.HANDSHAKE)
        self.assertTrue(client.has_ended)

    def test_a_failed_handshake_is_told(self) -> None:
        server = SmtpServer(tls="a context")
        for problem, reason in (
            (SSL.Error([("SSL routines", "", "http request")]), "http request"),
            (ConnectionDone(), "closed"),
        ):
            client = server.greeted()
            client.say("STARTTLS")
            client.connection.connectionLost(Failure(problem))
            told = [values for id, values in server.told if id == "tls.handshake-error"]
            self.assertIn(reason, told[-1]["reason"])


FRAGMENTS = (
    *(
        b"EHLO a.test\r\n",
        b"HELO a.test\r\n",
        b"LHLO a.test\r\n",
        COMMANDS,
        b"MAIL FROM:<>\r\n",
        b"DATA\r\n",
        b"\r\n.\r\n",
    ),
    *(b"BDAT 3\r\n", b"BDAT 5 LAST\r\n", b"BDAT x\r\n", b"abc", b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n", b"STARTTLS\r\n"),
    *(b"RCPT TO:<unknown@b.test>\r\n", b"\n", b"\r", b".", b"\x00", b"\xff", b"\r\n", b"A" * 5000, b"VRFY x\r\n"),
)


class AnythingTests(SynchronousTestCase):
    @given(
        st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=20), max_size=40),
        st.sampled_from([MX, LMTP]),
        st.booleans(),
    )
    def test_nothing_breaks_it(self, pieces: list[bytes], role: Role, slow: bool) -> None:
        server = SmtpServer(role, tls="a context")
        server.reception.slow = slow
        client = server.connect()
        for piece in pieces:
            client.connection.dataReceived(piece)
            for spool in server.reception.spools:
                while spool.waits:
                    spool.waits.pop().callback(None)
        server.clock.advance(1000)
        self.assertTrue(client.has_ended)
        client.lose()
        server.clock.advance(1000)
        self.assertNotIn("smtp.error", server.events)
        self.assertEqual(server.clock.getDelayedCalls(), [])
        for spool in server.reception.spools:
            self.assertEqual(spool.aborted, not spool.committed)
        lines = client.lines()
        self.assertTrue(all(re.match(r"[2345]\d\d[ -]", line) for line in lines), lines)
