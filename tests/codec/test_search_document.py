"""What is kept for searching, and the words that follow from it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.search_document import COLUMNS, Document, UnreadableDocument, columns, pack, unpack

DOCUMENT = Document("Jörg j@x.example", "b@x", "", "", "Größe", "Some words. " * 50, "a.pdf", "abc \ue002subject")


class DocumentTests(SynchronousTestCase):
    def test_it_comes_back(self) -> None:
        self.assertEqual(unpack(pack(DOCUMENT)), DOCUMENT)
        self.assertLess(len(pack(DOCUMENT)), 200)

    def test_what_cannot_be_read_is_said(self) -> None:
        packed = pack(DOCUMENT)
        for damaged in (b"", b"\x02" + packed[1:], packed[:20], b"\x01" + b"x" * 30):
            with self.assertRaises(UnreadableDocument):
                unpack(damaged)

    def test_words_of_columns(self) -> None:
        found = dict(zip(COLUMNS, columns(DOCUMENT), strict=True))
        self.assertEqual(found["sender"], "jorg j x example \ue000 joerg")
        self.assertEqual(found["subject"], "grosse \ue000 groesse")
        self.assertEqual(found["copies"], "")
        self.assertEqual(found["header"], DOCUMENT.header)
