"""PUT keeps files where they may be, and replaces what the client knows."""

from __future__ import annotations

from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.dav.methods import put
from tests.dav.world import ALICE, BOB, DavWorld, conditions

HOME = f"/dav/file/{ALICE}"
NOTE = f"{HOME}/note"


class PutTests(DavWorld):
    def test_a_file_is_new_and_then_another(self) -> None:
        self.assertEqual(put.put.names, ("PUT", "PATCH"))
        first = self.expect(201, "PUT", NOTE, b"one", content_type="text/plain").headers["etag"]
        second = self.expect(204, "PUT", NOTE, b"two").headers["etag"]
        self.assertNotEqual(first, second)
        read = self.expect(200, "GET", NOTE)
        self.assertEqual(
            (read.body, read.headers["etag"], read.headers["content-type"]), (b"two", second, "text/plain")
        )
        self.expect(204, "PUT", NOTE, b"two", content_type="application/octet-stream")
        self.assertIsNone(self.text(NOTE, "D:getcontenttype"))

    def test_one_of_two_who_know_the_same_wins(self) -> None:
        etag = self.expect(201, "PUT", NOTE, b"one", if_none_match="*").headers["etag"]
        self.expect(412, "PUT", NOTE, b"x", if_none_match="*")
        self.expect(412, "PUT", NOTE, b"x", overwrite="F")
        self.expect(204, "PUT", NOTE, b"two", if_match=etag)
        self.expect(412, "PUT", NOTE, b"three", if_match=etag)
        self.assertEqual(self.expect(200, "GET", NOTE).body, b"two")
        self.expect(412, "PUT", f"{HOME}/other", b"x", if_match="*")
        self.expect(412, "PUT", NOTE, b"x", **{"if": '(["3827"])'})

    def test_places(self) -> None:
        self.expect(201, "MKCOL", f"{HOME}/a")
        self.expect(201, "PUT", NOTE, b"x")
        for status, path in (
            (405, f"{HOME}/a"),
            (405, f"{HOME}/a/"),
            (409, HOME),
            (409, f"{HOME}/none/x"),
            (405, f"{NOTE}/x"),
            (409, f"/dav/cal/{ALICE}/x"),
            (409, f"/dav/cal/{ALICE}/none/x"),
            (405, f"/dav/cal/{ALICE}/default"),
            (403, f"/dav/file/{BOB}/x"),
            (404, "/dav/file/nobody%40example.test/x"),
            (405, f"/dav/pal/{ALICE}/x"),
            (404, "/dav/elsewhere/x"),
        ):
            self.expect(status, "PUT", path, b"x")

    def test_names_that_are_none(self) -> None:
        for name in ("..", "%2e%2e", ".", "a%2Fb", "%00", "%0a", "%c3%28", "a" * 1100):
            self.expect(400, "PUT", f"{HOME}/{name}", b"x")
        deep = "/".join(["a"] * 1000)
        self.assertIn(self.ask("PUT", f"{HOME}/{deep}", b"x").status, (400, 405, 409))
        for name, shown in (("a%20b", "a%20b"), ("x@y;z,'(1)'", "x%40y%3Bz%2C%27%281%29%27"), ("%7Etilde", "~tilde")):
            self.expect(201, "PUT", f"{HOME}/{name}", b"x")
            self.assertEqual([*self.properties(f"{HOME}/{name}", "D:getetag")], [f"{HOME}/{shown}"])
        self.expect(201, "PUT", f"{HOME}/e%CC%81", b"x")
        self.expect(204, "PUT", f"{HOME}/%C3%A9", b"y")

    def test_what_is_too_much(self) -> None:
        self.settle(self.settings.change(FileStorage, {"maxSize": 5}))
        self.expect(413, "PUT", NOTE, b"123456")
        self.expect(201, "PUT", NOTE, b"12345")
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": 6}})
        refused = self.expect(412, "PUT", f"{HOME}/other", b"12")
        self.assertEqual(conditions(refused), ["D:quota-not-exceeded"])
        self.settle(self.settings.change(FileStorage, {"maxFiles": 1}))
        self.expect(412, "PUT", f"{HOME}/other", b"1")
        self.expect(204, "PUT", NOTE, b"1")

    def test_what_is_not_the_whole_or_packed_is_refused(self) -> None:
        self.expect(201, "PUT", NOTE, b"0123456789")
        for method in ("PUT", "PATCH"):
            self.expect(400, method, NOTE, b"abc", content_range="bytes 0-2/10")
            refused = self.expect(415, method, NOTE, b"abc", content_encoding="gzip")
            self.assertEqual(refused.headers["accept-encoding"], "identity")
        self.expect(415, "PUT", f"/dav/card/{ALICE}/default/x", b"abc", content_encoding="gzip")
        self.assertEqual(self.expect(200, "GET", NOTE).body, b"0123456789")
        self.expect(204, "PUT", NOTE, b"x", content_encoding="Identity")

    def test_what_was_modified_since_is_not_replaced(self) -> None:
        etag = self.expect(201, "PUT", NOTE, b"one").headers["etag"]
        modified = self.expect(200, "GET", NOTE).headers["last-modified"]
        old = "Sun, 06 Nov 1994 08:49:37 GMT"
        for method in ("PUT", "DELETE"):
            self.expect(412, method, NOTE, b"x" if method == "PUT" else b"", if_unmodified_since=old)
        self.assertEqual(self.expect(200, "GET", NOTE, if_unmodified_since=old).body, b"one")
        self.expect(204, "PUT", NOTE, b"two", if_unmodified_since=modified)
        self.expect(412, "PUT", NOTE, b"x", if_unmodified_since=old, if_match=etag)
        self.expect(204, "PUT", NOTE, b"three", if_unmodified_since="yesterday")
        self.expect(204, "PUT", NOTE, b"four", if_unmodified_since=old, if_match="*")
        self.expect(201, "PUT", f"{HOME}/other", b"x", if_unmodified_since=old)

    def test_what_fails_changes_nothing(self) -> None:
        self.expect(201, "PUT", NOTE, b"x")
        before = self.successResultOf(self.store.read(lambda tx: tx.objects.states(self.alice)))
        self.expect(412, "PUT", NOTE, b"y", if_match='"x"')
        self.expect(409, "PUT", f"{HOME}/none/x", b"y")
        self.assertEqual(self.successResultOf(self.store.read(lambda tx: tx.objects.states(self.alice))), before)
