"""The document for interfaces: what lists and forms are made of, its texts in a language that people have chosen.

It is the whole document without what only JSON Schema needs and without the enumerations that are long (permissions,
time zones, kinds of events): half of the octets, which a browser has to read before it can draw a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from stalwart.config.schema_document.document import schema_document
from stalwart.config.schema_document.languages import words_of
from stalwart.schema import Declaration

LONG = 100
"""An enumeration with more members is in the whole document only."""

_MEMBERS = ("objects", "schemas", "fields", "forms", "lists", "enums", "layouts")

_ACTIONS = "x:Action"
"""Whose variants are explained each: people choose among them what is to be done."""

Entry = dict[str, Any]


def interface_document(objects: Mapping[str, Declaration], language: str) -> Entry:
    """The document about ``objects``. ``language`` is one of ``languages.LANGUAGES``."""
    whole = schema_document(objects)
    found: Entry = {name: whole[name] for name in _MEMBERS}
    found["enums"] = {name: members for name, members in whole["enums"].items() if len(members) <= LONG}
    found = msgspec.json.decode(msgspec.json.encode(found))  # one of its own
    _without_repetition(found)
    _explain_actions(found, objects.get("Action"))
    words = words_of(language)
    for entry, name in places(found):
        entry[name] = words.get(entry[name], entry[name])
    return found


def _explain_actions(document: Entry, actions: Any) -> None:
    for variant in document["schemas"][_ACTIONS]["variants"] if actions is not None else ():
        variant["description"] = actions.variants[variant["name"]].doc.replace("\n", " ")


def _without_repetition(document: Entry) -> None:
    """Leave out what is said elsewhere: what an object is, for its forms and lists, and that a field can be changed."""
    for group in document["fields"].values():
        for field in group["properties"].values():
            if field["update"] == "mutable":
                del field["update"]
    for shown in (document["forms"], document["lists"]):
        for name, entry in shown.items():
            if entry.get("subtitle") == document["objects"].get(name, {}).get("description", ""):
                del entry["subtitle"]


def interface_bytes(objects: Mapping[str, Declaration], language: str) -> bytes:
    """The same in compact JSON."""
    return msgspec.json.encode(interface_document(objects, language))


def places(document: Entry) -> Iterator[tuple[Entry, str]]:
    """Where texts for people are: an entry, and the name of the member in it."""
    yield from (*labels(document), *explanations(document))


def labels(document: Entry) -> Iterator[tuple[Entry, str]]:
    """Names of objects, sections, fields, columns, filters, variants and members of enumerations."""
    for made in document["schemas"].values():
        yield from ((variant, "label") for variant in made.get("variants", ()))
    for form in document["forms"].values():
        yield from _held(form, "title")
        for section in form.get("sections", ()):
            yield from _held(section, "title")
            yield from ((field, "label") for field in section["fields"])
    for shown in document["lists"].values():
        yield from _held(shown, "title", "singularName", "pluralName")
        for part in ("columns", "filters", "massActions"):
            yield from ((one, "label") for one in shown.get(part, ()))
    for members in document["enums"].values():
        yield from ((member, "label") for member in members)
    for layout in document["layouts"]:
        yield from _links(layout["items"])


def explanations(document: Entry) -> Iterator[tuple[Entry, str]]:
    """Sentences about objects, variants and fields."""
    for made in document["objects"].values():
        yield from _held(made, "description")
    yield from variants_explained(document)
    for group in document["fields"].values():
        yield from ((field, "description") for field in group["properties"].values())
    for shown in (*document["forms"].values(), *document["lists"].values()):
        yield from _held(shown, "subtitle")


def variants_explained(document: Entry) -> Iterator[tuple[Entry, str]]:
    """Sentences about variants, where there are any."""
    for made in document["schemas"].values():
        for variant in made.get("variants", ()):
            yield from _held(variant, "description")


def _held(entry: Entry, *names: str) -> Iterator[tuple[Entry, str]]:
    return ((entry, name) for name in names if name in entry)


def _links(items: list[Entry]) -> Iterator[tuple[Entry, str]]:
    for item in items:
        container = item.get("container")
        yield from _held(container or item, "name")
        if container:
            yield from _links(container["items"])
