"""A rule as settings store it: conditions in order, each with its value, and a value otherwise.

The wire form is ``{"match": {"0": {"if": ..., "then": ...}, ...}, "else": ...}``, all leaves text. A rule is
compiled once; an evaluation that fails has no value, and who asked for permission must then deny. A rule that
is constant costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from stalwart.codec.expression.compiler import NOWHERE, Code, Compiler
from stalwart.codec.expression.faults import EvaluationError, ExpressionError
from stalwart.codec.expression.frame import Environment, ExpressionIO, Frame, Pending, VariableSource
from stalwart.codec.expression.parser import parse
from stalwart.codec.expression.values import Value, as_value, truth
from stalwart.errors import StalwartError

MOST_CONDITIONS = 256


@frozen(eq=False)
class CompiledExpression:
    """A compiled rule; immutable, and any number of evaluations may run at once.

    ``is_constant``: every evaluation gives ``constant`` (None: there is no rule). ``needs_io``: only
    ``evaluate_async`` will do. ``variables`` are the names it asks for, aliases resolved.
    """

    _conditions: tuple[tuple[Code, Code], ...] = field(repr=False)
    _otherwise: Code | None = field(repr=False)
    needs_io: bool
    variables: frozenset[str]
    is_constant: bool
    constant: Value | None

    def evaluate(self, variable: VariableSource, environment: Environment | None = None) -> Value | None:
        """The value for these variables.

        :raises EvaluationError: there is none; or the rule needs I/O, or an environment that was not given.
        """
        if self.is_constant:
            return self.constant
        return self._run(Frame(variable, environment))

    async def evaluate_async(self, variable: VariableSource, io: ExpressionIO) -> Value | None:
        """The same for any rule. Every call with I/O is made at most once, one after the other."""
        if self.is_constant:
            return self.constant
        answers: dict[int, Value] = {}
        while True:
            try:
                return self._run(Frame(variable, io, answers))
            except Pending as pending:
                wanted = pending
            try:
                found = await wanted.function.ask(io, wanted.arguments)
            except StalwartError as error:
                raise EvaluationError(f'"{wanted.function.name}" failed: {error.detail}') from error
            answers[wanted.place] = as_value(found)

    def _run(self, frame: Frame) -> Value | None:
        for condition, value in self._conditions:
            if truth(condition.run(frame)):
                return value.run(frame)
        return self._otherwise.run(frame) if self._otherwise is not None else None


def compile_expression(
    wire: Mapping[str, object],
    variables: frozenset[str],
    constants: frozenset[str] = frozenset(),
    aliases: Mapping[str, str] | None = None,
) -> CompiledExpression:
    """Compiles the wire form. ``aliases`` maps further names of variables to those in ``variables``.

    :raises ExpressionError: it does not compile; the message names the part.
    """
    compiler = Compiler(variables, constants, aliases or {})
    conditions = [
        (
            _part(compiler, pair.get("if"), f"'if' expression in condition #{number}", f"match/{number - 1}/if"),
            _part(compiler, pair.get("then"), f"'then' expression in condition #{number}", f"match/{number - 1}/then"),
        )
        for number, pair in enumerate(_conditions(wire.get("match")), 1)
    ]
    otherwise = None
    if wire.get("else") not in (None, ""):
        otherwise = _part(compiler, wire.get("else"), "'else' expression", "else")
    elif conditions:
        raise ExpressionError("Missing 'else' expression", 0, "else")
    return _simplified(conditions, otherwise, compiler)


def _conditions(match: object) -> list[Mapping[str, object]]:
    if match is None:
        return []
    if not isinstance(match, Mapping) or len(match) > MOST_CONDITIONS:
        raise ExpressionError(f"'match' must be an object of at most {MOST_CONDITIONS} conditions")
    for key, pair in match.items():
        if not (isinstance(key, str) and key.isascii() and key.isdigit() and len(key) < 10):
            raise ExpressionError("The keys of 'match' must be numbers")
        if not isinstance(pair, Mapping):
            raise ExpressionError("A condition must be an object with 'if' and 'then'")
    return [match[key] for key in sorted(match, key=int)]


def _part(compiler: Compiler, text: object, place: str, part: str) -> Code:
    if not isinstance(text, str):
        raise ExpressionError(f"Missing {place}" if text is None else f"Error parsing {place}: not a string", 0, part)
    try:
        return compiler.compile(parse(text))
    except ExpressionError as error:
        raise ExpressionError(f"Error parsing {place}: {error}", error.position, part) from error


def _simplified(conditions: list[tuple[Code, Code]], otherwise: Code | None, compiler: Compiler) -> CompiledExpression:
    """Drops conditions that are never true; what follows one that is always true is never reached."""
    kept: list[tuple[Code, Code]] = []
    for condition, value in conditions:
        if not condition.fixed:
            kept.append((condition, value))
        elif truth(condition.run(NOWHERE)):
            otherwise = value
            break
    constant = not kept and (otherwise is None or otherwise.fixed)
    return CompiledExpression(
        tuple(kept),
        otherwise,
        needs_io=compiler.calls > 0,
        variables=frozenset(compiler.used),
        is_constant=constant,
        constant=otherwise.run(NOWHERE) if constant and otherwise is not None else None,
    )


def status_of(value: Value | None) -> int | None:
    """The HTTP status that a rule answers with: an integer from 100 to 999, or None, which means deny."""
    if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and 100 <= value <= 999 else None
