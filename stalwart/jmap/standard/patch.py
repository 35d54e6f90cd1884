"""PatchObject on plain JSON (RFC 8620 5.3): pointers without the leading slash, null for the default or removal.

Pure: knows neither types nor who may change what. Whoever patches reads the changed properties again as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stalwart.jmap.errors import SetRefused

Path = tuple[str, ...]

_BAD_ESCAPE = re.compile(r"~(?![01])")


def path_of(pointer: str) -> Path:
    """The steps of a pointer (RFC 6901 4); raises ``SetRefused`` ``invalidPatch``."""
    if _BAD_ESCAPE.search(pointer):
        raise _refused(pointer, "has an escape other than ~0 and ~1")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/"))


def pointer_of(path: Path) -> str:
    """The reverse of ``path_of``."""
    return "/".join(step.replace("~", "~0").replace("/", "~1") for step in path)


def patched(former: Mapping[str, Any], changes: Mapping[Path, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """``former`` as ``changes`` make it; neither is touched. ``defaults`` are those of the properties that have one.

    Raises ``SetRefused`` ``invalidPatch``: a pointer is the prefix of another, goes into an array, or its parent does
    not exist.
    """
    _refuse_prefixes(changes)
    made = dict(former)
    own: set[Path] = {()}
    for path, value in changes.items():
        parent = _parent(made, path, own)
        if value is not None:
            parent[path[-1]] = value
        elif len(path) == 1 and path[0] in defaults:
            parent[path[0]] = defaults[path[0]]
        else:
            parent.pop(path[-1], None)
    return made


def _refuse_prefixes(changes: Mapping[Path, Any]) -> None:
    for path in changes:
        for length in range(1, len(path)):
            if path[:length] in changes:
                raise _refused(pointer_of(path), "goes on from another pointer of the same patch")


def _parent(made: dict[str, Any], path: Path, own: set[Path]) -> dict[str, Any]:
    """The object that the last step of ``path`` is in; what lies on the way is copied once (``own``)."""
    parent = made
    for length in range(1, len(path)):
        step, here = path[length - 1], path[:length]
        child = parent.get(step)
        if not isinstance(child, dict):
            place = "an array" if isinstance(child, list) else "something that does not exist"
            raise _refused(pointer_of(path), f"goes into {place}")
        if here not in own:
            own.add(here)
            parent[step] = child = dict(child)
        parent = child
    return parent


def _refused(pointer: str, why: str) -> SetRefused:
    return SetRefused("invalidPatch", f'The pointer "{pointer[:255]}" {why}.', (pointer,))
