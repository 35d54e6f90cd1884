"""The factory: how many connections, and how they end when the server does."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.smtp import server as smtp_server
from stalwart.telemetry.measures import SMTP_CONNECTION_DURATION
from tests.smtp.test_connection import COMMANDS, begun
from tests.smtp.twin import SmtpServer


class FloodTests(SynchronousTestCase):
    def test_of_one_address(self) -> None:
        server = SmtpServer(connections_each=2)
        first, _ = server.connect(), server.connect()
        self.assertEqual(server.connect().lines()[0][:9], "421 4.7.0")
        self.assertEqual(server.connect("198.51.100.8").lines()[0][:3], "220")
        first.lose()
        self.assertEqual(server.connect().lines()[0][:3], "220")
        self.assertEqual(server.events.count("smtp.concurrency-limit-exceeded"), 1)

    def test_of_one_neighbourhood(self) -> None:
        server = SmtpServer(connections_each=1)
        server.connect("2001:db8:1:2::3")
        self.assertTrue(server.connect("2001:db8:1:2:4::5").has_ended)
        self.assertFalse(server.connect("2001:db8:1:3::3").has_ended)
        self.assertEqual(smtp_server._neighbourhood("not an address:"), "not an address:")

    def test_of_all(self) -> None:
        server = SmtpServer(connections=2)
        clients = [server.connect(f"198.51.100.{number}") for number in range(3)]
        self.assertEqual([client.lines()[0][:9] for client in clients][2], "421 4.3.2")
        for client in clients[:2]:
            client.lose()
        self.assertEqual(len(server.factory.connections), 0)
        self.assertFalse(server.connect().has_ended)

    def test_a_connection_is_measured(self) -> None:
        server = SmtpServer()
        client = server.connect()
        server.clock.advance(2)
        client.lose()
        series = server.telemetry.series(SMTP_CONNECTION_DURATION)
        total, *buckets = series.numbers(SMTP_CONNECTION_DURATION.size)
        self.assertEqual((total, sum(buckets)), (2.0, 1))
        start, end = (server.telemetry.counters[f"smtp.connection-{what}"] for what in ("start", "end"))
        self.assertEqual((start, end), (1, 1))


class EndTests(SynchronousTestCase):
    def test_the_idle_are_told(self) -> None:
        server = SmtpServer()
        client = server.greeted()
        closing = Deferred.fromCoroutine(server.factory.close(10))
        self.assertEqual([line[:9] for line in client.lines()], ["421 4.3.2"])
        self.assertTrue(client.has_ended)
        self.assertNoResult(closing)
        client.lose()
        self.successResultOf(closing)
        self.assertEqual(server.connect().lines()[0][:9], "421 4.3.2")

    def test_a_message_that_has_begun_is_taken(self) -> None:
        server = SmtpServer()
        client = begun(server)
        closing = Deferred.fromCoroutine(server.factory.close(10))
        self.assertEqual([line[:9] for line in client.send(b"a\r\n.\r\n")], ["250 2.0.0", "421 4.3.2"])
        client.lose()
        self.successResultOf(closing)
        self.assertEqual(len(server.reception.messages), 1)

    def test_a_delivery_is_waited_for_without_its_client(self) -> None:
        server = SmtpServer()
        client = server.greeted()
        waiting = server.reception.waits["deliver"] = Deferred()
        client.send(COMMANDS + b"DATA\r\n.\r\n")
        client.lose()
        closing = Deferred.fromCoroutine(server.factory.close(10))
        self.assertNoResult(closing)
        waiting.callback(None)
        self.successResultOf(closing)

    def test_patience_ends(self) -> None:
        server = SmtpServer()
        client = begun(server)
        closing = Deferred.fromCoroutine(server.factory.close(10))
        server.clock.advance(10)
        self.successResultOf(closing)
        self.assertTrue(client.wire.aborted)

    def test_nothing_to_wait_for(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(SmtpServer().factory.close(10)))
