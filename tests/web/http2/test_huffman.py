"""The Huffman code, against the examples of the RFC and against ``hpack``."""

from __future__ import annotations

from hpack.exceptions import HPACKDecodingError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.http2.huffman import NotHuffman, decode_huffman

ENCODER = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


class HuffmanTests(SynchronousTestCase):
    """RFC 7541 5.2, C.4."""

    def test_examples(self) -> None:
        for code, text in (
            ("", b""),
            ("f1e3c2e5f23a6ba0ab90f4ff", b"www.example.com"),
            ("a8eb10649cbf", b"no-cache"),
            ("25a849e95bb8e8b4bf", b"custom-value"),
        ):
            self.assertEqual(decode_huffman(bytes.fromhex(code)), text)

    def test_what_is_wrong(self) -> None:
        for code in ("ffffffff", "00ffffffff", "ff"):  # the end sign, padding of a byte
            self.assertRaises(NotHuffman, decode_huffman, bytes.fromhex(code))

    @given(st.binary(max_size=60))
    def test_every_string_comes_back(self, text: bytes) -> None:
        self.assertEqual(decode_huffman(ENCODER.encode(text)), text)

    @given(st.binary(max_size=12))
    @settings(max_examples=500)
    def test_any_bytes_mean_what_they_mean_elsewhere(self, code: bytes) -> None:
        try:
            expected = reference(code)
        except HPACKDecodingError:
            self.assertRaises(NotHuffman, decode_huffman, code)
        else:
            self.assertEqual(decode_huffman(code), expected)
