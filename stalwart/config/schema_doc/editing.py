"""The members ``forms``, ``lists`` and ``layouts``: how an interface shows and edits settings (settings B).

Everything follows from the declarations but the place in the three layouts, of which the first and the last are listed
here; what they do not name is a setting and stands under its area.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from stalwart.config.catalogue import declarations
from stalwart.config.index import filterable, sortable
from stalwart.config.schema_doc.shapes import Shape, area_of, classes
from stalwart.config.schema_doc.wording import plural, words
from stalwart.schema import Declaration, Enum, ObjectId, Property, PropertyType, Secret, Set, Union

Document = dict[str, Any]

_ICONS = {
    "network": "network",
    "tls": "lock",
    "identity": "users",
    "domains": "globe",
    "mail": "mail",
    "collaboration": "calendar",
    "monitoring": "activity",
    "storage": "database",
    "operation": "settings",
}
_MANAGEMENT = {
    "Directory": ("users", ("Account/User", "Account/Group", "MailingList", "Role", "Tenant", "OAuthClient")),
    "Domains": ("globe", ("Domain", "DkimSignature", "Certificate", "AcmeProvider", "DnsServer")),
    "Queue": ("inbox", ("QueuedMessage",)),
    "Operation": ("wrench", ("Task", "BlockedIp", "AllowedIp", "Log", "Application")),
}
_ACCOUNT = {
    "Profile": ("user", ("AccountSettings",)),
    "Security": ("key", ("AccountPassword", "AppPassword", "ApiKey", "PublicKey")),
    "Addresses": ("at-sign", ("MaskedEmail",)),
}
_NOT_EDITED = frozenset(("Action", "Bootstrap"))
_COLUMNS = 5
_COLUMN_TYPES = frozenset(("string", "enum", "boolean", "number", "utcDateTime", "objectId", "set"))


def forms(described: Mapping[str, Shape]) -> Document:
    """The fields of each class in the order of their declaration; what the server sets stands apart."""
    found: Document = {}
    for shape in described.values():
        for name, tag, kind in classes(shape):
            if kind.properties:
                found[f"x:{name}"] = _form(kind)
                if tag is not None and shape.type_name in declarations():
                    found[f"x:{shape.type_name}/{tag}"] = {"title": words(tag), **_form(kind)}
    return found


def _form(kind: Any) -> Document:
    given = [_field(made) for made in kind.properties.values() if made.update != "serverSet"]
    told = [_field(made) for made in kind.properties.values() if made.update == "serverSet"]
    sections: list[Document] = [{"fields": given}] if given else []
    return {"sections": [*sections, {"title": "Set by the server", "fields": told}] if told else sections}


def _field(made: Property) -> Document:
    return {"name": made.name, "label": made.label}


def lists() -> Document:
    """How the objects of each collection, and of each variant of one, are listed."""
    found: Document = {}
    for name, declared in declarations().items():
        if declared.is_singleton:
            continue
        found[f"x:{name}"] = _list(name, declared, _common(declared))
        if isinstance(declared, Union):
            for tag, kind in declared.variants.items():
                one = _list(tag if name == "Account" else f"{name}{tag}", declared, kind.properties)
                found[f"x:{name}/{tag}"] = {**one, "filtersStatic": {"@type": tag}}
    return found


def _common(declared: Declaration) -> Mapping[str, Property]:
    if not isinstance(declared, Union):
        return declared.properties
    first, *others = (kind.properties for kind in declared.variants.values())
    return {name: made for name, made in first.items() if all(name in each for each in others)}


def _list(name: str, declared: Declaration, properties: Mapping[str, Property]) -> Document:
    singular = words(name)
    label = declared.label_property if declared.label_property in properties else None
    return {
        "title": plural(singular),
        "subtitle": declared.doc,
        "singularName": singular,
        "pluralName": plural(singular),
        **({"labelProperty": label} if label else {}),
        "columns": [{"name": made.name, "label": made.label} for made in _columns(properties, label)],
        "filters": _filters(declared, properties),
        "sort": sorted(sortable(declared)) if declared.stored else [],
        "massActions": [{"type": "delete", "label": "Delete"}],
    }


def _columns(properties: Mapping[str, Property], label: str | None) -> list[Property]:
    first = [properties[label]] if label is not None else []
    rest = [made for made in properties.values() if made not in first and _is_telling(made.type)]
    return [*first, *rest][:_COLUMNS]


def _is_telling(type: PropertyType) -> bool:
    return type.document()["type"] in _COLUMN_TYPES and not isinstance(type, Secret)


def _filters(declared: Declaration, properties: Mapping[str, Property]) -> list[Document]:
    found: list[Document] = []
    for name in sorted(filterable(declared)) if declared.stored else ():
        if name == "text":
            found.append({"type": "text", "field": name, "label": "Text"})
        elif name in properties:
            found.append({**_filter(properties[name].type), "field": name, "label": properties[name].label})
    return found


def _filter(type: PropertyType) -> Document:
    of = type.of if isinstance(type, Set) else type
    if isinstance(of, Enum):
        return {"type": "enum", "enumName": of.enumeration.name}
    if isinstance(of, ObjectId):
        return {"type": "objectId", "objectName": of.document()["objectName"]}
    kind = of.document()["type"]
    return {"type": {"number": "integer", "utcDateTime": "date"}.get(kind, "text")}


def layouts() -> list[Document]:
    """The three trees of an interface."""
    return [
        {"name": "Management", "icon": "building", "items": _containers(_MANAGEMENT)},
        {"name": "Settings", "icon": "settings", "items": _areas()},
        {"name": "Account", "icon": "user", "items": _containers(_ACCOUNT)},
    ]


def _containers(listed: Mapping[str, tuple[str, tuple[str, ...]]]) -> list[Document]:
    known = declarations()
    found = []
    for name, (icon, views) in listed.items():
        items = [_link(view) for view in views if view.partition("/")[0] in known]
        if items:
            found.append({"container": {"name": name, "icon": icon, "items": items}})
    return found


def _areas() -> list[Document]:
    """One container for each package of declarations, with all that is in no other layout."""
    placed = {view.partition("/")[0] for _, views in (*_MANAGEMENT.values(), *_ACCOUNT.values()) for view in views}
    found: dict[str, list[Document]] = {area: [] for area in _ICONS}
    for name, declared in declarations().items():
        if name not in placed and name not in _NOT_EDITED:
            found.setdefault(area_of(declared), []).append(_link(name))
    return [
        {"container": {"name": area_title(area), "icon": _ICONS.get(area, "settings"), "items": items}}
        for area, items in found.items()
        if items
    ]


def area_title(area: str) -> str:
    """What the package calls itself: the words of its docstring before the colon."""
    doc = importlib.import_module(f"stalwart.config.{area}").__doc__ or area
    return doc.partition(":")[0].strip()


def _link(view: str) -> Document:
    name = view.partition("/")[2] or view
    single = view in declarations() and declarations()[view].is_singleton
    return {"type": "link", "name": words(name) if single else plural(words(name)), "viewName": f"x:{view}"}
