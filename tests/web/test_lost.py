"""People at an address where nothing is."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.lost import FOR_PROGRAMS
from tests.web.client import serve

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "de-DE, en;q=0.5"}


class LostTests(SynchronousTestCase):
    """``is_lost`` and ``lost_page``, over HTTP."""

    def setUp(self) -> None:
        self.server = serve([])

    def test_browser_gets_a_page_that_leads_back(self) -> None:
        answer = self.server.request("GET", "/foo/<b>", BROWSER)
        self.assertEqual((answer.status, answer.headers["content-type"]), (404, "text/html; charset=utf-8"))
        page = answer.body.decode()
        for part in ('lang="de"', "Hier ist nichts", 'href="/"', 'href="/account"'):
            self.assertIn(part, page)
        self.assertNotIn("<b>", page)
        self.assertIn("default-src 'none'", answer.headers["content-security-policy"])
        english = self.server.request("GET", "/foo", {"Accept": "text/html"})
        self.assertIn("There is nothing here", english.body.decode())

    def test_programs_get_a_problem(self) -> None:
        asked = [("GET", "/foo", {"Accept": "*/*"}), ("GET", "/foo", {}), ("DELETE", "/foo", BROWSER)]
        asked += [("GET", f"/{branch}/foo", BROWSER) for branch in sorted(FOR_PROGRAMS)]
        for method, path, headers in asked:
            answer = self.server.request(method, path, headers)
            self.assertEqual(answer.headers["content-type"], "application/problem+json", (method, path))
            self.assertEqual(answer.status, 404)
