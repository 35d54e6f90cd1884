"""Uploads over HTTP: what is refused before it is read, what is stored, what is left when the client leaves."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.errors import Unavailable
from stalwart.jmap.blobs.ids import BlobId
from tests.jmap.blobs.counter import HttpCase
from tests.jmap.blobs.shelf import LARGE, NOW, SMALL, access
from tests.web.client import BASIC_ALICE, Response, request_bytes

LIMIT = "urn:ietf:params:jmap:error:limit"
EVENTS = {"maxSizeUpload": "limit.size-upload", "maxConcurrentUpload": "limit.concurrent-upload"}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class UploadCase(HttpCase):
    """Whether there is anything in the store."""

    def stored(self) -> int:
        return int(self.read(lambda tx: tx.blobs._session.one("SELECT COUNT(*) FROM blob"))[0])

    def assert_limit(self, response: Response, limit: str) -> None:
        problem = response.json()
        self.assertEqual((response.status, problem["type"], problem["limit"]), (400, LIMIT, limit))
        self.assertEqual(self.events[-1], EVENTS[limit])


class AcceptedTests(UploadCase):
    """jmap.md 8, RFC 8620 6.1."""

    def test_small_content_in_the_documented_shape(self) -> None:
        response = self.post(SMALL, Content_Type="text/plain; charset=utf-8")
        members = response.json()
        self.assertEqual(list(members), ["accountId", "blobId", "type", "size"])
        expected = {"accountId": "h", "type": "text/plain; charset=utf-8", "size": len(SMALL)}
        self.assertEqual((response.status, members | expected), (200, members))
        self.assertEqual(self.content(members["blobId"]), SMALL)

    def test_large_content(self) -> None:
        members = self.post(LARGE).json()
        self.assertEqual((members["type"], members["size"]), ("application/octet-stream", len(LARGE)))
        self.assertEqual(self.content(members["blobId"]), LARGE)

    def test_both_spellings_of_the_path(self) -> None:
        self.assertEqual(self.post(SMALL, "/jmap/upload/h").json(), self.post(SMALL, "/jmap/upload/h/").json())

    def test_nothing_is_content_too(self) -> None:
        members = self.post(b"").json()
        self.assertEqual((members["size"], self.content(members["blobId"])), (0, b""))

    def test_chunks_without_a_length(self) -> None:
        for parts in ((SMALL,), (LARGE[:70000], LARGE[70000:])):
            connected = self.begin(None, b"".join(chunk(part) for part in parts))
            connected.send(b"0\r\n\r\n")
            self.assertEqual(self.content(connected.response().json()["blobId"]), b"".join(parts))

    def test_piece_by_piece(self) -> None:
        connected = self.begin(len(LARGE))
        for start in range(0, len(LARGE), 1000):
            connected.send(LARGE[start : start + 1000])
        self.assertEqual(self.content(connected.response().json()["blobId"]), LARGE)

    def test_it_expires_after_its_time(self) -> None:
        self.settings.change(Jmap={"uploadTtl": 90_000})
        hash = self.hash(self.post(SMALL))
        links = self.read(lambda tx: tx.blobs.links(hash, 7, NOW))
        self.assertEqual([(each.owner_id, each.expires_at) for each in links], [(-8, NOW + 90)])

    def test_its_time_begins_when_it_is_complete(self) -> None:
        connected = self.begin(len(LARGE), LARGE[:-1])
        self.clock.advance(4000)
        connected.send(LARGE[-1:])
        links = self.read(lambda tx, hash=self.hash(connected.response()): tx.blobs.links(hash, 7, NOW + 4000))
        self.assertEqual([each.expires_at for each in links], [NOW + 7600])

    def hash(self, response: Response) -> bytes:
        from stalwart.jmap.blobs.ids import parse_blob_id

        return parse_blob_id(response.json()["blobId"]).hash

    def test_into_the_account_of_a_group(self) -> None:
        hash = self.hash(self.post(SMALL, "/jmap/upload/j/"))
        self.assertEqual(len(self.read(lambda tx: tx.blobs.links(hash, 9, NOW))), 1)

    def test_into_another_account_by_somebody_who_may_impersonate(self) -> None:
        self.sign_in(access(7, "impersonate"))
        self.assertEqual(self.post(SMALL, "/jmap/upload/i/").json()["accountId"], "i")
        self.assertEqual(self.post(SMALL, "/jmap/upload/zz/").status, 404)
        self.assertEqual(self.post(SMALL, "/jmap/upload/iaaaaaaaaaaaa/").status, 404)

    def test_the_connection_goes_on(self) -> None:
        connected = self.begin(len(LARGE), LARGE)
        connected.send(request_bytes("POST", "/jmap/upload/h/", BASIC_ALICE, SMALL))
        self.assertEqual([each.status for each in connected.responses()], [200, 200])

    def test_no_file_is_left_of_what_comes_too_late(self) -> None:
        self.settings.change(Jmap={"uploadQuota": len(LARGE)})
        connected = self.begin(len(LARGE), LARGE[:-1])
        self.post(SMALL)
        connected.send(LARGE[-1:])
        self.assertEqual(connected.response().status, 429)
        self.assertEqual(self.store.blob_files.names(""), [])


class RefusedTests(UploadCase):
    """What is said, and that nothing is stored."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(lambda: self.assertEqual(self.stored(), 0))

    def test_accounts_that_are_not_the_clients(self) -> None:
        for path in ("i", "zz", "H", "h1", "%68%00"):
            self.assertEqual(self.post(SMALL, f"/jmap/upload/{path}/").status, 404, path)

    def test_without_credentials(self) -> None:
        self.assertEqual(self.server.request("POST", "/jmap/upload/h/", {}, SMALL).status, 401)

    def test_the_recovery_administrator_is_told_why(self) -> None:
        self.sign_in(access(RECOVERY_ACCOUNT, "impersonate", kind="recovery"))
        response = self.post(SMALL, "/jmap/upload/d333333/")
        self.assertEqual(response.status, 403)
        self.assertIn("has no account to upload into", response.json()["detail"])

    def test_an_announced_length_over_the_limit_is_not_read(self) -> None:
        self.settings.change(Jmap={"maxUploadSize": 100})
        response = self.begin(101).response()
        self.assert_limit(response, "maxSizeUpload")
        expected = "The uploaded file is larger than the server is willing to process."
        self.assertEqual(response.json()["detail"], expected)

    def test_a_length_that_turns_out_to_be_over_the_limit(self) -> None:
        self.settings.change(Jmap={"maxUploadSize": 70_000})
        connected = self.begin(None, chunk(LARGE[:69_999]))
        self.assertEqual(connected.received(), b"")
        connected.send(chunk(b"xx"))
        self.assert_limit(connected.response(), "maxSizeUpload")

    def test_too_many_at_once(self) -> None:
        self.settings.change(Jmap={"maxConcurrentUploads": 2})
        running = [self.begin(10) for _ in range(2)]
        response = self.post(SMALL)
        self.assert_limit(response, "maxConcurrentUpload")
        expected = '"concurrent-uploads";q=2;qu="concurrent-requests"'
        self.assertEqual(response.headers["ratelimit-policy"], expected)
        for each in running:
            each.lose()
        self.settings.change(Jmap={"maxUploadSize": 1})
        self.assert_limit(self.post(SMALL), "maxSizeUpload")

    def test_the_quota_as_documented(self) -> None:
        self.settings.change(Jmap={"uploadQuota": 10, "maxUploadCount": 2})
        response = self.post(b"x" * 11)
        expected = {
            "type": "about:blank",
            "status": 429,
            "title": "Quota exceeded",
            "detail": "You have exceeded the blob upload quota of 2 files or 10 bytes.",
        }
        self.assertEqual((response.status, response.json()), (429, expected))
        policy = '"blob-upload-files";q=2, "blob-upload-bytes";q=10;qu="content-bytes"'
        self.assertEqual(response.headers["ratelimit-policy"], policy)
        self.assertEqual(self.events, ["limit.blob-quota"])

    def test_the_quota_is_looked_at_before_a_large_body_is_read(self) -> None:
        self.settings.change(Jmap={"uploadQuota": 70_000})
        self.assertEqual(self.begin(70_001).response().status, 429)

    def test_without_a_length_the_quota_ends_it_on_the_way(self) -> None:
        self.settings.change(Jmap={"uploadQuota": 70_000})
        self.assertEqual(self.begin(None, chunk(LARGE[:70_001])).response().status, 429)

    def test_an_account_that_is_gone(self) -> None:
        self.write(lambda tx: tx.accounts.delete(7, NOW))
        self.assertEqual([self.post(content).status for content in (SMALL, LARGE)], [404, 404])

    def test_a_client_that_leaves(self) -> None:
        for part in (SMALL, LARGE[:80_000]):
            self.begin(len(LARGE), part).lose()
        self.assertEqual(self.store.blob_files.names(""), [])
        with self.uploads.place(access(), 1):
            pass

    def test_a_body_that_ends_early(self) -> None:
        connected = self.begin(len(LARGE), LARGE[:80_000])
        connected.channel.readConnectionLost()
        self.assertEqual(connected.response().status, 400)

    def test_a_full_disk(self) -> None:
        def full() -> Any:
            raise Unavailable("The disk that holds the blobs is full.")

        self.store.blob_files.begin = full  # type: ignore[method-assign]
        response = self.post(LARGE)
        self.assertEqual((response.status, response.json()["detail"]), (503, "The disk that holds the blobs is full."))


