"""What is written leaves once and in its order, at once or by the transport."""

from __future__ import annotations

from twisted.internet.interfaces import ISSLTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides

from stalwart.web.socket_writer import SocketWriter
from tests.web.client import Wire
from tests.web.narrow_socket import Socket


class WriterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.socket = Socket()
        self.socket.room = 8
        self.writer = SocketWriter(self.socket)

    def left(self) -> tuple[bytes, bytes]:
        """What the socket has taken, and what the transport was given."""
        return self.socket.at_once, self.socket.value()

    def test_what_fits_leaves_at_once(self) -> None:
        self.writer.write(b"abcd")
        self.writer.write(b"efgh")
        self.assertEqual(self.left(), (b"abcdefgh", b""))

    def test_all_after_a_full_socket_is_the_transport_s(self) -> None:
        self.writer.write(b"abcdefghij")
        self.socket.room = 100
        self.writer.write(b"kl")
        self.assertEqual(self.left(), (b"abcdefgh", b"ijkl"))

    def test_much_leaves_at_once_in_parts(self) -> None:
        self.socket.room, self.socket.SEND_LIMIT = 100, 4
        self.writer.write(b"abcdefghij")
        self.assertEqual(self.left(), (b"abcdefghij", b""))
        self.socket.room = 6
        self.writer.write(b"klmnopqrst")
        self.assertEqual(self.left(), (b"abcdefghijklmnop", b"qrst"))

    def test_when_the_transport_has_sent_all_it_goes_on(self) -> None:
        self.writer.write(b"abcdefghij")
        self.socket.room = 100
        self.writer.drained()
        self.writer.write(b"kl")
        self.assertEqual(self.left(), (b"abcdefghkl", b"ij"))

    def test_a_client_that_has_gone(self) -> None:
        self.socket.room = None
        self.writer.write(b"ab")
        self.assertEqual(self.left(), (b"", b"ab"))

    def test_from_starttls_on_the_transport_has_all(self) -> None:
        self.writer.write(b"ab")
        self.writer.begin_tls()
        self.writer.drained()
        self.writer.write(b"cd")
        self.assertEqual(self.left(), (b"ab", b"cd"))

    def test_tls_and_other_transports(self) -> None:
        directlyProvides(self.socket, ISSLTransport)
        writer = SocketWriter(self.socket)
        writer.drained()
        writer.write(b"ab")
        self.assertEqual(self.left(), (b"", b"ab"))
        wire = Wire()
        SocketWriter(wire).write(b"cd")
        self.assertEqual(wire.value(), b"cd")
