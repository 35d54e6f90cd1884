"""Reading a JSON request body as I-JSON (RFC 7493): UTF-8, no duplicate members, no NaN, bounded nesting.

The fast decoder takes the last of duplicate members silently, so a second pass looks for them; it is the only use of
the slower one. Typed decoding of hot bodies belongs to the faces.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from stalwart.errors import Invalid

MAX_DEPTH = 64
UNREADABLE = "JSON deserialization failed"
WRONG_TYPE = "The Content-Type header must be application/json."


class _DuplicateMemberError(ValueError):
    pass


def decode_json(body: bytes) -> Any:
    """The value of ``body``: dict, list, str, int, float, bool or None.

    :raises Invalid: not JSON, not I-JSON, or nested deeper than ``MAX_DEPTH``.
    """
    try:  # RFC 7493 2.1 to 2.3
        value = msgspec.json.decode(body)
        json.loads(body, object_pairs_hook=_without_duplicates)
    except _DuplicateMemberError:
        raise Invalid(f"{UNREADABLE}: a member is there more than once.") from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Invalid(UNREADABLE) from None
    if _too_deep(value):
        raise Invalid(f"{UNREADABLE}: nested too deeply.")
    return value


def is_json(content_type: str | None) -> bool:
    """Whether a Content-Type names JSON: the media type alone counts, in any case."""
    return content_type is not None and content_type.partition(";")[0].strip().lower() == "application/json"


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateMemberError
    return members


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(node: Any) -> Any:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()
