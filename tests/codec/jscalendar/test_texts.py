"""Members of one value, and sets of texts."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.texts import text_value
from tests.codec.jscalendar.reading_of import changed, read, written


class TextTests(SynchronousTestCase):
    def test_what_is_read(self) -> None:
        event = read(
            "SUMMARY;LANGUAGE=de:A\\, b", "DESCRIPTION:x\\ny", "PRIORITY:5", "SEQUENCE:2", "STATUS:tentative",
            "CLASS:CONFIDENTIAL", "TRANSP:TRANSPARENT", "CATEGORIES:A,B\\,c", "CATEGORIES:D", "COLOR:red",
            "CONCEPT:http://example.com/x", "RELATED-TO;RELTYPE=CHILD:u1", "RELATED-TO:u2", "CREATED:20260101T000000Z",
            "REQUEST-STATUS:2.0;Success", "LAST-MODIFIED:20260102T000000Z",
        )  # fmt: skip
        told = {
            "title": "A, b", "locale": "de", "description": "x\ny", "priority": 5, "sequence": 2, "status": "tentative",
            "privacy": "secret", "freeBusyStatus": "free", "keywords": {"A": True, "B,c": True, "D": True},
            "color": "red", "categories": {"http://example.com/x": True}, "created": "2026-01-01T00:00:00Z",
            "relatedTo": {
                "u1": {"@type": "Relation", "relation": {"child": True}}, "u2": {"@type": "Relation", "relation": {}},
            },
            "requestStatus": "2.0;Success", "updated": "2026-01-02T00:00:00Z",
        }  # fmt: skip
        self.assertEqual({key: event.get(key) for key in told}, told)

    def test_odd_values_mean_nothing_and_stay(self) -> None:
        odd = ("STATUS:MAYBE", "CLASS:X-FOO", "PRIORITY:-1", "SEQUENCE:x", "CREATED:yesterday", "TRANSP:")
        event = read(*odd)
        self.assertFalse(event.keys() & {"status", "privacy", "priority", "sequence", "created", "freeBusyStatus"})
        self.assertEqual(changed(odd, {"title": "x"}), [*odd, "SUMMARY:x"])

    def test_styled_descriptions(self) -> None:
        event = read("DESCRIPTION;DERIVED=TRUE:x", "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>x</b>")
        self.assertEqual((event["description"], event["descriptionContentType"]), ("<b>x</b>", "text/html"))
        self.assertEqual(
            written(description="<b>y</b>", descriptionContentType="text/html"),
            ["STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>y</b>", "DESCRIPTION;DERIVED=TRUE:y"],
        )
        self.assertEqual(written(description="y", descriptionContentType="text/plain"), ["DESCRIPTION:y"])

    def test_what_tells_of_the_old_text_goes_with_it(self) -> None:
        lines = ('DESCRIPTION;ALTREP="cid:1";X-A=1:old', "X-ALT-DESC;FMTTYPE=text/html:<p>old</p>", "X-OTHER:1")
        self.assertEqual(changed(lines, {"description": "new"}), ["DESCRIPTION;X-A=1:new", "X-OTHER:1"])

    def test_keywords_are_changed_one_by_one(self) -> None:
        lines = ("CATEGORIES:A, B", "CATEGORIES;LANGUAGE=de:C")
        self.assertEqual(
            changed(lines, {"keywords/B": None, "keywords/D,e": True}),
            ["CATEGORIES:A", "CATEGORIES;LANGUAGE=de:C", "CATEGORIES:D\\,e"],
        )
        self.assertEqual(changed(lines, {"keywords": None}), [])

    def test_relations_are_changed_one_by_one(self) -> None:
        lines = ("RELATED-TO;RELTYPE=SIBLING;X-A=1:u1", "RELATED-TO:u2")
        self.assertEqual(
            changed(lines, {"relatedTo/u2/relation": {"next": True}}),
            ["RELATED-TO;RELTYPE=SIBLING;X-A=1:u1", "RELATED-TO;RELTYPE=NEXT:u2"],
        )

    def test_both_stamps_say_when_it_was_changed(self) -> None:
        lines = ("LAST-MODIFIED:20260102T000000Z",)
        self.assertEqual(changed(lines, {"updated": "2026-03-01T00:00:00Z"}), ["LAST-MODIFIED:20260301T000000Z"])

    def test_text_is_written_without_controls(self) -> None:
        self.assertEqual(text_value("a\x00;b\nc"), "a\\;b\\nc")
        self.assertEqual(written(title="a\x00b")[1], 'JSPROP;JSPTR=title:"a\\\\u0000b"')
