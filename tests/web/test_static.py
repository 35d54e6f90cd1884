"""Files: types, tags, compression, nothing outside."""

from __future__ import annotations

import gzip

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import Route, route
from stalwart.web.static import Assets, asset, package_assets
from tests.web.client import Response, serve

PAGE = b"<!doctype html>" + b"<p>text</p>" * 100
POLICY = (("Content-Security-Policy", "default-src 'self'"),)
FOUND = Assets(
    {
        "page.html": asset("page.html", PAGE, headers=POLICY),
        "app-1a2b.js": asset("app-1a2b.js", b"x();" * 100, immutable=True),
        "tiny.css": asset("tiny.css", b"p{}"),
        "logo.png": asset("logo.png", bytes(range(256)) * 4),
        "data.bin": asset("data.bin", b"\0" * 10),
    }
)


@route("GET", "/files/<path:name>", needs=None, limit="none", spec="test")
def file(exchange: Exchange) -> Answer:
    return FOUND.answer(exchange, exchange.path_value("name"))


class StaticTests(SynchronousTestCase):
    """``Assets`` behind a route."""

    def get(self, name: str, headers: dict[str, str] | None = None, method: str = "GET") -> Response:
        routes: list[Route] = [file]
        return serve(routes).request(method, f"/files/{name}", headers)

    def test_types_say_their_charset(self) -> None:
        expected = {
            "page.html": "text/html; charset=utf-8",
            "app-1a2b.js": "text/javascript; charset=utf-8",
            "logo.png": "image/png",
            "data.bin": "application/octet-stream",
        }
        self.assertEqual({name: self.get(name).headers["content-type"] for name in expected}, expected)

    def test_pages_are_asked_for_again_and_hashed_names_never(self) -> None:
        self.assertEqual(self.get("page.html").headers["cache-control"], "no-cache")
        self.assertIn("immutable", self.get("app-1a2b.js").headers["cache-control"])

    def test_the_caller_gives_the_policy(self) -> None:
        self.assertEqual(self.get("page.html").headers["content-security-policy"], "default-src 'self'")
        self.assertNotIn("content-security-policy", self.get("tiny.css").headers)

    def test_a_known_tag_is_304_without_a_body(self) -> None:
        first = self.get("page.html")
        second = self.get("page.html", {"If-None-Match": first.headers["etag"]})
        self.assertEqual((second.status, second.body, second.headers["etag"]), (304, b"", first.headers["etag"]))
        self.assertNotIn("content-length", second.headers)

    def test_gzip_has_a_tag_of_its_own(self) -> None:
        plain, packed = self.get("page.html"), self.get("page.html", {"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), PAGE)
        self.assertNotEqual(plain.headers["etag"], packed.headers["etag"])
        self.assertEqual((plain.headers["vary"], packed.headers["vary"]), ("Accept-Encoding", "Accept-Encoding"))

    def test_what_gains_nothing_is_not_compressed(self) -> None:
        for name in ("tiny.css", "logo.png"):
            response = self.get(name, {"Accept-Encoding": "gzip"})
            self.assertNotIn("content-encoding", response.headers)
            self.assertNotIn("vary", response.headers)

    def test_head_has_the_length_of_get(self) -> None:
        for headers in ({}, {"Accept-Encoding": "gzip"}):
            get, head = self.get("page.html", headers), self.get("page.html", headers, "HEAD")
            self.assertEqual((head.headers["content-length"], head.body), (str(len(get.body)), b""))

    def test_no_path_leads_out(self) -> None:
        for name in ("../page.html", "..%2Fpage.html", "%2e%2e/page.html", "page.html/", "page.html%00", "sub"):
            self.assertEqual(self.get(name).status, 404)

    def test_files_of_a_package_are_found_without_its_code(self) -> None:
        names = package_assets("tests.web").names()
        self.assertEqual([name for name in names if name.endswith((".py", ".pyc"))], [])

    def test_an_unknown_file_is_not_found(self) -> None:
        self.assertRaises(NotFound, Assets({}).answer, None, "x")
