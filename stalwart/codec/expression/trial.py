"""A rule tried out: which part of it decides for given variables, and what comes of it, or where it is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from stalwart.codec.expression.faults import EvaluationError, ExpressionError
from stalwart.codec.expression.frame import ExpressionIO
from stalwart.codec.expression.rules import CompiledExpression, compile_expression
from stalwart.codec.expression.values import Constant, Value, as_value, text_of

LONGEST_RESULT = 10_000
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


@frozen
class Trial:
    """``part`` is where ``result`` stands in the rule, or what is wrong: ``match/0/then``, ``else``; ``position`` is
    the character of it. Either ``result`` or ``problem`` is given; neither where there is no rule.
    """

    part: str | None = None
    result: str | None = None
    problem: str | None = None
    position: int | None = None


@frozen
class Language:
    """What may occur in the rule, as for ``compile_expression``; ``objection`` says what is wrong with a result."""

    variables: frozenset[str]
    constants: frozenset[str]
    aliases: Mapping[str, str]
    objection: Callable[[Value | None], str | None] = field(default=lambda _: None)

    def compile(self, wire: Mapping[str, Any]) -> CompiledExpression:
        """:raises ExpressionError: as for ``compile_expression``."""
        return compile_expression(wire, self.variables, self.constants, self.aliases)

    def objected(self, wire: Mapping[str, Any]) -> tuple[str, str] | None:
        """The first result of a rule that is always the same and of no use: its part, and what is wrong with it."""
        parts = {f"match/{key}/then": pair.get("then") for key, pair in (wire.get("match") or {}).items()}
        for part, text in {**parts, "else": wire.get("else")}.items():
            made = self.compile({"else": text})
            if text and made.is_constant and (problem := self.objection(made.constant)):
                return part, problem
        return None


async def try_out(wire: Mapping[str, Any], language: Language, given: Mapping[str, str], io: ExpressionIO) -> Trial:
    """What the rule gives where the variables have these values (``value_of``)."""
    try:
        compiled = language.compile(wire)
        places = language.compile(_named(wire))
    except ExpressionError as error:
        return Trial(error.part, None, str(error.__cause__ or error), error.position)
    if objected := language.objected(wire):
        return Trial(objected[0], None, objected[1])
    values = {language.aliases.get(name, name): value_of(text) for name, text in given.items()}

    def variable(name: str) -> object:
        return values.get(name, "")

    try:
        part = await places.evaluate_async(variable, io)
        result = await compiled.evaluate_async(variable, io)
    except EvaluationError as error:
        return Trial(None, None, str(error))
    if problem := language.objection(result) if result is not None else None:
        return Trial(None, None, problem)
    return Trial(None if part is None else text_of(part), None if result is None else written(result)[:LONGEST_RESULT])


def value_of(text: str) -> Value:
    """The value that somebody means: a number, ``true`` or ``false``, a list in JSON, else the text itself."""
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if text in ("true", "false"):
        return int(text == "true")
    if text.startswith("["):
        try:
            return as_value(json.loads(text))
        except (ValueError, EvaluationError, RecursionError):
            return text
    return text


def written(value: Value) -> str:
    """A value for people."""
    if isinstance(value, tuple):
        return f"[{', '.join(written(item) for item in value)}]"
    return value.name if isinstance(value, Constant) else text_of(value)


def _named(wire: Mapping[str, Any]) -> dict[str, object]:
    """The rule with the names of its parts as their values."""
    match = wire.get("match")
    conditions = match if isinstance(match, Mapping) else {}
    ordered = sorted(conditions, key=int)
    named = {key: {"if": conditions[key].get("if"), "then": f"'match/{at}/then'"} for at, key in enumerate(ordered)}
    return {"match": named, "else": "'else'" if wire.get("else") not in (None, "") else ""}
