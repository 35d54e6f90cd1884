"""The state of one evaluation, and what an evaluation asks of the world.

Functions with I/O are evaluated by replay: the first call that has no answer yet stops the evaluation, the
driver fetches the answer, and the evaluation starts again with it. Every call in an expression runs at most
once per evaluation, so its place identifies it, and nothing is ever asked twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from attrs import define, frozen

from stalwart.codec.expression.faults import EvaluationError
from stalwart.codec.expression.values import Value, integer_of, text_of

VariableSource = Callable[[str], object]
"""Gives the value of a variable: text, number, bool, None or a sequence of those."""


class Environment(Protocol):
    """What is known without waiting. ``name`` of ``system`` is one of ``SYSTEM_NAMES``."""

    def system(self, name: str) -> object: ...

    def metric(self, name: str) -> object: ...


SYSTEM_NAMES = frozenset({"domain", "hostname", "node_id", "node_hostname", "node_role"})


class ExpressionIO(Environment, Protocol):
    """What must be waited for. Results may be anything that a variable may be; what is missing is None or "".

    Hard failures are EvaluationError or an error of ``stalwart.errors``.
    """

    async def is_local_domain(self, domain: str) -> object: ...

    async def is_local_address(self, address: str) -> object: ...

    async def key_get(self, store: str, key: str) -> object: ...

    async def key_exists(self, store: str, key: str) -> object: ...

    async def key_set(self, store: str, key: str, value: Value) -> object: ...

    async def counter_incr(self, store: str, key: str, by: int) -> object: ...

    async def counter_get(self, store: str, key: str) -> object: ...

    async def dns_query(self, name: str, rtype: str) -> object: ...

    async def sql_query(self, store: str, query: str, arguments: Value) -> object: ...


@frozen
class IoFunction:
    """A function that ``ExpressionIO`` answers; ``ask`` gives it its arguments in the right types."""

    name: str
    arity: int
    ask: Callable[[ExpressionIO, tuple[Value, ...]], Awaitable[object]]


IO_FUNCTIONS = (
    IoFunction("is_local_domain", 1, lambda io, a: io.is_local_domain(text_of(a[0]))),
    IoFunction("is_local_address", 1, lambda io, a: io.is_local_address(text_of(a[0]))),
    IoFunction("key_get", 2, lambda io, a: io.key_get(text_of(a[0]), text_of(a[1]))),
    IoFunction("key_exists", 2, lambda io, a: io.key_exists(text_of(a[0]), text_of(a[1]))),
    IoFunction("key_set", 3, lambda io, a: io.key_set(text_of(a[0]), text_of(a[1]), a[2])),
    IoFunction("counter_incr", 3, lambda io, a: io.counter_incr(text_of(a[0]), text_of(a[1]), integer_of(a[2]))),
    IoFunction("counter_get", 2, lambda io, a: io.counter_get(text_of(a[0]), text_of(a[1]))),
    IoFunction("dns_query", 2, lambda io, a: io.dns_query(text_of(a[0]), text_of(a[1]))),
    IoFunction("sql_query", 3, lambda io, a: io.sql_query(text_of(a[0]), text_of(a[1]), a[2])),
)


class Pending(Exception):
    """The evaluation needs the answer of a call first. Never leaves this package."""

    def __init__(self, place: int, function: IoFunction, arguments: tuple[Value, ...]) -> None:
        super().__init__(function.name)
        self.place = place
        self.function = function
        self.arguments = arguments


@define
class Frame:
    """One evaluation: where variables come from, the captures of the latest ``matches``, answers by place of
    the call.
    """

    variable: VariableSource
    environment: Environment | None = None
    answers: dict[int, Value] | None = None
    captures: tuple[str, ...] = ()

    def surroundings(self) -> Environment:
        """Where ``system`` and ``metric`` look."""
        if self.environment is None:
            raise EvaluationError("nothing is known about the system here")
        return self.environment

    def answer(self, place: int, function: IoFunction, arguments: tuple[Value, ...]) -> Value:
        """The answer to a call with I/O, if it has been fetched."""
        if self.answers is None:
            raise EvaluationError(f'"{function.name}" cannot be evaluated here')
        if place not in self.answers:
            raise Pending(place, function, arguments)
        return self.answers[place]