class HeldUpTests(UploadCase):
    """A disk that is slower than the client."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting: list[tuple[Deferred[Any], Any]] = []
        self.blob_work = self.store.blob_work
        self.store.blob_work = self.later  # type: ignore[method-assign]

    def later(self, work: Any, *, writes: bool = False) -> Deferred[Any]:
        deferred: Deferred[Any] = Deferred()
        self.waiting.append((deferred, work))
        return deferred

    def work(self) -> None:
        """The disk does what it has been given."""
        while self.waiting:
            deferred, work = self.waiting.pop(0)
            self.blob_work(work).chainDeferred(deferred)

    def test_the_connection_stops_reading_and_goes_on(self) -> None:
        connected = self.begin(400_000, b"x" * 100_000)
        self.assertEqual(len(self.waiting), 1)
        connected.send(b"x" * 100_000)
        self.assertEqual(connected.wire.producerState, "paused")
        self.work()
        self.assertEqual(connected.wire.producerState, "producing")
        connected.send(b"x" * 200_000)
        self.work()
        self.assertEqual(connected.response().json()["size"], 400_000)

    def test_a_slow_disk_does_not_time_out_the_client(self) -> None:
        connected = self.begin(400_000, b"x" * 100_000)
        connected.send(b"x" * 100_000)
        for _ in range(200):
            self.server.clock.advance(1)
        self.assertFalse(connected.ended())

    def test_two_permissions_lift_quota_and_concurrency(self) -> None:
        self.settings.change(Jmap={"maxConcurrentUploads": 1, "uploadQuota": 1, "maxUploadCount": 1})
        self.sign_in(access(7, "unlimitedUploads"))
        first, second = self.begin(len(LARGE), LARGE), self.begin(len(LARGE), LARGE[::-1])
        self.work()
        self.assertEqual([each.response().status for each in (first, second)], [200, 200])

    def test_nothing_is_answered_before_it_is_durable(self) -> None:
        connected = self.begin(len(LARGE), LARGE)
        written = list(self.waiting)
        self.assertEqual((len(written), connected.received()), (1, b""))
        self.work()
        blob_id = connected.response().json()["blobId"]
        self.assertEqual(blob_id, str(BlobId(self.store.blob_files.names("")[0])))
