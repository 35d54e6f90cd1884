"""Globs over paths: each rule, the default set of the scanner ban, and time."""

from __future__ import annotations

import re
from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.globs import GlobSet, GlobTooLong, glob_expression

DEFAULT = GlobSet(
    [
        "*.php*",
        "*.cgi*",
        "*.asp*",
        "*/wp-*",
        "*/php*",
        "*/cgi-bin*",
        "*xmlrpc*",
        "*../*",
        "*/..*",
        "*joomla*",
        "*wordpress*",
        "*drupal*",
    ]
)
SCANNERS = [
    "/index.php",
    "/x.PHP?a",
    "/wp-admin",
    "/a/b/PhpMyAdmin",
    "/cgi-bin/x",
    "/a/../b",
    "/..",
    "/JOOMLA",
    "/a.aspx",
]
VISITORS = ["/", "/api/account", "/jmap", "/account/login", "/dav/cal/alice/"]
ROWS = [
    ("/a", "/a", True),
    ("/a", "/A", True),
    ("/a", "/ab", False),
    ("/a", "x/a", False),
    ("/a*", "/ab/c\nd", True),
    ("*a", "bba", True),
    ("*a", "bab", False),
    ("a?c", "abc", True),
    ("a?c", "a/c", True),
    ("a?c", "ac", False),
    ("a\\*c", "a*c", True),
    ("a\\*c", "abc", False),
    ("a\\?", "a?", True),
    ("a\\", "a\\", True),
    ("a.c", "abc", False),
    ("[a]", "[a]", True),
    ("*a*b*", "xxaxxbxx", True),
    ("*a*b*", "xxbxxaxx", False),
    ("a*ab", "ab", False),
    ("a*ab", "aab", True),
    ("*ab*ab", "ab", False),
    ("*ab*ab", "abab", True),
    ("**", "", True),
    ("*", "anything", True),
    ("", "", True),
    ("", "a", False),
    ("?*?", "a", False),
    ("?*?", "ab", True),
    ("x*\u00c4", "x\u00e4", True),
]


class GlobTests(SynchronousTestCase):
    def test_the_default_set_finds_scanners(self) -> None:
        self.assertEqual([path for path in SCANNERS if not DEFAULT.matches(path)], [])

    def test_the_default_set_lets_others_pass(self) -> None:
        self.assertEqual([path for path in VISITORS if DEFAULT.matches(path)], [])

    def test_the_empty_set_matches_nothing(self) -> None:
        self.assertFalse(GlobSet([]).matches(""))

    def test_a_long_pattern_is_refused(self) -> None:
        self.assertRaises(GlobTooLong, GlobSet, ["a" * 1001])

    def test_a_hostile_path_takes_no_time(self) -> None:
        globs = GlobSet(["*a" * 400 + "b", "*a?" * 300 + "b", "*" + "a*" * 400 + "c"])
        started = perf_counter()
        self.assertFalse(globs.matches("a" * 16_000))
        self.assertLess(perf_counter() - started, 0.5)

    @given(st.text(alphabet="ab*?\\.", max_size=8), st.text(alphabet="ab*\\.", max_size=10))
    def test_it_agrees_with_plain_backtracking(self, glob: str, text: str) -> None:
        plain = "".join(
            re.escape(m[1] or m[0]) if m[0] not in ("*", "?") else {"*": ".*", "?": "."}[m[0]]
            for m in re.finditer(r"\\(.)|.", glob)
        )
        wanted = re.fullmatch(plain, text, re.DOTALL) is not None
        self.assertEqual(re.match(glob_expression(glob), text, re.DOTALL) is not None, wanted)


for _number, (_glob, _text, _wanted) in enumerate(ROWS):

    def _test(self: GlobTests, glob: str = _glob, text: str = _text, wanted: bool = _wanted) -> None:
        self.assertEqual(GlobSet([glob]).matches(text), wanted, (glob, text))

    setattr(GlobTests, f"test_rule_{_number:02}", _test)
