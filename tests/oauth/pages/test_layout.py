"""The frame of the pages: what it allows, and whose forms are taken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.oauth.pages.language import reader_in
from stalwart.oauth.pages.layout import form_target, page, page_headers

TARGETS = {
    "https://app.example/cb?x=1": "https://app.example",
    "https://app.example:8443/": "https://app.example:8443",
    "http://127.0.0.1:4321/cb": "http://127.0.0.1:4321",
    "http://[::1]:4321/cb": "http:",
    "com.example.app:/cb": "com.example.app:",
    "https://app.example;script-src *": "https:",
    "x y:/": "'self'",
}


class PolicyTests(SynchronousTestCase):
    """Content-Security-Policy and its neighbours."""

    def test_form_may_lead_to_the_application(self) -> None:
        for uri, expected in TARGETS.items():
            self.assertEqual(form_target(uri), expected, uri)

    @given(st.text(max_size=60))
    def test_no_redirect_uri_breaks_out_of_its_directive(self, rest: str) -> None:
        for uri in (f"https://{rest}", f"{rest}:/cb"):
            try:
                target = form_target(uri)
            except ValueError:
                continue  # no URI at all, which the checks of requests refuse
            self.assertNotRegex(target, r"[;,\s\"]")

    def test_nothing_inline_and_nothing_from_elsewhere(self) -> None:
        policy = dict(page_headers())["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertIn("base-uri 'none'", policy)
        self.assertTrue(policy.endswith("form-action 'self'"), policy)
        self.assertNotIn("unsafe", policy)

    def test_page_is_kept_by_nobody_and_tells_nobody(self) -> None:
        headers = dict(page_headers())
        self.assertIn("no-store", headers["Cache-Control"])
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    def test_page_says_its_language_and_fits_telephones(self) -> None:
        text = page(reader_in("de"), "Titel <").body.decode()
        self.assertTrue(text.startswith('<!doctype html>\n<html lang="de">'), text)
        self.assertIn('name="viewport" content="width=device-width, initial-scale=1"', text)
        self.assertIn("<title>Titel &lt;</title>", text)
