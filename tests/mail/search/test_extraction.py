"""What is indexed of a message, field by field."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.part import pack
from stalwart.codec.mime.scanner import scan
from stalwart.codec.search_document import COLUMNS, Document, columns, unpack
from stalwart.codec.search_header import name_word
from stalwart.mail.search.extraction import NOTHING, extracted
from tests.codec.mime.corpus import TEXT, attached, lines, multipart, part, samples

ALL = frozenset(("from", "to", "cc", "bcc", "subject", "body", "attachment"))
DATA = lines(
    "From: Jürgen <j@x.example>", "To: a@x", "Cc: c@x", "Bcc: d@x", "Subject: Größe", "List-Id: <list.x>"
) + multipart(
    "mixed",
    TEXT,
    attached("application/pdf", "report.pdf"),
    part("text/plain", b"more", "Content-Disposition: attachment"),
)


def found(wanted: frozenset[str] = ALL) -> dict[str, str]:
    """The words of each column."""
    return dict(zip(COLUMNS, extracted(DATA, pack(scan(DATA)), wanted).words, strict=True))


class ExtractionTests(SynchronousTestCase):
    def test_words_of_each_field(self) -> None:
        words = found()
        self.assertEqual(words["sender"], "jurgen j x example \ue000 juergen")
        self.assertEqual((words["recipients"], words["copies"], words["blind_copies"]), ("a x", "c x", "d x"))
        self.assertEqual(words["subject"], "grosse \ue000 groesse")
        self.assertEqual((words["body"], words["names"]), ("plain words more", "report pdf"))
        self.assertIn(name_word("List-Id"), words["header"].split())

    def test_the_document_says_the_same(self) -> None:
        made = extracted(DATA, pack(scan(DATA)), ALL)
        self.assertEqual(columns(unpack(made.document)), made.words)
        self.assertEqual(unpack(made.document).subject, "Größe")

    def test_fields_that_are_not_wanted_are_left_out(self) -> None:
        places = {
            "from": "sender",
            "to": "recipients",
            "cc": "copies",
            "bcc": "blind_copies",
            "subject": "subject",
            "attachment": "names",
        }
        for name, column in places.items():
            words = found(ALL - {name})
            self.assertEqual([each for each in COLUMNS if not words[each]], [column])
        self.assertEqual(found(ALL - {"attachment"})["body"], "plain words")
        self.assertEqual(found(ALL - {"body"})["body"], "more")
        self.assertEqual(set(found(frozenset()).values()), {"", found()["header"]})

    def test_an_unknown_part_table_is_made_anew(self) -> None:
        for table in (None, b"", b"\x00x"):
            self.assertEqual(extracted(DATA, table, ALL), extracted(DATA, pack(scan(DATA)), ALL))

    def test_awkward_messages_are_indexed(self) -> None:
        for sample in samples():
            made = extracted(sample.raw, None, ALL)
            self.assertEqual(columns(unpack(made.document)), made.words, sample.name)

    def test_nothing_has_no_words(self) -> None:
        self.assertEqual((unpack(NOTHING.document), set(NOTHING.words)), (Document(), {""}))
