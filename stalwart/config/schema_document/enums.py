"""``enums`` of the document: every enumeration, and the variants of each union that can be asked for by type."""

from __future__ import annotations

from collections.abc import Iterable

from stalwart.config.index import filterable
from stalwart.config.index_plan import TYPE
from stalwart.config.schema_document import words
from stalwart.config.schema_document.shapes import Shapes
from stalwart.schema import Declaration, Union

Members = list[dict[str, str]]


def enum_entries(shapes: Shapes) -> dict[str, Members]:
    """``enums`` by name."""
    entries = {name: _members(made.names) for name, made in shapes.enumerations.items()}
    for declaration in shapes.objects.values():
        name = variants_name(shapes, declaration)
        if name is not None and isinstance(declaration, Union):
            entries[name] = _members(declaration.variants)
    return dict(sorted(entries.items()))


def variants_name(shapes: Shapes, declaration: Declaration) -> str | None:
    """What the enumeration of a union's variants is called; None if nobody can ask for them."""
    if not isinstance(declaration, Union) or declaration.is_singleton or TYPE not in filterable(declaration):
        return None
    name = f"{declaration.type_name}Type"
    taken = shapes.enumerations.get(name)
    return name if taken is None or set(taken.names) == set(declaration.variants) else f"{declaration.type_name}Variant"


def _members(names: Iterable[str]) -> Members:
    return [{"name": name, "label": words.sentence(name)} for name in names]
