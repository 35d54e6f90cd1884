"""Tests ``stalwart.jmap.files.content``: files of parts of messages."""

from __future__ import annotations

from stalwart.jmap.blobs.ids import BlobId, Section, parse_blob_id
from stalwart.jmap.files import content
from tests.jmap.files.file_case import HOME, FileCase

TESTED = content
MESSAGE = b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8gd29ybGQ=\r\n"


class PartTests(FileCase):
    def part(self, encoding: str = "b", length: int = 16) -> str:
        hash = parse_blob_id(self.upload(MESSAGE)).hash
        offset = MESSAGE.index(b"aGV")
        return str(BlobId(hash, Section(offset, length, encoding)))  # type: ignore[arg-type]

    def test_a_part_is_taken_out_of_its_message(self) -> None:
        file = self.made(name="a", blobId=self.part())
        self.assertEqual(self.expect(200, "GET", f"{HOME}/a").body, b"hello world")
        self.assertEqual(self.node(file)["size"], 11)
        self.update(file, blobId=self.part("n"))
        self.assertEqual(self.expect(200, "GET", f"{HOME}/a").body, b"aGVsbG8gd29ybGQ=")

    def test_a_part_of_what_may_not_be_read_is_none(self) -> None:
        hash = parse_blob_id(self.upload(MESSAGE, "bob", self.bob)).hash
        id = str(BlobId(hash, Section(0, 4, "n")))
        self.assertEqual(self.refused(name="a", blobId=id)["properties"], ["blobId"])
        self.assertEqual(self.refused(name="a", blobId=self.part(length=9999))["properties"], ["blobId"])

    def test_what_the_same_request_has_uploaded(self) -> None:
        request = self.request("alice")
        request.created_ids["up"] = self.part()
        self.made(name="a", blobId="#up")
        self.assertEqual(self.expect(200, "GET", f"{HOME}/a").body, b"hello world")
