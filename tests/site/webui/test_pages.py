"""Where the web interface is served, and how."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import collect
from stalwart.site.webui import pages
from stalwart.site.webui.bundle import WebInterface
from stalwart.web.routes import Route
from tests.web.client import Response, Server, serve
from tests.web.fakes import FakeSettings

ROUTES = collect(pages, Route)
LINKED = re.compile(r'(?:src|href)="([^"]+)"')


class NoApplications:
    """The service ``applications`` of a server without any."""

    def find(self, prefix: str) -> None:
        return None


class PageTests(SynchronousTestCase):
    """The routes of ``site.webui.pages``."""

    def server(self) -> Server:
        services = {"web_interface": WebInterface(), "applications": NoApplications()}
        return serve(ROUTES, services, settings=FakeSettings())

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> Response:
        return self.server().request(method, path, headers)

    def test_page_is_the_same_at_every_path_below_but_for_what_it_loads(self) -> None:
        paths = ("/admin/", "/admin/diagnose", "/admin/objects/Http", "/admin/objects/Role/a", "/admin/a/b/c")
        bodies = [self.get(path).body.decode() for path in paths]
        self.assertEqual(len({re.sub(r"<link rel=.modulepreload.*?>\n?", "", body) for body in bodies}), 1)
        for body, module in zip(bodies, ("admin", "admin", "both", "both", None), strict=True):
            named = re.findall(r'href="[^"]+/([\w-]+)\.js"', body)
            self.assertEqual(named[:2], ["main", module] if module else ["main"], body)
        answer = self.get("/account/password")
        self.assertEqual((answer.status, answer.headers["cache-control"]), (200, "no-cache"))
        self.assertIn(b'data-mount="account"', answer.body)

    def test_name_of_a_file_that_is_not_there_is_a_problem_and_not_the_page(self) -> None:
        for path in ("/admin/missing.js", "/account/x/y.css", "/assets/webui/0123456789abcdef/main.js"):
            answer = self.get(path)
            self.assertEqual((answer.status, answer.headers["content-type"]), (404, "application/problem+json"), path)

    def test_path_without_slash_leads_there_with_its_query(self) -> None:
        self.assertEqual(self.get("/admin").headers["location"], "/admin/")
        self.assertEqual(self.get("/account?a=b").headers["location"], "/account/?a=b")

    def test_paths_of_nobody_are_not_there(self) -> None:
        for method, path in (("GET", "/mail2/"), ("POST", "/nosuch"), ("GET", "//x"), ("GET", "/assets/webui/")):
            self.assertEqual(self.get(path, method=method).status, 404, path)

    def test_other_methods_are_refused(self) -> None:
        self.assertEqual(self.get("/admin/diagnose", method="POST").status, 405)
        self.assertEqual(self.get("/admin/diagnose", method="HEAD").body, b"")

    def test_policy_allows_nothing_inline_and_nobody_else(self) -> None:
        headers = self.get("/admin/").headers
        policy = headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("require-trusted-types-for 'script'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("http", policy)
        self.assertEqual(headers["cross-origin-opener-policy"], "same-origin")
        page = self.get("/admin/").body.decode()
        self.assertEqual(re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page), [])

    def test_everything_that_the_page_loads_is_here_for_ever_and_packed(self) -> None:
        links = [link for link in LINKED.findall(self.get("/admin/").body.decode()) if "/webui/" in link]
        self.assertGreater(len(links), 2)
        for link in links:
            answer = self.get(link, {"Accept-Encoding": "gzip"})
            packed = None if link.endswith(".svg") else "gzip"  # its picture is too small to become smaller
            self.assertEqual((answer.status, answer.headers.get("content-encoding")), (200, packed), link)
            self.assertIn("immutable", answer.headers["cache-control"])
            self.assertEqual(
                self.get(link, {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["etag"]}).status, 304
            )

    def test_types_are_those_that_browsers_need(self) -> None:
        base = f"/assets/webui/{WebInterface().digest}"
        self.assertEqual(self.get(f"{base}/main.js").headers["content-type"], "text/javascript; charset=utf-8")
        self.assertEqual(self.get(f"{base}/style.css").headers["content-type"], "text/css; charset=utf-8")
        self.assertEqual(self.get(f"{base}/index.html").status, 404)

    def test_page_names_the_schema_documents_that_are_there(self) -> None:
        there: dict[str, str] = {}
        services = {"web_interface": WebInterface(lambda: there), "applications": NoApplications()}
        server = serve(ROUTES, services, settings=FakeSettings())
        before = server.request("GET", "/admin/")
        self.assertIn(b'data-schemas=""', before.body)
        there |= {"en": "ab12", "de": "cd34"}
        after = server.request("GET", "/admin/", {"If-None-Match": before.headers["etag"]})
        self.assertEqual(after.status, 200)
        self.assertIn(b'data-schemas="de:cd34 en:ab12"', after.body)

    def test_page_is_not_sent_again_while_it_is_the_same(self) -> None:
        tag = self.get("/admin/").headers["etag"]
        self.assertEqual(self.get("/admin/", {"If-None-Match": tag}).status, 304)
        self.assertEqual(self.get("/account/", {"If-None-Match": tag}).status, 200)
