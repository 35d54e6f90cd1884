"""Reading an event stream from a server: as it happens, within limits, and leaving nothing behind."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor, ssl
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.client import ResponseFailed

from stalwart.codec.event_stream import EventTooLong, ReceivedEvent
from stalwart.net.event_source import (
    ANSWER_LIMIT,
    CONNECT_LIMIT,
    PROBLEM_LIMIT,
    SILENCE_LIMIT,
    StreamRefused,
    StreamSilent,
    read_events,
)
from tests.leftovers import begun
from tests.net.certificates import issue

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"event: event\ndata: [1]\n\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Wire(StringTransport):
    """A transport that closes when it is told to."""

    protocol: Any = None

    def loseConnection(self) -> None:
        if not self.disconnecting:
            super().loseConnection()
            self.protocol.connectionLost(Failure(ConnectionDone()))

    abortConnection = loseConnection


class ReadingTests(SynchronousTestCase):
    """A server whose bytes the test writes."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.events: list[ReceivedEvent] = []
        self.on_event: Any = self.events.append

    def read(self, url: str = "http://192.0.2.1:8080/live?x=1", **given: Any) -> Deferred[None]:
        headers = {"Authorization": "Bearer key"}
        work = read_events(self.reactor, url, headers, lambda event: self.on_event(event), **given)
        return begun(self, work)

    def connect(self, *answers: bytes) -> Deferred[None]:
        """A request that has been sent and answered so far."""
        reading = self.read()
        factory = self.reactor.tcpClients[0][2]
        self.protocol = factory.buildProtocol(None)
        self.wire = Wire()
        self.wire.protocol = self.protocol
        self.protocol.makeConnection(self.wire)
        self.asked = self.wire.value()
        for answer in answers:
            self.protocol.dataReceived(answer)
        return reading

    def left(self) -> bool:
        """Whether the connection is closed and nothing is due."""
        return self.wire.disconnecting and not self.reactor.getDelayedCalls()

    def test_request_asks_for_a_stream_with_the_given_headers(self) -> None:
        reading = self.connect()
        self.assertTrue(self.asked.startswith(b"GET /live?x=1 HTTP/1.1\r\n"), self.asked)
        for line in (b"Accept: text/event-stream", b"Authorization: Bearer key", b"Host: 192.0.2.1:8080"):
            self.assertIn(line.lower(), self.asked.lower())
        self.assertNoResult(reading)

    def test_events_are_given_as_they_come(self) -> None:
        reading = self.connect(STREAM)
        seen = []
        for data in (b"event: event\nda", b"ta: [1]\n", b"\n", EVENT):
            self.protocol.dataReceived(chunk(data))
            seen.append(len(self.events))
        self.assertEqual(seen, [0, 0, 1, 2])
        self.assertNoResult(reading)

    def test_end_of_the_stream_is_the_end(self) -> None:
        reading = self.connect(STREAM, chunk(EVENT), b"0\r\n\r\n")
        self.successResultOf(reading)
        self.assertEqual((self.events, self.left()), ([ReceivedEvent("event", "[1]")], True))

    def test_stream_without_chunks_ends_with_the_connection(self) -> None:
        reading = self.connect(b"HTTP/1.0 200 OK\r\n\r\n" + EVENT)
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.successResultOf(reading)
        self.assertEqual(len(self.events), 1)

    def test_connection_that_breaks_is_a_failure(self) -> None:
        reading = self.connect(STREAM, chunk(EVENT))
        self.protocol.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(reading, ResponseFailed)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_refusal_carries_status_and_text(self) -> None:
        reading = self.connect(b'HTTP/1.1 429 Too Many\r\nContent-Length: 9\r\n\r\n{"a": 1}\n')
        refused = self.failureResultOf(reading, StreamRefused).value
        self.assertEqual((refused.status, refused.text, self.events), (429, '{"a": 1}\n', []))

    def test_redirect_is_not_followed_because_credentials_would_go_with_it(self) -> None:
        reading = self.connect(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.9/\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual(self.failureResultOf(reading, StreamRefused).value.status, 302)
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_endless_refusal_is_cut(self) -> None:
        reading = self.connect(b"HTTP/1.1 500 No\r\n\r\n", b"x" * (PROBLEM_LIMIT - 1), b"y" * 100)
        refused = self.failureResultOf(reading, StreamRefused).value
        self.assertEqual((len(refused.text), refused.text[-1], self.left()), (PROBLEM_LIMIT, "y", True))

    def test_refusal_that_stops_in_the_middle_is_told_with_what_there_is(self) -> None:
        reading = self.connect(b"HTTP/1.1 500 No\r\n\r\nhalf")
        self.reactor.advance(SILENCE_LIMIT)
        self.assertEqual(self.failureResultOf(reading, StreamRefused).value.text, "half")

    def test_event_that_is_too_long_ends_it(self) -> None:
        reading = self.connect(STREAM)
        for _ in range(17):
            self.protocol.dataReceived(chunk(b"x" * 65536))
        self.failureResultOf(reading, EventTooLong)
        self.assertTrue(self.left())

    def test_fault_of_the_reader_ends_it(self) -> None:
        def fault(_event: ReceivedEvent) -> None:
            raise BrokenPipeError

        self.on_event = fault
        reading = self.connect(STREAM, chunk(EVENT))
        self.failureResultOf(reading, BrokenPipeError)
        self.assertTrue(self.left())

    def test_nothing_is_given_after_a_fault(self) -> None:
        def once(event: ReceivedEvent) -> None:
            self.events.append(event)
            raise ValueError("no")

        self.on_event = once
        reading = self.connect(STREAM, chunk(EVENT + EVENT))
        self.failureResultOf(reading, ValueError)
        self.assertEqual(len(self.events), 1)

    def test_comments_keep_it_alive(self) -> None:
        reading = self.connect(STREAM)
        for _ in range(8):
            self.reactor.advance(15)
            self.protocol.dataReceived(chunk(b": keep-alive\n\n"))
        self.assertNoResult(reading)

    def test_silence_ends_it(self) -> None:
        reading = self.connect(STREAM)
        self.reactor.advance(SILENCE_LIMIT)
        self.failureResultOf(reading, StreamSilent)
        self.assertTrue(self.left())

    def test_server_that_does_not_answer_ends_it(self) -> None:
        reading = self.connect()
        self.reactor.advance(ANSWER_LIMIT)
        self.failureResultOf(reading, StreamSilent)
        self.assertTrue(self.left())

    def test_connection_that_does_not_come_about_ends_it(self) -> None:
        self.read()
        self.assertEqual(self.reactor.tcpClients[0][3], CONNECT_LIMIT)

    def test_cancelling_in_the_stream_closes_the_connection(self) -> None:
        reading = self.connect(STREAM, chunk(EVENT))
        reading.cancel()
        self.failureResultOf(reading, CancelledError)
        self.assertTrue(self.left())

    def test_cancelling_before_the_answer_closes_the_connection(self) -> None:
        reading = self.connect()
        reading.cancel()
        self.failureResultOf(reading)
        self.assertTrue(self.left())


class CertificateTests(TestCase):
    """HTTPS on loopback with a certificate that nobody vouches for."""

    timeout = 10

    def setUp(self) -> None:
        issued = issue(["localhost"])
        certificate = ssl.PrivateCertificate.loadPEM(issued.key_pem + issued.chain_pem)
        factory = Factory.forProtocol(OneEvent)
        factory.noisy = False
        self.port: Any = reactor.listenSSL(0, factory, certificate.options(), interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(self.port.stopListening)
        self.events: list[ReceivedEvent] = []

    async def read(self, insecure: bool) -> None:
        url = f"https://localhost:{self.port.getHost().port}/"
        await read_events(reactor, url, {}, self.events.append, insecure=insecure)

    async def test_it_is_refused(self) -> None:
        with self.assertRaises(Exception) as caught:
            await self.read(insecure=False)
        self.assertIn("certificate", str(caught.exception.reasons[0].value))  # type: ignore[attr-defined]
        self.assertEqual(self.events, [])

    async def test_it_is_taken_when_the_person_says_so(self) -> None:
        await self.read(insecure=True)
        self.assertEqual(self.events, [ReceivedEvent("event", "[1]")])


class OneEvent(Protocol):
    """Answers anything with a stream of one event."""

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(STREAM + chunk(EVENT) + b"0\r\n\r\n")
        self.transport.loseConnection()
