"""Messages on their way in, small ones in memory, large ones in files."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from stalwart.codec.smtp.message_head import MessageHead, read_head
from stalwart.errors import Unavailable
from stalwart.smtp.inbound_spool import LEAST, LONGEST_HEAD, MOST_HELD, Held, InboundSpool
from stalwart.smtp.reception import Refusal, Refused
from stalwart.store.blob_files import LARGE, Stored
from tests.directory.world import World

HEAD = b"Subject: x\r\nMessage-ID: <1@a.test>\r\n\r\n"


class SpoolTests(World):
    """Against the store in memory."""

    def setUp(self) -> None:
        super().setUp()
        self.heads: list[MessageHead] = []

    def spool(self, *pieces: bytes) -> InboundSpool:
        def prefix(head: MessageHead) -> bytes:
            self.heads.append(head)
            return b"X: y\r\n"

        spool = InboundSpool(self.store, prefix)
        for piece in pieces:
            waiting = spool.write(piece)
            if waiting is not None:
                self.successResultOf(waiting)
        self.settle(spool.commit())
        return spool

    def test_a_file_without_its_prefix_waits_for_the_end_of_the_head(self) -> None:
        long = b"X-Long: y\r\n" * 9000
        spool = InboundSpool(self.store, lambda head: b"X: y\r\n", read=read_head)
        self.assertIsNone(spool.write(long))
        waiting = spool.write(long[: 2 * LEAST] + b"\r\n\r\n")
        assert waiting is not None
        self.successResultOf(waiting)
        self.settle(spool.commit())
        assert isinstance(spool.content, Stored)
        self.assertTrue(self.store.blob_files.read(spool.content.hash).startswith(long))
        self.assertEqual((spool.prefix, spool.begun, spool.is_8bit), (b"X: y\r\n", 0, False))

    def test_a_head_that_is_too_long(self) -> None:
        held = Held()
        spool = InboundSpool(self.store, lambda head: b"", held, read=read_head)
        with self.assertRaises(Refused):
            for _ in range(LONGEST_HEAD // 1000 + 20):
                self.assertIsNone(spool.write(b"X-Long: " + b"y" * 998 + b"\r\n"))
        spool.abort()
        self.assertEqual(held.octets, 0)

    def test_when_there_is_no_memory_for_a_long_head(self) -> None:
        spool = InboundSpool(self.store, lambda head: b"", Held(MOST_HELD), read=read_head)
        self.assertRaises(Refused, spool.write, b"X-Long: y\r\n" * 2000)

    def test_what_is_in_the_file_already(self) -> None:
        spool = self.spool(HEAD, "é".encode() * LARGE)
        self.assertEqual((spool.begun, spool.is_8bit), (6, True))

    def test_small(self) -> None:
        spool = self.spool(HEAD, b"Text\r\n")
        self.assertEqual((spool.content, spool.prefix, spool.has_message_id), (HEAD + b"Text\r\n", b"X: y\r\n", True))
        self.assertEqual(len(self.heads), 1)

    def test_nothing(self) -> None:
        self.assertEqual(self.spool().content, b"\r\n")

    def test_large(self) -> None:
        pieces = (HEAD, b"z" * (LARGE - 100), b"y" * 200, b"x" * 200)
        spool = self.spool(*pieces)
        assert isinstance(spool.content, Stored)
        octets = self.store.blob_files.read(spool.content.hash)
        self.assertEqual(octets, b"X: y\r\n" + b"".join(pieces))
        self.assertEqual((len(self.heads), spool.has_message_id), (1, True))

    def test_small_ones_go_to_files_where_there_are_very_many(self) -> None:
        held = Held(MOST_HELD - LEAST - 100)
        first, second = (InboundSpool(self.store, lambda head: b"", held) for _ in range(2))
        self.assertIsNone(first.write(HEAD + b"x" * LEAST))
        self.assertIsNone(second.write(HEAD))
        waiting = second.write(b"y" * LEAST)
        assert waiting is not None
        self.successResultOf(waiting)
        self.settle(second.commit())
        assert isinstance(second.content, Stored)
        self.assertEqual(self.store.blob_files.read(second.content.hash), HEAD + b"y" * LEAST)
        self.settle(first.commit())
        self.assertEqual((first.content, second.has_message_id), (HEAD + b"x" * LEAST, True))
        first.release()
        second.release()
        self.assertEqual(held.octets, MOST_HELD - LEAST - 100)

    def test_what_is_dropped_is_not_held(self) -> None:
        held = Held()
        spool = InboundSpool(self.store, lambda head: b"", held)
        spool.write(HEAD)
        self.assertEqual(held.octets, len(HEAD))
        spool.abort()
        spool.abort()
        self.assertEqual(held.octets, 0)

    def test_one_that_is_not_wanted(self) -> None:
        def prefix(head: MessageHead) -> bytes:
            raise Refused(Refusal(554, "5.4.6", "no"))

        spool = InboundSpool(self.store, prefix)
        spool.write(HEAD)
        self.failureResultOf(Deferred.fromCoroutine(spool.commit()), Refused)
        spool = InboundSpool(self.store, prefix)
        with self.assertRaises(Refused):
            spool.write(b"x" * LARGE)
        spool.abort()

    def test_nothing_is_left_of_one_that_is_dropped(self) -> None:
        spool = InboundSpool(self.store, lambda head: b"")
        waiting = spool.write(HEAD + b"x" * LARGE)
        assert waiting is not None
        self.successResultOf(waiting)
        spool.abort()
        self.assertEqual(self.store.blob_files.names("00"), [])

    def test_a_disk_that_fails(self) -> None:
        problem = Unavailable("The disk that holds the blobs is full.")
        self.patch(self.store.blob_files, "begin", lambda: (_ for _ in ()).throw(problem))
        spool = InboundSpool(self.store, lambda head: b"")
        waiting = spool.write(b"x" * LARGE)
        assert waiting is not None
        self.assertIs(self.failureResultOf(waiting).value, problem)
        spool.abort()
