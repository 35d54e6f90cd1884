"""What Email/set composes reads back through Email/get as it was given (RFC 8621 4.6)."""

from __future__ import annotations

from base64 import b64encode
from binascii import b2a_uu
from collections.abc import Iterable
from typing import Any
from unicodedata import normalize

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stalwart.codec.ids import decode_id
from stalwart.codec.mime import transfer
from stalwart.jmap.blobs.ids import BlobId, Section, parse_blob_id
from stalwart.store.blob_files import LARGE, MemoryBlobFiles
from tests.jmap.email.writing import OTHER, OWN, WritingCase, message

_FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
_LETTER = st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs", "Mn", "Mc", "Co", "Cn"))
_WORD = st.text(_LETTER, min_size=1, max_size=12)
_PHRASE = st.lists(_WORD, min_size=1, max_size=6).map(lambda words: normalize("NFC", " ".join(words)))
_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"), max_size=300)
_ATOM = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
_ADDRESS = st.builds(
    lambda name, local, domain: {"name": name, "email": f"{local}@{domain}.example"},
    st.none()
    | st.text('abc dé.,;:<>()"\\ß日本', min_size=1, max_size=20).map(lambda name: " ".join(name.split())).filter(bool),
    _ATOM,
    _ATOM,
)
_ID = st.builds(lambda one, two: f"{one}@{two}", _ATOM, _ATOM)
_FILE = st.builds(
    lambda content, name, type: {"content": content, "name": name, "type": type},
    st.binary(max_size=400),
    st.none() | _PHRASE,
    st.sampled_from(("image/png", "application/pdf", "text/calendar", "application/octet-stream")),
)


class BodyCase(WritingCase):
    """Reads what was made."""

    def body(self, **given: Any) -> dict[str, Any]:
        """The body of a new e-mail with ``given``, and its values."""
        return self.whole(self.create(**given)["id"])

    def whole(self, id: str) -> dict[str, Any]:
        names = ("textBody", "htmlBody", "attachments", "bodyValues", "bodyStructure", "headers")
        return self.shown(id, *names, fetchAllBodyValues=True)

    def content(self, part: dict[str, Any]) -> bytes:
        """The decoded bytes of a part."""
        blob_id = parse_blob_id(part["blobId"])
        octets = self.read(lambda tx: tx.blobs.get(blob_id.hash))
        assert blob_id.section is not None
        section = blob_id.section
        encoding = {"n": "7bit", "b": "base64", "q": "quoted-printable"}[section.encoding]
        return transfer.decode(octets[section.offset : section.offset + section.length], encoding)

    def octets(self, id: str) -> bytes:
        """A whole message."""
        row = self.read(lambda tx: tx.mail.list_rows(OWN, [decode_id(id)]))[decode_id(id)]
        found = self.read(lambda tx: tx.blobs.get(row.blob))
        assert isinstance(found, bytes)
        return found


class ListTests(BodyCase):
    """``textBody``, ``htmlBody`` and ``attachments``."""

    def test_text_alone(self) -> None:
        found = self.body(
            bodyValues={"t": {"value": "Grüße\nan alle"}}, textBody=[{"partId": "t", "type": "text/plain"}]
        )
        [part] = found["textBody"]
        self.assertEqual(found["bodyValues"][part["partId"]]["value"], "Grüße\nan alle")
        self.assertEqual((part["type"], part["charset"], found["attachments"]), ("text/plain", "utf-8", []))
        self.assertEqual(found["bodyStructure"]["partId"], part["partId"])

    def test_text_html_picture_and_file(self) -> None:
        picture, file = self.upload(b"\x89PNG"), self.upload(b"%PDF" * 40_000)
        found = self.body(
            bodyValues={"t": {"value": "see"}, "h": {"value": "<img src='cid:one@x'>"}},
            textBody=[{"partId": "t"}],
            htmlBody=[{"partId": "h"}],
            attachments=[
                {"blobId": picture, "type": "image/png", "cid": "one@x", "disposition": "inline"},
                {"blobId": file, "type": "application/pdf", "name": "Übersicht 1.pdf"},
            ],
        )
        values = found["bodyValues"]
        self.assertEqual([values[each["partId"]]["value"] for each in found["textBody"]], ["see"])
        self.assertEqual([values[each["partId"]]["value"] for each in found["htmlBody"]], ["<img src='cid:one@x'>"])
        one, other = found["attachments"]
        self.assertEqual((one["cid"], one["disposition"], one["type"]), ("one@x", "inline", "image/png"))
        self.assertEqual((other["name"], other["disposition"]), ("Übersicht 1.pdf", "attachment"))
        self.assertEqual((self.content(one), self.content(other)), (b"\x89PNG", b"%PDF" * 40_000))

    def test_attachments_alone(self) -> None:
        found = self.body(attachments=[{"blobId": self.upload(b"abc"), "type": "application/x-thing"}])
        self.assertEqual([each["type"] for each in found["attachments"]], ["application/x-thing"])

    def test_an_empty_body_is_empty_text(self) -> None:
        found = self.body(subject="nothing more")
        self.assertEqual([each["size"] for each in found["textBody"]], [0])


