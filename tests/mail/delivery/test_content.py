"""The message that is sent: in memory or in a file."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound
from stalwart.mail.delivery import content
from stalwart.mail.delivery.content import FiledContent, HeldContent, content_of
from stalwart.store.blob_files import Stored
from stalwart.store.memory import MemoryStore


class ContentTests(SynchronousTestCase):
    """Pieces, read as often as wanted."""

    def setUp(self) -> None:
        self.store = MemoryStore()

    def read(self, message: HeldContent | FiledContent) -> list[bytes]:
        """Its pieces."""

        async def pieces() -> list[bytes]:
            return [piece async for piece in message.pieces()]

        return self.successResultOf(Deferred.fromCoroutine(pieces()))

    def test_in_memory(self) -> None:
        message = content_of(b"hello", self.store)
        self.assertEqual((message.size, message.held, self.read(message)), (5, b"hello", [b"hello"]))

    def test_in_a_file(self) -> None:
        self.patch(content, "PIECE", 4)
        with self.store.blob_files.begin() as writer:
            writer.write(b"0123456789")
            stored = writer.commit()
        message = content_of(stored, self.store)
        self.assertEqual((message.size, message.held), (10, None))
        for _ in range(2):
            self.assertEqual(self.read(message), [b"0123", b"4567", b"89"])

    def test_a_file_that_is_gone(self) -> None:
        message = FiledContent(Stored(b"x" * 32, 10), self.store)

        async def pieces() -> None:
            async for _ in message.pieces():
                self.fail("there is nothing")

        self.failureResultOf(Deferred.fromCoroutine(pieces()), NotFound)
