"""``lists`` of the document: the columns, filters and actions of each table of objects (settings B, A.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.config import permissions
from stalwart.config.index import filterable, sortable
from stalwart.config.index_plan import TEXT, TYPE
from stalwart.config.schema_document import words
from stalwart.config.schema_document.enums import variants_name
from stalwart.config.schema_document.forms import field_label
from stalwart.config.schema_document.objects import View, views
from stalwart.config.schema_document.shapes import Shapes, kinds, parts
from stalwart.schema import (
    Boolean,
    Declaration,
    Enum,
    ObjectId,
    Property,
    Secret,
    Set,
    String,
    Union,
    UtcDateTime,
)
from stalwart.schema.scalars import Number

Entry = dict[str, Any]

_COLUMNS = 5
_NEVER_LISTED = frozenset(("Action",))  # done and answered at once, so there is nothing to list
_SEARCHED = frozenset(("QueuedMessage",))  # by words that are indexed where it is kept
_LONG = frozenset(("text", "html", "secret", "secretText"))


def list_entries(shapes: Shapes) -> dict[str, Entry]:
    """``lists`` by object and view."""
    entries = {
        f"x:{name}": _list(shapes, made, words.phrase(name))
        for name, made in shapes.objects.items()
        if not made.is_singleton and name not in _NEVER_LISTED
    }
    for view in views(shapes):
        entries[view.name] = _list(shapes, shapes.objects[view.object], view.phrase, view)
    return dict(sorted(entries.items()))


def _list(shapes: Shapes, made: Declaration, phrase: str, view: View | None = None) -> Entry:
    properties = _properties(made, view.variant if view is not None else None)
    fixed = view.filter if view is not None else {}
    entry: Entry = {
        "title": words.capital(words.plural(phrase)),
        "subtitle": view.doc if view is not None else made.doc,
        "singularName": phrase,
        "pluralName": words.plural(phrase),
        "labelProperty": made.label_property,
        "columns": _columns(made, properties, with_type=isinstance(made, Union) and TYPE not in fixed),
        "filters": _filters(shapes, made, properties, fixed),
        "filtersStatic": dict(fixed),
        "sort": [name for name in properties if name in sortable(made)],
        "massActions": [{"type": "delete", "label": "Delete"}] if _can_be_deleted(made) else [],
    }
    return {name: value for name, value in entry.items() if name == "columns" or value}


def _properties(made: Declaration, variant: str | None) -> dict[str, Property]:
    """The properties of the variant; without one those that all variants have, then the others that can be found."""
    types = [kind.type for kind in kinds(made) if variant in (None, kind.tag)]
    shared = set(types[0].properties).intersection(*(type.properties for type in types))
    merged: Mapping[str, Property] = {name: found for type in types for name, found in type.properties.items()}
    first = {name: found for name, found in merged.items() if name in shared}
    return first | {name: found for name, found in merged.items() if name in filterable(made)}


def _columns(made: Declaration, properties: Mapping[str, Property], with_type: bool) -> list[Entry]:
    """What people know the object by, then what tells the most."""
    label = made.label_property
    telling = sorted(
        (name for name, found in properties.items() if name != label and _worth(found)),
        key=lambda name: _worth(properties[name]),
        reverse=True,
    )
    names = [*([label] if label in properties else ()), *telling][: _COLUMNS - with_type]
    columns = [{"name": name, "label": field_label(properties[name])} for name in names]
    return [*columns[:1], {"name": TYPE, "label": "Type"}, *columns[1:]] if with_type else columns


def _worth(made: Property) -> int:
    """How much a property tells in a table; 0 if it has no place there."""
    type = made.type
    if isinstance(type, Secret) or (isinstance(type, String) and type.format in _LONG):
        return 0
    if isinstance(type, Set):
        return 4 if made.index else 0
    if isinstance(type, Boolean):
        return 4 if "enable" in made.name.lower() else 2
    if isinstance(type, String) and type.format == "emailAddress":
        return 5
    if isinstance(type, String | Enum | ObjectId):
        return 4 if not type.nullable or made.name == "description" else 2
    if isinstance(type, UtcDateTime):
        return 3
    return 2 if isinstance(type, Number) else 0


def _filters(
    shapes: Shapes, made: Declaration, properties: Mapping[str, Property], fixed: Mapping[str, str]
) -> list[Entry]:
    """What the list can be narrowed by: words, the type, each property that is indexed."""
    known = filterable(made)
    found: list[Entry] = []
    if TEXT in known or made.type_name in _SEARCHED:
        found.append({"type": "text", "field": TEXT, "label": "Search"})
    variants = variants_name(shapes, made)
    if variants is not None and TYPE not in fixed:
        found.append({"type": "enum", "field": TYPE, "label": "Type", "enumName": variants})
    for name, property in properties.items():
        if name in known and property.index != "words":
            found.append({**_filter(property), "field": name, "label": field_label(property)})
    return found


def _filter(made: Property) -> Entry:
    type = list(parts(made.type))[-1]
    if isinstance(type, ObjectId | Enum):
        stated = type.document()
        return {name: value for name, value in stated.items() if name != "nullable"}
    if isinstance(type, UtcDateTime):
        return {"type": "date"}
    return {"type": "integer" if isinstance(type, Number) else "text"}


def _can_be_deleted(made: Declaration) -> bool:
    """Whether anybody is ever told that he may: nobody deletes from the log."""
    permission = f"sys{made.type_name}Destroy"
    return bool(permissions.listed(frozenset((permission,)), directory_queries=True))
