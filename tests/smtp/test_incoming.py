"""A message while it arrives: what goes wrong is told at its end, and the spool is asked once to drop it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.data_decoder import ChunkDecoder, DataDecoder
from stalwart.smtp.envelope import Envelope, Peer
from stalwart.smtp.faults import reply_to
from stalwart.smtp.incoming import Incoming
from stalwart.smtp.limits import Limits
from stalwart.smtp.role import LMTP
from tests.smtp.twin import TwinReception, TwinSpool


class IncomingTests(SynchronousTestCase):
    def incoming(self, decoder: DataDecoder | ChunkDecoder, limit: int = 100) -> Incoming:
        self.spool = TwinSpool(TwinReception())
        return Incoming(Envelope(Peer(LMTP, Limits())), self.spool, decoder, limit, reply_to)

    def test_up_to_the_dot(self) -> None:
        incoming = self.incoming(DataDecoder())
        self.assertIsNone(incoming.feed(b"a\r\n."))
        self.assertFalse(incoming.is_complete)
        incoming.feed(b"\r\nQUIT")
        self.assertEqual((incoming.is_complete, incoming.rest, self.spool.octets), (True, b"QUIT", b"a\r\n"))
        self.assertIsNone(incoming.close())

    def test_chunks_end_when_somebody_says_so(self) -> None:
        incoming = self.incoming(ChunkDecoder())
        incoming.feed(b".\r\n.\r\na\r")
        self.assertEqual((incoming.is_complete, incoming.is_chunked, incoming.rest), (False, True, b""))
        incoming.close()
        self.assertEqual(self.spool.octets, b".\r\n.\r\na\r")
        self.assertTrue(incoming.decoder.has_bare_line_end)

    def test_the_limit_is_the_last_octet(self) -> None:
        for size, refused in ((100, None), (101, replies.TOO_LARGE)):
            incoming = self.incoming(ChunkDecoder())
            for _ in range(size):
                incoming.feed(b"a")
            self.assertIs(incoming.refusal, refused)
            self.assertEqual((len(self.spool.octets), self.spool.aborted), (100, refused is not None))

    def test_the_first_refusal_counts(self) -> None:
        incoming = self.incoming(DataDecoder())
        incoming.refuse(replies.TOO_LARGE)
        incoming.refuse(replies.BARE_LINE_END)
        self.assertIs(incoming.refusal, replies.TOO_LARGE)

    def test_a_spool_that_cannot_even_abort(self) -> None:
        incoming = self.incoming(DataDecoder())
        self.spool.reception.problems["abort"] = RuntimeError("stuck")
        incoming.refuse(replies.TOO_LARGE)
        self.assertIs(incoming.refusal, replies.TOO_LARGE)
