"""The schema document (settings B) as the commands ask it: which type, which property, which variant, which key."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from stalwart.cli.settings.problems import Problem

MOST = 12
"""Values that are named in one sentence."""


@frozen
class TypeView:
    """A settings type, or one variant of it: ``variant`` is its ``@type``."""

    name: str
    variant: str | None = None


class SchemaView:
    """Questions to the document. Names are accepted in any case, with or without ``x:``."""

    def __init__(self, text: bytes) -> None:
        self.document: Mapping[str, Any] = json.loads(text)
        self._names = {name.removeprefix("x:").lower(): name for name in self.document["objects"]}

    def types(self) -> list[str]:
        """All settings types without ``x:``, in alphabetical order; no views."""
        objects = self.document["objects"]
        return sorted(name.removeprefix("x:") for name, made in objects.items() if made["type"] != "view")

    def find(self, text: str) -> TypeView:
        """The type (and variant) that ``text`` means: ``account``, ``x:Account/User``."""
        name, _, variant = text.removeprefix("x:").partition("/")
        found = self._names.get(name.lower())
        if found is None or self.document["objects"][found]["type"] == "view":
            raise Problem(f"there is no settings type {name!r}{_nearest(name, self.types())}")
        type = found.removeprefix("x:")
        if not variant:
            return TypeView(type)
        variants = self.variants(found)
        exact = {known.lower(): known for known in variants}.get(variant.lower())
        if exact is None:
            raise Problem(f"{type} has no variant {variant!r}{_nearest(variant, variants)}")
        return TypeView(type, exact)

    def is_singleton(self, type: str) -> bool:
        """Whether there is one of ``type``."""
        return bool(self.document["objects"][f"x:{type}"]["type"] == "singleton")

    def described(self, type: str) -> Mapping[str, Any]:
        """The entry of ``objects``."""
        entry: Mapping[str, Any] = self.document["objects"][f"x:{type}"]
        return entry

    def variants(self, shape: str) -> list[str]:
        """The ``@type`` names of a union, the default first; none for a plain shape."""
        schema = self.document["schemas"].get(shape, {})
        return [made["name"] for made in schema.get("variants", ())] if schema.get("type") == "multiple" else []

    def properties(self, shape: str, variant: str | None = None) -> Mapping[str, Any]:
        """The properties of a shape (with ``x:``); of a union without a variant those of all variants together."""
        return {name: made for entry in self._entries(shape, variant) for name, made in entry["properties"].items()}

    def defaults(self, shape: str, variant: str | None = None) -> Mapping[str, Any]:
        """Defaults in wire form, by property."""
        return {
            name: made for entry in self._entries(shape, variant) for name, made in entry.get("defaults", {}).items()
        }

    def enum(self, text: str) -> tuple[str, list[Mapping[str, Any]]] | None:
        """Name and members of the enumeration that ``text`` means."""
        for name, members in self.document["enums"].items():
            if name.removeprefix("x:").lower() == text.removeprefix("x:").lower():
                return name, members
        return None

    def label(self, type: str) -> str | None:
        """The property that people know objects of ``type`` by."""
        found = self.document["lists"].get(f"x:{type}", {}).get("labelProperty")
        return str(found) if found else None

    def columns(self, type: str) -> list[str]:
        """What a table of ``type`` shows besides the id."""
        shown = [column["name"] for column in self.document["lists"].get(f"x:{type}", {}).get("columns", ())]
        return shown or list(self.properties(f"x:{type}"))[:5]

    def type_of(self, shape: str, variant: str | None, path: str) -> Mapping[str, Any] | None:
        """The type document behind a pointer without leading slash; None if it leads nowhere."""
        first, *rest = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
        made = self.properties(shape, variant).get(first)
        return self._below(made["type"], rest) if made is not None else None

    def rule(self, type: str, variant: str | None, path: str) -> str | None:
        """What a value at ``path`` can be, where the document says more than "a text" or "a number"."""
        if path == "@type":
            return _one_of(self.variants(f"x:{type}"))
        made = self.type_of(f"x:{type}", variant, path)
        if made is None:
            return None
        kind = made["type"]
        if kind == "enum":
            return _one_of(self._values(made))
        if kind in ("set", "map"):
            keys = self._values(made.get("class") or made.get("keyClass") or {})
            member = "true" if kind == "set" else "..."
            form = f'{{"{keys[0] if keys else "value"}": {member}}}'
            return f"an object such as {form}" + (f"; its keys are {_some(keys)}" if keys else "")
        if kind == "object":
            return _one_of(self.variants(made["objectName"]), "an object whose @type is ")
        return None

    def _values(self, type: Mapping[str, Any]) -> list[str]:
        members = self.document["enums"].get(type.get("enumName"), ())
        return [str(each["name"]) for each in members]

    def _below(self, type: Mapping[str, Any], rest: list[str]) -> Mapping[str, Any] | None:
        if not rest:
            return type
        kind, first = type["type"], rest[0]
        if kind == "set":
            return {"type": "boolean"} if len(rest) == 1 else None
        if kind == "map":
            return self._below(type["valueClass"], rest[1:])
        if kind == "objectList":
            return self._below({"type": "object", "objectName": type["objectName"]}, rest[1:])
        if kind == "object":
            made = self.properties(type["objectName"]).get(first)
            return self._below(made["type"], rest[1:]) if made is not None else None
        return None

    def _entries(self, shape: str, variant: str | None) -> Iterator[Mapping[str, Any]]:
        schema = self.document["schemas"].get(shape, {"type": "single", "schemaName": shape})
        if schema["type"] == "single":
            names = [schema.get("schemaName")]
        else:
            names = [made.get("schemaName") for made in schema["variants"] if variant in (None, made["name"])]
        for name in names:
            if name in self.document["fields"]:
                yield self.document["fields"][name]


def is_secret(type: Mapping[str, Any]) -> bool:
    """Whether values of this type are masked."""
    return type.get("format") in ("secret", "secretText")


def _one_of(names: Sequence[str], before: str = "") -> str | None:
    return f"{before}one of {_some(names)}" if names else None


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more (see describe)" if more > 0 else "")


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name.lower(), [each.lower() for each in known], 3, 0.5)
    found = [each for each in known if each.lower() in close]
    return f"; did you mean {' or '.join(found)}?" if found else "; `describe` lists what there is"
