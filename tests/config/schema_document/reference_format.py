"""The format that the reference's command line and web interface read (settings B), as a JSON Schema.

Strict: what is not described there does not pass.
"""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_YES: dict[str, Any] = {"const": True}


def _strict(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _tagged(tag: str, required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return _strict({"type": {"const": tag}, **required}, optional)


def _map(value: dict[str, Any], minimum: int = 0) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": value, "minProperties": minimum}


def _list(value: dict[str, Any], minimum: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": value, "minItems": minimum}


_STRING_FORMATS = "string text html secret secretText emailAddress uri color ipAddress ipNetwork socketAddress"
_NUMBER_FORMATS = "integer unsignedInteger float size duration"
_NULLABLE = {"nullable": _YES}
_LENGTHS = {"minLength": _COUNT, "maxLength": _COUNT}
_BOUNDS = {"min": {"type": "number"}, "max": {"type": "number"}}
_ITEMS = {"minItems": _COUNT, "maxItems": _COUNT}

_STRING = {"format": {"enum": list(_STRING_FORMATS.split())}}
_NUMBER = {"format": {"enum": list(_NUMBER_FORMATS.split())}}
_MEMBER = {
    "oneOf": [
        _tagged("string", _STRING, _LENGTHS),
        _tagged("objectId", {"objectName": _TEXT}),
        _tagged("enum", {"enumName": _TEXT}),
    ]
}
_MAPPED = {
    "oneOf": [
        _tagged("string", _STRING, _LENGTHS),
        _tagged("number", _NUMBER, _BOUNDS),
        _tagged("enum", {"enumName": _TEXT}),
        _tagged("object", {"objectName": _TEXT}),
    ]
}
# The reference has no nullable booleans and blob ids; its readers pass over the word.
_TYPE = {
    "oneOf": [
        _tagged("string", _STRING, {**_LENGTHS, **_NULLABLE}),
        _tagged("number", _NUMBER, {**_BOUNDS, **_NULLABLE}),
        _tagged("boolean", {}, _NULLABLE),
        _tagged("utcDateTime", {}, _NULLABLE),
        _tagged("enum", {"enumName": _TEXT}, _NULLABLE),
        _tagged("blobId", {}, _NULLABLE),
        _tagged("objectId", {"objectName": _TEXT}, _NULLABLE),
        _tagged("object", {"objectName": _TEXT}, _NULLABLE),
        _tagged("objectList", {"objectName": _TEXT}, _ITEMS),
        _tagged("set", {"class": _MEMBER}, _ITEMS),
        _tagged("map", {"keyClass": _MEMBER, "valueClass": _MAPPED}, _ITEMS),
    ]
}

_ENTRY = {"description": _TEXT, "permissionPrefix": _TEXT}
_OBJECT = {
    "oneOf": [
        _tagged("object", _ENTRY),
        _tagged("singleton", _ENTRY),
        _tagged("view", {"objectName": _TEXT}),
    ]
}
_VARIANT = _strict({"name": _TEXT, "label": _TEXT}, {"schemaName": _TEXT})
_SCHEMA = {"oneOf": [_tagged("single", {"schemaName": _TEXT}), _tagged("multiple", {"variants": _list(_VARIANT, 1)})]}
_UPDATE = {"enum": ["mutable", "immutable", "serverSet"]}
_FIELD = _strict({"description": _TEXT, "type": _TYPE, "update": _UPDATE})
_GROUP = _strict({"properties": _map(_FIELD)}, {"defaults": _map({}, 1)})
_LABELLED = _strict({"name": _TEXT, "label": _TEXT}, {"placeholder": _TEXT})
_SECTION = _strict({"fields": _list(_LABELLED, 1)}, {"title": _TEXT})
_FORM = _strict({"sections": _list(_SECTION)}, {"title": _TEXT, "subtitle": _TEXT})
_FILTERED = {"field": _TEXT, "label": _TEXT}
_FILTER = {
    "oneOf": [
        _tagged("text", _FILTERED),
        _tagged("enum", {**_FILTERED, "enumName": _TEXT}),
        _tagged("integer", _FILTERED),
        _tagged("date", _FILTERED),
        _tagged("objectId", {**_FILTERED, "objectName": _TEXT}),
    ]
}
_LIST = _strict(
    {"title": _TEXT, "subtitle": _TEXT, "singularName": _TEXT, "pluralName": _TEXT, "columns": _list(_LABELLED, 1)},
    {
        "labelProperty": _TEXT,
        "filters": _list(_FILTER, 1),
        "filtersStatic": _map(_TEXT, 1),
        "sort": _list(_TEXT, 1),
        "massActions": _list(_tagged("delete", {"label": _TEXT}), 1),
    },
)
_LINK = {"name": _TEXT, "icon": _TEXT, "viewName": _TEXT}
_SUBLINK = _tagged("link", {"name": _TEXT, "viewName": _TEXT})
_ITEM = {
    "oneOf": [
        _strict({"link": _strict(_LINK)}),
        _strict({"container": _strict({"name": _TEXT, "icon": _TEXT, "items": _list(_SUBLINK, 1)})}),
    ]
}
_LAYOUT = _strict({"name": _TEXT, "icon": _TEXT, "items": _list(_ITEM, 1)})

FORMAT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "objects": _map(_OBJECT, 1),
        "schemas": _map(_SCHEMA, 1),
        "fields": _map(_GROUP, 1),
        "forms": _map(_FORM, 1),
        "lists": _map(_LIST, 1),
        "enums": _map(_list(_LABELLED, 1), 1),
        "dashboards": {"type": "array", "maxItems": 0},
        "layouts": _list(_LAYOUT, 3),
    },
    "required": ["objects", "schemas", "fields", "forms", "lists", "enums", "dashboards", "layouts"],
}
"""Of the whole document; its other members are the business of JSON Schema."""
