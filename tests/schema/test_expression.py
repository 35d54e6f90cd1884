"""Expressions as property values (settings B.1)."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import REQUIRED, Expression, Singleton, ValidationFailed, prop
from stalwart.schema.expression import ExpressionValue


class Limits(Singleton):
    """Limits by rule."""

    policy = prop(
        Expression(frozenset(("port",)), frozenset(("relaxed",)), {"local_port": "port"}), REQUIRED, "Policy."
    )


class ExpressionTests(SynchronousTestCase):
    def rule(self, otherwise: str, *match: tuple[str, str]) -> ExpressionValue:
        conditions = {str(index): {"if": when, "then": then} for index, (when, then) in enumerate(match)}
        rule: ExpressionValue = Limits.from_wire({"policy": {"match": conditions, "else": otherwise}}).policy
        return rule

    def message(self, data: Any) -> str | None:
        error = self.assertRaises(ValidationFailed, Limits.from_wire, {"policy": data})
        return error.violations[0].value or error.violations[0].description or error.violations[0].fault

    def value(self, rule: ExpressionValue, port: int) -> Any:
        assert rule.compiled is not None
        return rule.compiled.evaluate({"port": port}.get)

    def test_first_condition_that_holds_decides(self) -> None:
        rule = self.rule("3", ("port > 10", "1"), ("port > 5", "2"))
        self.assertEqual([self.value(rule, port) for port in (11, 6, 1)], [1, 2, 3])

    def test_conditions_follow_their_numbers(self) -> None:
        match = {"10": {"if": "true", "then": "2"}, "9": {"if": "true", "then": "1"}}
        rule = Limits.from_wire({"policy": {"match": match, "else": "3"}}).policy
        self.assertEqual(self.value(rule, 1), 1)

    def test_alias_of_a_variable_is_understood(self) -> None:
        self.assertEqual(self.value(self.rule("2", ("local_port == 1", "1")), 1), 1)

    def test_constant_of_the_property_is_a_result(self) -> None:
        self.assertIsNotNone(self.rule("relaxed").compiled)

    def test_constant_of_another_property_is_refused(self) -> None:
        self.assertIn("strict", self.message({"else": "strict"}) or "")

    def test_conditions_without_an_else_are_refused(self) -> None:
        self.assertEqual(self.message({"match": {"0": {"if": "true", "then": "1"}}}), "Missing 'else' expression")

    def test_condition_without_a_text_is_refused(self) -> None:
        self.assertEqual(self.message({"match": {"0": {"then": "1"}}, "else": "1"}), "Required")

    def test_unknown_member_is_refused(self) -> None:
        self.assertEqual(self.message({"else": "1", "otherwise": "2"}), "Invalid property")

    def test_text_in_place_of_an_expression_is_refused(self) -> None:
        self.assertEqual(self.message("200"), "Invalid value for object property")

    def test_match_is_printed_even_if_it_is_empty(self) -> None:
        self.assertEqual(self.rule("1").to_wire(), {"match": {}, "else": "1"})

    def test_compiled_form_does_not_count_in_a_comparison(self) -> None:
        self.assertEqual(self.rule("1"), self.rule("1"))
