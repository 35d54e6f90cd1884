"""Zip files of web interfaces: what is in them, what is left out, what is too much."""

from __future__ import annotations

import stat
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.web_archive import MOST_OCTETS, MOST_OF_ONE, ArchiveBroken, unpack


def zipped(entries: dict[str, bytes], *, links: tuple[str, ...] = ()) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
        for name in links:
            entry = ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, "/etc/passwd")
    return made.getvalue()


class UnpackTests(SynchronousTestCase):
    """``unpack``."""

    def test_files_have_their_names(self) -> None:
        found = unpack(zipped({"index.html": b"page", "a/b.js": b"code", "empty/": b""}))
        self.assertEqual(found.files, {"index.html": b"page", "a/b.js": b"code"})
        self.assertEqual(found.skipped, ())

    def test_names_that_lead_elsewhere_and_links_are_left_out(self) -> None:
        bad = ["../x", "a/../../x", "/etc/x", "a//x", "./x", "C:\\x", "a\\..\\x", "x\n"]
        found = unpack(zipped(dict.fromkeys(bad, b"x") | {"good": b"y"}, links=("link",)))
        self.assertEqual(found.files, {"good": b"y"})
        self.assertEqual(len(found.skipped), len(bad) + 1)

    def test_bomb_is_refused(self) -> None:
        bomb = zipped({"zeros": bytes(1_000_000)})
        self.assertLess(len(bomb), 10_000)
        self.assertRaises(ArchiveBroken, unpack, bomb, octets=999_999)
        self.assertEqual(len(unpack(bomb, octets=1_000_000).files["zeros"]), 1_000_000)

    def test_file_that_is_too_large_is_refused(self) -> None:
        self.assertRaises(ArchiveBroken, unpack, zipped({"a": bytes(600)}), largest=599)
        self.assertEqual(list(unpack(zipped({"a": bytes(600), "b": bytes(600)}), largest=600).files), ["a", "b"])
        self.assertLessEqual((MOST_OF_ONE, MOST_OCTETS), (16 * 1024 * 1024, 64 * 1024 * 1024))

    def test_octets_of_all_entries_count_together(self) -> None:
        self.assertRaises(ArchiveBroken, unpack, zipped({"a": bytes(600), "b": bytes(600)}), octets=1000)

    def test_too_many_entries_are_refused(self) -> None:
        self.assertRaises(ArchiveBroken, unpack, zipped({str(number): b"" for number in range(11)}), entries=10)

    def test_what_is_cut_off_or_changed_is_refused_and_no_fault(self) -> None:
        whole = zipped({"index.html": b"page" * 1000})
        for size in range(0, len(whole), 7):
            self.assertRaises(ArchiveBroken, unpack, whole[:size])
        changed = bytearray(whole)
        changed[40] ^= 0xFF
        self.assertRaises(ArchiveBroken, unpack, bytes(changed))

    @given(some.binary(max_size=300), some.integers(0, 200))
    def test_nothing_else_is_raised(self, noise: bytes, at: int) -> None:
        whole = bytearray(zipped({"index.html": b"page"}))
        whole[at : at + len(noise)] = noise
        try:
            unpack(bytes(whole))
        except ArchiveBroken as problem:
            self.assertTrue(str(problem))
