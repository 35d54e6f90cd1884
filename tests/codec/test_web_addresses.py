"""Addresses of web services: what is one, and where credentials may be sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.web_addresses import is_own_machine, is_safe, is_web_address


class AddressTests(SynchronousTestCase):
    def test_https_anywhere_http_on_the_own_machine(self) -> None:
        for url, safe in (
            ("https://idp.example.test", True),
            ("https://idp.example.test:8443/a?b=c", True),
            ("https://10.0.0.1/", True),
            ("http://localhost:8080/x", True),
            ("http://127.0.0.2/", True),
            ("http://[::1]:80/", True),
            ("http://idp.example.test/", False),
            ("http://localhost.example.test/", False),
            ("http://127.0.0.1.example.test/", False),
            ("http://localhost@idp.example.test/", False),
            ("https://user:pass@idp.example.test/", False),
            ("https://idp.example.test/#x", False),
            ("https://idp.example.test:x/", False),
            ("https://idp.example.test:99999/", False),
            ("https:///path", False),
            ("https://idp.example.test/\r\nA: b", False),
            ("https://idp.example.test/ x", False),
            ("https://idp.éxample.test/", False),
            ("ftp://idp.example.test/", False),
            ("https://a/" + "x" * 3000, False),
            ("", False),
        ):
            self.assertEqual(is_safe(url), safe, url)
        self.assertEqual([is_own_machine(host) for host in ("::1", "0.0.0.0", "x")], [True, False, False])

    @given(st.text())
    def test_anything_can_be_asked_about(self, text: str) -> None:
        for url in (text, f"https://{text}", f"http://[{text}]"):
            self.assertIn(is_safe(url), (True, False))

    def test_addresses_in_the_clear_are_addresses(self) -> None:
        for url in ("http://hook.example.test/", "https://10.0.0.1/", "http://[::1]:80/"):
            self.assertTrue(is_web_address(url), url)
        for url in ("ftp://hook.example.test/", "http://a:b@hook.example.test/", "http:///x", "mailto:a@b"):
            self.assertFalse(is_web_address(url), url)
