"""The frame of pages: what it allows, and whose forms are taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.markup import tag
from stalwart.web.pages import framed, private, sent_by_our_page


def request(**headers: str) -> Any:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(header=lambda name: {"host": "mail.example.test", **fields}.get(name))


class FrameTests(SynchronousTestCase):
    """The page around what it says."""

    def test_page_says_its_language_and_what_it_loads(self) -> None:
        answer = framed("sv", "A & b", tag("p", "<x>"), stylesheet="/assets/a.css", status=403)
        text = answer.body.decode()
        self.assertEqual(answer.status, 403)
        self.assertTrue(text.startswith('<!doctype html>\n<html lang="sv">'), text)
        self.assertIn("<title>A &amp; b</title>", text)
        self.assertIn("<h1>A &amp; b</h1><p>&lt;x&gt;</p>", text)
        self.assertIn('<link rel="stylesheet" href="/assets/a.css">', text)
        self.assertNotIn("<script", text)

    def test_nothing_inline_and_nothing_from_elsewhere(self) -> None:
        policy = dict(private())["Content-Security-Policy"]
        self.assertTrue(policy.startswith("default-src 'none'"), policy)
        self.assertTrue(policy.endswith("form-action 'self'"), policy)
        self.assertNotIn("unsafe", policy)


class OriginTests(SynchronousTestCase):
    """Whose forms are taken."""

    def test_own_pages_are_taken(self) -> None:
        for headers in (
            {},
            {"sec_fetch_site": "same-origin"},
            {"sec_fetch_site": "none"},
            {"origin": "https://mail.example.test"},
            {"origin": "null"},
            {"origin": "null", "sec_fetch_site": "same-origin"},
        ):
            self.assertTrue(sent_by_our_page(request(**headers)), headers)

    def test_pages_of_others_are_not(self) -> None:
        for headers in (
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site"},
            {"sec_fetch_site": "cross-site", "origin": "https://mail.example.test"},
            {"origin": "https://evil.example"},
            {"origin": "https://mail.example.test.evil.example"},
            {"origin": "https://mail.example.test:444"},
        ):
            self.assertFalse(sent_by_our_page(request(**headers)), headers)
