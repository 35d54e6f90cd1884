"""Redirect URIs: the rules of registration and of matching, and the games that people play with them."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.redirect_uris import LONGEST, is_web, matches, problem

GOOD = {
    "https": "https://app.example/cb",
    "no_path": "https://app.example",
    "query": "https://app.example/cb?fixed=1&b=%2F",
    "port": "https://app.example:8443/cb",
    "address": "https://192.0.2.1/cb",
    "ipv6": "https://[2001:db8::1]:8443/cb",
    "at_sign_in_the_path": "https://app.example/@me",
    "loopback": "http://127.0.0.1/cb",
    "loopback_port": "http://127.0.0.1:49152/",
    "loopback_ipv6": "http://[::1]:49152/cb",
    "private_scheme": "com.example.app:/cb",
    "private_scheme_with_host": "com.example.app-2+x://oauth/cb",
}
BAD = {
    "empty": ("", "empty"),
    "fragment": ("https://app.example/cb#x", "fragment"),
    "empty_fragment": ("https://app.example/cb#", "fragment"),
    "fragment_of_private_scheme": ("com.example.app:/cb#", "fragment"),
    "dots": ("https://app.example/a/../b", "two dots"),
    "encoded_dots": ("https://app.example/a/%2e%2E/b", "two dots"),
    "half_encoded_dots": ("https://app.example/a/.%2e/b", "two dots"),
    "user": ("https://bank.example@evil.example/", "user name"),
    "user_and_password": ("https://a:b@evil.example/", "user name"),
    "user_of_loopback": ("http://127.0.0.1@evil.example/", "user name"),
    "user_of_private_scheme": ("com.example.app://x@evil/", "user name"),
    "no_host": ("https:///cb", "no host"),
    "no_host_but_port": ("https://:443/cb", "no host"),
    "no_slashes": ("https:app.example/cb", "neither"),
    "bad_port": ("https://app.example:99999/", "port"),
    "port_of_letters": ("https://app.example:port/", "port"),
    "empty_port": ("https://app.example:/", "port"),
    "bad_literal": ("https://[::1/", "host"),
    "no_literal": ("https://[evil]/", "host"),
    "text_after_literal": ("https://[::1]evil/", "host"),
    "host_with_percent": ("https://app%2eexample/", "host"),
    "host_with_comma": ("https://a,b/", "host"),
    "http": ("http://app.example/cb", "http"),
    "localhost": ("http://localhost/cb", "http"),
    "loopback_without_slash": ("http://127.0.0.1:8080", "http"),
    "loopback_prefix": ("http://127.0.0.1.evil.example/", "http"),
    "other_loopback": ("http://127.0.0.2/", "http"),
    "loopback_port_too_high": ("http://127.0.0.1:65536/", "port"),
    "script": ("javascript:alert(1)", "neither"),
    "script_in_capitals": ("JavaScript:alert(1)", "neither"),
    "data": ("data:text/html,x", "neither"),
    "scheme_without_dot": ("myapp:/cb", "neither"),
    "scheme_begins_with_dot": (".app:/cb", "neither"),
    "scheme_begins_with_digit": ("1.app:/cb", "neither"),
    "scheme_alone": ("com.example.app:", "ends"),
    "relative": ("/admin/oauth/callback", "neither"),
    "network_path": ("//evil.example/", "neither"),
    "backslash": ("https://app.example\\@evil.example/", "characters"),
    "space": ("https://app.example/a b", "characters"),
    "newline": ("https://app.example/\n", "characters"),
    "nul": ("https://app.example/\0", "characters"),
    "letters_beyond_ascii": ("https://\u0430pp.example/", "characters"),
    "digits_beyond_ascii": ("http://127.0.0.1:\u0661/", "characters"),
    "bad_percent": ("https://app.example/%zz", "characters"),
    "quote": ('https://app.example/"', "characters"),
    "long": ("https://app.example/" + "x" * LONGEST, "longer"),
}
MATCHES = {
    "same": ("https://app.example/cb", "https://app.example/cb", True),
    "longer_path": ("https://app.example/cb", "https://app.example/cb/evil", False),
    "slash": ("https://app.example", "https://app.example/", False),
    "other_query": ("https://app.example/cb", "https://app.example/cb?x=1", False),
    "other_case": ("https://app.example/cb", "https://APP.example/cb", False),
    "other_port": ("https://app.example/cb", "https://app.example:444/cb", False),
    "loopback_port": ("http://127.0.0.1/cb?a=1", "http://127.0.0.1:5000/cb?a=1", True),
    "loopback_ports": ("http://[::1]:1/cb", "http://[::1]:65535/cb", True),
    "loopback_impossible_port": ("http://[::1]:1/cb", "http://[::1]:65536/cb", False),
    "loopback_other_literal": ("http://127.0.0.1/cb", "http://[::1]/cb", False),
    "loopback_other_path": ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb2", False),
    "loopback_other_query": ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb?x", False),
    "loopback_fragment": ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb#x", False),
    "loopback_user": ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", False),
    "localhost_port": ("http://localhost:1/cb", "http://localhost:2/cb", False),
    "private": ("com.example.app:/cb", "com.example.app:/cb", True),
    "private_scheme_in_capitals": ("com.example.app:/cb", "COM.example.app:/cb", False),
}


class RegistrationTests(SynchronousTestCase):
    """One test for each URI of `GOOD` and `BAD` (auth-api 4.1)."""

    def test_people_may_name_localhost_where_they_are_let(self) -> None:
        for uri in ("http://localhost/cb", "http://localhost:3000/cb"):
            self.assertIsNone(problem(uri, localhost=True))
        for uri in ("http://localhost", "http://localhost:70000/", "http://localhost.evil.example/"):
            self.assertIsNotNone(problem(uri, localhost=True), uri)

    def test_private_schemes_are_not_the_web(self) -> None:
        self.assertTrue(is_web("https://app.example/cb"))
        self.assertTrue(is_web("http://127.0.0.1:5000/cb"))
        self.assertFalse(is_web("com.example.app:/cb"))
        self.assertFalse(is_web("http://app.example/cb"))


class MatchingTests(SynchronousTestCase):
    """One test for each pair of `MATCHES` (auth-api 4.3)."""


def _good(uri: str):  # type: ignore[no-untyped-def]
    return lambda test: test.assertIsNone(problem(uri))


def _bad(uri: str, reason: str):  # type: ignore[no-untyped-def]
    return lambda test: test.assertIn(reason, problem(uri) or "nothing is wrong")


def _match(registered: str, asked: str, expected: bool):  # type: ignore[no-untyped-def]
    return lambda test: test.assertIs(matches(registered, asked), expected)


for _name, _uri in GOOD.items():
    setattr(RegistrationTests, f"test_{_name}_may_be_registered", _good(_uri))
for _name, (_uri, _reason) in BAD.items():
    setattr(RegistrationTests, f"test_{_name}_is_refused", _bad(_uri, _reason))
for _name, (_uri, _asked, _expected) in MATCHES.items():
    setattr(MatchingTests, f"test_{_name}", _match(_uri, _asked, _expected))

PIECES = st.sampled_from(
    (
        *("https://", "http://", "127.0.0.1", "[::1]", "localhost", "evil.example", "com.example.app:", "javascript:"),
        *("/", "//", ":", "@", "#", "?", "..", "%2e", "\\", " ", "\0", "\u202e", "80", "cb", "%", "data:", "a", "."),
    )
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=8).map("".join))


class AnyTextTests(SynchronousTestCase):
    """What holds for every text."""

    @given(TEXTS)
    def test_what_is_good_leads_where_it_says(self, text: str) -> None:
        if problem(text) is not None:
            return
        parts = urlsplit(text)
        self.assertTrue(text.isascii() and text.isprintable() and " " not in text)
        self.assertEqual((parts.username, parts.password, parts.fragment), (None, None, ""))
        if parts.scheme == "http":
            self.assertIn(parts.hostname, ("127.0.0.1", "::1"))
        elif parts.scheme == "https":
            self.assertTrue(parts.hostname)
            self.assertIn(parts.port, range(65536) if parts.port is not None else (None,))
        else:
            self.assertIn(".", parts.scheme)

    @given(TEXTS, TEXTS)
    def test_what_matches_is_the_same_but_for_a_port(self, registered: str, asked: str) -> None:
        self.assertTrue(matches(registered, registered))
        if registered != asked and matches(registered, asked):
            ours, theirs = urlsplit(registered), urlsplit(asked)
            self.assertEqual(
                (ours.hostname, ours.path, ours.query, theirs.scheme),
                (theirs.hostname, theirs.path, theirs.query, "http"),
            )
