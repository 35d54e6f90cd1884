"""PatchObjects (RFC 8984 1.4.9): applied to plain JSON, and made of the difference of two objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from stalwart.codec.jscalendar.values import Json
from stalwart.errors import Invalid

MAX_DEPTH: Final = 32


class MalformedPatch(Invalid):
    """A patch that cannot be applied; ``pointer`` is the one at fault."""

    def __init__(self, pointer: str, text: str) -> None:
        super().__init__(text)
        self.pointer = pointer


def segments(pointer: str) -> list[str]:
    """The parts of a pointer without a leading slash (RFC 6901 3)."""
    if "~" not in pointer:
        return pointer.split("/")
    return [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")]


def escaped(segment: str) -> str:
    """A part as it stands in a pointer."""
    if "~" in segment or "/" in segment:
        return segment.replace("~", "~0").replace("/", "~1")
    return segment


def copied(value: Any) -> Any:
    """A copy of JSON that shares nothing which can be changed."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def patched(given: Json, patch: Mapping[str, Any]) -> Json:
    """A copy of an object that a patch has changed; what is not changed is shared. Raises MalformedPatch."""
    made = dict(given)
    owned: set[int] = {id(made)}
    seen: set[tuple[str, ...]] = set()
    for pointer, value in patch.items():
        if "/" not in pointer and "~" not in pointer:
            seen.add((pointer,))
            if value is None:
                made.pop(pointer, None)
            else:
                made[pointer] = copied(value)
            continue
        path = segments(pointer)
        if len(path) > MAX_DEPTH:
            raise MalformedPatch(pointer, "A pointer is too deep.")
        seen.add(tuple(path))
        _put(made, path, value, pointer, owned)
    if len(seen) > 1:
        _no_prefixes(seen)
    return made


def _put(made: Json, path: list[str], value: Any, pointer: str, owned: set[int]) -> None:
    here = made
    for part in path[:-1]:
        inner = here.get(part)
        if not isinstance(inner, dict):
            raise MalformedPatch(pointer, "A pointer has to lead into an object that is there.")
        if id(inner) not in owned:
            inner = here[part] = dict(inner)
            owned.add(id(inner))
        here = inner
    if value is None:
        here.pop(path[-1], None)
    else:
        here[path[-1]] = copied(value)


def _no_prefixes(seen: set[tuple[str, ...]]) -> None:
    for path in seen:
        for length in range(1, len(path)):
            if path[:length] in seen:
                raise MalformedPatch("/".join(map(escaped, path)), "A pointer must not be the beginning of another.")


def leads_nowhere(given: Json, pointer: str) -> bool:
    """Whether what a pointer is to change something in is not there."""
    here: Any = given
    for part in segments(pointer)[:-1]:
        here = here.get(part) if isinstance(here, dict) else None
    return not isinstance(here, dict)


def difference(old: Mapping[str, Any], new: Mapping[str, Any], left_out: Collection[str] = ()) -> Json:
    """The patch that makes ``new`` of ``old``, but for the members that are left out. None is as good as absent."""
    patch: Json = {}
    for key, value in old.items():
        if key in left_out:
            continue
        other = new.get(key)
        if value is other or value == other:
            continue
        if other is None:
            if value is not None:
                patch[escaped(key)] = None
        else:
            _add(patch, escaped(key), value, other, 1)
    for key, value in new.items():
        if value is not None and old.get(key) is None and key not in left_out:
            patch[escaped(key)] = copied(value)
    return patch


def _add(patch: Json, pointer: str, old: Any, new: Any, depth: int) -> None:
    """Write down how one value becomes another."""
    if not (isinstance(old, dict) and isinstance(new, dict)) or depth >= MAX_DEPTH or not _is_alike(old, new):
        patch[pointer] = copied(new)
        return
    for key, value in old.items():
        if key not in new:
            patch[f"{pointer}/{escaped(key)}"] = None
        elif value is not new[key] and value != new[key]:
            _add(patch, f"{pointer}/{escaped(key)}", value, new[key], depth + 1)
    for key, value in new.items():
        if key not in old:
            patch[f"{pointer}/{escaped(key)}"] = copied(value)


def _is_alike(old: Json, new: Json) -> bool:
    """Whether one is told by its differences to the other: a null, or another type, is not."""
    return bool(new) and old.get("@type") == new.get("@type") and None not in old.values() and None not in new.values()
