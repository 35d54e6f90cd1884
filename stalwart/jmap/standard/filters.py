"""Filters of queries (RFC 8620 5.5): from JSON to a typed tree, bounded in depth and size.

Several conditions in one object hold together. A type declares its conditions; one without ``matches`` is carried out
by the type's own source, which reads the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from attrs import frozen

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.references import CreatedIds, resolved
from stalwart.jmap.standard.scalars import PropertyType, Unfit

_MAX_DEPTH = 32
_MAX_TESTS = 1024

Operator = Literal["AND", "OR", "NOT"]
Predicate = Callable[[Any], bool]


@frozen
class Condition:
    """One member of a FilterCondition: the ``type`` of its value, and what decides.

    ``matches(object, value)`` gets the object in wire form. ``on`` are the properties that the outcome depends on;
    ``calculable`` False where it also depends on something else, so that no changes of the query can be told.
    ``searches``: texts of everything are looked through, so queries with it take turns.
    """

    type: PropertyType
    matches: Callable[[Any, Any], bool] | None = None
    on: tuple[str, ...] = ()
    calculable: bool = True
    searches: bool = False


@frozen
class Test:
    """The condition ``name`` with a value that is read."""

    name: str
    value: Any


@frozen
class Operation:
    """All (AND), one or more (OR) or none (NOT) of ``parts`` hold."""

    operator: Operator
    parts: tuple[Filter, ...]


Filter = Test | Operation
EVERYTHING = Operation("AND", ())

Conditions = Mapping[str, Condition]


def read_filter(given: Mapping[str, Any] | None, conditions: Conditions, request: CreatedIds) -> Filter:
    """The tree; None and ``{}`` match everything.

    Raises ``MethodError`` ``unsupportedFilter``, ``invalidArguments``.
    """
    return EVERYTHING if given is None else _Reading(conditions, request).read(given, 1)


class _Reading:
    def __init__(self, conditions: Conditions, request: CreatedIds) -> None:
        self._conditions = conditions
        self._request = request
        self._tests = 0

    def read(self, given: Any, depth: int) -> Filter:
        if not isinstance(given, dict):
            raise _invalid("Each condition must be an object.")
        if depth > _MAX_DEPTH:
            raise MethodError("unsupportedFilter", f"Filters are at most {_MAX_DEPTH} deep.")
        if "operator" in given:
            return self._operation(given, depth)
        tests = tuple(self._test(name, value) for name, value in given.items())
        return tests[0] if len(tests) == 1 else Operation("AND", tests)

    def _operation(self, given: Mapping[str, Any], depth: int) -> Operation:
        operator, parts = given["operator"], given.get("conditions")
        if operator not in ("AND", "OR", "NOT"):
            raise _invalid('The operator must be "AND", "OR" or "NOT".')
        if not isinstance(parts, list) or len(given) != 2:
            raise _invalid('Beside "operator" there must be a list "conditions", and nothing else.')
        return Operation(operator, tuple(self.read(part, depth + 1) for part in parts))

    def _test(self, name: str, value: Any) -> Test:
        self._tests += 1
        condition = self._conditions.get(name)
        if condition is None:
            raise MethodError("unsupportedFilter", f'There is no filter condition "{name[:255]}".')
        if self._tests > _MAX_TESTS:
            raise MethodError("unsupportedFilter", f"Filters have at most {_MAX_TESTS} conditions.")
        if condition.type.holds_ids:
            value = resolved(value, self._request)
        try:
            return Test(name, condition.type.read(value))
        except Unfit as problem:
            raise _invalid(f'The filter condition "{name}" {problem.rule}.') from None


def tests(filter: Filter) -> Iterator[Test]:
    """Every condition of the tree."""
    if isinstance(filter, Test):
        yield filter
    else:
        for part in filter.parts:
            yield from tests(part)


def predicate(filter: Filter, conditions: Conditions) -> Predicate:
    """The tree as a function of an object in wire form; every condition in it must have ``matches``."""
    if isinstance(filter, Test):
        matches, value = conditions[filter.name].matches, filter.value
        assert matches is not None, filter.name
        return lambda object: matches(object, value)
    parts = [predicate(part, conditions) for part in filter.parts]
    if filter.operator == "AND":
        return lambda object: all(part(object) for part in parts)
    if filter.operator == "OR":
        return lambda object: any(part(object) for part in parts)
    return lambda object: not any(part(object) for part in parts)


def _invalid(text: str) -> MethodError:
    return MethodError("invalidArguments", f'The argument "filter" is wrong: {text}')
