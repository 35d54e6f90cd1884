"""Pages or data, by Accept."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.accept import prefers_html


class AcceptTests(SynchronousTestCase):
    def test_who_wants_a_page(self) -> None:
        for field, html in {
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": True,
            "text/html": True,
            "TEXT/HTML ; q=0.3": True,
            "application/xhtml+xml": True,
            "text/html;q=0.9, application/json;q=0.1": True,
            "text/html, application/json": False,
            "application/json": False,
            "text/html;q=0.1, */*": False,
            "text/html;q=0": False,
            "text/*": False,
            "*/*": False,
            "": False,
            ";;,,q=": False,
        }.items():
            self.assertEqual(prefers_html(field), html, field)
        self.assertFalse(prefers_html(None))
