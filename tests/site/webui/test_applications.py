"""Interfaces of others: fetched, checked, kept, served, and kept on being served when something goes wrong."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import decompress

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.operation.application import Application
from stalwart.config.settings import Settings
from stalwart.net.https import FetchFailed
from stalwart.net.tls import TrustStore
from stalwart.net.web_requests import WebAnswer
from stalwart.schema import collect
from stalwart.schema.violations import ValidationFailed
from stalwart.site.webui import pages
from stalwart.site.webui.applications import MOST_READY, Applications, fetching, following
from stalwart.site.webui.bundle import WebInterface
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.web.routes import Route
from tests.codec.test_web_archive import zipped
from tests.web.client import Response, serve
from tests.web.fakes import FakeSettings

URL = "https://example.org/mail.zip"
PAGE = b'<!doctype html><base href="/"><title>Mail</title>'
FIRST = zipped({"index.html": PAGE, "a/code-1234.js": b"let a;", "face.woff2": b"face", "../x": b"out"})
MEMBERS = {"description": "Mail", "resourceUrl": URL, "sha256": sha256(FIRST).hexdigest()}
SECOND = zipped({"index.html": PAGE + b"2"})


class ApplicationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_800_000_000)
        self.store = MemoryStore(self.clock.seconds)
        self.settings = Settings(self.store, Telemetry(), self.clock)
        self.successResultOf(Deferred.fromCoroutine(self.settings.load()))
        self.archive: bytes | None = FIRST
        self.fetched: list[str] = []
        self.applications = self.open()

    def open(self) -> Applications:
        made = Applications(self.store, self.settings, Telemetry(), self.clock, self.fetch)
        self.addCleanup(made.close)
        return made

    async def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if self.archive is None:
            raise FetchFailed("connect", "nobody is there")
        return self.archive

    def change(self, work: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def add(self, archive: bytes = FIRST, **members: Any) -> int:
        data = MEMBERS | {"sha256": sha256(archive).hexdigest()}
        found: int = self.change(self.settings.create(Application, data | {"urlPrefix": {"/webmail": True}} | members))
        return found

    def get(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Response:
        services = {"web_interface": WebInterface(), "applications": self.applications}
        return serve(collect(pages, Route), services, settings=FakeSettings()).request(method, path, headers or {})

    def test_files_are_served_with_their_types_and_the_page_with_its_base(self) -> None:
        self.add()
        page = self.get("/webmail/")
        self.assertEqual(page.body, PAGE.replace(b'href="/"', b'href="/webmail/"'))
        self.assertEqual(page.headers["cache-control"], "no-cache")
        code = self.get("/webmail/a/code-1234.js")
        self.assertEqual((code.body, code.headers["content-type"]), (b"let a;", "text/javascript; charset=utf-8"))
        self.assertIn("immutable", code.headers["cache-control"])
        self.assertEqual(self.get("/webmail/face.woff2").headers["content-type"], "font/woff2")

    def test_little_of_it_is_held_unpacked(self) -> None:
        large = {f"{number}.js": bytes(MOST_READY // 4) for number in range(8)} | {"all.js": bytes(MOST_READY + 1)}
        self.archive = zipped(large | {"index.html": PAGE})
        self.add(self.archive)
        found = self.applications.find("webmail")
        assert found is not None
        self.assertLess(sum(map(len, found.files.values())), MOST_READY // 4)
        for name in (*large, *large):
            self.assertEqual(self.get(f"/webmail/{name}").body, large[name])
            self.assertLessEqual(found.ready.octets, MOST_READY)
        self.assertIsNotNone(found.ready.get(("webmail", "7.js")))
        self.assertIsNone(found.ready.get(("webmail", "0.js")))

    def test_nobody_else_shows_files_in_a_frame(self) -> None:
        self.add()
        for path in ("/webmail/", "/webmail/a/code-1234.js"):
            headers = self.get(path).headers
            self.assertEqual(headers["content-security-policy"], "frame-ancestors 'self'")
            self.assertEqual((headers["x-frame-options"], headers["referrer-policy"]), ("SAMEORIGIN", "same-origin"))

    def test_paths_of_pages_get_the_page_and_files_that_are_not_there_do_not(self) -> None:
        self.add()
        self.assertEqual(self.get("/webmail/inbox/1").body, self.get("/webmail/").body)
        self.assertEqual(self.get("/webmail/../x").body, self.get("/webmail/").body)
        for path in ("/webmail/missing.js", "/webmail/%2e%2e/x.js", "/elsewhere/"):
            self.assertEqual(self.get(path).status, 404, path)
        self.assertEqual(self.get("/webmail?a=b").headers["location"], "/webmail/?a=b")
        self.assertEqual(self.get("/webmail/", "POST").status, 405)

    def test_names_of_files_may_be_written_with_percent_signs(self) -> None:
        self.archive = zipped({"index.html": PAGE, "a b/ü.js": b"1", "50%.txt": b"2", "c%2Fd.js": b"3"})
        self.add(self.archive)
        for path, body in (
            ("a%20b/%C3%BC.js", b"1"),
            ("%61%20b/%c3%bc.js", b"1"),
            ("50%25.txt", b"2"),
            ("50%.txt", b"2"),
        ):
            self.assertEqual(self.get(f"/webmail/{path}").body, body, path)
        self.assertEqual(self.get("/webmail/c%2Fd.js").body, b"3")  # it is no place for another segment
        for path in ("a%20b%2F%C3%BC.js", "%FC.js", "a+b/%C3%BC.js"):
            self.assertEqual(self.get(f"/webmail/{path}").status, 404, path)

    def test_pages_with_points_in_their_addresses_are_for_browsers_that_want_pages(self) -> None:
        self.add()
        path = "/webmail/contacts/alice@example.org"
        self.assertEqual(self.get(path).status, 404)
        page = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        self.assertIn(b"<title>Mail", self.get(path, headers=page).body)
        self.assertEqual(self.get("/webmail/a/code-1234.js", headers=page).body, b"let a;")

    def test_methods_are_told(self) -> None:
        self.add()
        for path in ("/webmail", "/webmail/x"):
            answer = self.get(path, "OPTIONS")
            self.assertEqual((answer.status, answer.headers["allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_prefixes_that_no_path_has_are_refused(self) -> None:
        for prefix in ("/", "//", "/a/b", "/a b", '/"><b>', "/..", "/%61", "/api", "/.well-known/", "webmail"):
            with self.assertRaises(ValidationFailed, msg=prefix):
                Application.from_wire({**MEMBERS, "urlPrefix": {prefix: True}})
        self.add(urlPrefix={"/web-mail_2.0~/": True})
        self.assertIn(b'<base href="/web-mail_2.0~/">', self.get("/web-mail_2.0~/").body)

    def test_it_may_take_the_place_of_the_own_interface(self) -> None:
        self.assertIn(b'data-ours="admin|account"', self.get("/account/").body)
        self.add(urlPrefix={"/admin": True})
        self.assertIn(b"<title>Mail", self.get("/admin/anything").body)
        self.assertIn(b'data-mount="account" data-ours="account"', self.get("/account/").body)

    def test_another_file_than_the_digest_says_is_refused(self) -> None:
        self.add(SECOND)
        self.assertEqual(self.get("/webmail/").status, 404)
        self.assertIn("digest", self.change(self.applications.update())[0])

    def test_failed_download_leaves_what_was_there(self) -> None:
        self.add()
        for broken in (None, SECOND, b"no zip"):
            self.archive = broken
            self.assertEqual(len(self.change(self.applications.update(anew=True))), 1)
            self.assertEqual(self.get("/webmail/a/code-1234.js").status, 200)

    def test_changed_object_is_served_once_its_file_is_there(self) -> None:
        id = self.add()
        self.archive = SECOND
        self.change(self.settings.change(Application, {"sha256": sha256(SECOND).hexdigest()}, id))
        self.assertIn(b"2", self.get("/webmail/").body[-1:])
        self.change(self.settings.change(Application, {"enabled": False}, id))
        self.assertEqual(self.get("/webmail/").status, 404)

    def test_start_needs_no_network(self) -> None:
        self.add()
        self.archive = None
        self.applications = self.open()
        self.applications.start()
        self.assertEqual(self.get("/webmail/a/code-1234.js").status, 200)
        self.assertEqual(len(self.fetched), 1)

    def test_update_reaches_other_processes_by_the_store(self) -> None:
        self.add(resourceUrl="file:///mail.zip", sha256=None)
        settings = Settings(self.store, Telemetry(), self.clock)
        self.change(settings.load())
        other = Applications(self.store, settings, Telemetry(), self.clock, self.fetch)
        self.addCleanup(other.close)
        other.start()
        self.clock.advance(5)
        self.archive = SECOND
        self.assertEqual(self.change(self.applications.update(anew=True)), [])
        fetched = len(self.fetched)
        self.change(settings.reload())
        found = other.find("webmail")
        assert found is not None
        self.assertEqual(decompress(found.files["index.html"]), PAGE + b"2")
        self.assertEqual(len(self.fetched), fetched)

    def test_it_is_fetched_again_when_it_is_old(self) -> None:
        self.add(autoUpdateFrequency=7_200_000)
        self.applications.start()
        self.clock.pump([3600.0])
        self.assertEqual(len(self.fetched), 1)
        self.clock.pump([3600.0])
        self.assertEqual(len(self.fetched), 2)


class Sent:
    """``WebRequests`` of a world with these answers; notes what it is asked."""

    def __init__(self, answers: dict[str, WebAnswer]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def send(self, method: bytes, url: str, headers: Any) -> WebAnswer:
        self.asked.append(url)
        return self.answers[url]


def leads(to: str, status: int = 302) -> WebAnswer:
    return WebAnswer(status, b"", None, to)


class RedirectTests(SynchronousTestCase):
    """``following``."""

    def follow(self, url: str, answers: dict[str, WebAnswer]) -> Any:
        self.own, self.others = Sent(answers), Sent(answers)
        requests: Any = (self.own, self.others)
        return Deferred.fromCoroutine(following(*requests, url))

    def test_other_hosts_are_asked_by_those_rules_and_the_own_by_its_own(self) -> None:
        found = self.follow(
            "https://a.test/1",
            {
                "https://a.test/1": leads("2", 301),
                "https://a.test/2": leads("https://b.test/x?y=1", 307),
                "https://b.test/x?y=1": WebAnswer(200, b"zip"),
            },
        )
        self.assertEqual(self.successResultOf(found), b"zip")
        self.assertEqual(self.own.asked, ["https://a.test/1", "https://a.test/2"])
        self.assertEqual(self.others.asked, ["https://b.test/x?y=1"])

    def test_what_leads_nowhere_is_refused(self) -> None:
        for answer in (leads("http://a.test/1"), leads("/1"), leads("file:///etc/passwd"), WebAnswer(302, b"")):
            answers = {"https://a.test/1": answer}
            self.failureResultOf(self.follow("https://a.test/1", answers), FetchFailed)
            self.assertLessEqual(len(self.own.asked), 6)
            self.assertEqual(self.others.asked, [])


class FetchTests(SynchronousTestCase):
    """``fetching``."""

    def fetch(self, url: str) -> Deferred[bytes]:
        store = MemoryStore(Clock().seconds)
        get = fetching(Clock(), TrustStore(), store)
        return Deferred.fromCoroutine(get(url))  # type: ignore[arg-type]  # it is a coroutine

    def test_file_of_this_machine(self) -> None:
        path = Path(self.mktemp()).absolute()
        path.write_bytes(FIRST)
        self.assertEqual(self.successResultOf(self.fetch(path.as_uri())), FIRST)
        self.failureResultOf(self.fetch(path.with_name("missing").as_uri()), OSError)
        self.failureResultOf(self.fetch(path.parent.as_uri()), OSError)
