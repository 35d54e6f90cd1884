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
    entries = [(segments(text), value) for text, value in patch.items()]
    paths = {path for path, _ in entries}
    for path in paths:
        if any(path[:length] in paths for length in range(1, len(path))):
            reading.refuse(path, INVALID_PATH)  # RFC 8620 5.3: no pointer may be the prefix of another
    return sorted(entries, key=lambda entry: entry[0][-1] != "@type")


def _apply(kind: Steps, wire: Any, path: Path, value: Any, reading: Reading, above: Path) -> None:
    """Put ``value`` at ``path`` below ``wire``, whose type is ``kind``."""
    key, *rest = path
    here = (*above, key)
    if not isinstance(wire, dict):
        reading.refuse(here, INVALID_PATH)
        return
    step = kind.child(wire, key)
    if step is None:
        reading.refuse(here, INVALID_PROPERTY if key not in wire else INVALID_PATH)
    elif rest:
        if step.key in wire:
            _apply(step.type, wire[step.key], tuple(rest), value, reading, here)
        else:
            reading.refuse(here, INVALID_PATH)
    elif value is None and step.open:
        wire.pop(step.key, None)
    else:
        if key == "@type" and wire.get(key) != value:
            wire.clear()
        wire[step.key] = value
