"""Text of an expression to tokens: literals, names, captures, symbols.

White space is space, CR and LF; a TAB is an error. Durations become milliseconds. A closing brace ends the
expression: only white space may follow it, so that nothing of a rule is ignored in silence.
"""

from __future__ import annotations

import math
import re
from typing import Literal, NamedTuple

from stalwart.codec.expression.faults import ExpressionError
from stalwart.codec.expression.values import LARGEST, Value, saturated

LONGEST_EXPRESSION = 8192

Kind = Literal["literal", "name", "global", "capture", "symbol", "end"]


class Token(NamedTuple):
    """``value`` is the value of a literal, else the text; the text of a symbol is its first spelling (``==``
    for ``=``).
    """

    kind: Kind
    value: Value
    position: int = 0


_TOKEN = re.compile(
    r"""
    (?P<blank>[ \r\n]+)
    | (?P<text>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*")
    | (?P<number>[0-9][0-9A-Za-z_.]*)
    | \$(?P<capture>[0-9]+)
    | \$(?P<global>[A-Za-z_][0-9A-Za-z_.]*)
    | (?P<name>[A-Za-z_][0-9A-Za-z_.]*)
    | (?P<symbol>== | =< | => | != | <= | >= | && | \|\| | [-+*/<>=!&|^()\[\],}])
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"(?P<whole>[0-9]+)(?:(?P<fraction>\.[0-9]+)|(?P<unit>ms|s|m|h|d))?")
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SPELLINGS = {"=": "==", "=<": "<=", "=>": ">=", "&": "&&", "|": "||"}
_WORDS: dict[str, Value] = {"true": 1, "false": 0}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}


def tokens_of(expression: str) -> list[Token]:
    """The tokens of an expression, the last of kind ``end``.

    :raises ExpressionError: longer than 8 KiB, or a place where no token can start.
    """
    if len(expression) > LONGEST_EXPRESSION:
        raise ExpressionError(f"Expression is longer than {LONGEST_EXPRESSION} characters")
    tokens: list[Token] = []
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise ExpressionError(_complaint(expression[position]), position)
        position = match.end()
        if match[0] == "}":
            if expression[position:].strip(" \r\n"):
                raise ExpressionError('Unexpected text after "}"', position)
            break
        if match.lastgroup != "blank":
            tokens.append(_placed(match))
    return [*tokens, Token("end", "", len(expression))]


def _placed(match: re.Match[str]) -> Token:
    try:
        return _token(match)._replace(position=match.start())
    except ExpressionError as error:
        raise ExpressionError(str(error), match.start()) from None


def _complaint(character: str) -> str:
    if character in "'\"":
        return "Unterminated string"
    return f"Invalid character {character!a}"


def _token(match: re.Match[str]) -> Token:
    text = match[0]
    if match["text"] is not None:
        return Token("literal", _ESCAPE.sub(_unescaped, text[1:-1]))
    if match["number"] is not None:
        return Token("literal", _number(text))
    if match["capture"] is not None:
        return Token("capture", _capture(match["capture"]))
    if match["global"] is not None:
        return Token("global", match["global"])
    if match["name"] is not None:
        return Token("literal", _WORDS[text]) if text in _WORDS else Token("name", text)
    return Token("symbol", _SPELLINGS.get(text, text))


def _unescaped(match: re.Match[str]) -> str:
    return _CONTROLS.get(match[1], match[1])


def _capture(digits: str) -> int:
    if len(digits) > 4:
        raise ExpressionError(f'Invalid capture "${digits}"')
    return int(digits)


def _number(text: str) -> Value:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ExpressionError(f'Invalid number "{text}"')
    if match["fraction"] is not None:
        number = float(text)
        if math.isfinite(number):
            return number
    elif len(match["whole"].lstrip("0")) <= len(str(LARGEST)) and int(match["whole"]) <= LARGEST:
        return saturated(int(match["whole"]) * _UNITS.get(match["unit"] or "ms", 1))
    raise ExpressionError("Number out of range")
