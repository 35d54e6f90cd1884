"""data: URIs. Tests ``stalwart.codec.data_uri``."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.data_uri import data_uri, is_data, read_data


class DataUriTests(SynchronousTestCase):
    @given(st.binary(max_size=200))
    def test_what_is_written_is_read(self, octets: bytes) -> None:
        self.assertEqual(read_data(data_uri(octets, "image/png")), (octets, "image/png"))

    @given(st.text(max_size=60))
    def test_anything_is_read_or_refused(self, text: str) -> None:
        read_data(f"data:{text}")
        self.assertIsNone(read_data(f"x{text}"))

    def test_forms(self) -> None:
        self.assertEqual(read_data("data:,a%20b"), (b"a b", None))
        self.assertEqual(read_data("DATA:Image/JPEG;charset=x;base64,YQ"), (b"a", "image/jpeg"))
        self.assertEqual(read_data("data:;base64,YW%3D%3D"), read_data("data:;base64,YW=="))
        self.assertEqual(read_data("data:image/gif;base64,Y Q\n=="), (b"a", "image/gif"))
        for broken in ("data:", "data:image/png;base64", "data:;base64,Y", "data:;base64,*", "http://x/,y"):
            self.assertIsNone(read_data(broken), broken)
        self.assertFalse(is_data("http://x"))
