"""The diagnosis page as it is served: its policy, what it loads, how heavy it is, and where ``/`` leads."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from stalwart.site import pages
from tests.web.client import Response, Server, serve
from tests.web.fakes import FakeSettings

ROUTES = [pages.root, pages.diagnose, pages.favicon, pages.asset]
LINKED = re.compile(r'(?:src|href)="([^"]+)"')
HEAVIEST = 12 * 1024


class PageTests(SynchronousTestCase):
    """The routes of ``site.pages``."""

    def server(self) -> Server:
        settings = FakeSettings()
        return serve(ROUTES, {"assets": pages.site_assets(), "settings": settings}, settings=settings)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        return self.server().request("GET", path, headers)

    def test_page_allows_only_its_own_scripts_and_styles(self) -> None:
        policy = self.get("/diagnose").headers["content-security-policy"]
        self.assertIn("default-src 'self'", policy)
        self.assertNotIn("unsafe", policy)

    def test_page_has_nothing_inline(self) -> None:
        page = self.get("/diagnose").body.decode()
        self.assertEqual(re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page), [])

    def test_everything_the_page_loads_is_served_from_here(self) -> None:
        links = LINKED.findall(self.get("/diagnose").body.decode())
        self.assertEqual(len(links), 3)
        self.assertEqual([self.get(link).status for link in links], [200] * 3)

    def test_form_sends_nothing_in_the_address_without_the_script(self) -> None:
        answer = self.get("/diagnose")
        self.assertIn('<form id="diagnose" method="post"', answer.body.decode())
        self.assertIn("form-action 'none'", answer.headers["content-security-policy"])

    def test_page_with_all_it_loads_is_light(self) -> None:
        paths = ["/diagnose", *LINKED.findall(self.get("/diagnose").body.decode())]
        weight = sum(len(self.get(path, {"Accept-Encoding": "gzip"}).body) for path in paths)
        self.assertLess(weight, HEAVIEST)

    def test_known_asset_is_not_sent_again(self) -> None:
        tag = self.get("/assets/diagnose.js").headers["etag"]
        self.assertEqual(self.get("/assets/diagnose.js", {"If-None-Match": tag}).status, 304)

    def test_unknown_asset_is_a_problem(self) -> None:
        answer = self.get("/assets/missing.js")
        self.assertEqual((answer.status, answer.headers["content-type"]), (404, "application/problem+json"))

    def test_browsers_find_the_logo_where_they_look_for_it(self) -> None:
        answer = self.get("/favicon.ico")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "image/svg+xml"))
        self.assertEqual(answer.body, self.get("/assets/icon.svg").body)

    def test_root_leads_to_the_account(self) -> None:
        answer = self.get("/")
        self.assertEqual((answer.status, answer.headers["location"]), (302, "/account"))
