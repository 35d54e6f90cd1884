"""Zip files that are written while they are made, read back by the standard library."""

from __future__ import annotations

from io import BytesIO
from unittest.mock import patch
from zipfile import ZipFile

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import zip_stream
from stalwart.codec.zip_stream import ZipStream


def archive(entries: list[tuple[str, list[bytes]]], at: float = 1_800_000_000, size: int = 0) -> bytes:
    made, sent = ZipStream(BytesIO()), b""
    for name, pieces in entries:
        sent += made.begin(name, at, size)
        for piece in pieces:
            sent += made.write(piece)
        sent += made.end()
    return sent + b"".join(made.finish())


def read(octets: bytes) -> list[tuple[str, bytes]]:
    with ZipFile(BytesIO(octets)) as found:
        assert found.testzip() is None
        return [(one.filename, found.read(one)) for one in found.infolist()]


class ZipStreamTests(SynchronousTestCase):
    @settings(max_examples=60)
    @given(
        st.lists(
            st.tuples(st.text("abcäß日/ ", min_size=1, max_size=30), st.lists(st.binary(max_size=3000), max_size=4)),
            max_size=6,
        )
    )
    def test_what_was_written_is_read(self, entries: list[tuple[str, list[bytes]]]) -> None:
        self.assertEqual(read(archive(entries)), [(name, b"".join(pieces)) for name, pieces in entries])

    def test_times_are_utc_and_within_what_the_format_has(self) -> None:
        for at, expected in (
            (1_800_000_000, (2027, 1, 15, 8, 0, 0)),
            (0, (1980, 1, 1, 0, 0, 0)),
            (1e12, (2107, 12, 31, 23, 59, 58)),
        ):
            with ZipFile(BytesIO(archive([("a", [])], at))) as found:
                self.assertEqual(found.infolist()[0].date_time, expected)

    def test_large_entries_and_many_are_written_in_the_wide_form(self) -> None:
        entries = [("a", [b"x" * 100, b"y"]), ("b", [])]
        with patch.object(zip_stream, "_LARGE", 60):  # as if four gibibytes were sixty octets
            made = archive(entries, size=1 << 40)
        self.assertIn(b"PK\6\6", made)
        self.assertEqual(archive(entries, size=1 << 40).count(b"PK\6\6"), 0)
        self.assertEqual(read(archive(entries, size=1 << 40)), [("a", b"x" * 100 + b"y"), ("b", b"")])
        with patch.object(zip_stream, "_MANY", 3):
            self.assertEqual(len(read(archive([(str(number), []) for number in range(5)]))), 5)
