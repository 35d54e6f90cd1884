"""The SMTP client against a server that a test plays by hand, and against one on loopback with TLS."""

from __future__ import annotations

import gc
import os
from typing import Any

from OpenSSL import SSL
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.net.smtp import SmtpConnection
from stalwart.net.smtp_dialogue import SmtpFailed
from stalwart.net.tls import TrustStore
from tests.leftovers import begun
from tests.net.certificates import issue, make_ca
from tests.net.smtp_peers import PlayedServer, ScriptedFactory, ServerOptions


class Played(SynchronousTestCase):
    def setUp(self) -> None:
        self.server = PlayedServer()
        self.client = self.server.connect()

    def begin(self, work: Any) -> Deferred[Any]:
        return begun(self, work)

    def failure_of(self, waiting: Deferred[Any]) -> SmtpFailed:
        return self.failureResultOf(waiting, SmtpFailed).value

    def assert_over(self) -> None:
        """The connection is gone and nothing is left behind."""
        self.assertTrue(self.server.transport.aborted)
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])
        self.successResultOf(self.client.closed)

    def ehlo(self, *keywords: bytes) -> None:
        waiting = self.begin(self.client.ehlo("client.test", 5))
        lines = (b"mx.test", *keywords)
        self.server.says(b"".join(b"250-" + line + b"\r\n" for line in lines[:-1]) + b"250 " + lines[-1] + b"\r\n")
        self.successResultOf(waiting)
        self.server.heard()


