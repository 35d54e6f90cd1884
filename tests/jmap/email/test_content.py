"""Sections of messages."""

from __future__ import annotations

import hashlib

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound, TooLarge
from stalwart.jmap.allowance import Allowance
from stalwart.jmap.email.content import Filed, Held
from stalwart.store.blob_files import MemoryBlobFiles


class ContentTests(SynchronousTestCase):
    """Both kinds give the same."""

    def test_sections(self) -> None:
        files = MemoryBlobFiles()
        with files.begin() as writer:
            writer.write(b"a message in a file")
            stored = writer.commit()
        held = Held(b"message in a file")
        filed = Filed(files, stored.hash, Allowance(), start=2)
        for begin, end in ((0, 7), (8, 10), (3, 3)):
            self.assertEqual(filed.section(begin, end), held.section(begin, end))

    def test_a_file_that_is_missing(self) -> None:
        gone = Filed(MemoryBlobFiles(), hashlib.sha256(b"").digest(), Allowance())
        self.assertRaises(NotFound, gone.section, 0, 1)

    def test_what_is_read_of_a_file_is_counted(self) -> None:
        files = MemoryBlobFiles()
        with files.begin() as writer:
            writer.write(b"a message")
            stored = writer.commit()
        filed = Filed(files, stored.hash, Allowance(to_read=4))
        self.assertEqual(filed.section(0, 4), b"a me")
        self.assertRaises(TooLarge, filed.section, 4, 5)
