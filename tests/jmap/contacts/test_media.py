"""Photos of cards as blobs (RFC 9610 3). Tests ``stalwart.jmap.contacts.media``."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from stalwart.codec.data_uri import data_uri
from stalwart.codec.ids import encode_id
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.contacts import media
from stalwart.jmap.errors import SetRefused
from tests.directory.world import NOW
from tests.jmap.contacts.card_case import PICTURE, CardCase

TESTED = media
LINE = f"PHOTO;PROP-ID=p:data:image/jpeg;base64,{b64encode(PICTURE).decode()}"


class MediaTests(CardCase):
    def photo(self, id: str, **given: Any) -> dict[str, Any]:
        return dict(self.shown(id, **given)["media"]["p"])

    def test_what_dav_puts_is_a_blob(self) -> None:
        for name, version, line in (
            ("a.vcf", "4.0", LINE),
            ("b.vcf", "3.0", f"PHOTO;ENCODING=b;TYPE=JPEG:{b64encode(PICTURE).decode()}"),
        ):
            self.put(name, f"UID:{name}", "FN:Ann", line, version=version)
            (id,) = self.found({"uid": name})
            ((_, photo),) = self.shown(id)["media"].items()
            self.assertEqual(set(photo), {"kind", "blobId", "mediaType"})
            self.assertEqual((photo["kind"], photo["mediaType"]), ("photo", "image/jpeg"))
            self.assertEqual(self.download(photo["blobId"]), PICTURE)

    def test_an_upload_becomes_a_photo(self) -> None:
        blob = self.upload(PICTURE)
        new = {"addressBookIds": {self.book: True}, "media": {"p": {"kind": "photo", "blobId": blob}}}
        made = self.call("set", create={"k": new})["created"]["k"]
        self.assertEqual(made["media"]["p"]["mediaType"], "image/jpeg")
        self.assertIn("PHOTO;PROP-ID=p:data:image/jpeg;base64,", "".join(self.lines(made["id"])))
        self.clock.advance(7200)  # the upload is over
        self.assertEqual(self.download(self.photo(made["id"])["blobId"]), PICTURE)

    def test_the_type_of_an_upload_and_what_is_too_large(self) -> None:
        def put(tx: Any) -> list[str]:
            ids = []
            for content, type in ((b"no picture", "image/png; x=y"), (b"x" * 600_000, "image/png"), (b"z", "nonsense")):
                blob = tx.blobs.put(content, NOW)
                by = uploader(self.alice)
                tx.blobs.link(blob.hash, self.alice, by, type=type, expires_at=NOW + 3600)
                ids.append(str(BlobId(blob.hash)))
            return ids

        small, large, other = self.successResultOf(self.store.write(put))
        for blob, type in ((small, "image/png"), (other, "application/octet-stream")):
            id = self.card(media={"p": {"kind": "photo", "blobId": blob}})
            self.assertEqual(self.photo(id)["mediaType"], type)
        told = self.problem({"media": {"p": {"kind": "photo", "blobId": large}}})
        self.assertEqual((told["type"], told["properties"]), ("tooLarge", ["media/p/blobId"]))

    def test_a_photo_stays_as_it_is(self) -> None:
        self.put("a.vcf", "UID:x1", "FN:Ann", LINE)
        (id,) = self.found()
        before, lines = self.photo(id), self.lines(id)
        self.assertIsNone(self.update(id, {"media": {"p": before}}))
        self.assertIsNone(self.update(id, {"media/p": before}))
        self.assertEqual(self.lines(id), lines)
        self.update(id, {"keywords": {"x": True}})
        self.assertEqual(self.photo(id), before)
        self.assertEqual([line for line in self.lines(id) if "CATEGORIES" not in line], lines)
        self.assertIsNone(self.update(id, {"media/p/label": "me"}))
        self.assertEqual(self.photo(id), before | {"label": "me"})

    def test_another_photo(self) -> None:
        self.put("a.vcf", "UID:x1", "FN:Ann", LINE)
        (id,) = self.found()
        blob = self.upload(b"\x89PNG\r\n\x1a\n1")
        told = self.update(id, {"media/p/blobId": blob, "media/p/mediaType": None})
        self.assertEqual(told["media"]["p"]["mediaType"], "image/png")
        self.assertEqual(self.download(self.photo(id)["blobId"]), b"\x89PNG\r\n\x1a\n1")
        self.update(id, {"media/p": {"kind": "photo", "uri": "https://example.org/me.png"}})
        self.assertEqual(self.photo(id), {"kind": "photo", "uri": "https://example.org/me.png"})
        self.update(id, {"media": None})
        self.assertNotIn("media", self.shown(id))

    def test_data_of_a_uri_is_a_blob_too(self) -> None:
        id = self.card(media={"p": {"kind": "logo", "uri": data_uri(b"1", "image/x-odd")}})
        photo = self.photo(id)
        self.assertEqual((photo["mediaType"], self.download(photo["blobId"])), ("image/x-odd", b"1"))

    def test_a_photo_of_one_card_is_used_in_another(self) -> None:
        self.put("a.vcf", "UID:x1", "FN:Ann", LINE)
        (id,) = self.found()
        twin = self.card(media={"p": self.photo(id)})
        self.assertEqual(self.photo(twin), self.photo(id))
        found = self.jmap("Blob/lookup", typeNames=["ContactCard"], ids=[self.photo(id)["blobId"]])
        self.assertEqual(found["list"][0]["matchedIds"], {"ContactCard": sorted([id, twin])})

    def test_blobs_that_are_none(self) -> None:
        theirs = self.upload(b"secret", "bob", self.bob)
        here = self.upload(b"secret too", "bob")
        for blob in (theirs, here, "B", "Bxyz", 5, self.upload(b"1") + "-0-9-n"):
            problem = self.problem({"media": {"p": {"kind": "photo", "blobId": blob}}})
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["media/p/blobId"]))
        both = {"kind": "photo", "blobId": self.upload(b"1"), "uri": "https://example.org/x"}
        self.assertEqual(self.problem({"media": {"p": both}})["properties"], ["media/p/uri"])
        for odd in ({"p": 5}, 5, {"p": {"blobId": self.upload(b"1")}}):
            self.assertEqual(self.problem({"media": odd})["type"], "invalidProperties", odd)

    def test_a_photo_that_is_too_large(self) -> None:
        blob = self.upload(bytes(500_000))
        self.assertEqual(self.problem({"media": {"p": {"kind": "photo", "blobId": blob}}})["type"], "tooLarge")

    def test_who_may_see_a_photo(self) -> None:
        secret = self.made("AddressBook", name="Secret")
        shown, hidden = (
            self.photo(self.card(addressBookIds={book: True}, media={"p": {"kind": "photo", "uri": uri}}))["blobId"]
            for book, uri in ((self.book, data_uri(b"1", "image/png")), (secret, data_uri(b"2", "image/png")))
        )
        self.share({"mayRead": True})
        self.assertEqual(self.download(shown, "bob", self.alice), b"1")
        self.assertIsNone(self.download(hidden, "bob", self.alice))
        self.assertIsNone(self.download(shown, "bob"))
        path = f"/jmap/download/{encode_id(self.alice)}/{shown}/x.png"
        self.assertIn(self.ask("GET", path, user="carol").status, (403, 404))

    def test_broken_data_stays_what_it_is(self) -> None:
        entry = {"kind": "photo", "uri": "data:image/png;base64,*"}
        self.assertEqual(media.with_blobs({"media": {"p": entry}}), {"media": {"p": entry}})
        with self.assertRaises(SetRefused):
            media.without_blobs(
                {"media": {"p": {"kind": "photo", "blobId": "B"}}}, {"media": {"p": entry}}, media.Contents()
            )
