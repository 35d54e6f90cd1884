"""A long answer is made as it is read: nothing is computed for a client that takes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from stalwart.dav.listing import LARGEST_PIECE, multistatus_answer, one_page
from stalwart.web.answers import Answer, EventStream
from tests.leftovers import begun

ROW = b"<D:response/>"


class Reader:
    """A client that takes what it is sent when the test says so."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_slow = True
        self.waiting: Deferred[None] | None = None

    def __call__(self, frame: bytes) -> None:
        self.sent.append(frame)

    def ready(self) -> Deferred[None]:
        if not self.is_slow:
            return succeed(None)
        self.waiting = Deferred()
        return self.waiting

    def read(self) -> None:
        """Take one frame."""
        waiting, self.waiting = self.waiting, None
        assert waiting is not None
        waiting.callback(None)


class ListingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.made = 0

    async def pages(self, count: int, octets: int) -> AsyncIterator[list[bytes]]:
        for _ in range(count):
            self.made += 1
            yield [ROW + b" " * (octets - len(ROW))]

    def answer(self, count: int, octets: int, kept: list[bytes] | None = None) -> Answer | EventStream:
        keep = kept.append if kept is not None else None
        return self.successResultOf(begun(self, multistatus_answer(self.pages(count, octets), keep=keep)))

    def test_what_is_short_has_a_length(self) -> None:
        answer = self.answer(3, 100)
        assert isinstance(answer, Answer)
        self.assertEqual((answer.status, answer.body.count(ROW)), (207, 3))
        single = self.successResultOf(begun(self, multistatus_answer(one_page([ROW]))))
        assert isinstance(single, Answer)

    def test_a_page_is_made_when_the_one_before_was_taken(self) -> None:
        stream, reader = self.answer(5, 100_000), Reader()
        assert isinstance(stream, EventStream)
        running = begun(self, stream.run(reader))
        for number in range(1, 6):
            self.assertEqual((self.made, len(reader.sent)), (number, number - 1))
            reader.read()
        reader.read()
        self.successResultOf(running)
        body = b"".join(reader.sent)
        self.assertEqual((body.count(ROW), body.endswith(b"</D:multistatus>")), (5, True))

    def test_pieces_are_small_whatever_a_page_holds(self) -> None:
        kept: list[bytes] = []
        stream, reader = self.answer(1, 5 * LARGEST_PIECE, kept), Reader()
        assert isinstance(stream, EventStream)
        reader.is_slow = False
        self.successResultOf(begun(self, stream.run(reader)))
        self.assertEqual(max(map(len, reader.sent)), LARGEST_PIECE)
        self.assertEqual(kept, [b"".join(reader.sent)])
