"""Which regular expressions are taken, on how long a text, and what they capture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.backtracking import longest_text
from stalwart.codec.expression.faults import EvaluationError, ExpressionError
from stalwart.codec.expression.patterns import Pattern

from .asking import value_of

FINE = [
    r"^/api/.*",
    r"\.php$",
    r"^([a-z0-9-]+\.)+example\.com$",
    r"^https?://([^/]+)/([^?]*)(\?.*)?$",
    r"^(\d{1,3}\.){3}\d{1,3}$",
    r"^([^@]+)@(.+)$",
    r"(?i)^/ADMIN",
    r"(jpg|png|gif)$",
    r"^(a|b)*$",
    r"^(ab?)*$",
    r"^[^]/]+$",
    r"^a(?#note)+b",
    r"^/(?P<first>[^/]+)/(?:x|y)",
]
COSTLY = {
    r"[a-z]+@": 4096,
    r"\w+@\w+\.com": 4096,
    r"(?:/[^/]+)*/\.git": 4096,
    r".*foo.*bar": 645,
    r"^.*a.*b.*c$": 645,
    r"(.*)\1": 645,
    r"\w*[ab]*+x": 645,
}
HOPELESS = [
    r"(a+)+$",
    r"(a*)*",
    r"(a|aa)+$",
    r"^(a|b|ab)*$",
    r"^(\w+\s?)*$",
    r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+",
    r"(a?){30}a{30}",
    r"(x+x+)+y",
    r"(.*)(.*)(.*)(.*)x",
    "a?" * 20 + "a" * 20,
    "(" * 40 + "a" + ")" * 40,
]
MALFORMED = [r"(", r"[a", r"*", r"a{99999999999}", r"(?P<n>a)(?P<n>b)", r"[[:alpha:]]", r"[a--b]", r"(?x) a", r"\p{L}"]


class JudgementTests(SynchronousTestCase):
    def test_atomic_and_possessive_parts_are_a_way_out(self) -> None:
        self.assertEqual(longest_text(r"^(?:(?>\w+)\s?)*+$"), 65_536)
        self.assertEqual(longest_text(r"^(?>a+)+b"), 65_536)

    def test_letters_beyond_latin_1_are_told_apart(self) -> None:
        self.assertEqual(longest_text("^(\u0430+\u0431)+$"), 65_536)
        self.assertEqual(longest_text("^([\u0430-\u043f]+[\u0436-\u044f])+$"), 0)

    def test_a_look_ahead_in_a_loop_counts(self) -> None:
        self.assertEqual(longest_text(r"^(?:(?!x).)*$"), 65_536)
        self.assertEqual(longest_text(r"^(?:(?!a*x).)*$"), 4096)


def _expand() -> None:
    def longest(pattern: str, wanted: int):  # type: ignore[no-untyped-def]
        return lambda self: self.assertEqual(Pattern(pattern).longest, wanted)

    def refused(pattern: str, start: str):  # type: ignore[no-untyped-def]
        def test(self: JudgementTests) -> None:
            error = self.assertRaises(ExpressionError, Pattern, pattern)
            self.assertTrue(str(error).startswith(start), str(error))

        return test

    for number, pattern in enumerate(FINE):
        setattr(JudgementTests, f"test_fine_{number:02}", longest(pattern, 65_536))
    for number, (pattern, wanted) in enumerate(COSTLY.items()):
        setattr(JudgementTests, f"test_costly_{number:02}", longest(pattern, wanted))
    for number, pattern in enumerate(HOPELESS):
        setattr(JudgementTests, f"test_hopeless_{number:02}", refused(pattern, "Regular expression could take"))
    for number, pattern in enumerate(MALFORMED):
        setattr(JudgementTests, f"test_malformed_{number:02}", refused(pattern, "Invalid regular expression"))


_expand()


class SearchTests(SynchronousTestCase):
    def test_a_pattern_is_searched_and_not_anchored(self) -> None:
        self.assertEqual(Pattern("b(c)?").search("abd"), ("b", ""))
        self.assertEqual(Pattern("x").search("abd"), ())

    def test_an_empty_match_is_a_match(self) -> None:
        self.assertEqual(value_of("matches('', path)"), 1)

    def test_a_long_pattern_is_refused(self) -> None:
        self.assertRaises(ExpressionError, Pattern, "a" * 1001)

    def test_a_padded_text_is_an_error_and_not_cut(self) -> None:
        with self.assertRaises(EvaluationError):
            value_of("matches('[a-z]+\\\\.php', path)", path="/" + "x" * 9000 + ".php")

    def test_a_fault_of_the_engine_is_an_evaluation_error(self) -> None:
        def fail(text: str) -> None:
            raise SystemError("the span of a group is wrong")

        pattern = Pattern("a")
        pattern._search = fail
        self.assertRaises(EvaluationError, pattern.search, "a")

    @given(st.text(alphabet="ab(|)[]^-*+?{1,}\\d.$P<>=!:#", max_size=25), st.text(alphabet="ab1-", max_size=12))
    def test_any_pattern_works_or_is_refused(self, pattern: str, text: str) -> None:
        try:
            compiled = Pattern(pattern)
        except ExpressionError:
            return
        self.assertIsInstance(compiled.search(text), tuple)