class BlobTests(BodyCase):
    """Parts made of blobs."""

    def test_parts_of_other_messages_are_decoded(self) -> None:
        content = bytes(range(256)) * 300
        outer = message() + b64encode(content)
        blob = parse_blob_id(self.shown(self.email(outer), "blobId")["blobId"])
        part = str(BlobId(blob.hash, Section(len(message()), len(outer) - len(message()), "b")))
        found = self.body(attachments=[{"blobId": part, "type": "image/png"}])
        self.assertEqual(self.content(found["attachments"][0]), content)

    def test_parts_of_other_messages_may_be_uuencoded(self) -> None:
        content = bytes(range(256)) * 10
        lines = b"".join(b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45))
        blob = parse_blob_id(self.upload(b"begin 644 a.bin\n" + lines + b"`\nend\n"))
        part = str(BlobId(blob.hash, Section(0, 16 + len(lines) + 6, "u")))
        found = self.body(attachments=[{"blobId": part, "type": "image/png"}])
        self.assertEqual(self.content(found["attachments"][0]), content)

    def test_a_uuencoded_part_counts_before_it_is_read(self) -> None:
        self.configure(maxAttachmentSize=1000)
        blob = parse_blob_id(self.upload(b"x" * 4000))
        part = str(BlobId(blob.hash, Section(0, 4000, "u")))
        self.assertEqual(self.refusal(attachments=[{"blobId": part, "type": "a/b"}])["type"], "tooLarge")

    def test_an_attached_message_stays_as_it_is(self) -> None:
        for inner in (message("Inside"), message("Inside", "ü" * 40), message("Binary", "\0")):
            found = self.body(attachments=[{"blobId": self.upload(inner), "type": "message/rfc822"}])
            [part] = found["attachments"]
            self.assertEqual(parse_blob_id(part["blobId"]).section.encoding, "n")  # type: ignore[union-attr]
            self.assertEqual(self.content(part), inner)

    def test_text_of_a_blob_says_what_it_is(self) -> None:
        for octets, charset in ((b"plain", "us-ascii"), ("Grüße".encode(), "utf-8"), (b"Gr\xfc\xdfe", "us-ascii")):
            found = self.body(attachments=[{"blobId": self.upload(octets), "type": "text/plain", "name": "a.txt"}])
            self.assertEqual(found["attachments"][0]["charset"], charset)
        blob = self.upload(b"Gr\xfc\xdfe")
        found = self.body(textBody=[{"blobId": blob, "type": "text/plain", "charset": "iso-8859-1"}])
        self.assertEqual([each["value"] for each in found["bodyValues"].values()], ["Grüße"])

    def test_all_that_are_missing_are_named(self) -> None:
        foreign = self.upload(b"secret", account_id=OTHER, by=OTHER)
        there = self.upload(b"x")
        problem = self.refusal(attachments=[{"blobId": each, "type": "a/b"} for each in ("Bx", there, foreign, "#no")])
        self.assertEqual((problem["type"], problem["notFound"]), ("blobNotFound", ["Bx", foreign, "#no"]))

    def test_creation_ids_of_blobs_stand_for_them(self) -> None:
        self.request.created_ids["b"] = self.upload(b"xyz")
        found = self.body(attachments=[{"blobId": "#b", "type": "a/b"}])
        self.assertEqual(self.content(found["attachments"][0]), b"xyz")

    def test_attachments_that_are_too_large_are_refused(self) -> None:
        self.configure(maxAttachmentSize=1000)
        blob = self.upload(b"x" * 600)
        part = {"blobId": blob, "type": "a/b"}
        self.assertEqual(self.refusal(attachments=[part, part])["type"], "tooLarge")
        self.create(attachments=[part])

    def test_encoded_sections_count_decoded(self) -> None:
        self.configure(maxAttachmentSize=1000)
        for size, fits in ((1000, True), (1001, False)):
            blob = parse_blob_id(self.upload(b64encode(b"x" * size)))
            length = len(b64encode(b"x" * size))
            part = {"blobId": str(BlobId(blob.hash, Section(0, length, "b"))), "type": "text/plain"}
            given = {"attachments": [part]}
            if fits:
                self.create(**given)
            else:
                self.assertEqual(self.refusal(**given)["type"], "tooLarge")

    def decoded(self) -> list[int]:
        """How many octets are decoded, from now on."""
        found: list[int] = []
        pieces = transfer.pieces

        def noted(data: bytes, begin: int, end: int, encoding: str) -> Any:
            for piece in pieces(data, begin, end, encoding):
                found.append(len(piece))
                yield piece

        self.patch(transfer, "pieces", noted)
        return found

    def test_looking_for_the_charset_is_within_the_budget(self) -> None:
        self.configure(maxAttachmentSize=100_000)
        octets = b64encode(b"x" * 60_000) * 40
        blob = parse_blob_id(self.upload(octets))
        one = len(octets) // 40
        parts = [
            {"blobId": str(BlobId(blob.hash, Section(place * one, one, "b"))), "type": "text/plain"}
            for place in range(3)
        ]
        decoded = self.decoded()
        self.assertEqual(self.refusal(attachments=parts)["type"], "tooLarge")
        self.assertEqual(decoded, [], "the least that they can hold is too much")
        self.assertEqual(self.refusal(attachments=parts[:2])["type"], "tooLarge")
        self.assertLessEqual(sum(decoded), 120_000)

    def test_the_charset_of_a_blob_is_looked_for_once_in_a_call(self) -> None:
        octets = b64encode("Grüße".encode() * 1000)
        blob = parse_blob_id(self.upload(octets))
        part = {"blobId": str(BlobId(blob.hash, Section(0, len(octets), "b"))), "type": "text/plain"}
        decoded = self.decoded()
        draft = {"mailboxIds": {self.inbox: True}, "attachments": [part, part]}
        created = self.call("set", create={"a": draft, "b": draft})["created"]
        self.assertEqual(sum(decoded), 5 * 7000)  # four times to be written
        for made in created.values():
            self.assertEqual({each["charset"] for each in self.whole(made["id"])["attachments"]}, {"utf-8"})

    def test_sections_that_say_nothing_are_not_read_without_end(self) -> None:
        self.configure(maxAttachmentSize=1000)
        octets = b"=\r\n" * 2000
        blob = parse_blob_id(self.upload(octets))
        part = {"blobId": str(BlobId(blob.hash, Section(0, len(octets), "q"))), "type": "text/plain"}
        decoded = self.decoded()
        self.assertEqual(self.refusal(attachments=[part])["type"], "tooLarge")
        self.assertEqual(decoded, [])

    def test_a_file_that_is_gone_is_a_blob_that_is_not_found(self) -> None:
        blob = self.upload(b"z" * (LARGE + 1))
        files = self.store.blob_files
        assert isinstance(files, MemoryBlobFiles)
        files.remove(parse_blob_id(blob).hash, before=float("inf"))
        problem = self.refusal(attachments=[{"blobId": blob, "type": "a/b"}])
        self.assertEqual((problem["type"], problem["notFound"]), ("blobNotFound", [blob]))

    def test_a_large_message_is_a_file(self) -> None:
        told = self.create(attachments=[{"blobId": self.upload(b"z" * 200_000), "type": "a/b"}])
        self.assertGreater(told["size"], 200_000)
        self.assertEqual(len(self.octets(told["id"])), told["size"])


