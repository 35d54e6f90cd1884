"""``forms`` of the document: which fields an editor shows, under which labels and in which sections (settings B).

Fields keep the order of the declaration. A long form is cut by a light rule: limits, rules and what the server sets
stand apart, where there are several of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stalwart.config.schema_document import words
from stalwart.config.schema_document.objects import views
from stalwart.config.schema_document.shapes import Shapes, kinds
from stalwart.schema import (
    Boolean,
    Duration,
    Expression,
    Nested,
    ObjectId,
    Property,
    Rate,
    Set,
    Size,
    String,
    Union,
    Unsigned,
)
from stalwart.schema.property import sentence_case

Entry = dict[str, Any]

_SHORT = 8
_EXAMPLES = {"hostName": "host.example.org", "domainName": "example.org"}
_GENERAL, _LIMITS, _RULES, _BY_SERVER = "General", "Limits", "Rules", "Set by the server"


def form_entries(shapes: Shapes) -> dict[str, Entry]:
    """``forms`` by object, view and field group.

    A union of objects begins with the choice of its variant, whose own form follows; a view of one variant has
    nothing to choose.
    """
    entries: dict[str, Entry] = {}
    for name, shape in shapes.all.items():
        head = _head(name, shape) if name in shapes.objects else {}
        if head and isinstance(shape, Union):
            entries[f"x:{name}"] = {**head, "sections": [{"fields": [{"name": "@type", "label": "Type"}]}]}
        for kind in kinds(shape):
            if kind.type.properties:
                own = head if kind.tag is None else {}
                entries[kind.name] = {**own, "sections": sections(kind.type.properties.values())}
    for view in views(shapes):
        if view.variant is not None:
            entries[view.name] = {"title": words.capital(view.phrase), "subtitle": view.doc, "sections": []}
    return dict(sorted(entries.items()))


def title(name: str) -> str:
    """What an object is called: ``DkimSignature`` -> ``DKIM signature``."""
    return words.sentence(name)


def field_label(made: Property) -> str:
    """The label of a property. What can be dropped is: ``Domain`` for ``domainId``, ``Enabled`` for ``isEnabled``."""
    name, type = made.name, made.type
    if made.label != sentence_case(name):
        return words.label(made.label)  # chosen by the declaration
    if isinstance(type, ObjectId):
        name = name.removesuffix("Id")
    elif isinstance(type, Set) and isinstance(type.of, ObjectId) and name.endswith("Ids"):
        name = words.plural(name.removesuffix("Ids"))
    elif isinstance(type, Boolean) and name[:2] == "is":
        name = name[2:]
    return words.sentence(name)


def sections(properties: Iterable[Property]) -> list[Entry]:
    """The fields in sections; one without a title if there are few fields or they are all of one kind."""
    found = list(properties)
    grouped: dict[str, list[Property]] = {name: [] for name in (_GENERAL, _RULES, _LIMITS, _BY_SERVER)}
    for made in found:
        grouped[_section(made)].append(made)
    lonely = [name for name, members in grouped.items() if len(members) == 1]
    named = {name: members for name, members in grouped.items() if members and name not in lonely}
    named[_GENERAL] = [made for made in found if _section(made) in (_GENERAL, *lonely)]
    if len(found) <= _SHORT or sum(bool(members) for members in named.values()) == 1:
        return [{"fields": _fields(found)}]
    order = [name for name in grouped if named.get(name)]
    return [{"title": name, "fields": _fields(named[name])} for name in order]


def _head(name: str, shape: Any) -> Entry:
    return {"title": title(name), "subtitle": shape.doc}


def _section(made: Property) -> str:
    if made.update == "serverSet":
        return _BY_SERVER
    if isinstance(made.type, Expression):
        return _RULES
    is_limit = isinstance(made.type, Duration | Size | Unsigned)
    is_rate = isinstance(made.type, Nested) and made.type.shape is Rate
    return _LIMITS if is_limit or is_rate else _GENERAL


def _fields(properties: Iterable[Property]) -> list[Entry]:
    return [{"name": made.name, "label": field_label(made)} | _placeholder(made) for made in properties]


def _placeholder(made: Property) -> Entry:
    """What stands in the empty field of a name that has to be given."""
    text = _EXAMPLES.get(made.type.format) if isinstance(made.type, String) and not made.type.nullable else None
    return {} if text is None else {"placeholder": text}
