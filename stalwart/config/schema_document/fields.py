"""``schemas`` and ``fields`` of the document: the variants of every shape, and the properties of every variant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.config.schema_document import words
from stalwart.config.schema_document.shapes import Kind, Shapes, default, has_default, is_optional, kinds
from stalwart.schema import Map, Nested, Property, PropertyType, Set, Union

Entry = dict[str, Any]

_SCALARS = frozenset(("string", "objectId", "enum"))  # what the format has for members of sets and for keys


def schema_entries(shapes: Shapes) -> dict[str, Entry]:
    """``schemas``: a single field group, or the variants of a union, the default first."""
    return {f"x:{name}": _schema(shape) for name, shape in shapes.all.items()}


def field_entries(shapes: Shapes) -> dict[str, Entry]:
    """``fields``: a group for every shape and every variant that has properties."""
    return {
        kind.name: _group(kind.type.properties)
        for shape in shapes.all.values()
        for kind in kinds(shape)
        if kind.tag is None or kind.type.properties
    }


def type_document(made: Property) -> Entry:
    """The type of a property as the format states it. What the server fills in is nullable, so that nobody asks for
    it.
    """
    stated = _stated(made.type)
    return {**stated, "nullable": True} if is_optional(made) and made.update != "serverSet" else stated


def _schema(shape: Any) -> Entry:
    if isinstance(shape, Union):
        return {"type": "multiple", "variants": [_variant(kind) for kind in kinds(shape)]}
    return {"type": "single", "schemaName": f"x:{shape.type_name}"}


def _variant(kind: Kind) -> Entry:
    entry: Entry = {"name": kind.tag, "label": words.sentence(str(kind.tag))}
    return {**entry, "schemaName": kind.name} if kind.type.properties else entry


def _group(properties: Mapping[str, Property]) -> Entry:
    entry: Entry = {"properties": {name: _field(made) for name, made in properties.items()}}
    defaults = {name: default(made) for name, made in properties.items() if _states_default(made)}
    return {**entry, "defaults": defaults} if defaults else entry


def _field(made: Property) -> Entry:
    return {"description": made.doc, "type": type_document(made), "update": made.update}


def _states_default(made: Property) -> bool:
    """Null needs no word but for an object: a client would send an empty one."""
    return has_default(made) and (made.default is not None or isinstance(made.type, Nested))


def _stated(type: PropertyType) -> Entry:
    stated = type.document()
    if isinstance(type, Set):
        stated["class"] = _key(type.of)
    elif isinstance(type, Map):
        stated["keyClass"] = _key(type.key)
    return stated


def _key(type: PropertyType) -> Entry:
    """The type of a member name, which is a string whatever it stands for."""
    stated = type.document()
    return stated if stated["type"] in _SCALARS else {"type": "string", "format": "string"}
