"""Calendars (ICS) and contacts (vCard) in files: one object for each UID, with what it needs of its file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from stalwart.cli.importing.items import Item, unreadable
from stalwart.cli.settings.problems import Problem
from stalwart.codec.content_lines import Property
from stalwart.codec.icalendar.components import Component, read_calendars
from stalwart.codec.vcard.card import Card, read_cards
from stalwart.codec.vcard.lines import property_of
from stalwart.errors import Invalid

_LARGEST: Final = 256 << 20
_BLANK: Final = b"\xef\xbb\xbf \r\n\t"
_CARD: Final = re.compile(rb"^BEGIN:VCARD[ \t]*\r?$", re.I | re.M)
_COMPONENT: Final = re.compile(rb"^BEGIN:(?:VEVENT|VTODO|VJOURNAL|VTIMEZONE)[ \t]*\r?$", re.I | re.M)
_END_OF_ALL: Final = re.compile(rb"^END:VCALENDAR", re.I | re.M)
_WRAPPED: Final = b"BEGIN:VCALENDAR\r\n%s\r\nEND:VCALENDAR\r\n"
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
        octets = _octets(file)
        try:
            calendars = read_calendars(octets, max_octets=_LARGEST, is_lenient=True)
        except Invalid as problem:
            calendars, bad = readable_parts(octets)
            if not bad:
                bad = {"": problem.detail or "it is no calendar"}
            for number, why in bad.items():
                yield unreadable("event", f"{file}{number}", place, why)
        if not calendars:
            yield unreadable("event", str(file), place, "there is no calendar in it")
        for calendar in calendars:
            called = calendar.value("X-WR-CALNAME")
            inside = place if self._into or not called else (called,)
            for uid, octets in objects_of(calendar):
                yield Item("event", f"{file}#{uid}", inside, partial(bytes, octets), name=uid)

    def _cards(self, file: Path, place: tuple[str, ...]) -> Iterator[Item]:
        octets = _octets(file)
        try:
            cards = read_cards(octets, max_octets=_LARGEST)
        except Invalid:
            cards = []
            for number, piece in enumerate(_pieces(octets, _CARD), 1):
                try:
                    cards += read_cards(piece, max_octets=_LARGEST)
                except Invalid as problem:
                    yield unreadable("card", f"{file}, card {number}", place, problem.detail or "it is no vCard")
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


def readable_parts(octets: bytes) -> tuple[list[Component], dict[str, str]]:
    """What can be read of a calendar that cannot be read whole, as one; and of each part that cannot, where and why."""
    head, *parts = _pieces(octets, _COMPONENT)
    good: list[Component] = []
    bad: dict[str, str] = {}
    calendar: Component | None = None
    for number, part in enumerate(parts, 1):
        inside = _END_OF_ALL.split(part, maxsplit=1)[0]
        try:
            (found,) = read_calendars(_WRAPPED % inside, max_octets=_LARGEST, is_lenient=True)
        except (Invalid, ValueError) as problem:
            bad[f", part {number}"] = getattr(problem, "detail", None) or "it is no calendar"
            continue
        good += found.components
    if good:
        try:
            (calendar,) = read_calendars(head + b"\r\nEND:VCALENDAR\r\n", max_octets=_LARGEST, is_lenient=True)
        except (Invalid, ValueError):
            calendar = Component("VCALENDAR", [], [])
        calendar = Component("VCALENDAR", calendar.properties, good)
    return [calendar] if calendar is not None else [], bad


def _pieces(octets: bytes, begin: re.Pattern[bytes]) -> list[bytes]:
    """What is before the first ``begin``, if that is something, and each piece that begins so."""
    starts = [found.start() for found in begin.finditer(octets)]
    ends = [*starts, len(octets)]
    first = octets[: ends[0]]
    pieces = [octets[start:end] for start, end in zip(starts, ends[1:], strict=True)]
    return [first, *pieces] if begin is _COMPONENT or first.strip(_BLANK) else pieces


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
