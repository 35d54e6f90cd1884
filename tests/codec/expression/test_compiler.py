"""Names, arities, literal arguments, captures, and folding of constants (with ``functions`` and ``faults``)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression import ARITIES, EvaluationError, ExpressionError, compile_expression
from stalwart.codec.expression.compiler import FUNCTIONS, IO
from stalwart.codec.expression.functions import Function

from .asking import NAMES, VARIABLES, value_of

DOCUMENTED = """
trim/1 trim_start/1 trim_end/1 len/1 to_lowercase/1 to_uppercase/1 is_lowercase/1 is_uppercase/1 has_digits/1
count_chars/1 count_spaces/1 count_uppercase/1 count_lowercase/1 contains/2 contains_ignore_case/2 eq_ignore_case/2
starts_with/2 ends_with/2 strip_prefix/2 strip_suffix/2 substring/3 lines/1 split/2 rsplit/2 split_once/2 rsplit_once/2
split_n/3 split_words/1 hash/2 count/1 sort/2 dedup/1 winnow/1 is_intersect/2 is_email/1 email_part/2 is_local_domain/1
is_local_address/1 key_get/2 key_exists/2 key_set/3 counter_get/2 counter_incr/3 sql_query/3 dns_query/2 is_empty/1
is_number/1 is_ip_addr/1 is_ipv4_addr/1 is_ipv6_addr/1 ip_reverse_name/1 is_ip_in_cidr/2 if_then/3 matches/2 system/1
metric/1
"""
REFUSED = {
    "unknown_name": ("nonsense", 'Invalid variable or constant "nonsense"'),
    "unknown_function": ("nonsense(1)", 'Invalid function "nonsense"'),
    "function_without_arguments": ("trim", 'Invalid variable or constant "trim"'),
    "pattern_that_is_not_literal": (
        "matches(path, 'x')",
        'The first argument of "matches" must be a literal string',
    ),
    "metric_that_is_not_literal": ("metric(path)", 'The first argument of "metric" must be a literal string'),
    "unknown_system_name": ("system('x')", 'Invalid system variable "x"'),
    "bad_pattern": (
        "matches('(', path)",
        "Invalid regular expression: missing ), unterminated subpattern at position 0",
    ),
}


class ArityTests(SynchronousTestCase):
    def test_the_functions_are_those_of_the_specification(self) -> None:
        wanted = {name: int(arity) for name, arity in (f.split("/") for f in DOCUMENTED.split())}
        self.assertEqual(dict(ARITIES), wanted)

    def test_every_function_is_in_a_table_or_built_in(self) -> None:
        self.assertEqual(set(ARITIES) - set(FUNCTIONS) - set(IO), {"matches", "system", "metric"})
        self.assertTrue(all(isinstance(function, Function) for function in FUNCTIONS.values()))


class NameTests(SynchronousTestCase):
    def test_all_variables_are_known(self) -> None:
        for name, value in VARIABLES.items():
            self.assertEqual(value_of(name), value)

    def test_an_alias_asks_for_the_variable_it_stands_for(self) -> None:
        compiled = compile_expression({"else": "url_path"}, NAMES, aliases={"url_path": "path"})
        self.assertEqual(compiled.evaluate(VARIABLES.__getitem__), "/api/account")
        self.assertEqual(compiled.variables, {"path"})

    def test_names_may_have_dots(self) -> None:
        compiled = compile_expression({"else": "from.domain"}, frozenset({"from.domain"}))
        self.assertEqual(compiled.evaluate({"from.domain": "a"}.__getitem__), "a")


def _expand() -> None:
    def refusal(text: str, message: str):  # type: ignore[no-untyped-def]
        def test(self: SynchronousTestCase) -> None:
            error = self.assertRaises(ExpressionError, value_of, text)
            self.assertEqual(str(error), f"Error parsing 'else' expression: {message}")

        return test

    for name, (text, message) in REFUSED.items():
        setattr(NameTests, f"test_{name}_is_refused", refusal(text, message))
    for name, arity in ARITIES.items():
        message = f'Function "{name}" takes {arity} argument{"" if arity == 1 else "s"}'
        for count in {0, arity - 1, arity + 1}:
            text = f"{name}({', '.join(['1'] * count)})"
            setattr(ArityTests, f"test_{name}_refuses_{count}_arguments", refusal(text, message))


_expand()


class CaptureTests(SynchronousTestCase):
    def test_captures_are_those_of_the_latest_match(self) -> None:
        self.assertEqual(value_of("if_then(matches('^/(a)(p)', path), $0 + '-' + $2, '')"), "/ap-p")
        text = "if_then(matches('(a)', path) && matches('(p)', path), $1, '')"
        self.assertEqual(value_of(text), "p")

    def test_a_failed_match_leaves_no_captures(self) -> None:
        self.assertEqual(value_of("if_then(matches('(a)', path) && matches('(z)', path), 1, $1)"), "")

    def test_absent_groups_are_empty(self) -> None:
        self.assertEqual(value_of("if_then(matches('(z)?a', path), [$1, $7], 0)"), ("", ""))


class FoldingTests(SynchronousTestCase):
    def _constant(self, text: str) -> object:
        compiled = compile_expression({"else": text}, NAMES, frozenset({"relaxed"}))
        return compiled.constant if compiled.is_constant else "not constant"

    def test_what_depends_on_nothing_is_constant(self) -> None:
        self.assertEqual(self._constant("1 + 2 * len(split('a,b', ','))"), 5)
        self.assertEqual(self._constant("[1, [2]][1][0]"), 2)
        self.assertEqual(self._constant("!is_ip_in_cidr('10.0.0.1', '10.0.0.0/8')"), 0)

    def test_variables_captures_and_the_system_are_not(self) -> None:
        for text in ("path", "$1", "matches('a', 'a')", "system('hostname')", "is_local_domain('a')"):
            self.assertEqual(self._constant(f"[{text}]"), "not constant")

    def test_a_constant_that_fails_fails_when_it_is_evaluated(self) -> None:
        ones = f"[{','.join(['1'] * 1500)}]"
        compiled = compile_expression({"else": f"is_intersect({ones}, {ones.replace('1', '2')})"}, NAMES)
        self.assertFalse(compiled.is_constant)
        self.assertRaises(EvaluationError, compiled.evaluate, VARIABLES.__getitem__)
