"""The bytes behind ids: whole, sections, decoded sections."""

from __future__ import annotations

import quopri
from base64 import b64encode, encodebytes

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from stalwart.codec.mime import transfer
from stalwart.errors import TooLarge
from stalwart.jmap.blobs.access import find_readable
from stalwart.jmap.blobs.contents import Decoding, Octets, decode, octets_of
from stalwart.jmap.blobs.ids import TRANSFER_ENCODINGS
from tests.jmap.blobs.shelf import LARGE, NOW, SMALL, ShelfCase, access


class OctetsTests(ShelfCase):
    """Where the bytes come from."""

    def octets(self, content: bytes, section: str = "", most: int = 1_000_000) -> Octets:
        return self.settle(self.opening(content, section, most))

    async def opening(self, content: bytes, section: str, most: int) -> Octets:
        id = self.uploaded(content) + section
        found = self.read(lambda tx: find_readable(tx, access(), 7, (id,), NOW))
        return await octets_of(self.store, found[id], Decoding(most))

    def bytes_of(self, octets: Octets, offset: int, length: int) -> bytes:
        return self.successResultOf(self.store.blob_work(lambda files: octets.read(files, offset, length)))

    def both(self, content: bytes, section: str = "") -> None:
        """Read a part in one go, piece by piece, and as it is sent."""
        octets = self.octets(content, section)
        end = octets.size - 1
        read = self.bytes_of(octets, 1, end)
        pieces = self.successResultOf(self.store.blob_work(lambda files: b"".join(octets.pieces(files, 1, end))))
        sent = self.settle(self.sent(octets, end))
        self.assertEqual([pieces, sent], [read, read])

    async def sent(self, octets: Octets, length: int) -> bytes:
        return await octets.content(self.store).read(1, length)

    def test_small_content(self) -> None:
        self.both(SMALL)
        self.assertEqual(self.bytes_of(self.octets(SMALL), 4, 5), b"quick")

    def test_large_content(self) -> None:
        self.both(LARGE)
        self.assertEqual(self.bytes_of(self.octets(LARGE), 255, 3), b"\xff\x00\x01")

    def test_sections(self) -> None:
        for content in (SMALL, LARGE):
            self.both(content, "-4-9-n")
            octets = self.octets(content, "-4-9-n")
            self.assertEqual((octets.size, self.bytes_of(octets, 2, 3)), (9, content[6:9]))

    def test_decoded_sections_of_small_and_large_content(self) -> None:
        for filler in (10, 100_000):
            content = b"." * filler + b64encode(b"hello") + b"."
            octets = self.octets(content, f"-{filler}-8-b")
            self.assertEqual((octets.size, octets.held), (5, b"hello"))
            self.both(content, f"-{filler}-8-b")

    def test_no_more_is_decoded_than_may_be(self) -> None:
        self.octets(b"aGVsbG8=", "-0-8-b", most=8)
        self.failureResultOf(Deferred.fromCoroutine(self.opening(b"aGVsbG8=", "-0-8-b", 7)), TooLarge)

    def test_what_is_not_decoded_costs_nothing(self) -> None:
        self.assertEqual(self.octets(SMALL, "-0-8-n", most=0).size, 8)


class DecodeTests(ShelfCase):
    """RFC 2045 6.7, 6.8, as liberal as mail needs it."""

    @given(st.binary(max_size=200))
    def test_what_was_encoded_comes_back(self, content: bytes) -> None:
        self.assertEqual(decode(encodebytes(content), "b"), content)
        lines = content.replace(b"\r", b"")  # the encoder of the library may write either kind of line end
        self.assertEqual(decode(quopri.encodestring(lines), "q"), lines)
        self.assertEqual(decode(content, "n"), content)

    @given(st.binary(max_size=60))
    def test_whatever_comes_is_decoded_somehow(self, encoded: bytes) -> None:
        self.assertLessEqual(len(decode(encoded, "b")), len(encoded))
        self.assertLessEqual(len(decode(encoded, "q")), len(encoded))

    def test_base64_without_padding_and_with_noise(self) -> None:
        self.assertEqual(decode(b"aGVs\r\n bG8", "b"), b"hello")
        self.assertEqual(decode(b"a-GV*s", "b"), b"hel")
        self.assertEqual(decode(b"aGVs\r\nbG8=\r\nIQ==", "b"), b"hello!")
        self.assertEqual(decode(b"aGVsb", "b"), b"hel")

    @given(st.binary(max_size=60))
    @settings(max_examples=50)
    def test_the_size_is_the_one_that_body_parts_have(self, encoded: bytes) -> None:
        for letter, name in TRANSFER_ENCODINGS.items():
            self.assertEqual(len(decode(encoded, letter)), transfer.size(encoded, 0, len(encoded), name))

    def test_uuencode(self) -> None:
        self.assertEqual(decode(b"begin 644 f\n#0V%T\n`\nend\n", "u"), b"Cat")
