"""Header blocks to fields, against the examples of the RFC and against ``hpack``."""

from __future__ import annotations

from hpack import Decoder, Encoder
from hpack.exceptions import HPACKError
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.http2.field_decoder import LARGEST_LIST, FieldDecoder
from stalwart.web.http2.frames import ConnectionFault, ErrorCode

NAMES = st.sampled_from((b":path", b":method", b"accept", b"x-a", b"cookie", b"x-" + b"n" * 60))
VALUES = st.one_of(st.sampled_from((b"GET", b"/", b"", b"a" * 300)), st.binary(max_size=40))
LISTS = st.lists(st.lists(st.tuples(NAMES, VALUES, st.booleans()), max_size=8), max_size=6)


class DecoderCase(SynchronousTestCase):
    """Faults by their code."""

    def refused(self, block: str, code: ErrorCode = ErrorCode.COMPRESSION_ERROR) -> None:
        fault = self.assertRaises(ConnectionFault, FieldDecoder().decode, bytes.fromhex(block))
        self.assertEqual(fault.code, code, block)


class ExampleTests(DecoderCase):
    """RFC 7541 appendix C."""

    def test_requests_with_huffman_codes(self) -> None:
        decoder = FieldDecoder()
        first = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"www.example.com")]
        self.assertEqual(decoder.decode(bytes.fromhex("828684418cf1e3c2e5f23a6ba0ab90f4ff")), first)
        second = [*first, (b"cache-control", b"no-cache")]
        self.assertEqual(decoder.decode(bytes.fromhex("828684be5886a8eb10649cbf")), second)
        third = decoder.decode(bytes.fromhex("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"))
        self.assertEqual(third[-2:], [(b":authority", b"www.example.com"), (b"custom-key", b"custom-value")])

    def test_literals_that_are_not_kept(self) -> None:
        decoder = FieldDecoder()
        self.assertEqual(decoder.decode(bytes.fromhex("040c2f73616d706c652f70617468")), [(b":path", b"/sample/path")])
        self.assertEqual(
            decoder.decode(bytes.fromhex("100870617373776f726406736563726574")), [(b"password", b"secret")]
        )
        self.assertEqual(decoder.version, 0)


class TableTests(DecoderCase):
    """RFC 7541 4."""

    def test_the_version_changes_with_the_table(self) -> None:
        decoder = FieldDecoder()
        decoder.decode(bytes.fromhex("8286"))
        self.assertEqual(decoder.version, 0)
        decoder.decode(bytes.fromhex("410161"))
        self.assertEqual(decoder.version, 1)
        decoder.decode(bytes.fromhex("20"))
        self.assertEqual(decoder.version, 2)

    def test_old_entries_leave(self) -> None:
        decoder = FieldDecoder()
        decoder.decode(bytes.fromhex("3f01"))  # 32 bytes: room for one field without name and value
        decoder.decode(bytes.fromhex("400000"))
        self.assertEqual(decoder.decode(bytes.fromhex("be")), [(b"", b"")])
        decoder.decode(bytes.fromhex("40016100"))  # too large: the table is empty now
        self.assertRaises(ConnectionFault, decoder.decode, bytes.fromhex("be"))

    def test_its_size_is_limited_and_changes_at_the_beginning_only(self) -> None:
        self.assertEqual(FieldDecoder().decode(bytes.fromhex("203fe11f82")), [(b":method", b"GET")])
        self.refused("3fe21f")
        self.refused("8220")


class RefusedTests(DecoderCase):
    """What is not a block."""

    def test_indexes_to_nothing(self) -> None:
        for block in ("80", "be", "ff80808001", "7e0161", "0f7f0161"):
            self.refused(block)

    def test_cut_off(self) -> None:
        for block in ("40", "4001", "400561", "40016105", "ff", "ff80", "0f", "408161", "3f"):
            self.refused(block)

    def test_integers_are_limited(self) -> None:
        self.refused("ffffffffffffff7f")
        self.refused("ff" + "80" * 50 + "01")
        self.refused("407fffffffff7f")

    def test_a_wrong_huffman_code(self) -> None:
        self.refused("4084ffffffff0161")

    def test_a_list_that_grows_out_of_little_is_stopped(self) -> None:
        bomb = bytes.fromhex("4001617fa11e") + b"x" * 4000
        most = LARGEST_LIST // 4033
        self.assertEqual(len(FieldDecoder().decode(bomb + b"\xbe" * (most - 1))), most)
        fault = self.assertRaises(ConnectionFault, FieldDecoder().decode, bomb + b"\xbe" * most)
        self.assertEqual(fault.code, ErrorCode.ENHANCE_YOUR_CALM)


class AnythingTests(SynchronousTestCase):
    """The same as ``hpack``."""

    @given(LISTS, st.booleans(), st.integers(0, 4096))
    def test_what_an_encoder_makes(
        self, lists: list[list[tuple[bytes, bytes, bool]]], huffman: bool, size: int
    ) -> None:
        encoder, decoder = Encoder(), FieldDecoder()
        for number, fields in enumerate(lists):
            if number == 2:
                encoder.header_table_size = size
            self.assertEqual(decoder.decode(encoder.encode(fields, huffman)), [(n, v) for n, v, _ in fields])

    @given(st.lists(st.binary(max_size=30), max_size=4))
    @settings(max_examples=500)
    def test_any_bytes(self, blocks: list[bytes]) -> None:
        ours, theirs = FieldDecoder(), Decoder()
        for block in blocks:
            try:
                found = ours.decode(block)
            except ConnectionFault:
                self.assertRaises(HPACKError, theirs.decode, block, raw=True)
                return
            self.assertEqual(found, [tuple(field) for field in theirs.decode(block, raw=True)])
