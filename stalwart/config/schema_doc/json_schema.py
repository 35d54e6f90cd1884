"""The document as JSON Schema 2020-12: one definition for each object, variant, block and enumeration.

It describes the wire encoding (settings A.5): lists are objects with numeric keys, sets are objects whose members are
true. What the server fills in later may be null. The root accepts any settings object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.config.catalogue import declarations
from stalwart.config.schema_doc.fields import default_of
from stalwart.config.schema_doc.shapes import Shape, classes
from stalwart.schema import (
    BlobId,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Float,
    LocalId,
    Map,
    Nested,
    ObjectId,
    ObjectList,
    Property,
    PropertyType,
    Secret,
    Set,
    String,
    Union,
    UtcDateTime,
)
from stalwart.schema.expression import Expression
from stalwart.schema.scalars import Number

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = "^([a-z79013-]|2)+$|^#.+$"
_FORMATS = {"uri": "uri", "emailAddress": "email"}


def root() -> Schema:
    """What makes the document a schema: any object of any type is valid."""
    return {
        "$schema": DIALECT,
        "$id": "urn:stalwart:schema",
        "title": "Settings",
        "description": "Every settings object of the server, in the encoding of JMAP.",
        "anyOf": [{"$ref": f"#/$defs/x:{name}"} for name in declarations()],
    }


def definitions(described: Mapping[str, Shape], enums: Mapping[str, Enumeration]) -> Schema:
    """``$defs``."""
    found: Schema = {}
    for name, shape in described.items():
        is_object = name in declarations()
        for own, tag, kind in classes(shape):
            found[f"x:{own}"] = _class(kind, tag, is_object)
        if isinstance(shape, Union):
            tags = [{"$ref": f"#/$defs/x:{own}"} for own, _, _ in classes(shape)]
            found[f"x:{name}"] = {"description": shape.doc, "type": "object", "required": ["@type"], "oneOf": tags}
    for name, made in enums.items():
        found[name] = {"description": made.doc, "enum": list(made.names)}
    return found


def _class(kind: Any, tag: str | None, is_object: bool) -> Schema:
    properties: Schema = {name: _property(made) for name, made in kind.properties.items()}
    if tag is not None:
        properties["@type"] = {"const": tag}
    if is_object:
        properties.setdefault("id", {"type": "string", "readOnly": True})
    schema: Schema = {"description": kind.doc, "type": "object", "properties": properties}
    if tag is not None:
        schema["required"] = ["@type"]
    return schema | {"additionalProperties": False}


def _property(made: Property) -> Schema:
    schema = _typed(made.type)
    if made.type.nullable or made.default_value is None:
        schema = {"anyOf": [schema, {"type": "null"}]}
    schema = {"title": made.label, "description": made.doc, **schema}
    if made.update == "serverSet":
        schema["readOnly"] = True
    default = default_of(made)
    return schema if default is None else {**schema, "default": default}


def _typed(type: PropertyType) -> Schema:
    if isinstance(type, Boolean):
        return {"type": "boolean"}
    if isinstance(type, Number):
        return _number(type)
    if isinstance(type, Enum):
        return {"$ref": f"#/$defs/{type.enumeration.name}"}
    if isinstance(type, ObjectId | LocalId):
        return {"type": "string", "pattern": _ID}
    if isinstance(type, UtcDateTime):
        return {"type": "string", "format": "date-time"}
    if isinstance(type, Nested | Expression):
        return {"$ref": f"#/$defs/x:{type.shape.type_name}"}
    if isinstance(type, ObjectList):
        members = {"$ref": f"#/$defs/x:{type.shape.type_name}"}
        return {"type": "object", "patternProperties": {"^[0-9]+$": members}, "additionalProperties": False}
    if isinstance(type, Set):
        return {"type": "object", "propertyNames": _key(type.of), "additionalProperties": {"const": True}}
    if isinstance(type, Map):
        return {"type": "object", "propertyNames": _key(type.key), "additionalProperties": _nullable(type.value)}
    return _text(type)


def _number(type: Number) -> Schema:
    schema: Schema = {"type": "number" if isinstance(type, Float) else "integer"}
    least = type.min
    if least is None and isinstance(type, Duration):
        least = 1
    elif least is None and type.format in ("unsignedInteger", "size"):
        least = 0
    if least is not None:
        schema["minimum"] = least
    if type.max is not None:
        schema["maximum"] = type.max
    return schema


def _key(type: PropertyType) -> Schema:
    """A value as the name of a member: numbers are written in digits."""
    if isinstance(type, Number):
        return {"pattern": "^-?[0-9]+$"}
    return _typed(type)


def _nullable(type: PropertyType) -> Schema:
    schema = _typed(type)
    return {"anyOf": [schema, {"type": "null"}]} if type.nullable else schema


def _text(type: PropertyType) -> Schema:
    schema: Schema = {"type": "string"}
    if isinstance(type, String) and not isinstance(type, Secret):
        stated = type.document()
        if stated.get("format") in _FORMATS:
            schema["format"] = _FORMATS[stated["format"]]
        schema |= {name: stated[name] for name in ("minLength", "maxLength") if name in stated}
    elif isinstance(type, BlobId):
        schema["pattern"] = "^[A-Za-z0-9_-]+$"
    return schema
