"""The document for interfaces: what lists and forms are made of, its texts in a language that people have chosen.

It is the whole document without what only JSON Schema needs: what a browser has to read before it can draw a list is
a third of the octets. What fields are for, and the enumerations that are long (permissions, time zones, kinds of
events), are parts of their own, which have the members of the whole document and are asked for when a form needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from stalwart.config.schema_document.document import schema_document
from stalwart.config.schema_document.languages import words_of
from stalwart.schema import Declaration

LONG = 100
"""An enumeration with more members is in a part of its own."""

CODES = frozenset(("EventType", "Locale", "MetricType", "TimeZone"))
"""Long enumerations whose members are called alike in every language."""

EXPLANATIONS = "explanations"
ENUMERATIONS = "enumerations"
_MEMBERS = ("objects", "schemas", "fields", "forms", "lists", "enums", "layouts")

_ACTIONS = "x:Action"
"""Whose variants are explained each: people choose among them what is to be done."""

Entry = dict[str, Any]


def interface_document(objects: Mapping[str, Declaration], language: str, part: str | None = None) -> Entry:
    """A part of the document about ``objects``. ``language`` is one of ``languages.LANGUAGES``, ``part`` one of
    ``PARTS``.
    """
    found = PARTS[part](objects, schema_document(objects))
    words = words_of(language)
    for entry, name in places(found):
        entry[name] = words.get(entry[name], entry[name])
    return found


def _lists_and_forms(objects: Mapping[str, Declaration], whole: Entry) -> Entry:
    found: Entry = {name: whole[name] for name in _MEMBERS}
    found["enums"] = {name: members for name, members in whole["enums"].items() if len(members) <= LONG}
    found = msgspec.json.decode(msgspec.json.encode(found))  # one of its own
    _without_repetition(found)
    _explain_actions(found, objects.get("Action"))
    return found


def _explanations(objects: Mapping[str, Declaration], whole: Entry) -> Entry:
    return {
        "fields": {
            group: {
                "properties": {
                    name: {"description": field["description"]} for name, field in made["properties"].items()
                }
            }
            for group, made in whole["fields"].items()
        }
    }


def _enumerations(objects: Mapping[str, Declaration], whole: Entry) -> Entry:
    return {"enums": {name: members for name, members in whole["enums"].items() if len(members) > LONG}}


PARTS: Mapping[str | None, Callable[[Mapping[str, Declaration], Entry], Entry]] = {
    None: _lists_and_forms,
    EXPLANATIONS: _explanations,
    ENUMERATIONS: _enumerations,
}
"""The document without what the others hold; sentences about fields; long enumerations."""


def _explain_actions(document: Entry, actions: Any) -> None:
    for variant in document["schemas"][_ACTIONS]["variants"] if actions is not None else ():
        variant["description"] = actions.variants[variant["name"]].doc.replace("\n", " ")


def _without_repetition(document: Entry) -> None:
    """Leave out what is said elsewhere: what fields are for, what an object is, for its forms and lists, and that a
    field can be changed.
    """
    for group in document["fields"].values():
        for field in group["properties"].values():
            del field["description"]
            if field["update"] == "mutable":
                del field["update"]
    for shown in (document["forms"], document["lists"]):
        for name, entry in shown.items():
            if entry.get("subtitle") == document["objects"].get(name, {}).get("description", ""):
                del entry["subtitle"]


def interface_bytes(objects: Mapping[str, Declaration], language: str, part: str | None = None) -> bytes:
    """The same in compact JSON."""
    return msgspec.json.encode(interface_document(objects, language, part))


def places(document: Entry) -> Iterator[tuple[Entry, str]]:
    """Where texts for people are: an entry, and the name of the member in it."""
    yield from (*labels(document), *explanations(document))


def labels(document: Entry) -> Iterator[tuple[Entry, str]]:
    """Names of objects, sections, fields, columns, filters, variants and members of enumerations, but for codes."""
    for made in _named(document, "schemas"):
        yield from ((variant, "label") for variant in made.get("variants", ()))
    for form in _named(document, "forms"):
        yield from _held(form, "title")
        for section in form.get("sections", ()):
            yield from _held(section, "title")
            yield from ((field, "label") for field in section["fields"])
    for shown in _named(document, "lists"):
        yield from _held(shown, "title", "singularName", "pluralName")
        for part in ("columns", "filters", "massActions"):
            yield from ((one, "label") for one in shown.get(part, ()))
    for enumeration, members in document.get("enums", {}).items():
        if enumeration not in CODES:
            yield from ((member, "label") for member in members)
    for layout in document.get("layouts", ()):
        yield from _links(layout["items"])


def explanations(document: Entry) -> Iterator[tuple[Entry, str]]:
    """Sentences about objects, variants and fields."""
    for made in _named(document, "objects"):
        yield from _held(made, "description")
    yield from variants_explained(document)
    for group in _named(document, "fields"):
        for field in group["properties"].values():
            yield from _held(field, "description")
    for shown in (*_named(document, "forms"), *_named(document, "lists")):
        yield from _held(shown, "subtitle")


def variants_explained(document: Entry) -> Iterator[tuple[Entry, str]]:
    """Sentences about variants, where there are any."""
    for made in _named(document, "schemas"):
        for variant in made.get("variants", ()):
            yield from _held(variant, "description")


def _named(document: Entry, member: str) -> Iterable[Entry]:
    made: Mapping[str, Entry] = document.get(member, {})
    return made.values()


def _held(entry: Entry, *names: str) -> Iterator[tuple[Entry, str]]:
    return ((entry, name) for name in names if name in entry)


def _links(items: list[Entry]) -> Iterator[tuple[Entry, str]]:
    for item in items:
        container = item.get("container")
        yield from _held(container or item, "name")
        if container:
            yield from _links(container["items"])
