"""PatchObjects: pointers without a leading slash that go to any depth of an object (RFC 8620 5.3, settings
A.6).

A patch is applied to the stored form of an object and the result read as a whole, so a patched object obeys
exactly the rules of a new one. Members of lists, sets and maps can be added and taken out; members of objects
only changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stalwart.schema.property_type import Step
from stalwart.schema.violations import INVALID_PATH, INVALID_PROPERTY, Path, Reading, segments


class Steps(Protocol):
    """What can lead a pointer further: a declared class, a union, a property type."""

    def child(self, wire: Any, key: str) -> Step | None: ...


class Shape(Steps, Protocol):
    """What can be patched."""

    def parse(self, wire: Any, path: Path, reading: Reading, former: Any = None) -> Any: ...


class Stored(Protocol):
    """What knows its stored form."""

    def to_stored(self) -> dict[str, Any]: ...


def patched(shape: Shape, former: Stored, patch: Mapping[str, Any], by_server: bool) -> Any:
    """``former`` as ``patch`` changes it; raises ``ValidationFailed``."""
    reading = Reading(by_server=by_server)
    members = former.to_stored()
    for path, value in _ordered(patch, reading):
        _apply(shape, members, path, value, reading, ())
    unread = Reading(by_server=by_server)
    made = shape.parse(members, (), unread, former)
    reading.violations.extend(unread.violations)
    return reading.result(made)


def _ordered(patch: Mapping[str, Any], reading: Reading) -> list[tuple[Path, Any]]:
    """The patch with its pointers taken apart; a change of ``@type`` comes first, as it clears the object."""
    entries = {segments(text): value for text, value in patch.items()}
    ordered = []
    for path in sorted(entries, key=lambda path: path[-1] != "@type"):
        if any(path[:length] in entries for length in range(1, len(path))):
            reading.refuse(path, INVALID_PATH)  # RFC 8620 5.3: no pointer may be the prefix of another
        else:
            ordered.append((path, entries[path]))
    return ordered


def _apply(kind: Steps, wire: Any, path: Path, value: Any, reading: Reading, above: Path) -> None:
    """Put ``value`` at ``path`` below ``wire``, which is of type ``kind`` and lies at ``above``."""
    key, rest = path[0], path[1:]
    whole = (*above, *path)
    if not isinstance(wire, dict):
        reading.refuse(whole, INVALID_PATH)
        return
    step = kind.child(wire, key)
    if step is None:
        reading.refuse(whole, INVALID_PROPERTY)
    elif rest:
        if step.key in wire:
            _apply(step.type, wire[step.key], rest, value, reading, (*above, key))
        else:
            reading.refuse(whole, INVALID_PATH)
    elif value is None and step.open:
        wire.pop(step.key, None)
    else:
        if key == "@type" and wire.get(key) != value:
            wire.clear()
        wire[step.key] = value
