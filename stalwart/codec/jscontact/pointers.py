"""JSON Pointers into a Card (RFC 6901) and what is done with them: patches (RFC 9553 1.4.3), and which of these make
one Card of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from stalwart.codec.jscontact.vocabulary import BLOB_ID, Key, Value

DEEPEST: Final = 32
"""Levels of JSON that are read or taken."""
_INDEX: Final = re.compile(r"(?:0|[1-9][0-9]{0,6})\Z", re.ASCII)
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
MISSING: Final = object()


def parts_of(pointer: str) -> Key | None:
    """The reference tokens of a pointer, whose first solidus may be left out; None if it is none, or too deep."""
    if _BAD_ESCAPE.search(pointer):
        return None
    parts = (pointer[1:] if pointer.startswith("/") else pointer).split("/")
    if len(parts) > DEEPEST:
        return None
    if "~" in pointer:
        parts = [each.replace("~1", "/").replace("~0", "~") for each in parts]
    return tuple(parts)


def pointer_of(parts: Key) -> str:
    """A pointer as patches write it."""
    pointer = "/".join(parts)
    if "~" in pointer or pointer.count("/") != len(parts) - 1:
        pointer = "/".join(each.replace("~", "~0").replace("/", "~1") for each in parts)
    return f"/{pointer}" if pointer.startswith("/") else pointer


def found_at(value: Any, parts: Key) -> Any:
    """What is there; MISSING if nothing is."""
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part, MISSING)
        elif isinstance(value, list) and _INDEX.match(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def may_patch(value: Value, parts: Key, new: Any) -> bool:
    """Whether a patch fits: all but the last token are there, and nothing is added to or taken from an array."""
    parent = found_at(value, parts[:-1])
    if isinstance(parent, list):
        return new is not None and found_at(parent, parts[-1:]) is not MISSING
    return isinstance(parent, dict)


def patch(value: Value, parts: Key, new: Any) -> None:
    """Carry out a patch that fits."""
    parent = found_at(value, parts[:-1])
    if isinstance(parent, list):
        parent[int(parts[-1])] = new
    elif new is None:
        parent.pop(parts[-1], None)
    else:
        parent[parts[-1]] = new


def overlapping(patches: Mapping[Key, Any]) -> list[Key]:
    """Those that are within what another one sets."""
    return [parts for parts in patches if any(parts[:size] in patches for size in range(1, len(parts)))]


def same(one: Any, other: Any) -> bool:
    """Whether both are the same JSON, whatever the order of members; ``true`` is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict | list):
        return one == other and _ENCODE(one) == _ENCODE(other)
    return bool(one == other)


def difference(found: Value, wanted: Value, at: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Patches that make what is wanted of what was found; none points into an array (RFC 9555 3.2.1), is written
    with what a parameter cannot have, or sets null, which would take something away.
    """
    unwritable = any(_UNWRITABLE.search(key) for keys in (found, wanted) for key in keys)
    if at and (unwritable or None in wanted.values()):
        yield at, wanted
        return
    for key, value in wanted.items():
        was = found.get(key, MISSING)
        if was is not MISSING and same(was, value):
            continue
        if isinstance(was, dict) and isinstance(value, dict) and value and was:
            yield from difference(was, value, (*at, key))
        else:
            yield (*at, key), value
    for key in found:
        if key not in wanted:
            yield (*at, key), None


def without_blobs(value: Any) -> Any:
    """Parts of a Card that name no blobs: which those are is known to the server alone (RFC 9610 3)."""
    if isinstance(value, dict):
        return {key: without_blobs(each) for key, each in value.items() if key != BLOB_ID}
    return [without_blobs(each) for each in value] if isinstance(value, list) else value


def copied(value: Any) -> Any:
    """JSON that shares nothing with this one."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value