class Dialogue(Played):
    def test_greeting_is_returned(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.server.says(b"220 mx.test ESMTP\r\n")
        self.assertEqual(self.successResultOf(waiting).text, "mx.test ESMTP")
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])

    def test_greeting_that_came_before_anybody_waited_is_returned(self) -> None:
        self.server.says(b"220 mx.test\r\n")
        self.assertEqual(self.successResultOf(self.begin(self.client.greeting(5))).code, 220)

    def test_refusing_greeting_is_a_value(self) -> None:
        self.server.says(b"554 5.7.1 no\r\n")
        self.assertEqual(self.successResultOf(self.begin(self.client.greeting(5))).enhanced, "5.7.1")

    def test_reply_in_single_octets(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        for octet in b"220-one\r\n220 two\r\n":
            self.assertNoResult(waiting)
            self.server.says(bytes([octet]))
        self.assertEqual(self.successResultOf(waiting).lines, ("one", "two"))

    def test_ehlo_says_the_name_and_keeps_the_capabilities(self) -> None:
        waiting = self.begin(self.client.ehlo("client.test", 5))
        self.assertEqual(self.server.heard(), b"EHLO client.test\r\n")
        self.server.says(b"250-mx.test hello\r\n250-SIZE 42\r\n250 STARTTLS\r\n")
        self.assertTrue(self.successResultOf(waiting).positive)
        self.assertTrue(self.client.capabilities.starttls)
        self.assertEqual(self.client.capabilities.size, 42)

    def test_refused_ehlo_is_a_value_without_capabilities(self) -> None:
        waiting = self.begin(self.client.ehlo("client.test", 5))
        self.server.says(b"502-5.5.1 EHLO\r\n502 5.5.1 STARTTLS\r\n")
        self.assertFalse(self.successResultOf(waiting).positive)
        self.assertFalse(self.client.capabilities.starttls)

    def test_refused_command_is_a_value(self) -> None:
        waiting = self.begin(self.client.command("RCPT TO:<a@b.test>", 5))
        self.server.says(b"550 5.1.1 nobody\r\n")
        self.assertTrue(self.successResultOf(waiting).permanent)

    def test_last_words_of_the_server_answer_the_next_command(self) -> None:
        self.server.says(b"421 4.4.2 too slow\r\n")
        self.server.hangs_up()
        reply = self.successResultOf(self.begin(self.client.command("NOOP", 5)))
        self.assertEqual(reply.code, 421)
        self.assertEqual(self.failure_of(self.begin(self.client.command("NOOP", 5))).kind, "closed")

    def test_transcript_has_both_sides(self) -> None:
        self.ehlo(b"SIZE 1")
        self.assertEqual(
            self.client.transcript,
            [(">", "EHLO client.test"), ("<", "250-mx.test"), ("<", "250 SIZE 1")],
        )

    def test_small_packets_are_not_held_back(self) -> None:
        self.assertTrue(self.server.transport.no_delay)

    def test_two_commands_at_once_are_refused(self) -> None:
        waiting = self.begin(self.client.command("NOOP", 5))
        self.failureResultOf(self.begin(self.client.command("NOOP", 5)), RuntimeError)
        self.server.says(b"250 ok\r\n")
        self.successResultOf(waiting)


class Commands(Played):
    def test_line_feed_in_a_command_is_refused(self) -> None:
        self.failureResultOf(self.begin(self.client.command("RCPT TO:<a>\nDATA", 5)), ValueError)
        self.assertEqual(self.server.heard(), b"")

    def test_carriage_return_in_a_name_is_refused(self) -> None:
        self.failureResultOf(self.begin(self.client.ehlo("a\rQUIT", 5)), ValueError)

    def test_nul_in_a_command_is_refused(self) -> None:
        self.failureResultOf(self.begin(self.client.command(b"NOOP \0", 5)), ValueError)

    def test_endless_command_is_refused(self) -> None:
        self.failureResultOf(self.begin(self.client.command("NOOP " + "x" * 3000, 5)), ValueError)

    def test_utf8_is_not_sent_to_a_server_that_does_not_offer_it(self) -> None:
        self.ehlo(b"SIZE 1")
        failure = self.failure_of(self.begin(self.client.command("RCPT TO:<jörg@b.test>", 5)))
        self.assertEqual((failure.kind, self.server.heard()), ("reply", b""))
        self.assertFalse(self.server.transport.aborted)

    def test_utf8_is_sent_to_a_server_that_offers_it(self) -> None:
        self.ehlo(b"SMTPUTF8")
        self.begin(self.client.command("RCPT TO:<jörg@b.test>", 5))
        self.assertEqual(self.server.heard(), "RCPT TO:<jörg@b.test>\r\n".encode())


class Silence(Played):
    def test_silent_greeting_ends_in_time(self) -> None:
        waiting = self.begin(self.client.greeting(3))
        self.server.reactor.advance(2.9)
        self.assertNoResult(waiting)
        self.server.reactor.advance(0.2)
        failure = self.failure_of(waiting)
        self.assertEqual(failure.kind, "timeout")
        self.assertEqual(failure.reason, "Connection failed: Timeout while reading greeting")
        self.assert_over()

    def test_dripping_reply_does_not_buy_time(self) -> None:
        waiting = self.begin(self.client.ehlo("client.test", 3))
        for octet in b"250-m":
            self.server.says(bytes([octet]))
            self.server.reactor.advance(0.7)
        self.assertEqual(self.failure_of(waiting).reason, "Timed out reading response")
        self.assert_over()

    def test_commands_after_a_time_out_fail_at_once(self) -> None:
        waiting = self.begin(self.client.command("NOOP", 1))
        self.server.reactor.advance(1)
        self.failure_of(waiting)
        self.assertEqual(self.failure_of(self.begin(self.client.command("NOOP", 1))).kind, "timeout")

    def test_time_that_is_used_up_already(self) -> None:
        waiting = self.begin(self.client.command("NOOP", -1))
        self.server.reactor.advance(0)
        self.assertEqual(self.failure_of(waiting).kind, "timeout")

    def test_cancelling_aborts_at_once(self) -> None:
        waiting = self.begin(self.client.greeting(30))
        waiting.cancel()
        self.failureResultOf(waiting)
        self.assert_over()

    def test_cancelling_is_not_taken_for_a_failure_of_the_server(self) -> None:
        seen: list[str] = []

        async def session() -> None:
            try:
                await self.client.greeting(30)
            except SmtpFailed:
                seen.append("failed")

        waiting = self.begin(session())
        waiting.cancel()
        self.failureResultOf(waiting)
        self.assertEqual(seen, [])


class Hostile(Played):
    def assert_cut_off(self, waiting: Deferred[Any], kind: str = "malformed") -> None:
        self.assertEqual(self.failure_of(waiting).kind, kind)
        self.assert_over()

    def test_line_of_a_megabyte(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        sent = 0
        while not self.server.transport.aborted and sent < 1 << 20:
            self.server.says(b"2" * 1024)
            sent += 1024
        self.assertLessEqual(sent, 4096)
        self.assert_cut_off(waiting)

    def test_endless_banner(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.server.says(b"220-welcome\r\n" * 5000)
        self.assert_cut_off(waiting)

    def test_endless_replies_that_nobody_asked_for(self) -> None:
        self.server.says(b"220 hello\r\n" * 5000)
        self.assertTrue(self.server.transport.aborted)
        self.assertEqual(self.failure_of(self.begin(self.client.greeting(5))).kind, "malformed")

    def test_reply_before_the_command(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.server.says(b"220 hello\r\n250 ok\r\n")
        self.successResultOf(waiting)
        self.assert_cut_off(self.begin(self.client.command("NOOP", 5)))

    def test_other_protocol(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.server.says(b"HTTP/1.1 400 Bad Request\r\n")
        self.assert_cut_off(waiting)

    def test_codes_that_change_within_a_reply(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.server.says(b"220-a\r\n250 b\r\n")
        self.assert_cut_off(waiting)

    def test_octets_that_are_not_text(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.server.says(b"220 \xff\xfe\x1b[2J\x00\r\n")
        text = self.successResultOf(waiting).text
        self.assertTrue(text.replace("\ufffd", "").isprintable())

    def test_hanging_up_in_the_middle_of_a_reply(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.server.says(b"220-a\r\n220")
        self.server.hangs_up()
        self.assertEqual(self.failure_of(waiting).kind, "closed")
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])

    def test_reset(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.server.hangs_up(ConnectionLost())
        self.assertEqual(self.failure_of(waiting).kind, "io")

    def test_data_after_the_answer_to_starttls_is_not_taken_for_tls(self) -> None:
        waiting = self.begin(self.client.starttls(TrustStore().client_options("mx.test"), 5))
        self.server.says(b"220 go\r\n250-mx.evil\r\n250 SMTPUTF8\r\n")
        self.assert_cut_off(waiting, "tls")

    def test_piece_of_a_line_after_the_answer_to_starttls(self) -> None:
        waiting = self.begin(self.client.starttls(TrustStore().client_options("mx.test"), 5))
        self.server.says(b"220 go\r\n25")
        self.assert_cut_off(waiting, "tls")


class Leaving(Played):
    def test_quit_says_so_and_closes(self) -> None:
        waiting = self.begin(self.client.quit())
        self.assertEqual(self.server.heard(), b"QUIT\r\n")
        self.server.says(b"221 bye\r\n")
        self.successResultOf(waiting)
        self.assertTrue(self.server.transport.disconnecting)
        self.server.hangs_up()
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])

    def test_server_that_does_not_close_after_quit_is_cut_off(self) -> None:
        waiting = self.begin(self.client.quit())
        self.server.says(b"221 bye\r\n")
        self.successResultOf(waiting)
        self.server.reactor.advance(1)
        self.assert_over()

    def test_silence_after_quit(self) -> None:
        waiting = self.begin(self.client.quit(2))
        self.server.reactor.advance(2)
        self.successResultOf(waiting)
        self.assert_over()

    def test_quit_on_a_dead_connection(self) -> None:
        self.server.hangs_up()
        self.successResultOf(self.begin(self.client.quit()))

    def test_abort_fails_who_waits(self) -> None:
        waiting = self.begin(self.client.greeting(5))
        self.client.abort()
        self.failure_of(waiting)
        self.assert_over()

    def test_abort_twice(self) -> None:
        self.client.abort()
        self.client.abort()
        self.assert_over()


class Connecting(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()

    def connect(self, ip: str = "192.0.2.1", **options: Any) -> Deferred[Any]:
        return begun(self, SmtpConnection.connect(self.reactor, ip, 25, timeout=7, **options))

    def fail_with(self, problem: Exception) -> SmtpFailed:
        waiting = self.connect()
        self.reactor.tcpClients[0][2].clientConnectionFailed(self.reactor.connectors[0], Failure(problem))
        return self.failureResultOf(waiting, SmtpFailed).value

    def test_time_out_and_source_are_passed_on(self) -> None:
        self.connect(source="192.0.2.99")
        host, port, _factory, timeout, bind = self.reactor.tcpClients[0]
        self.assertEqual((host, port, timeout, bind), ("192.0.2.1", 25, 7, ("192.0.2.99", 0)))

    def test_ipv6(self) -> None:
        self.connect("2001:db8::1")
        self.assertEqual(self.reactor.tcpClients[0][0], "2001:db8::1")

    def test_refused(self) -> None:
        failure = self.fail_with(ConnectionRefusedError(111, "x"))
        self.assertEqual((failure.kind, failure.reason), ("io", "I/O error: Connection refused (os error 111)"))

    def test_time_out(self) -> None:
        failure = self.fail_with(ConnectTimeout())
        self.assertEqual((failure.kind, failure.reason), ("timeout", "Connection timeout"))

    def test_cancelling_stops_connecting(self) -> None:
        waiting = self.connect()
        waiting.cancel()
        self.failureResultOf(waiting)
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)


class Loopback(TestCase):
    """Real sockets and real TLS."""

    timeout = 10

    def setUp(self) -> None:
        self.reactor: Any = real_reactor
        self.ca = make_ca()
        self.roots = self.mktemp()
        with open(self.roots, "wb") as file:
            file.write(self.ca.certificate_pem)
        self.trust = TrustStore(self.roots)

    def listen(self, factory: ScriptedFactory) -> int:
        port = self.reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.factory = factory
        return int(port.getHost().port)

    async def connect(self, port: int) -> SmtpConnection:
        client = await SmtpConnection.connect(self.reactor, "127.0.0.1", port, timeout=5)
        self.addCleanup(self.gone, client)
        await client.greeting(5)
        await client.ehlo("client.test", 5)
        return client

    def gone(self, client: SmtpConnection) -> Deferred[None]:
        client.abort()
        return client.closed

    async def test_whole_session_over_tls(self) -> None:
        tls = ServerOptions(issue(["mx.test"], 30, self.ca))
        client = await self.connect(self.listen(ScriptedFactory(tls)))
        reply = await client.starttls(self.trust.client_options("mx.test"), 5)
        self.assertEqual(reply.code, 220)
        assert client.tls is not None
        self.assertEqual((client.tls.protocol, client.tls.webpki_ok), ("TLSv1.3", True))
        self.assertFalse(client.capabilities.starttls)
        await client.ehlo("client.test", 5)
        self.assertTrue((await client.command("MAIL FROM:<>", 5)).positive)
        await client.quit()
        await client.closed
        self.assertEqual(tls.names, [b"mx.test"])
        self.assertIn(("<", "[TLSv1.3 TLS_AES_256_GCM_SHA384]"), client.transcript)
        self.assertEqual(self.factory.lines[-1], b"QUIT")

    async def test_untrusted_certificate_does_not_end_the_session(self) -> None:
        client = await self.connect(self.listen(ScriptedFactory(ServerOptions(issue(["mx.test"])))))
        await client.starttls(self.trust.client_options("mx.test"), 5)
        assert client.tls is not None
        self.assertEqual(client.tls.webpki_kind, "not-trusted")
        self.assertTrue((await client.ehlo("client.test", 5)).positive)

    async def test_refused_starttls_is_a_value(self) -> None:
        client = await self.connect(self.listen(ScriptedFactory(STARTTLS=b"454 4.7.0 not now\r\n")))
        reply = await client.starttls(self.trust.client_options("mx.test"), 5)
        self.assertEqual(reply.describe(), "Code: 454, Enhanced code: 4.7.0, Message: not now")
        self.assertIsNone(client.tls)
        self.assertTrue((await client.command("MAIL FROM:<>", 5)).positive)

    async def failing_starttls(self, factory: ScriptedFactory, timeout: float = 5) -> SmtpFailed:
        client = await self.connect(self.listen(factory))
        with self.assertRaises(SmtpFailed) as caught:
            await client.starttls(self.trust.client_options("mx.test"), timeout)
        await client.closed
        return caught.exception

    async def test_no_tls_after_the_promise(self) -> None:
        def garbage(server: Any) -> None:
            server.transport.write(b"220 go\r\n")
            self.reactor.callLater(0.05, server.transport.write, b"this is no TLS\r\n")

        failure = await self.failing_starttls(ScriptedFactory(STARTTLS=garbage))
        self.assertEqual(failure.kind, "tls")
        self.assertIn("wrong version number", failure.reason)

    async def test_hanging_up_in_the_handshake(self) -> None:
        def leave(server: Any) -> None:
            server.transport.write(b"220 go\r\n")
            self.reactor.callLater(0.05, server.transport.loseConnection)

        failure = await self.failing_starttls(ScriptedFactory(STARTTLS=leave))
        self.assertEqual((failure.kind, failure.reason), ("tls", "I/O error: tls handshake eof"))

    async def test_silence_in_the_handshake(self) -> None:
        failure = await self.failing_starttls(ScriptedFactory(), 0.2)
        self.assertEqual(failure.kind, "timeout")

    async def test_old_tls_is_refused(self) -> None:
        tls = ServerOptions(issue(["mx.test"], 30, self.ca), only=SSL.TLS1_1_VERSION)
        failure = await self.failing_starttls(ScriptedFactory(tls))
        self.assertEqual(failure.kind, "tls")

    async def test_tls_1_2(self) -> None:
        tls = ServerOptions(issue(["mx.test"], 30, self.ca), only=SSL.TLS1_2_VERSION)
        client = await self.connect(self.listen(ScriptedFactory(tls)))
        await client.starttls(self.trust.client_options("mx.test"), 5)
        assert client.tls is not None
        self.assertEqual(client.tls.protocol, "TLSv1.2")

    async def test_nobody_listens(self) -> None:
        port = self.reactor.listenTCP(0, ScriptedFactory(), interface="127.0.0.1")
        number = port.getHost().port
        await port.stopListening()
        with self.assertRaises(SmtpFailed) as caught:
            await SmtpConnection.connect(self.reactor, "127.0.0.1", number, timeout=5)
        self.assertEqual(caught.exception.reason, "I/O error: Connection refused (os error 111)")

    async def test_cancelling_in_the_handshake(self) -> None:
        client = await self.connect(self.listen(ScriptedFactory()))
        waiting = Deferred.fromCoroutine(client.starttls(self.trust.client_options("mx.test"), 5))
        self.reactor.callLater(0.05, waiting.cancel)
        with self.assertRaises(BaseException) as caught:
            await waiting
        self.assertEqual(type(caught.exception).__name__, "CancelledError")
        await client.closed

    async def test_nothing_leaks(self) -> None:
        tls = ServerOptions(issue(["mx.test"], 30, self.ca))
        factories = [
            ScriptedFactory(tls),
            ScriptedFactory(STARTTLS=lambda server: server.transport.write(b"220 go\r\nx")),
        ]
        ports = [self.listen(factory) for factory in factories]

        async def session(port: int) -> None:
            client = await SmtpConnection.connect(self.reactor, "127.0.0.1", port, timeout=5)
            try:
                await client.greeting(5)
                await client.starttls(self.trust.client_options("mx.test"), 5)
                await client.quit()
            except SmtpFailed:
                client.abort()
            await client.closed

        async def sessions(rounds: int) -> tuple[int, int]:
            for _ in range(rounds):
                await gatherResults([Deferred.fromCoroutine(session(port)) for port in ports * 2])
            while any(factory.connections for factory in factories):  # the servers see the end a moment later
                pause: Deferred[None] = Deferred()
                self.reactor.callLater(0.01, pause.callback, None)
                await pause
            gc.collect()
            return len(os.listdir("/proc/self/fd")), len(self.reactor.getDelayedCalls())

        before = await sessions(1)
        self.assertEqual(await sessions(5), before)
