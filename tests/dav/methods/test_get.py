"""GET and HEAD: contents, parts of them, what the client has already."""

from __future__ import annotations

from stalwart.dav.methods import get
from tests.dav.world import ALICE, DavWorld

NOTE = f"/dav/file/{ALICE}/note"


class GetTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        self.etag = self.expect(201, "PUT", NOTE, b"0123456789").headers["etag"]

    def test_the_whole(self) -> None:
        self.assertEqual(get.get.names, ("GET", "HEAD"))
        found = self.expect(200, "GET", NOTE)
        self.assertEqual((found.body, found.headers["etag"]), (b"0123456789", self.etag))
        self.assertEqual(found.headers["content-type"], "application/octet-stream")
        self.assertEqual(found.headers["accept-ranges"], "bytes")
        self.assertEqual(found.headers["last-modified"], "Fri, 15 Jan 2027 08:00:00 GMT")
        head = self.expect(200, "HEAD", NOTE)
        self.assertEqual((head.body, head.headers["content-length"]), (b"", "10"))

    def test_parts(self) -> None:
        for asked, status, body, told in (
            ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
            ("bytes=8-", 206, b"89", "bytes 8-9/10"),
            ("bytes=-3", 206, b"789", "bytes 7-9/10"),
            ("bytes=5-100", 206, b"56789", "bytes 5-9/10"),
            ("bytes=10-", 416, None, "bytes */10"),
            ("bytes=-0", 416, None, "bytes */10"),
            ("bytes=4-2", 200, b"0123456789", None),
            ("lines=1-2", 200, b"0123456789", None),
            ("bytes=0-1,3-4", 200, b"0123456789", None),
        ):
            found = self.expect(status, "GET", NOTE, range=asked)
            self.assertEqual(found.headers.get("content-range"), told, asked)
            if body is not None:
                self.assertEqual(found.body, body, asked)
        self.assertEqual(self.expect(206, "GET", NOTE, range="bytes=0-0", if_range=self.etag).body, b"0")
        self.expect(200, "GET", NOTE, range="bytes=0-0", if_range='"x"')
        self.assertEqual(self.expect(200, "HEAD", NOTE, range="bytes=0-0").headers["content-length"], "10")

    def test_what_the_client_has_is_not_sent(self) -> None:
        unchanged = self.expect(304, "GET", NOTE, if_none_match=self.etag)
        self.assertEqual((unchanged.body, unchanged.headers["etag"]), (b"", self.etag))
        self.expect(412, "GET", NOTE, if_match='"x"')
        bare = self.etag.strip('"')
        for tag in (self.etag, bare, f"x, {bare}", "*"):
            self.expect(200, "GET", NOTE, if_match=tag)
            self.expect(304, "GET", NOTE, if_none_match=tag)

    def test_places(self) -> None:
        self.expect(405, "GET", f"/dav/file/{ALICE}/")
        self.expect(405, "GET", f"/dav/cal/{ALICE}/default")
        self.expect(404, "GET", f"{NOTE}x")
        self.expect(403, "GET", NOTE, user="bob")
        self.expect(404, "GET", "/dav/elsewhere")
