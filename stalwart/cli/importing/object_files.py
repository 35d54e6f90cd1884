"""Calendars (ICS) and contacts (vCard) in files: one object for each UID, with what it needs of its file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from stalwart.cli.importing.items import Item, Unreadable
from stalwart.cli.settings.problems import Problem
from stalwart.codec.content_lines import Property
from stalwart.codec.icalendar.components import Component, read_calendars
from stalwart.codec.vcard.card import Card, read_cards
from stalwart.codec.vcard.lines import property_of
from stalwart.errors import Invalid

_LARGEST: Final = 256 << 20
_TIMED: Final = ("VEVENT", "VTODO", "VJOURNAL")


class ObjectFiles:
    """Files, or folders of files, with an ending (``.ics``, ``.vcf``); ``into`` is the calendar or the address book."""

    def __init__(self, paths: list[Path], kind: str, into: tuple[str, ...] | None) -> None:
        ending = ".ics" if kind == "event" else ".vcf"
        self._kind = kind
        self._into = into
        self._files = [file for path in paths for file in _files(path, ending)]

    def items(self) -> Iterator[Item]:
        """Those of each file in its order."""
        for file in self._files:
            place = self._into or (file.stem,)
            if self._kind == "event":
                yield from self._events(file, place)
            else:
                yield from self._cards(file, place)

    def count(self) -> int | None:
        """Not known before the files are read."""
        return None

    def close(self) -> None:
        """Nothing is open."""

    def _events(self, file: Path, place: tuple[str, ...]) -> Iterator[Item]:
        try:
            calendars = read_calendars(_octets(file), max_octets=_LARGEST, is_lenient=True)
        except Invalid as problem:
            yield unreadable("event", str(file), place, problem.detail or "it is no calendar")
            return
        if not calendars:
            yield unreadable("event", str(file), place, "there is no calendar in it")
        for calendar in calendars:
            called = calendar.value("X-WR-CALNAME")
            inside = place if self._into or not called else (called,)
            for uid, octets in objects_of(calendar):
                yield Item("event", f"{file}#{uid}", inside, partial(bytes, octets), name=uid)

    def _cards(self, file: Path, place: tuple[str, ...]) -> Iterator[Item]:
        try:
            cards = read_cards(_octets(file), max_octets=_LARGEST)
        except Invalid as problem:
            yield unreadable("card", str(file), place, problem.detail or "it is no vCard")
            return
        for card in cards:
            uid = identified(card)
            yield Item("card", f"{file}#{uid}", place, partial(bytes, card.octets()), name=uid)


def objects_of(calendar: Component) -> Iterator[tuple[str, bytes]]:
    """Calendar objects as servers keep them: all that has one UID, with the zones that it names (RFC 4791 4.1)."""
    zones = {zone.value("TZID"): zone for zone in calendar.components if zone.name == "VTIMEZONE"}
    parts: dict[str, list[Component]] = {}
    for component in calendar.components:
        if component.name in _TIMED:
            parts.setdefault(_uid_of(component), []).append(component)
    kept = [each for each in calendar.properties if each.name in ("VERSION", "PRODID", "CALSCALE")]
    for uid, components in parts.items():
        named = {zone for each in components for zone in _zones_named(each)}
        used = [zone for id, zone in zones.items() if id in named]
        yield uid, Component("VCALENDAR", kept, [*used, *components]).octets()


def identified(card: Card) -> str:
    """The UID of a card; one without gets that of its content."""
    found = card.first("UID")
    if found is not None and found.value.strip():
        return found.value.strip()
    uid = f"urn:uuid:{_uuid(card.octets())}"
    made = property_of(f"UID:{uid}")
    assert made is not None
    card.properties.append(made)
    return uid


def unreadable(kind: str, key: str, place: tuple[str, ...], why: str) -> Item:
    """Something of which is known only that it cannot be read."""

    def read() -> bytes:
        raise Unreadable(why)

    return Item(kind, key, place, read)  # type: ignore[arg-type]  # one of them


def _uid_of(component: Component) -> str:
    found = (component.value("UID") or "").strip()
    if not found:
        found = _uuid("\n".join(each.raw for each in component.properties).encode())
        component.properties.append(Property.made("UID", found))
    return found


def _zones_named(component: Component) -> Iterator[str]:
    for each in component.properties:
        yield from each.parameters.get("TZID", ())
    for inner in component.components:
        yield from _zones_named(inner)


def _uuid(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def _files(path: Path, ending: str) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix.lower() == ending and file.is_file())
    if not path.is_file():
        raise Problem(f"{path} is no file")
    return [path]


def _octets(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as failure:
        raise Problem(f"{file} cannot be read: {failure.strerror}") from None
