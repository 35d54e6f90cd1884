"""What settings objects are found by: the rows of the store's index, and the terms that search it (settings A.6).

Both follow from ``prop(..., index=...)``. A property indexed by value has one row for each value, where "none"
and "not in this variant" are ``""``. The words of all properties that have some are rows of ``text``: lower
case, letters and digits, longer than one character, found as a whole only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stalwart.config.catalogue import declarations
from stalwart.config.index_plan import TEXT, TYPE, Field, Shape, bounded, plan
from stalwart.errors import Invalid
from stalwart.schema import Declaration, Enum, String, Union
from stalwart.schema.violations import FAILED, Reading
from stalwart.store import Term, Transaction
from stalwart.store.rows import Comparison

_WORD = re.compile(r"[^\W_]{2,}")
_LONGEST_WORD = 64
_MOST_WORDS = 1000
_PAGE = 500


class NotIndexed(Invalid):
    """Objects cannot be filtered by the property, or not in that way."""

    title = "Not indexed"

    def __init__(self, property: str) -> None:
        super().__init__(f"Objects cannot be searched by {property} in this way.", (property,))


def index_rows(declaration: Declaration, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (property, value) rows of an object in stored form, each once; none for an unknown ``@type``."""
    shape = plan(declaration).shapes.get(data.get(TYPE) if isinstance(declaration, Union) else None)
    if shape is None:
        return []
    rows = list(shape.constant)
    for field in shape.fields:
        stored = data.get(field.name, field.default)
        if field.is_set:
            rows.extend((field.name, field.encode(member)) for member in stored or ())
        else:
            rows.append((field.name, "" if stored is None else field.encode(stored)))
    rows.extend((TEXT, word) for word in _words_of(shape, data))
    return rows


def term(declaration: Declaration, property: str, comparison: Comparison, value: Any) -> list[Term]:
    """The terms that find the objects whose ``property`` compares so with ``value`` (wire form).

    ``text`` gives one for each word of the value, so none for a value without words. Raises NotIndexed;
    Invalid for a value that the property cannot have.
    """
    planned = plan(declaration)
    field = planned.fields.get(property)
    if field is not None:
        return [Term(property, comparison, _sought(field, value))]
    if property not in planned.text_names or comparison != "=":
        raise NotIndexed(property)
    if not isinstance(value, str):
        raise Invalid(f"{property} must be a string.", (property,))
    return [Term(TEXT, "=", word) for word in dict.fromkeys(words(value))]


def filterable(declaration: Declaration) -> frozenset[str]:
    """The properties that ``term`` takes: ``text`` among them, and the one that it comes from if there is only
    one.
    """
    planned = plan(declaration)
    return planned.text_names | planned.fields.keys()


def sortable(declaration: Declaration) -> frozenset[str]:
    """What objects can be sorted by: ``id`` (None for the store), and the properties with one value each."""
    return frozenset(("id", *(name for name, field in plan(declaration).fields.items() if not field.is_set)))


def words(text: str) -> Iterator[str]:
    """The words of ``text`` in the spelling of the index."""
    composed = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return (found[:_LONGEST_WORD] for found in _WORD.findall(composed.lower()))


def ensure(tx: Transaction) -> list[str]:
    """Rebuild what other declarations than these have indexed; answers the names of those types."""
    made_by = tx.registry.index_forms()
    stale = {
        name: declaration
        for name, declaration in declarations().items()
        if declaration.stored and made_by.get(name, "") != plan(declaration).form
    }
    for name, declaration in stale.items():
        tx.registry.reindex(name, plan(declaration).form, _all_rows(tx, declaration))
    return list(stale)


def _all_rows(tx: Transaction, declaration: Declaration) -> Iterator[tuple[int, str, str]]:
    name = declaration.type_name
    page = tx.registry.list(name, limit=_PAGE)
    while page:
        for row in page:
            try:
                rows = index_rows(declaration, row.data)
            except (AttributeError, TypeError, ValueError):
                continue  # nobody can read this object, and whoever tries says so
            yield from ((row.id, property, value) for property, value in rows)
        page = tx.registry.list(name, page[-1].id, _PAGE)


def _words_of(shape: Shape, data: Mapping[str, Any]) -> Iterable[str]:
    found: dict[str, None] = {}
    for wording in shape.wordings:
        for text in wording.texts(data.get(wording.name, wording.default)):
            found.update(dict.fromkeys(words(text)))
    return found if len(found) <= _MOST_WORDS else list(found)[:_MOST_WORDS]


def _sought(field: Field, value: Any) -> str:
    """What the index has for ``value``; a string that no object can have finds none."""
    if value is None:
        return ""
    found = field.type.read(value, (), Reading())
    if found is FAILED:
        if isinstance(field.type, String | Enum) and isinstance(value, str):
            return bounded(value)
        raise Invalid(f"{field.name} cannot have the value that is searched for.", (field.name,))
    return "" if found is None else field.encode(field.type.write(found, False))
