"""A syntax tree to a closure.

Names are resolved, arguments counted and patterns compiled here, once. Whatever depends on nothing outside is
evaluated now and becomes a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from attrs import define, field, frozen

from stalwart.codec.expression.faults import EvaluationError, ExpressionError
from stalwart.codec.expression.frame import IO_FUNCTIONS, SYSTEM_NAMES, Frame, IoFunction
from stalwart.codec.expression.functions import Function
from stalwart.codec.expression.functions_array import ARRAY_FUNCTIONS
from stalwart.codec.expression.functions_mail import MAIL_FUNCTIONS
from stalwart.codec.expression.functions_text import TEXT_FUNCTIONS
from stalwart.codec.expression.operators import Operation, negate
from stalwart.codec.expression.patterns import Pattern
from stalwart.codec.expression.syntax import (
    Array,
    Call,
    Capture,
    Chain,
    Index,
    Literal,
    Name,
    Node,
    Unary,
)
from stalwart.codec.expression.values import Constant, Value, as_value, integer_of, text_of, truth

Step = Callable[[Frame], Value]
T = TypeVar("T")

FUNCTIONS: Mapping[str, Function] = {f.name: f for f in (*TEXT_FUNCTIONS, *ARRAY_FUNCTIONS, *MAIL_FUNCTIONS)}
IO: Mapping[str, IoFunction] = {f.name: f for f in IO_FUNCTIONS}
ARITIES: Mapping[str, int] = {
    **{name: function.arity for name, function in FUNCTIONS.items()},
    **{name: function.arity for name, function in IO.items()},
    "matches": 2,
    "system": 1,
    "metric": 1,
}
"""Every function with the number of its arguments."""


@frozen
class Code:
    """A compiled part. ``fixed`` says that its value is the same in every evaluation."""

    run: Step
    fixed: bool = False


def _no_variables(name: str) -> object:
    raise EvaluationError(f"{name} is no constant")


NOWHERE = Frame(_no_variables)


def _constant(value: Value) -> Code:
    return Code(lambda frame: value, True)


def _folded(run: Step, *parts: Code) -> Code:
    """The code, evaluated now if all its parts are constant."""
    if not all(part.fixed for part in parts):
        return Code(run)
    try:
        return _constant(run(NOWHERE))
    except EvaluationError:
        return Code(run)  # it fails in every evaluation, and only there


def _item(array: Value, place: Value) -> Value:
    index = integer_of(place)
    return array[index] if isinstance(array, tuple) and 0 <= index < len(array) else ""


@define
class Compiler:
    """Compiles the parts of one rule; afterwards ``used`` names its variables and ``calls`` counts its calls
    with I/O.
    """

    variables: frozenset[str]
    constants: frozenset[str]
    aliases: Mapping[str, str]
    calls: int = 0
    used: set[str] = field(factory=set)

    def compile(self, node: Node) -> Code:
        """:raises ExpressionError: unknown name, wrong arguments, unusable pattern."""
        match node:
            case Literal(value):
                return _constant(value)
            case Name(name, position):
                return _at(position, self._name, name)
            case Capture(index):
                return Code(lambda frame: frame.captures[index] if index < len(frame.captures) else "")
            case Call():
                return _at(node.position, self._call, node)
            case Array():
                return self._array(node)
            case Index():
                return self._index(node)
            case Unary():
                return self._unary(node)
            case Chain():
                return self._chain(node)

    def _name(self, written: str) -> Code:
        name = self.aliases.get(written, written)
        if name in self.variables:
            self.used.add(name)
            return Code(_variable(name))
        if written in self.constants:
            return _constant(Constant(written))
        raise ExpressionError(f'Invalid variable or constant "{written}"')

    def _array(self, node: Array) -> Code:
        items = [self.compile(item) for item in node.items]
        steps = tuple(item.run for item in items)
        return _folded(lambda frame: tuple(step(frame) for step in steps), *items)

    def _index(self, node: Index) -> Code:
        code = self.compile(node.array)
        for place in node.places:
            code = self._indexed(code, self.compile(place))
        return code

    def _indexed(self, array: Code, place: Code) -> Code:
        value, index = array.run, place.run
        return _folded(lambda frame: _item(value(frame), index(frame)), array, place)

    def _unary(self, node: Unary) -> Code:
        operand = self.compile(node.operand)
        run = operand.run
        for symbol in reversed(node.symbols):
            run = _negated(run) if symbol == "-" else _inverted(run)
        return _folded(run, operand)

    def _chain(self, node: Chain) -> Code:
        parts = [self.compile(node.first), *(self.compile(right) for _, right in node.rest)]
        steps = [part.run for part in parts]
        symbol = node.rest[0][0].symbol
        if symbol in ("&&", "||"):
            return _folded(_short_circuit(tuple(steps), symbol == "||"), *parts)
        operations = [operator.apply for operator, _ in node.rest if operator.apply is not None]
        if len(operations) == 1:
            return _folded(_binary(operations[0], *steps), *parts)
        return _folded(_sequence(steps[0], tuple(zip(operations, steps[1:], strict=True))), *parts)

    def _call(self, node: Call) -> Code:
        arity = ARITIES.get(node.name)
        if arity is None:
            raise ExpressionError(f'Invalid function "{node.name}"')
        if len(node.arguments) != arity:
            raise ExpressionError(f'Function "{node.name}" takes {arity} argument{"s" * (arity != 1)}')
        if node.name == "matches":
            return self._matches(node)
        if node.name in ("system", "metric"):
            return self._environment(node)
        arguments = [self.compile(argument) for argument in node.arguments]
        if node.name in IO:
            return self._waiting(IO[node.name], arguments)
        return _applied(FUNCTIONS[node.name], arguments)

    def _waiting(self, function: IoFunction, arguments: list[Code]) -> Code:
        place = self.calls
        self.calls += 1
        steps = tuple(argument.run for argument in arguments)
        return Code(lambda frame: frame.answer(place, function, tuple(step(frame) for step in steps)))

    def _environment(self, node: Call) -> Code:
        name = _literal_text(node)
        if node.name == "metric":
            return Code(lambda frame: as_value(frame.surroundings().metric(name)))
        if name not in SYSTEM_NAMES:
            raise ExpressionError(f'Invalid system variable "{name}"')
        return Code(lambda frame: as_value(frame.surroundings().system(name)))

    def _matches(self, node: Call) -> Code:
        pattern = Pattern(_literal_text(node))
        subject = self.compile(node.arguments[1]).run

        def run(frame: Frame) -> Value:
            frame.captures = pattern.search(text_of(subject(frame)))
            return int(bool(frame.captures))

        return Code(run)


def _at(position: int, work: Callable[[T], Code], node: T) -> Code:
    """What ``work`` makes; an error that knows no position is given this one."""
    try:
        return work(node)
    except ExpressionError as error:
        if error.position is None:
            error.position = position
        raise


def _literal_text(node: Call) -> str:
    first = node.arguments[0]
    if isinstance(first, Literal) and isinstance(first.value, str):
        return first.value
    raise ExpressionError(f'The first argument of "{node.name}" must be a literal string')


def _variable(name: str) -> Step:
    def run(frame: Frame) -> Value:
        value = frame.variable(name)
        return value if type(value) is str else as_value(value)

    return run


def _negated(step: Step) -> Step:
    return lambda frame: negate(step(frame))


def _inverted(step: Step) -> Step:
    return lambda frame: 0 if truth(step(frame)) else 1


def _short_circuit(steps: tuple[Step, ...], stops_on: bool) -> Step:
    def run(frame: Frame) -> Value:
        for step in steps:
            if truth(step(frame)) is stops_on:
                return int(stops_on)
        return int(not stops_on)

    return run


def _binary(operation: Operation, left: Step, right: Step) -> Step:
    return lambda frame: operation(left(frame), right(frame))


def _sequence(first: Step, rest: tuple[tuple[Operation, Step], ...]) -> Step:
    def run(frame: Frame) -> Value:
        value = first(frame)
        for operation, step in rest:
            value = operation(value, step(frame))
        return value

    return run


def _applied(function: Function, arguments: list[Code]) -> Code:
    apply = function.apply
    steps = tuple(argument.run for argument in arguments)
    if function.bind is not None and arguments[1].fixed:
        return _folded(_unary_call(function.bind(steps[1](NOWHERE)), steps[0]), *arguments)
    if len(steps) == 1:
        return _folded(_unary_call(apply, steps[0]), *arguments)
    if len(steps) == 2:
        return _folded(_binary(apply, *steps), *arguments)
    return _folded(lambda frame: apply(*(step(frame) for step in steps)), *arguments)


def _unary_call(apply: Callable[[Value], Value], step: Step) -> Step:
    return lambda frame: apply(step(frame))
