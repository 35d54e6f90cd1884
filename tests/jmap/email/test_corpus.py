"""Every awkward message of the corpus, read over JMAP with every property: nothing fails, all is as RFC 8621 says."""

from __future__ import annotations

from typing import Any

from stalwart.errors import Invalid
from stalwart.jmap.blobs.access import find_readable
from stalwart.jmap.blobs.contents import Decoding, octets_of
from stalwart.jmap.email.data_type import EMAIL, PART_PROPERTIES
from tests.codec.mime.corpus import samples
from tests.jmap.blobs.shelf import access
from tests.jmap.email.email_checker import check_email
from tests.jmap.email.mail_shelf import NOW, MailShelfCase

HEADERS = (
    "header:From",
    "header:from:asAddresses",
    "header:To:asGroupedAddresses:all",
    "header:Subject:asText",
    "header:Date:asDate",
    "header:Message-ID:asMessageIds",
    "header:List-Unsubscribe:asURLs",
    "header:Received:asRaw:all",
    "header:X-Spam:asText:all",
    "header:X-Spam:asAddresses",
    "header:X-Spam:asURLs:all",
    "header:X-Spam:asDate",
)
NAMES = ("id", *EMAIL.properties, *HEADERS)
PARTS = (*PART_PROPERTIES, "header:Content-Type", "header:Content-Disposition:asText:all")


class CorpusTests(MailShelfCase):
    """All of it is in one mailbox."""

    def fill(self) -> dict[str, tuple[str, bytes]]:
        """The e-mails by id: the name of the sample, the message."""
        stored = {}
        for sample in samples():
            try:
                stored[self.put(sample.raw)] = (sample.name, sample.raw)
            except Invalid:
                continue  # no message
        return stored

    def test_every_message_with_every_property(self) -> None:
        stored = self.fill()
        self.assertGreater(len(stored), 500)
        asked = {"properties": list(NAMES), "bodyProperties": list(PARTS), "fetchAllBodyValues": True}
        for id, (name, raw) in stored.items():
            (email,) = self.get(id, **asked)
            try:
                check_email(email, NAMES, PARTS)
                self.check_blobs(email["bodyStructure"])
                self.check_against_rows(id, email)
            except AssertionError as problem:
                raise AssertionError(f"{name}: {problem}") from problem
            self.assertEqual(email["size"], len(raw))
            texts = [each for each in leaves(email["bodyStructure"]) if each["type"].startswith("text/")]
            self.assertEqual(set(email["bodyValues"]), {each["partId"] for each in texts}, name)

    def check_blobs(self, structure: dict[str, Any]) -> None:
        """Each part can be downloaded and is as large as is said."""
        parts = {each["blobId"]: each["size"] for each in leaves(structure)}
        readable = self.read(lambda tx: find_readable(tx, access(), 7, parts, NOW))
        self.assertEqual(set(readable), set(parts))
        for id, size in list(parts.items())[:50]:
            octets = self.settle(octets_of(self.store, readable[id], Decoding(100_000_000)))
            self.assertEqual(octets.size, size)

    def check_against_rows(self, id: str, email: dict[str, Any]) -> None:
        """What lists show is the same."""
        (row,) = self.get(id, properties=[name for name in EMAIL.default_names(()) if name not in BODY])
        self.assertEqual(row, {name: email[name] for name in row})


BODY = ("bodyValues", "textBody", "htmlBody", "attachments")


def leaves(part: dict[str, Any]) -> list[dict[str, Any]]:
    """What has content."""
    if part["subParts"] is None:
        return [part]
    return [leaf for below in part["subParts"] for leaf in leaves(below)]
