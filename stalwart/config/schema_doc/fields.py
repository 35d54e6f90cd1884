"""The members ``objects``, ``schemas``, ``fields`` and ``enums`` of the document (settings B)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.config.catalogue import declarations
from stalwart.config.schema_doc.shapes import Shape, classes
from stalwart.config.schema_doc.wording import words
from stalwart.schema import REQUIRED, Enumeration, Property, Union
from stalwart.schema.property_type import shown

Document = dict[str, Any]


def objects() -> Document:
    """Every settings type, and the variants of collections as views of them."""
    found: Document = {}
    for name, declared in declarations().items():
        found[f"x:{name}"] = {
            "type": "singleton" if declared.is_singleton else "object",
            "description": declared.doc,
            "permissionPrefix": f"sys{name}",
        }
        if isinstance(declared, Union) and not declared.is_singleton:
            found |= {f"x:{name}/{tag}": {"type": "view", "objectName": f"x:{name}"} for tag in declared.variants}
    return found


def schemas(described: Mapping[str, Shape]) -> Document:
    """Which fields each shape has."""
    return {f"x:{name}": _schema(shape) for name, shape in described.items()}


def fields(described: Mapping[str, Shape]) -> Document:
    """The properties of each class, and their defaults in wire form."""
    return {
        f"x:{name}": _fields(kind)
        for shape in described.values()
        for name, tag, kind in classes(shape)
        if tag is None or kind.properties
    }


def enums(found: Mapping[str, Enumeration]) -> Document:
    """The names of each enumeration."""
    return {
        name: [{"name": each, "label": words(each) if each.isalnum() else each} for each in made.names]
        for name, made in found.items()
    }


def _schema(shape: Shape) -> Document:
    if not isinstance(shape, Union):
        return {"type": "single", "schemaName": f"x:{shape.type_name}"}
    variants = []
    for name, tag, kind in classes(shape):
        variant = {"name": tag, "label": words(str(tag)), "description": kind.doc}
        variants.append({**variant, "schemaName": f"x:{name}"} if kind.properties else variant)
    return {"type": "multiple", "variants": variants}


def _fields(kind: Any) -> Document:
    properties = {
        name: {"description": made.doc, "type": made.type.document(), "update": made.update}
        for name, made in kind.properties.items()
    }
    defaults = {name: default_of(made) for name, made in kind.properties.items() if default_of(made) is not None}
    return {"properties": properties, "defaults": defaults} if defaults else {"properties": properties}


def default_of(made: Property) -> Any:
    """The default in wire form with everything in it filled in; None for none."""
    if made.default is REQUIRED or made.default is None:
        return None
    return shown(made.default_value, made.type, False)
