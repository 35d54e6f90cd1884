"""What is composed scans back to the same (RFC 8621 4.6)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import body_lists, body_values, header_forms, headers, part, scanner, transfer
from stalwart.codec.mime.composer import (
    Outline,
    compose,
    is_charset,
    is_disposition,
    is_language,
    is_location,
    is_media_type,
    structure,
    type_of_field,
)
from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import InvalidValue

FIELDS: list[tuple[str, Form, Any]] = [
    ("From", Form.ADDRESSES, [{"name": "Jürgen", "email": "j@example.org"}]),
    ("Subject", Form.TEXT, "Grüße"),
    ("Message-ID", Form.MESSAGE_IDS, ["x@example.org"]),
    ("Date", Form.DATE, "2024-01-01T10:00:00+01:00"),
]
TEXT = Outline("text/plain", text="plain\n")
HTML = Outline("text/html", text="<p>html</p>\n")


def boundaries() -> Iterator[str]:
    """Numbers."""
    yield from (f"=_boundary_{number}" for number in range(1000))


def written(body: Outline, fields: list[tuple[str, Form, Any]] = FIELDS) -> bytes:
    """A message in one piece."""
    return b"".join(compose(fields, body, boundaries()))


def blob(octets: bytes, **members: Any) -> Outline:
    """A file."""
    kind = members.pop("type", "application/octet-stream")
    return Outline(kind, contents=lambda: (octets[at : at + 1000] for at in range(0, len(octets), 1000)), **members)


class RoundTripTests(SynchronousTestCase):
    def test_fields_read_back(self) -> None:
        data = written(TEXT)
        root = scanner.scan(data)
        found = headers.fields(data, root.header_begin, root.header_end)
        shown = header_forms.values_of(data, found, header_forms.CONVENIENCE)
        self.assertEqual(shown["from"], FIELDS[0][2])
        self.assertEqual((shown["subject"], shown["messageId"]), ("Grüße", ["x@example.org"]))
        self.assertEqual(shown["sentAt"], "2024-01-01T10:00:00+01:00")
        self.assertIn("MIME-Version", [each.name for each in found])

    def test_lists_read_back(self) -> None:
        picture = blob(b"png", type="image/png", cid="a@b", disposition="inline")
        file = blob(bytes(range(256)), name="ü.bin")
        for text, html, files, expected in (
            (TEXT, None, [], (["text/plain"], ["text/plain"], [])),
            (None, HTML, [], (["text/html"], ["text/html"], [])),
            (TEXT, HTML, [], (["text/plain"], ["text/html"], [])),
            (TEXT, HTML, [picture, file], (["text/plain"], ["text/html"], ["image/png", "application/octet-stream"])),
            (TEXT, None, [file], (["text/plain"], ["text/plain"], ["application/octet-stream"])),
            (None, HTML, [picture], (["text/html"], ["text/html"], ["image/png"])),
            (None, None, [file], ([], [], ["application/octet-stream"])),
            (TEXT, None, [blob(b"x", type="text/plain")], (["text/plain"], ["text/plain"], ["text/plain"])),
        ):
            lists = body_lists.body_lists(scanner.scan(written(structure(text, html, files))))
            shown = tuple(
                [each.type for each in each_list] for each_list in (lists.text, lists.html, lists.attachments)
            )
            self.assertEqual(shown, expected)

    @settings(max_examples=300)
    @given(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\ufeff"), max_size=500),
        st.integers(1, 40),
    )
    def test_text_reads_back(self, text: str, times: int) -> None:
        value = text * times
        data = written(Outline("multipart/mixed", parts=(Outline("text/plain", text=value), HTML)))
        found = scanner.scan(data).parts[0]
        read = body_values.body_value(data, found)
        self.assertEqual((read.value, read.is_encoding_problem), (value, False))
        self.assertIn(found.encoding, ("7bit", "quoted-printable", "base64"))
        encoded = data[found.body_begin : found.body_end]
        self.assertTrue(encoded.isascii())
        self.assertLessEqual(max(map(len, encoded.split(b"\r\n"))), 998 if found.encoding == "7bit" else 76)
        self.assertEqual(encoded.count(b"\n"), encoded.count(b"\r\n"))

    @given(st.binary(max_size=5000), st.integers(1, 3000))
    def test_blobs_read_back(self, octets: bytes, width: int) -> None:
        body = Outline("x/y", contents=lambda: (octets[at : at + width] for at in range(0, len(octets), width)))
        data = written(Outline("multipart/mixed", parts=(TEXT, body)))
        found = scanner.scan(data).parts[1]
        pieces = b"".join(transfer.pieces(data, found.body_begin, found.body_end, found.encoding))
        self.assertEqual((pieces, found.size), (octets, len(octets)))
        lines = data[found.body_begin : found.body_end].split(b"\r\n")
        self.assertLessEqual(max(map(len, lines)), 76)  # RFC 2045 6.8

    @given(
        st.fixed_dictionaries(
            {
                "disposition": st.none() | st.sampled_from(["inline", "attachment"]),
                "name": st.none()
                | st.text(st.characters(exclude_categories=("Cc", "Cs", "Mn", "Co", "Cn")), min_size=1),
                "cid": st.none() | st.from_regex(r"[a-z0-9]{1,9}@[a-z]{1,9}", fullmatch=True),
                "language": st.lists(st.sampled_from(["de", "en-GB"]), max_size=3).map(tuple),
                "location": st.none() | st.just("http://example.org/x"),
            }
        )
    )
    def test_members_of_parts_read_back(self, members: dict[str, Any]) -> None:
        found = scanner.scan(written(blob(b"x", **members)))
        self.assertEqual(found.disposition, members["disposition"])
        self.assertEqual((found.cid, found.location), (members["cid"], members["location"]))
        self.assertEqual(found.language, members["language"] or None)
        name = header_forms.composed(members["name"]) if members["name"] else None
        self.assertEqual(found.filename, name)

    def test_second_opinion(self) -> None:
        file = blob(bytes(range(256)) * 100, name="grün.bin", disposition="attachment")
        data = written(structure(TEXT, HTML, [file]))
        theirs = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual(theirs["subject"], "Grüße")
        attached = next(iter(theirs.iter_attachments()))  # type: ignore[attr-defined]
        self.assertEqual(attached.get_filename(), "grün.bin")
        self.assertEqual(attached.get_payload(decode=True), bytes(range(256)) * 100)
        self.assertEqual([each.defects for each in theirs.walk()], [[]] * 5)

    def test_messages_within_are_not_encoded(self) -> None:
        # RFC 2046 5.2.1
        for octets, encoding in (
            (b"Subject: a\r\n\r\nx", "7bit"),
            ("Subject: ü\r\n\r\n".encode(), "8bit"),
            (b"\0", "binary"),
        ):
            data = written(Outline("multipart/mixed", parts=(TEXT, blob(octets, type="message/rfc822"))))
            found = scanner.scan(data).parts[1]
            self.assertEqual((found.encoding, data[found.body_begin : found.body_end]), (encoding, octets))

    def test_own_fields_of_parts(self) -> None:
        data = written(Outline(text="x", fields=(("X-Own", Form.TEXT, "ü"),)))
        self.assertIn(b"X-Own: =?utf-8?q?=C3=BC?=\r\n", data)

    def test_tree_as_given(self) -> None:
        inner = Outline("multipart/alternative", parts=(TEXT, HTML))
        data = written(Outline("multipart/mixed", parts=(inner, Outline("multipart/mixed"))))
        types = [each.type for each in part.walk(scanner.scan(data))]
        self.assertEqual(
            types, ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "multipart/mixed"]
        )

    @given(
        st.recursive(
            st.sampled_from(["text/plain", "text/html", "application/pdf", "message/rfc822"]),
            lambda below: st.tuples(
                st.sampled_from(["mixed", "alternative", "digest", "x-new"]), st.lists(below, max_size=4)
            ),
            max_leaves=12,
        )
    )
    def test_any_tree_reads_back(self, tree: Any) -> None:
        def outline(node: Any) -> Outline:
            if not isinstance(node, str):
                return Outline(f"multipart/{node[0]}", parts=tuple(outline(below) for below in node[1]))
            return (
                Outline(node, text="--x\n")
                if node.startswith("text/")
                else blob(b"a: b\r\n\r\n--=_boundary\r\n", type=node)
            )

        def shape(found: part.Part) -> Any:
            if found.is_multipart:
                return found.type[10:], [shape(below) for below in found.parts]
            return found.type

        self.assertEqual(shape(scanner.scan(written(outline(tree)))), tree)


class OwnContentTypeTests(SynchronousTestCase):
    """A part whose Content-Type is given as a field."""

    def test_it_stands_once_and_as_it_is(self) -> None:
        fields = (("Content-Type", Form.RAW, " text/calendar; method=REPLY; charset=UTF-8"),)
        self.assertEqual(type_of_field(fields), "text/calendar")
        data = written(Outline("text/calendar", text="ü\n", fields=fields))
        self.assertEqual(data.lower().count(b"content-type:"), 1)
        self.assertIn(b"method=REPLY", data)
        self.assertEqual(body_values.body_value(data, scanner.scan(data)).value, "ü\n")

    def test_text_beyond_ascii_must_say_utf_8(self) -> None:
        fields = (("content-type", Form.RAW, " text/plain; charset=iso-8859-1"),)
        written(Outline("text/plain", text="x", fields=fields))
        with self.assertRaises(InvalidValue):
            written(Outline("text/plain", text="ü", fields=fields))

    def test_what_is_no_type_is_none(self) -> None:
        for fields in ((), (("Content-Type", Form.RAW, " x"),), (("X", Form.RAW, " a/b"),)):
            self.assertIsNone(type_of_field(fields))


class ValueTests(SynchronousTestCase):
    """What the fields of parts may hold."""

    def test_each_has_its_rule(self) -> None:
        for rule, good, bad in (
            (is_media_type, ("a/b", "Text/X-y.z+json"), ("a", "a/b; c=d", "a/b\n", "")),
            (is_disposition, ("inline", "x-Own"), ("in line", "a;b", "")),
            (is_charset, ("utf-8", "iso-8859-1"), ("a b", "", "x\r\n")),
            (is_language, ("de", "en-GB"), ("d e", "de,en", "")),
            (is_location, ("http://a/b", "x"), ("a b", "ü", "a\r\nb", "x" * 990)),
        ):
            self.assertEqual([rule(each) for each in (*good, *bad)], [True] * len(good) + [False] * len(bad))


class PieceTests(SynchronousTestCase):
    def test_large_files_are_never_whole(self) -> None:
        body = Outline("x/y", contents=lambda: (b"\xff" * 100_000 for _ in range(100)))
        sizes = [len(piece) for piece in compose(FIELDS, body, boundaries())]
        self.assertGreater(sum(sizes), 13_000_000)
        self.assertLess(max(sizes), 200_000)

    def test_what_is_invalid_is_refused_before_the_first_piece(self) -> None:
        for body in (
            Outline("nonsense", text="x"),
            Outline("text/plain\r\nX: y", text="x"),
            Outline(text="x", disposition="a b"),
            Outline(text="x", cid="a b"),
            Outline(text="x", language=("d e",)),
            Outline(text="x", location="a b"),
            Outline("multipart/mixed", parts=(Outline(text="x", fields=(("A", Form.RAW, "\n"),)),)),
        ):
            self.assertRaises(InvalidValue, compose, FIELDS, body, boundaries())
        self.assertRaises(InvalidValue, compose, FIELDS, Outline("multipart/mixed"), iter(["ü\r\n"]))
