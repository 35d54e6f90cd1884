"""Transfer encodings: the same octets whatever the pieces, and sizes without decoding."""

from __future__ import annotations

import base64
import binascii
import quopri

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import transfer

ENCODINGS = ("7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "x-unknown")
CODED = st.lists(
    st.sampled_from([b"=", b"A", b"Q=", b"==", b"=3D", b"\r\n", b"\n", b" ", b"\t", b"=\r", b"\xff", b"begin 644 x\n"])
)


class DecodingTests(SynchronousTestCase):
    def test_spellings_of_names(self) -> None:
        for given_name, name in {
            " BASE64 ": "base64",
            '"8bit"': "8bit",
            "": "7bit",
            "X-UUE": "x-uuencode",
            "odd": "odd",
        }.items():
            self.assertEqual(transfer.canonical(given_name), name)

    def test_unknown_encoding_is_said_to_be_unknown(self) -> None:
        self.assertEqual([transfer.is_known(name) for name in ENCODINGS], [True] * 6 + [False])

    def test_pieces_are_bounded(self) -> None:
        for encoding in ENCODINGS:
            data = b"QUJD\r\n" * 300_000
            for piece in transfer.pieces(data, 0, len(data), encoding):
                self.assertLessEqual(len(piece), transfer.PIECE)

    def test_only_the_range_is_decoded(self) -> None:
        self.assertEqual(b"".join(transfer.pieces(b"xxQUJDxx", 2, 6, "base64")), b"ABC")

    def test_decoded_without_a_second_copy_of_the_content(self) -> None:
        data = b"QUJD" * 1_000_000
        self.assertEqual(transfer.size(data, 0, len(data), "base64"), 3_000_000)

    @given(st.binary(max_size=2000))
    def test_what_others_encode_is_decoded(self, octets: bytes) -> None:
        self.assertEqual(transfer.decode(base64.encodebytes(octets), "base64"), octets)
        plain = octets.replace(b"\r", b"")  # quopri takes the first end of a line for all
        self.assertEqual(transfer.decode(quopri.encodestring(plain), "quoted-printable"), plain)
        lines = [binascii.b2a_uu(octets[at : at + 45]) for at in range(0, len(octets), 45)]
        self.assertEqual(transfer.decode(b"begin 644 x\n" + b"".join(lines) + b"`\nend\n", "x-uuencode"), octets)

    @settings(max_examples=200)
    @given(CODED, st.sampled_from(ENCODINGS))
    def test_size_is_what_decoding_gives(self, parts: list[bytes], encoding: str) -> None:
        data = b"".join(parts)
        self.assertEqual(transfer.size(data, 0, len(data), encoding), len(transfer.decode(data, encoding)))

    @given(st.lists(st.binary(max_size=30)), st.integers(1, 50))
    def test_runs_of_base64_with_their_own_padding_are_joined(self, runs: list[bytes], width: int) -> None:
        encoded = b"".join(base64.b64encode(run) for run in runs if len(run) % 3)
        folded = b"\r\n".join(encoded[at : at + width] for at in range(0, len(encoded), width))
        self.assertEqual(transfer.decode(folded, "base64"), b"".join(run for run in runs if len(run) % 3))

    def test_borders_of_pieces_do_not_show(self) -> None:
        for filler in (b"=41", b"=\r\n", b"a \r\n", b"=C3=BC\n"):
            data = filler * (2 * transfer.PIECE // len(filler)) + b"end"
            whole = quopri.decodestring(data.replace(b" \r\n", b"\r\n"))
            self.assertEqual(transfer.decode(data, "quoted-printable"), whole)
