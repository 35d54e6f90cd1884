"""Header fields of DAV requests other than conditions: Depth, Overwrite, Timeout (RFC 4918 10), Prefer (RFC 7240,
RFC 8144), those of scheduling (RFC 6638 8).

What cannot be read counts as not there, as clients send odd things and no harm comes of the default.
"""

from __future__ import annotations

import re
from enum import Enum

from attrs import frozen

from stalwart.codec.dav.errors import BadPath
from stalwart.codec.dav.paths import Target, parse_reference

_SECONDS = re.compile(r"second-([0-9]{1,10})", re.IGNORECASE | re.ASCII)
_TAG = re.compile(r'"?([0-9]{1,18})"?', re.ASCII)
_LONGEST = 1024


class Depth(Enum):
    """How far below a resource a method reaches."""

    ZERO = "0"
    ONE = "1"
    INFINITY = "infinity"


def depth(field: str | None) -> Depth | None:
    """The depth asked for; None if none is, or none that is known."""
    wanted = (field or "")[:_LONGEST].strip().lower()
    if wanted == "infinite":
        return Depth.INFINITY
    return next((known for known in Depth if known.value == wanted), None)


def overwrites(field: str | None) -> bool:
    """Whether something at the destination may be replaced; only ``F`` says no."""
    return (field or "").strip().upper() != "F"


def destination(field: str | None) -> Target | None:
    """What Destination names; None if it is not there, cannot be read or is not ours. It has no fragment (RFC 4918
    10.3): ``#`` in a name is written ``%23``.
    """
    if not field or "#" in field:
        return None
    try:
        return parse_reference(field)
    except BadPath:
        return None


def lock_timeout(field: str | None, longest: int) -> int:
    """How many seconds a lock may last: the first wish of the list, at most ``longest``, which is the default too."""
    match = _SECONDS.fullmatch((field or "")[:_LONGEST].partition(",")[0].strip())
    return longest if match is None else max(1, min(int(match[1]), longest))


@frozen
class Preferences:
    """What a client would like; the defaults are what it gets otherwise."""

    minimal: bool = False
    representation: bool = False
    depth_noroot: bool = False


def preferences(prefer: str | None, brief: str | None = None) -> Preferences:
    """Prefer, whose first ``return`` counts; ``Brief: t`` is an older way to want the minimum."""
    wishes = [wish.strip().lower() for wish in re.split("[,;]", (prefer or "")[:_LONGEST])]
    returns = [wish.partition("=")[2].strip(' \t"') for wish in wishes if re.match(r"return\s*=", wish)]
    minimal = returns[:1] == ["minimal"] or (not returns and (brief or "").strip().lower() == "t")
    return Preferences(minimal, returns[:1] == ["representation"], "depth-noroot" in wishes)


def schedule_tag(field: str | None) -> int | None:
    """What If-Schedule-Tag-Match wants; None if it is not there or no tag of ours."""
    match = _TAG.fullmatch((field or "")[:_LONGEST].strip())
    return int(match[1]) if match else None


def schedule_reply_wanted(field: str | None) -> bool:
    """Whether the organizer is told; ``Schedule-Reply: F`` says no (RFC 6638 8.1)."""
    return (field or "").strip().upper() != "F"


def malformed_body_status(content_type: str | None) -> int:
    """The status for a body that cannot be read: 415 if the client says that it is something else than XML, or 400."""
    said = (content_type or "")[:_LONGEST].lower()
    return 400 if not said or "/xml" in said or "+xml" in said else 415
