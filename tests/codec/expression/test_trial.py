"""Rules tried out: what decides, what comes of it, and where they are wrong."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression import EvaluationError, Language, Trial, try_out
from stalwart.codec.expression.trial import LONGEST_RESULT, value_of

LANGUAGE = Language(frozenset({"path", "local_port", "recipients"}), frozenset({"relaxed"}), {"url_path": "path"})


def rule(otherwise: str, *conditions: tuple[str, str]) -> dict[str, Any]:
    return {"match": {str(at): {"if": a, "then": b} for at, (a, b) in enumerate(conditions)}, "else": otherwise}


class Io:
    """Knows one domain."""

    async def is_local_domain(self, domain: str) -> object:
        return domain == "example.test"

    def system(self, name: str) -> object:
        raise EvaluationError("nothing is known")


class TrialTests(SynchronousTestCase):
    def attempt(self, wire: dict[str, Any], **given: str) -> Trial:
        found: Trial = self.successResultOf(try_out(wire, LANGUAGE, given, Io()))  # type: ignore[arg-type]
        return found

    def test_the_part_that_decides_is_named(self) -> None:
        wire = rule("200", ("starts_with(path, '/admin') && local_port != 443", "403"), ("path == '/x'", "404"))
        self.assertEqual(self.attempt(wire, path="/admin", local_port="8080"), Trial("match/0/then", "403"))
        self.assertEqual(self.attempt(wire, path="/admin", local_port="443"), Trial("else", "200"))
        self.assertEqual(self.attempt(wire, url_path="/x"), Trial("match/1/then", "404"))
        self.assertEqual(self.attempt(wire), Trial("else", "200"))

    def test_captures_reach_the_value(self) -> None:
        self.assertEqual(
            self.attempt(rule("''", ("matches('^/(.*)$', path)", "$1 + '!'")), path="/a"), Trial("match/0/then", "a!")
        )

    def test_what_has_to_be_waited_for_is_asked(self) -> None:
        wire = rule("1", ("is_local_domain(path)", "2"))
        self.assertEqual(self.attempt(wire, path="example.test").result, "2")
        self.assertEqual(self.attempt(wire, path="example.net").result, "1")

    def test_place_of_a_mistake(self) -> None:
        for wire, part, position, words in (
            (rule("200", ("path == nowhere", "1")), "match/0/if", 8, "nowhere"),
            (rule("200", ("path", "1 # 2")), "match/0/then", 2, "Invalid character"),
            (rule("len(path, 1)"), "else", 0, "takes 1 argument"),
            (rule("1 + "), "else", 4, "Unexpected end"),
            (rule("1 1"), "else", 2, "Unexpected literal"),
            (rule("path + 5x"), "else", 7, "Invalid number"),
            (rule("", ("path", "1")), "else", 0, "Missing"),
            (rule("path + matches('(', path)"), "else", 7, ""),
        ):
            found = self.attempt(wire)
            self.assertEqual((found.part, found.position, found.result), (part, position, None), wire)
            self.assertIn(words, found.problem or "", wire)

    def test_rule_that_has_no_value_says_why(self) -> None:
        self.assertEqual(self.attempt(rule("system('hostname')")), Trial(problem="nothing is known"))

    def test_nothing_is_no_rule(self) -> None:
        self.assertEqual(self.attempt(rule("")), Trial())

    def test_results_for_people(self) -> None:
        for text, expected in (("relaxed", "relaxed"), ("[1, 'a']", "[1, a]"), ("1.5", "1.5"), ("true", "1")):
            self.assertEqual(self.attempt(rule(text)).result, expected)
        self.assertEqual(len(self.attempt(rule("path"), path="x" * (LONGEST_RESULT + 1)).result or ""), LONGEST_RESULT)

    def test_values_are_what_somebody_means(self) -> None:
        for text, value in (
            ("25", 25), ("-1.5", -1.5), ("true", 1), ("false", 0), ("a", "a"), ("", ""), ('["a", 1]', ("a", 1)),
            ("[a", "[a"), ('[{"a": 1}]', '[{"a": 1}]'), ("9" * 30, "9" * 30), ("[" * 5000, "[" * 5000),
        ):  # fmt: skip
            self.assertEqual(value_of(text), value)
