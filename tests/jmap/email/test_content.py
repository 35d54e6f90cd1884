"""Sections of messages, and how much of them one call gets."""

from __future__ import annotations

import hashlib

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound, TooLarge
from stalwart.jmap.email import content
from stalwart.jmap.email.content import Allowance, Filed, Held
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


class AllowanceTests(SynchronousTestCase):
    """The first message is free."""

    def setUp(self) -> None:
        self.patch(content, "MOST_READ", 100)
        self.patch(content, "MOST_SHOWN", 100)

    def test_one_message_may_be_of_any_size(self) -> None:
        allowance = Allowance()
        allowance.begin()
        allowance.read(1000)
        allowance.show(1000)

    def test_the_next_one_may_not(self) -> None:
        for spend in (Allowance.read, Allowance.show):
            allowance = Allowance()
            allowance.begin()
            spend(allowance, 60)
            allowance.begin()
            spend(allowance, 40)
            self.assertRaises(TooLarge, spend, allowance, 1)