class FieldTests(BodyCase):
    """Content fields of parts, and fields of their own."""

    def test_a_part_keeps_what_it_was_given(self) -> None:
        part = {
            "partId": "1",
            "type": "text/x-note",
            "disposition": "attachment",
            "name": "a b.txt",
            "cid": "c@d",
            "language": ["de", "en-GB"],
            "location": "http://example.test/a",
            "header:X-Note:asText": "ünique",
        }
        found = self.body(
            bodyStructure={"type": "multipart/mixed", "subParts": [part]}, bodyValues={"1": {"value": "x"}}
        )
        [shown] = found["bodyStructure"]["subParts"]
        for name in ("type", "disposition", "name", "cid", "language", "location"):
            self.assertEqual(shown[name], part[name], name)

    def test_a_content_type_can_be_given_as_a_field(self) -> None:
        value = "text/calendar; method=REQUEST; charset=utf-8"
        part = {"partId": "1", "header:Content-Type:asRaw": f" {value}"}
        told = self.create(
            bodyValues={"1": {"value": "BEGIN:VCALENDAR ü"}},
            bodyStructure={"type": "multipart/mixed", "subParts": [part]},
        )
        octets = self.octets(told["id"])
        self.assertEqual(octets.count(f"Content-Type: {value}\r\n".encode()), 1)
        [shown] = self.whole(told["id"])["bodyStructure"]["subParts"]
        self.assertEqual((shown["type"], shown["charset"]), ("text/calendar", "utf-8"))

    def test_date_and_message_id_are_added_once(self) -> None:
        for fields in ({"subject": "x"}, {"messageId": ["a@b"], "sentAt": "2020-01-01T00:00:00Z"}):
            head = self.octets(self.create(**fields)["id"]).lower()
            for name in (b"message-id:", b"date:", b"mime-version:"):
                self.assertEqual(head.count(b"\n" + name) + head.startswith(name), 1, name)


