"""Attachments with reports: unpacked as far as they may be, whoever has packed them."""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
import zlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.report_archive import UnusableArchive, unpacked

TEXT = b"<feedback/>" * 5000


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, stream: bool = False) -> bytes:
    """A ZIP archive; one that was written to a ``stream`` tells sizes behind the content."""

    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return not stream

        def tell(self) -> int:
            if stream:
                raise OSError
            return super().tell()

    out = Stream()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


class ArchiveTests(SynchronousTestCase):
    def test_what_is_no_archive_stays(self) -> None:
        self.assertEqual(unpacked(TEXT, len(TEXT)), TEXT)
        self.assertEqual(unpacked(b"", 0), b"")

    def test_gzip(self) -> None:
        self.assertEqual(unpacked(gzip.compress(TEXT), len(TEXT)), TEXT)
        self.assertEqual(unpacked(gzip.compress(b"") + b"more", 0), b"")

    def test_zip(self) -> None:
        for archive in (
            zipped(("a.xml", TEXT)),
            zipped(("a.xml", TEXT), ("b.xml", b"x")),
            zipped(("folder/", b""), ("folder/a.xml", TEXT)),
            zipped(("a.xml", TEXT), method=zipfile.ZIP_STORED),
            zipped(("a.xml", TEXT), stream=True),
        ):
            self.assertEqual(unpacked(archive, len(TEXT)), TEXT)

    def test_nothing_becomes_larger_than_it_may(self) -> None:
        bomb = zlib.compressobj(9, wbits=31)
        packed = bomb.compress(bytes(50_000_000)) + bomb.flush()
        for data in (
            TEXT,
            gzip.compress(TEXT),
            zipped(("a", TEXT)),
            zipped(("a", TEXT), method=zipfile.ZIP_STORED),
            packed,
        ):
            error = self.assertRaises(UnusableArchive, unpacked, data, len(TEXT) - 1)
            self.assertIn("more than", str(error))

    def test_archives_that_are_refused(self) -> None:
        good = zipped(("a.xml", TEXT))
        encrypted = bytearray(good)
        encrypted[6] |= 1
        unknown = bytearray(good)
        unknown[8] = 12
        damaged = bytearray(good)
        damaged[14] ^= 1
        for data in (
            bytes(encrypted),
            bytes(unknown),
            bytes(damaged),
            good[:60],
            good[:20],
            zipped(("folder/", b"")),
            gzip.compress(TEXT)[:-20],
            b"\x1f\x8b",
            b"\x1f\x8bnonsense" * 10,
        ):
            self.assertRaises(UnusableArchive, unpacked, data, 1_000_000)

    @given(st.sampled_from((b"\x1f\x8b\x08\x00", b"PK\x03\x04")), st.binary(max_size=100))
    def test_any_octets_are_unpacked_or_refused(self, mark: bytes, data: bytes) -> None:
        with contextlib.suppress(UnusableArchive):
            self.assertLessEqual(len(unpacked(mark + data, 1000)), 1000)
