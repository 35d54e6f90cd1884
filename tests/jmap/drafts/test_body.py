"""Bodies as clients describe them (RFC 8621 4.6)."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from stalwart.codec.mime.composer import Outline
from stalwart.jmap.drafts.body import DEEPEST, MOST_LANGUAGES, MOST_MEMBERS, MOST_PARTS, Body, Piece, read_body
from stalwart.jmap.drafts.faults import Faults
from stalwart.jmap.errors import SetRefused

VALUES: dict[str, Any] = {"1": {"value": "one"}, "2": {"value": "two", "isTruncated": False}}


class ReadBodyTests(TestCase):
    """``read_body``."""

    def body(self, **given: Any) -> Body:
        faults = Faults()
        body = read_body({"bodyValues": VALUES} | given, faults)
        faults.refuse()
        return body

    def wrong(self, **given: Any) -> tuple[str, ...]:
        with self.assertRaises(SetRefused) as caught:
            self.body(**given)
        self.assertEqual(caught.exception.type, "invalidProperties")
        return caught.exception.properties

    def test_text_and_html(self) -> None:
        body = self.body(textBody=[{"partId": "1"}], htmlBody=[{"partId": "2", "type": "text/html"}])
        self.assertEqual(body.text, Piece(("textBody", "0"), Outline("text/plain", text="one")))
        self.assertEqual(body.html, Piece(("htmlBody", "0"), Outline("text/html", text="two")))
        self.assertIsNone(body.root)

    def test_one_part_alone_is_the_root(self) -> None:
        body = self.body(htmlBody=[{"partId": "2"}])
        self.assertIs(body.root, body.html)

    def test_blobs_are_named_in_order(self) -> None:
        inner = {"type": "multipart/related", "subParts": [{"blobId": "B1"}, {"blobId": "B2", "type": "a/b"}]}
        body = self.body(
            bodyStructure={"type": "multipart/mixed", "subParts": [inner, {"partId": "1"}, {"blobId": "B3"}]}
        )
        self.assertEqual([piece.blob_id for piece in body.pieces()], [None, None, "B1", "B2", None, "B3"])
        other = body.with_blobs(lambda id: id * 2)
        self.assertEqual([piece.blob_id for piece in other.pieces() if piece.blob_id], ["B1B1", "B2B2", "B3B3"])

    def test_parts_are_built_with_their_content(self) -> None:
        body = self.body(bodyStructure={"type": "multipart/mixed", "subParts": [{"blobId": "B1"}, {"partId": "1"}]})
        outline = body.outline(lambda piece: Outline("x/y", text=piece.blob_id))
        self.assertEqual([part.text for part in outline.parts], ["B1", "one"])
        self.assertEqual(self.body().outline(lambda piece: piece.outline), Outline(text=""))

    def test_what_does_not_go_together(self) -> None:
        part = {"partId": "1"}
        for given, places in (
            ({"bodyStructure": part, "textBody": [part]}, ("textBody",)),
            ({"textBody": []}, ("textBody",)),
            ({"textBody": [part, part]}, ("textBody",)),
            ({"textBody": part}, ("textBody",)),
            ({"textBody": [3]}, ("textBody/0",)),
            ({"textBody": [part | {"type": "text/html"}]}, ("textBody/0/type",)),
            ({"htmlBody": [part | {"type": "text/plain"}]}, ("htmlBody/0/type",)),
            ({"attachments": [{"type": "a/b"}]}, ("attachments/0/partId",)),
            ({"attachments": [part | {"blobId": "B1"}]}, ("attachments/0/partId",)),
            ({"attachments": [{"partId": "none"}]}, ("attachments/0/partId",)),
            ({"attachments": [{"partId": 1}]}, ("attachments/0/partId",)),
            ({"attachments": [{"blobId": 1}]}, ("attachments/0/blobId",)),
            ({"attachments": [part | {"charset": "utf-8"}]}, ("attachments/0/charset",)),
            ({"attachments": [part | {"size": 3}]}, ("attachments/0/size",)),
            ({"attachments": [part | {"type": "message/rfc822"}]}, ("attachments/0/type",)),
            ({"attachments": [part | {"type": "text/plain; charset=x"}]}, ("attachments/0/type",)),
            ({"attachments": [part | {"headers": []}]}, ("attachments/0/headers",)),
            ({"attachments": [part | {"unknown": 1}]}, ("attachments/0/unknown",)),
            ({"attachments": [part | {"subParts": [part]}]}, ("attachments/0/subParts",)),
            ({"attachments": [{"type": "multipart/mixed", "subParts": [part]}]}, ("attachments/0/type",)),
            ({"bodyStructure": {"type": "multipart/mixed", "partId": "1"}}, ("bodyStructure/partId",)),
            ({"bodyStructure": {"type": "multipart/mixed", "blobId": "B"}}, ("bodyStructure/blobId",)),
            ({"bodyStructure": {"type": "multipart/mixed", "subParts": 3}}, ("bodyStructure/subParts",)),
            ({"bodyStructure": []}, ("bodyStructure",)),
        ):
            self.assertEqual(self.wrong(**given), places, given)

    def test_wrong_content_fields_are_named(self) -> None:
        for name, value in (
            ("name", 3),
            ("name", "x" * 1001),
            ("disposition", "in line"),
            ("cid", "a b"),
            ("cid", "<a@b>"),
            ("location", "a b"),
            ("language", "de"),
            ("language", ["d e"]),
            ("language", [3]),
            ("header:Content-Transfer-Encoding", " 8bit"),
            ("header:Content-Type", " no type"),
            ("header:Content-Type", " multipart/mixed; boundary=x"),
        ):
            part = {"blobId": "B1", name: value}
            self.assertEqual(self.wrong(attachments=[part]), (f"attachments/0/{name}",), (name, value))
        self.assertEqual(self.wrong(attachments=[{"blobId": "B1", "charset": "a b"}]), ("attachments/0/charset",))

    def test_a_field_of_a_part_is_given_once(self) -> None:
        for name, value, field in (
            ("type", "text/plain", "header:Content-Type"),
            ("charset", "utf-8", "header:Content-Type"),
            ("name", "a.txt", "header:Content-Type"),
            ("disposition", "inline", "header:Content-Disposition"),
            ("cid", "a@b", "header:Content-ID"),
            ("language", ["de"], "header:Content-Language"),
            ("location", "a", "header:Content-Location"),
        ):
            part = {"blobId": "B1", name: value, field: " text/plain"}
            [place] = self.wrong(attachments=[part])
            self.assertIn(place, (f"attachments/0/{name}", f"attachments/0/{field}"))

    def test_body_values_are_checked(self) -> None:
        for values, place in (
            ([], "bodyValues"),
            ({"1": "text"}, "bodyValues/1"),
            ({"1": {}}, "bodyValues/1"),
            ({"1": {"value": 3}}, "bodyValues/1"),
            ({"1": {"value": "x", "isTruncated": True}}, "bodyValues/1/isTruncated"),
            ({"1": {"value": "x", "isEncodingProblem": True}}, "bodyValues/1/isEncodingProblem"),
            ({"1": {"value": "x", "other": 1}}, "bodyValues/1/other"),
        ):
            self.assertEqual(self.wrong(bodyValues=values), (place,), values)

    def test_how_many_members_there_are_is_bounded(self) -> None:
        many = {str(number): 1 for number in range(MOST_MEMBERS + 1)}
        self.assertEqual(self.wrong(bodyStructure={"blobId": "B1", **many}), ("bodyStructure",))
        self.assertIn("bodyValues", self.wrong(textBody=[{"partId": "1"}], bodyValues=many))
        tags = {"blobId": "B1", "language": ["de"] * (MOST_LANGUAGES + 1)}
        self.assertEqual(self.wrong(attachments=[tags]), ("attachments/0/language",))

    def test_how_many_parts_and_how_deep_is_bounded(self) -> None:
        many = [{"blobId": "B1"}] * (MOST_PARTS + 1)
        self.assertEqual(self.wrong(attachments=many), ("attachments",))
        self.assertEqual(self.wrong(bodyStructure={"type": "multipart/mixed", "subParts": many}), ("bodyStructure",))
        tree: dict[str, Any] = {"partId": "1"}
        for _ in range(DEEPEST):
            tree = {"type": "multipart/mixed", "subParts": [tree]}
        self.body(bodyStructure=tree)
        tree = {"type": "multipart/mixed", "subParts": [tree]}
        self.assertTrue(self.wrong(bodyStructure=tree)[0].startswith("bodyStructure/subParts/0"))
