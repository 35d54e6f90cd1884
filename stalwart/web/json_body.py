"""Reading a JSON request body as I-JSON (RFC 7493): UTF-8, no duplicate members, no NaN, bounded nesting.

The fast decoder takes the last of duplicate members silently. Where the value does not write the same text again, but
for white space, a second pass looks for them; it is the only use of the slower one. Integers are kept exactly, however
long (up to 4,300 digits); what is too large for a float is refused; noncharacters (RFC 7493 2.1) are let through. Typed
reading of bodies belongs to the faces.
"""

from __future__ import annotations

import gc
import json
import re
from typing import Any

import msgspec

from stalwart.errors import Invalid

MAX_DEPTH = 64
MOST_VALUES = 250_000
_LARGE = 65536
UNREADABLE = "JSON deserialization failed"
WRONG_TYPE = "The Content-Type header must be application/json."


_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.S)


class NotJson(Invalid):
    """A text is no I-JSON; ``reason`` says why in half a sentence that repeats nothing of the text."""

    def __init__(self, reason: str, detail: str = UNREADABLE) -> None:
        super().__init__(detail)
        self.reason = reason


class _DuplicateMemberError(ValueError):
    pass


def decode_json(body: bytes) -> Any:
    """The value of ``body``: dict, list, str, int, float, bool or None.

    :raises NotJson: not JSON, not I-JSON, or nested deeper than ``MAX_DEPTH``.
    """
    collecting = len(body) > _LARGE and gc.isenabled()
    if collecting:  # nothing of it is garbage yet, and looking again and again takes longer than reading
        gc.disable()
    try:  # RFC 7493 2.1 to 2.3
        value = msgspec.json.decode(body)
        if not _writes(value, body):
            _SEARCHING.decode(body.decode())
    except _DuplicateMemberError:
        raise _refusal("a member is there more than once") from None
    except UnicodeDecodeError:
        raise NotJson("it is not UTF-8") from None
    except msgspec.DecodeError as problem:
        raise NotJson(str(problem)) from None
    except ValueError:
        raise NotJson("a value is not allowed") from None
    except RecursionError:
        raise _refusal("nested too deeply") from None
    finally:
        if collecting:
            gc.enable()
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _too_deep(value):
        raise _refusal("nested too deeply")
    return value


def has_many_values(body: bytes) -> bool:
    """Whether ``body``, be it JSON or not, has more than ``MOST_VALUES`` values: reading them would take long."""
    if _separators(body) <= MOST_VALUES:
        return False
    return _separators(_TEXT.sub(b"", body)) > MOST_VALUES


def _separators(body: bytes) -> int:
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def is_json(content_type: str | None) -> bool:
    """Whether a Content-Type names JSON: the media type alone counts, in any case."""
    return content_type is not None and content_type.partition(";")[0].strip().lower() == "application/json"


def _writes(value: Any, body: bytes) -> bool:
    """Whether ``body`` is how ``value`` is written, but for white space: nothing in it was passed over then."""
    try:
        return msgspec.json.encode(value) == msgspec.json.format(body, indent=-1)
    except (ValueError, OverflowError, RecursionError):  # a long number, or half of a character
        return False


def _refusal(reason: str) -> NotJson:
    return NotJson(reason, f"{UNREADABLE}: {reason}.")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateMemberError
    return members


_SEARCHING = json.JSONDecoder(object_pairs_hook=_without_duplicates)


def _too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        children: list[Any] = []
        for node in level:
            children.extend(node.values() if node.__class__ is dict else node)
        level = [child for child in children if child.__class__ is dict or child.__class__ is list]
        if not level:
            return False
    return True
