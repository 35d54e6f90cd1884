"""Literals, white space, names and what no token can start with."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.faults import ExpressionError
from stalwart.codec.expression.lexer import LONGEST_EXPRESSION, tokens_of

from .asking import expand


@expand(
    [
        ("'a'", "a"),
        ('"a"', "a"),
        (r"'a\n\r\tb'", "a\n\r\tb"),
        (r"'it\'s'", "it's"),
        (r"'\\d\x'", r"\dx"),
        ("'\"'", '"'),
        ("'a\tb'", "a\tb"),
        ("12", 12),
        ("007", 7),
        ("1.5", 1.5),
        ("true", 1),
        ("false", 0),
        ("5m", 300_000),
        ("30s", 30_000),
        ("2h", 7_200_000),
        ("1d", 86_400_000),
        ("250ms", 250),
        ("9223372036854775807d", 2**63 - 1),
        (" \r\n1 \n+\r2 ", 3),
        ("$whatever", 0),
        ("$0", ""),
        ("1 } ", 1),
    ]
)
class LiteralTests(SynchronousTestCase):
    pass


REFUSED = {
    "tab": ("\t1", "Invalid character '\\t'"),
    "no_break_space": ("1\u00a0", "Invalid character '\\xa0'"),
    "unknown_character": ("1 # 2", "Invalid character '#'"),
    "open_string": ("'abc", "Unterminated string"),
    "open_escape": ("'abc\\'", "Unterminated string"),
    "unknown_unit": ("5x", 'Invalid number "5x"'),
    "fraction_with_a_unit": ("1.5h", 'Invalid number "1.5h"'),
    "half_a_fraction": ("1.", 'Invalid number "1."'),
    "number_like_an_address": ("10.0.0.1", 'Invalid number "10.0.0.1"'),
    "number_beyond_64_bits": ("9223372036854775808", "Number out of range"),
    "endless_number": ("9" * 8000, "Number out of range"),
    "endless_fraction": ("9" * 8000 + ".0", "Number out of range"),
    "lone_dollar": ("$", "Invalid character '$'"),
    "capture_out_of_reach": ("$99999", 'Invalid capture "$99999"'),
    "text_after_the_end": ("1 } && 0", 'Unexpected text after "}"'),
    "too_long": ("1" * (LONGEST_EXPRESSION + 1), "Expression is longer than 8192 characters"),
}


class RefusalTests(SynchronousTestCase):
    def test_digits_of_other_scripts_are_no_number(self) -> None:
        self.assertRaises(ExpressionError, tokens_of, "\u0661")


for _name, (_text, _message) in REFUSED.items():

    def _test(self: RefusalTests, text: str = _text, message: str = _message) -> None:
        error = self.assertRaises(ExpressionError, tokens_of, text)
        self.assertEqual(str(error), message)

    setattr(RefusalTests, f"test_{_name}_is_refused", _test)
