"""Stored content as an answer: conditions and ranges."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.representations import content_answer
from stalwart.web.routes import route
from stalwart.web.transfer import held_content
from tests.web.client import Response, serve

CONTENT = b"0123456789"
TAG = '"v1"'


@route("GET", "/file", needs=None, limit="none", spec="test")
def file(exchange: Exchange) -> Answer:
    """Ten digits, as JSON and larger than what is compressed if it were."""
    return content_answer(
        exchange,
        held_content(CONTENT),
        etag=TAG,
        content_type="text/plain",
        headers=(("X-Only", "content"),),
        cached=(("Cache-Control", "private"),),
    )


@route("GET", "/json", needs=None, limit="none", spec="test")
def json_file(exchange: Exchange) -> Answer:
    return content_answer(exchange, held_content(b" " * 5000), etag=TAG, content_type="application/json")


class ContentAnswerTests(SynchronousTestCase):
    """RFC 9110 13, 14, 15.3.7, 15.5.17."""

    def ask(self, method: str = "GET", path: str = "/file", **headers: str) -> Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return serve((file, json_file)).request(method, path, fields)

    def test_all_of_it(self) -> None:
        response = self.ask()
        self.assertEqual((response.status, response.body), (200, CONTENT))
        expected = {"etag": TAG, "accept-ranges": "bytes", "content-length": "10", "cache-control": "private"}
        self.assertEqual(response.headers | expected, response.headers)

    def test_one_range(self) -> None:
        response = self.ask(Range="bytes=2-4")
        self.assertEqual((response.status, response.body), (206, b"234"))
        self.assertEqual(response.headers["content-range"], "bytes 2-4/10")
        self.assertEqual((response.headers["x-only"], response.headers["etag"]), ("content", TAG))

    def test_several_ranges_are_answered_with_all_of_it(self) -> None:
        self.assertEqual(self.ask(Range="bytes=0-1,4-5").status, 200)

    def test_a_range_behind_the_end_is_416_with_the_length(self) -> None:
        response = self.ask(Range="bytes=10-")
        self.assertEqual((response.status, response.headers["content-range"]), (416, "bytes */10"))
        self.assertEqual(response.json()["status"], 416)

    def test_if_range_that_does_not_hold_is_answered_with_all_of_it(self) -> None:
        self.assertEqual(self.ask(Range="bytes=2-4", If_Range='"v0"').status, 200)
        self.assertEqual(self.ask(Range="bytes=99-", If_Range='"v0"').status, 200)

    def test_if_match(self) -> None:
        for field, status in ((TAG, 200), ('"v0", "v1"', 200), ("*", 200), ('"v0"', 412), (f"W/{TAG}", 412)):
            self.assertEqual(self.ask(If_Match=field).status, status, field)
        self.assertEqual(self.ask(If_Match='"v0"', If_None_Match=TAG).status, 412)

    def test_if_range_that_holds(self) -> None:
        self.assertEqual(self.ask(Range="bytes=2-4", If_Range=TAG).status, 206)

    def test_head_has_no_range(self) -> None:
        response = self.ask("HEAD", Range="bytes=2-4")
        self.assertEqual((response.status, response.headers["content-length"], response.body), (200, "10", b""))

    def test_not_modified_has_the_tag_and_the_caching_and_no_content(self) -> None:
        response = self.ask(If_None_Match=f'"x", {TAG}', Range="bytes=2-4")
        self.assertEqual((response.status, response.body), (304, b""))
        self.assertEqual((response.headers["etag"], response.headers["cache-control"]), (TAG, "private"))
        self.assertNotIn("x-only", response.headers)

    def test_it_is_never_compressed(self) -> None:
        response = self.ask(path="/json", Accept_Encoding="gzip")
        self.assertNotIn("content-encoding", response.headers)
        self.assertEqual(len(response.body), 5000)

    def test_a_section_reads_from_its_own_beginning(self) -> None:
        section = held_content(CONTENT).section(2, 5).section(1, 3)
        read = Deferred.fromCoroutine(section.read(1, 2))  # type: ignore[arg-type]  # held content is a coroutine
        self.assertEqual((section.length, self.successResultOf(read)), (3, b"45"))
