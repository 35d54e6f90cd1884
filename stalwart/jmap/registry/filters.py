"""Filters and sorting of ``x:Type/query``: conditions joined by AND, one comparator (settings A.6)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from stalwart.config import index
from stalwart.errors import Invalid
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.references import CreatedIds, resolved
from stalwart.schema import Declaration
from stalwart.store import Term
from stalwart.store.rows import Comparison

MOST_CONDITIONS = 32
LONGEST_TEXT: Final = 1000
"""Characters of a text that is looked for."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

# A longer ending comes before one that it ends in.
_ENDINGS: tuple[tuple[str, Comparison], ...] = (
    ("IsGreaterThanOrEqual", ">="),
    ("IsGreaterThan", ">"),
    ("IsLessThanOrEqual", "<="),
    ("IsLessThan", "<"),
)


@frozen
class Condition:
    """``property`` compares so with ``value`` (wire form); ``name`` is what the client wrote."""

    name: str
    property: str
    comparison: Comparison
    value: Any


def read_filter(given: Mapping[str, Any] | None, request: CreatedIds) -> list[Condition]:
    """The conditions of a filter, creation references replaced; raises ``MethodError`` ``unsupportedFilter``."""
    found: list[Condition] = []
    pending: list[Any] = [given] if given is not None else []
    while pending:
        part = pending.pop(0)
        if not isinstance(part, dict):
            raise MethodError("invalidArguments", "The conditions of a filter must be objects.")
        if "operator" in part:
            pending[:0] = _operands(part)
        else:
            found += (_condition(name, resolved(value, request)) for name, value in part.items())
        if len(found) + len(pending) > MOST_CONDITIONS:
            raise MethodError("unsupportedFilter", f"At most {MOST_CONDITIONS} conditions are supported.")
    return found


def search_terms(declaration: Declaration, conditions: Sequence[Condition]) -> list[Term]:
    """What the index is searched for; raises ``MethodError`` ``unsupportedFilter``."""
    terms: list[Term] = []
    for condition in conditions:
        if condition.property == "text" and condition.comparison == "=":
            words_of(condition)
        try:
            terms += index.term(declaration, condition.property, condition.comparison, condition.value)
        except Invalid:
            raise unsupported_filter(condition.name, index.filterable(declaration)) from None
    if len(terms) > MOST_CONDITIONS:
        raise MethodError("unsupportedFilter", f"At most {MOST_CONDITIONS} words and conditions are supported.")
    return terms


def text_of(condition: Condition) -> str:
    """The text that is looked for; raises ``MethodError`` ``unsupportedFilter`` for what can be in no text."""
    text = condition.value
    if not isinstance(text, str) or len(text) > LONGEST_TEXT or _CONTROL.search(text):
        raise unsupported_filter(condition.name)
    return text


def words_of(condition: Condition) -> list[str]:
    """The words of a text, one at least: what asks for none would find everything. Raises likewise."""
    words = text_of(condition).split()
    if not words:
        raise unsupported_filter(condition.name)
    return words


def sort_property(declaration: Declaration, comparator: Comparator | None) -> str | None:
    """What the index is sorted by, None for the id; raises ``MethodError`` ``unsupportedSort``."""
    return sort_name(comparator, index.sortable(declaration))


def sort_name(comparator: Comparator | None, sortable: Collection[str]) -> str | None:
    """The property of ``comparator`` if it is one of ``sortable``, None for the id."""
    if comparator is None or comparator.property == "id":
        return None
    if comparator.property not in sortable:
        text = f"Property {comparator.property[:255]} is not supported for sorting"
        raise MethodError("unsupportedSort", text + _instead(("id", *sortable)))
    return comparator.property


def unsupported_filter(name: str, filterable: Collection[str] = ()) -> MethodError:
    """The error for a condition that cannot be searched for; ``filterable`` are properties that can."""
    text = f"Filter on property {name[:255]} is not supported or invalid"
    return MethodError("unsupportedFilter", text + _instead(filterable))


def _instead(names: Collection[str]) -> str:
    return f". Supported: {', '.join(sorted(set(names)))}" if names else ""


def _operands(part: Mapping[str, Any]) -> list[Any]:
    if beside := part.keys() - {"operator", "conditions"}:
        text = f'A filter with an "operator" cannot have conditions beside it: {", ".join(sorted(beside))[:200]}.'
        raise MethodError("invalidArguments", text)
    conditions = part.get("conditions")
    if part["operator"] != "AND":
        raise MethodError("unsupportedFilter", "Only AND is supported in filters")
    if not isinstance(conditions, list):
        raise MethodError("invalidArguments", 'A filter with an "operator" must have a list of "conditions".')
    if len(conditions) > MOST_CONDITIONS:
        raise MethodError("unsupportedFilter", f"At most {MOST_CONDITIONS} conditions are supported.")
    return conditions


def _condition(name: str, value: Any) -> Condition:
    for ending, comparison in _ENDINGS:
        if name.endswith(ending) and name != ending:
            return Condition(name, name[: -len(ending)], comparison, value)
    return Condition(name, name, "=", value)
