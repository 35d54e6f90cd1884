"""The document as JSON Schema 2020-12: ``$defs`` for every object, variant, block and enumeration, and a root that
any settings object matches (settings A.5).

The schema speaks of whole objects in wire form, as they are read and as they are created; patches are left out. What
JSON Schema has no word for is in annotations: ``x-format`` (duration, size, secret, ipNetwork ...), ``x-object`` (what
an id refers to), ``x-variables`` and ``x-constants`` (of an expression), ``x-immutable``, ``x-enforced``.
"""

from __future__ import annotations

from typing import Any

from stalwart.config.schema_document.forms import title
from stalwart.config.schema_document.shapes import Kind, Shapes, default, has_default, is_optional, kinds
from stalwart.schema import (
    Enum,
    Expression,
    LocalId,
    Map,
    Nested,
    ObjectList,
    Property,
    PropertyType,
    Set,
    String,
    Union,
)

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NULL: Schema = {"type": "null"}
_ID: Schema = {"type": "string", "pattern": "^[a-z792013]{1,13}$"}
_REFERENCE: Schema = {"type": "string", "pattern": "^([a-z792013]{1,13}|#.+)$"}  # or a creation id, RFC 8620 5.3
_INDEX = "^[0-9]{1,9}$"
_STANDARD = {"emailAddress": "idn-email", "uri": "uri"}  # formats that JSON Schema knows too
_LEAST = {"unsignedInteger": 0, "size": 0, "duration": 1}


def head(shapes: Shapes) -> Schema:
    """The members of the document that make it a JSON Schema; the others are unknown to it and ignored."""
    return {
        "$schema": _DIALECT,
        "$id": "urn:stalwart:settings",
        "title": "Settings of the server",
        "description": "Every settings object in the form in which it is read and written over JMAP.",
        "anyOf": [_pointer(f"x:{name}") for name in shapes.objects],
    }


def definitions(shapes: Shapes) -> dict[str, Schema]:
    """``$defs``."""
    found: dict[str, Schema] = {}
    for name, shape in shapes.all.items():
        if isinstance(shape, Union):
            found[f"x:{name}"] = _union(shape)
        for kind in kinds(shape):
            found[kind.name] = _object(kind, shape, name in shapes.objects)
    for name, enumeration in shapes.enumerations.items():
        found[name] = {"title": title(name), "description": enumeration.doc, "enum": list(enumeration.names)}
    return found


def _union(shape: Union) -> Schema:
    variants = [_pointer(kind.name) for kind in kinds(shape)]
    return {"title": title(shape.type_name), "description": shape.doc, "oneOf": variants, **_notes(shape)}


def _object(kind: Kind, shape: Any, is_object: bool) -> Schema:
    """One class: its members and no others."""
    properties: dict[str, Schema] = {"@type": {"const": kind.tag}} if kind.tag is not None else {}
    if is_object:
        id: Schema = {"const": "singleton"} if shape.is_singleton else _ID
        properties["id"] = {**id, "readOnly": True}
    properties |= {name: _property(made) for name, made in kind.type.properties.items()}
    # Who sees objects of one account only does not see whose they are (settings A.4).
    needed = [name for name, made in kind.type.properties.items() if made.is_required and name != shape.owner]
    required = [*(["@type"] if kind.tag is not None else ()), *needed]
    return {
        "title": title(kind.tag or kind.type.type_name),
        "description": kind.type.doc,
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **_notes(kind.type),
    }


def _notes(shape: Any) -> Schema:
    return {} if shape.enforced else {"x-enforced": False}


def _property(made: Property) -> Schema:
    schema = _shaped(made.type)
    schema = _or_null(schema) if is_optional(made) else schema
    notes: Schema = {"description": made.doc}
    if has_default(made):
        notes["default"] = default(made)
    if made.update == "serverSet":
        notes["readOnly"] = True
    elif made.update == "immutable":
        notes["x-immutable"] = True
    return {**notes, **schema}


def _shaped(type: PropertyType) -> Schema:
    """The schema of a value that is not null."""
    if isinstance(type, Expression):
        words = {"x-variables": sorted(type.variables), "x-constants": sorted(type.constants)}
        return {**_pointer(f"x:{type.shape.type_name}"), **{name: found for name, found in words.items() if found}}
    if isinstance(type, Nested):
        return _pointer(f"x:{type.shape.type_name}")
    if isinstance(type, Enum):
        return _pointer(type.enumeration.name)
    if isinstance(type, ObjectList):
        items = {_INDEX: _pointer(f"x:{type.shape.type_name}")}
        return {"type": "object", "patternProperties": items, "additionalProperties": False, **_sized(type)}
    if isinstance(type, Set):
        return {**_members(type.of, {"const": True}), **_sized(type)}
    if isinstance(type, Map):
        value = _shaped(type.value)
        return {**_members(type.key, _or_null(value) if type.value.nullable else value), **_sized(type)}
    return _scalar(type)


def _members(key: PropertyType, value: Schema) -> Schema:
    """An object whose member names are of type ``key``."""
    name = _shaped(key)
    if name.get("type") not in (None, "string"):
        name = {"pattern": "^-?[0-9]+$"}  # a number is written in digits
    return {"type": "object", "propertyNames": name, "additionalProperties": value}


def _sized(type: Any) -> Schema:
    bounds = (("minProperties", getattr(type, "min_items", None)), ("maxProperties", getattr(type, "max_items", None)))
    return {name: bound for name, bound in bounds if bound is not None}


def _scalar(type: PropertyType) -> Schema:
    stated = type.document()
    kind = stated["type"]
    if kind == "number":
        return _number(stated)
    if kind == "objectId":
        return {**_REFERENCE, "x-object": stated["objectName"]}
    if kind == "blobId":
        return {"type": "string", "pattern": "^(#.+|[A-Za-z0-9_-]{1,255})$"}  # RFC 8620 1.2
    if kind == "utcDateTime":
        return {"type": "string", "format": "date-time"}
    if kind == "boolean":
        return {"type": "boolean"}
    return dict(_ID) if isinstance(type, LocalId) else _string(type, stated)


def _number(stated: Schema) -> Schema:
    form = stated["format"]
    least = stated.get("min", _LEAST.get(form))
    schema: Schema = {"type": "number" if form == "float" else "integer"}
    if form in ("duration", "size"):
        schema["x-format"] = form
    if least is not None:
        schema["minimum"] = least
    if "max" in stated:
        schema["maximum"] = stated["max"]
    return schema


def _string(type: PropertyType, stated: Schema) -> Schema:
    form = stated["format"]
    schema: Schema = {"type": "string"}
    if form in _STANDARD:
        schema["format"] = _STANDARD[form]
    elif form != "string":
        schema["x-format"] = form
    may_be_empty = type.nullable or (isinstance(type, String) and type.may_be_empty)
    least = stated.get("minLength", 0 if may_be_empty else 1)
    if least and not form.startswith("secret"):  # the mask is shorter than some secrets have to be
        schema["minLength"] = least
    if "maxLength" in stated:
        schema["maxLength"] = stated["maxLength"]
    return schema


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    notes = {name: schema.pop(name) for name in list(schema) if name.startswith("x-")}
    return {"anyOf": [schema, _NULL], **notes}


def _pointer(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
