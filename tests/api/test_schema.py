"""The schema document over HTTP."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from stalwart.api import schema
from stalwart.api.schema import WHOLE, SchemaDocument, Wanted
from stalwart.config.catalogue import declarations
from tests.web.client import BASIC_ALICE, Response, serve

ROUTES = [schema.schema, schema.schema_without_hash, schema.schema_of_hash]
DOCUMENT = json.dumps({"objects": {f"x:{number}": number for number in range(40_000)}}).encode()
RIGHT = f"/api/schema/{sha256(DOCUMENT).hexdigest()}"
GZIP = {**BASIC_ALICE, "Accept-Encoding": "gzip"}


class HeldThreads:
    """A reactor with a thread pool whose work waits for ``work``, or is done at once."""

    def __init__(self, at_once: bool = True) -> None:
        self.at_once = at_once
        self.held: list[tuple[Callable[..., None], Callable[..., Any]]] = []

    def getThreadPool(self) -> HeldThreads:
        return self

    def callInThreadWithCallback(self, on_result: Any, work: Any, *args: Any, **named: Any) -> None:
        self.held.append((on_result, lambda: work(*args, **named)))
        if self.at_once:
            self.work()

    def callFromThread(self, work: Any, *args: Any) -> None:
        work(*args)

    def work(self) -> None:
        """Let the threads do what they have."""
        held, self.held = self.held, []
        for on_result, work in held:
            try:
                result = work()
            except Exception:
                on_result(False, Failure())
            else:
                on_result(True, result)


class SchemaTests(SynchronousTestCase):
    """auth-api 10, settings B."""

    def setUp(self) -> None:
        self.server = serve(ROUTES, {"schema_document": SchemaDocument(HeldThreads(), lambda which: DOCUMENT)})

    def assert_leads_to_it(self, answer: Response) -> None:
        self.assertEqual((answer.status, answer.headers["location"], answer.body), (302, RIGHT, b""))
        self.assertNotIn("cache-control", answer.headers)

    def test_leads_to_the_hash(self) -> None:
        self.assert_leads_to_it(self.server.request("GET", "/api/schema", BASIC_ALICE))

    def test_leads_to_the_hash_from_any_other(self) -> None:
        for path in ("/api/schema/", "/api/schema/abc", RIGHT.upper().replace("/API/SCHEMA", "/api/schema")):
            self.assert_leads_to_it(self.server.request("GET", path, BASIC_ALICE))

    def test_languages_and_parts_have_documents_of_their_own(self) -> None:
        made = {
            WHOLE: DOCUMENT,
            Wanted("de"): b'{"objects":{"x:1":"eins"}}',
            Wanted("en"): b'{"objects":{"x:1":"one"}}',
            Wanted("de", "explanations"): b'{"fields":{"x:1":"warum"}}',
        }
        documents = SchemaDocument(HeldThreads(), made.__getitem__)
        server = serve(ROUTES, {"schema_document": documents})
        for asked, which, query in (
            ("language=de", Wanted("de"), "?language=de"),
            ("language=de-AT", Wanted("de"), "?language=de"),
            ("language=DE_ch&part=", Wanted("de"), "?language=de"),
            ("language=fr", Wanted("en"), "?language=en"),
            (f"language={'x' * 3000}", Wanted("en"), "?language=en"),
            ("language=de&part=explanations", Wanted("de", "explanations"), "?language=de&part=explanations"),
            ("part=nonsense&language=de", Wanted("de"), "?language=de"),
            ("part=explanations", WHOLE, ""),
        ):
            led = server.request("GET", f"/api/schema?{asked}", BASIC_ALICE)
            right = f"/api/schema/{sha256(made[which]).hexdigest()}{query}"
            self.assertEqual((led.status, led.headers["location"]), (302, right))
            self.assertEqual(server.request("GET", right, BASIC_ALICE).body, made[which])
        self.assertEqual(documents.hashes().keys(), {"de", "en", "de-explanations"})

    def test_any_method_is_led(self) -> None:
        for method in ("POST", "PUT", "DELETE", "HEAD"):
            self.assert_leads_to_it(self.server.request(method, "/api/schema", BASIC_ALICE))

    def test_compressed_for_who_takes_it(self) -> None:
        answer = self.server.request("GET", RIGHT, GZIP)
        sent = [answer.headers[name] for name in ("content-encoding", "content-type", "vary", "cache-control")]
        kept = "private, max-age=31536000, immutable"
        self.assertEqual((answer.status, sent), (200, ["gzip", "application/json", "Accept-Encoding", kept]))
        self.assertEqual(gzip.decompress(answer.body), DOCUMENT)

    def test_plain_for_everybody_else(self) -> None:
        answer = self.server.request("GET", RIGHT, BASIC_ALICE)
        self.assertEqual((answer.status, answer.body), (200, DOCUMENT))
        self.assertEqual((answer.all("content-encoding"), answer.all("vary")), ([], ["Accept-Encoding"]))

    def test_head_has_no_body(self) -> None:
        answer = self.server.request("HEAD", RIGHT, BASIC_ALICE)
        self.assertEqual((answer.status, answer.headers["content-length"]), (200, str(len(DOCUMENT))))

    def test_who_has_it_gets_304(self) -> None:
        tag = self.server.request("GET", RIGHT, GZIP).headers["etag"]
        self.assertEqual(self.server.request("GET", RIGHT, {**GZIP, "If-None-Match": tag}).status, 304)

    def test_without_credentials_401(self) -> None:
        for path in ("/api/schema", "/api/schema/", RIGHT):
            self.assertEqual(self.server.request("GET", path).status, 401)


class MakingTests(SynchronousTestCase):
    """Once, off the reactor, when somebody asks."""

    def setUp(self) -> None:
        self.made = 0
        self.threads = HeldThreads(at_once=False)
        self.document = SchemaDocument(self.threads, self.make)

    def make(self, which: Wanted) -> bytes:
        self.made += 1
        if self.made < 1:
            raise RuntimeError("the press is out of ink")
        return DOCUMENT

    def ask(self) -> Deferred[schema.Served]:
        return Deferred.fromCoroutine(self.document.served())

    def test_nothing_is_made_before_somebody_asks(self) -> None:
        self.assertEqual((self.made, self.threads.held), (0, []))

    def test_everybody_waits_for_the_same(self) -> None:
        one, other = self.ask(), self.ask()
        self.assertNoResult(one)
        self.assertEqual(self.made, 0)
        self.threads.work()
        self.assertIs(self.successResultOf(one), self.successResultOf(other))
        self.assertIs(self.successResultOf(self.ask()), self.successResultOf(self.ask()))
        self.assertEqual(self.made, 1)

    def test_who_leaves_takes_it_from_nobody(self) -> None:
        one, other = self.ask(), self.ask()
        one.cancel()
        self.failureResultOf(one, CancelledError)
        self.threads.work()
        self.assertEqual(self.successResultOf(other).hash, sha256(DOCUMENT).hexdigest())

    def test_failure_is_not_kept(self) -> None:
        self.made = -1
        failed = self.ask()
        self.threads.work()
        self.failureResultOf(failed, RuntimeError)
        again = self.ask()
        self.threads.work()
        self.assertEqual(self.successResultOf(again).file.body, DOCUMENT)

    def test_by_default_it_is_about_the_settings_of_the_server(self) -> None:
        served = self.successResultOf(Deferred.fromCoroutine(SchemaDocument(HeldThreads()).served()))
        self.assertEqual(served.hash, sha256(served.file.body).hexdigest())
        self.assertLessEqual({f"x:{name}" for name in declarations()}, json.loads(served.file.body)["objects"].keys())
