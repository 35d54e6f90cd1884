"""How much may wait to be used."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.directory.access import Access
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.blobs.quota import Uploader, UploadQuota, UploadQuotaExceeded, pending_uploads
from stalwart.store.blob_files import Stored
from tests.jmap.blobs.shelf import LARGE, NOW, SMALL, ShelfCase, access


class QuotaTests(ShelfCase):
    """x:Jmap maxUploadCount 2, uploadQuota 10, uploadTtl 60 s."""

    jmap = {"maxUploadCount": 2, "uploadQuota": 10, "uploadTtl": 60_000}

    def uploader(self, who: Access | None = None, account_id: int = 7, now: int = NOW) -> Uploader:
        who = who or access()
        return Uploader(who, account_id, UploadQuota.of(self.settings.of(Jmap), who), now)

    def keep(self, content: bytes | Stored, by: Uploader | None = None) -> str:
        blob = self.write(lambda tx: (by or self.uploader()).keep(tx, content))
        return str(BlobId(blob.hash))

    def refusal(self, content: bytes, by: Uploader | None = None) -> Any:
        work = self.store.write(lambda tx: (by or self.uploader()).keep(tx, content))
        return self.failureResultOf(work, UploadQuotaExceeded).value

    def test_bytes_are_counted_together(self) -> None:
        self.keep(b"123456")
        problem = self.refusal(b"12345")
        self.assertEqual(problem.detail, "You have exceeded the blob upload quota of 2 files or 10 bytes.")
        expected = {
            "Retry-After": "60",
            "RateLimit-Policy": '"blob-upload-files";q=2, "blob-upload-bytes";q=10;qu="content-bytes"',
            "RateLimit": '"blob-upload-files";r=1;t=60, "blob-upload-bytes";r=4;t=60',
        }
        self.assertEqual(problem.headers, expected)
        self.keep(b"1234")

    def test_files_are_counted(self) -> None:
        self.keep(b"1")
        self.keep(b"2")
        self.assertEqual(self.refusal(b"").status, 429)

    def test_what_never_fits_promises_nothing(self) -> None:
        self.assertNotIn("Retry-After", self.refusal(b"12345678901").headers)

    def test_what_is_refused_is_not_stored(self) -> None:
        self.refusal(b"12345678901")
        self.assertEqual(self.read(lambda tx: tx.blobs._session.one("SELECT COUNT(*) FROM blob")), (0,))

    def test_the_same_content_again_takes_no_room_and_lasts_longer(self) -> None:
        self.keep(b"1234567890")
        id = self.keep(b"1234567890", self.uploader(now=NOW + 30))
        links = self.read(lambda tx: tx.blobs.links(tx.blobs.find(_hash(id)).hash, 7, NOW + 89))
        self.assertEqual([link.expires_at for link in links], [NOW + 90])

    def test_what_has_expired_makes_room(self) -> None:
        self.keep(b"1234567890")
        self.keep(b"0987654321", self.uploader(now=NOW + 60))

    def test_what_is_used_makes_room(self) -> None:
        self.keep(b"1234567890")
        self.held(b"1234567890")
        self.keep(b"0987654321")

    def test_what_was_used_and_is_uploaded_again_needs_room(self) -> None:
        id = self.keep(b"1234567890")
        self.write(lambda tx: tx.blobs.use(_hash(id), 7))
        self.assertEqual(self.read(lambda tx: pending_uploads(tx, access(), 7, NOW)).count, 0)
        self.keep(b"123456")
        self.refusal(b"1234567890")

    def test_each_user_has_room_of_his_own_in_each_account(self) -> None:
        for who, account_id in ((7, 7), (7, 9), (8, 9)):
            self.keep(b"1234567890", self.uploader(access(who), account_id))
        self.refusal(b"1", self.uploader(access(8), 9))

    def test_a_permission_lifts_it(self) -> None:
        who = access(7, "unlimitedUploads")
        for content in (b"1", b"2", b"3" * 100):
            self.keep(content, self.uploader(who))
        self.assertEqual(self.read(lambda tx: pending_uploads(tx, who, 7, NOW)).count, 3)

    def test_the_lifetime_is_rounded_up_to_seconds(self) -> None:
        self.settings.change(Jmap={"uploadTtl": 1001})
        self.assertEqual(UploadQuota.of(self.settings.of(Jmap), access()).ttl, 2)

    def test_a_file_is_adopted(self) -> None:
        self.settings.change(Jmap={"uploadQuota": 1_000_000})
        with self.store.blob_files.begin() as writer:
            writer.write(LARGE)
            stored = writer.commit()
        self.assertEqual(self.content(self.keep(stored)), LARGE)

    def test_stored_content_can_be_held_as_an_upload(self) -> None:
        blob = self.write(lambda tx: tx.blobs.put(b"12345", NOW))
        self.write(lambda tx: self.uploader().link(tx, blob))
        other = self.write(lambda tx: tx.blobs.put(SMALL, NOW))
        self.failureResultOf(self.store.write(lambda tx: self.uploader().link(tx, other)), UploadQuotaExceeded)

    def test_long_types_are_not_kept(self) -> None:
        for type, kept in (("text/plain", "text/plain"), ("x" * 256, None)):
            blob = self.write(lambda tx, type=type: self.uploader().keep(tx, b"1", type))
            links = self.read(lambda tx, hash=blob.hash: tx.blobs.links(hash, 7, NOW))
            self.assertEqual([link.type for link in links], [kept])


def _hash(id: str) -> bytes:
    from stalwart.jmap.blobs.ids import parse_blob_id

    return parse_blob_id(id).hash