def _leaves(tree: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if tree.get("subParts") is None:
        yield tree
    for each in tree.get("subParts") or ():
        yield from _leaves(each)


class RoundTripTests(BodyCase):
    """Whatever is given comes back."""

    @_FEW
    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "subject": _PHRASE,
                "from": st.lists(_ADDRESS, min_size=1, max_size=3),
                "to": st.lists(_ADDRESS, min_size=1, max_size=8),
                "cc": st.lists(_ADDRESS, min_size=1, max_size=2),
                "messageId": st.lists(_ID, min_size=1, max_size=1),
                "references": st.lists(_ID, min_size=1, max_size=12, unique=True),
                "header:X-Own:asText": _PHRASE,
                "header:List-Post:asURLs": st.lists(
                    _ATOM.map(lambda atom: f"mailto:{atom}@x.example"), min_size=1, max_size=3
                ),
                "header:X-Many:asText:all": st.lists(_PHRASE, min_size=1, max_size=3),
                "header:Reply-To:asGroupedAddresses": st.lists(
                    st.fixed_dictionaries({"name": _PHRASE, "addresses": st.lists(_ADDRESS, max_size=2)}),
                    min_size=1,
                    max_size=2,
                ),
            },
        )
    )
    def test_header_fields(self, fields: dict[str, Any]) -> None:
        id = self.create(**fields, bodyValues={"1": {"value": ""}}, textBody=[{"partId": "1"}])["id"]
        self.assertEqual(self.shown(id, *fields, "id"), {"id": id} | fields)

    @_FEW
    @given(_TEXT, st.none() | _TEXT, st.lists(_FILE, max_size=3))
    def test_bodies(self, text: str, html: str | None, files: list[dict[str, Any]]) -> None:
        given: dict[str, Any] = {"bodyValues": {"t": {"value": text}}, "textBody": [{"partId": "t"}]}
        if html is not None:
            given["bodyValues"]["h"] = {"value": html}
            given["htmlBody"] = [{"partId": "h"}]
        given["attachments"] = [
            {"blobId": self.upload(each["content"]), "type": each["type"], "name": each["name"]} for each in files
        ]
        found = self.body(**given)
        shown = {
            name: [found["bodyValues"][part["partId"]]["value"] for part in found[name]]
            for name in ("textBody", "htmlBody")
        }
        self.assertEqual(shown, {"textBody": [text], "htmlBody": [text if html is None else html]})
        bodies = [*found["textBody"], *found["htmlBody"]]
        self.assertFalse(any(found["bodyValues"][part["partId"]]["isEncodingProblem"] for part in bodies))
        self.assertEqual(
            [(part["type"], part["name"], self.content(part)) for part in found["attachments"]],
            [(each["type"], each["name"], each["content"]) for each in files],
        )

    @_FEW
    @given(
        st.recursive(
            _TEXT.map(lambda text: {"type": "text/plain", "text": text}),
            lambda parts: st.builds(
                lambda kind, below: {"type": f"multipart/{kind}", "subParts": below},
                st.sampled_from(("mixed", "alternative", "related", "digest")),
                st.lists(parts, min_size=1, max_size=3),
            ),
            max_leaves=6,
        )
    )
    def test_structures(self, tree: dict[str, Any]) -> None:
        values: dict[str, Any] = {}

        def numbered(each: dict[str, Any]) -> dict[str, Any]:
            if "subParts" in each:
                return each | {"subParts": [numbered(below) for below in each["subParts"]]}
            values[f"v{len(values)}"] = {"value": each["text"]}
            return {"type": each["type"], "partId": f"v{len(values) - 1}"}

        def shape(each: dict[str, Any]) -> Any:
            below = each.get("subParts")
            return each["type"] if not below else (each["type"], [shape(part) for part in below])

        found = self.body(bodyStructure=numbered(tree), bodyValues=values)
        self.assertEqual(shape(found["bodyStructure"]), shape(tree))
        leaves = [found["bodyValues"][part["partId"]]["value"] for part in _leaves(found["bodyStructure"])]
        self.assertEqual(leaves, [each["value"] for each in values.values()])
