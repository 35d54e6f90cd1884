"""Entity tags of representations, If-Match and If-None-Match (RFC 9110 8.8.3, 13.1.1, 13.1.2).

Field lines that occur several times are to be joined with a comma first (RFC 9110 5.3). Members that are no
entity tags are skipped: for a cache the worst outcome is a full answer. The DAV If header is left out.
"""

from __future__ import annotations

import hashlib
import re

# RFC 9110 8.8.3: etagc excludes DQUOTE and controls; commas are allowed inside.
_ENTITY_TAG = re.compile(r'[ \t,]*(?P<tag>(?:W/)?"[\x21\x23-\x7e\x80-\U0010ffff]*")[ \t]*(?=,|\Z)')
_OTHER = re.compile(r"[ \t,]*[^,]+")


def entity_tag(content: bytes) -> str:
    """A strong entity tag of bytes: equal for equal bytes, in every process."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def parse_entity_tags(field: str) -> list[str]:
    """The entity tags of a list, in order, with quotes and weakness marks."""
    tags: list[str] = []
    position = 0
    while position < len(field):
        match = _ENTITY_TAG.match(field, position)
        if match is not None:
            tags.append(match["tag"])
        else:
            match = _OTHER.match(field, position)
            if match is None:
                break
        position = match.end()
    return tags


def weakly_equal(one: str, other: str) -> bool:
    """RFC 9110 8.8.3.2: equal opaque tags, weak or not."""
    return one.removeprefix("W/") == other.removeprefix("W/")


def matches(field: str | None, current: str | None) -> bool:
    """Whether the If-Match condition holds; where it does not, the answer is 412 (RFC 9110 13.1.1).

    As ``none_match``, but compared strongly: a weak tag matches nothing.
    """
    if field is None:
        return True
    if field.strip(" \t") == "*":
        return current is not None
    return current is not None and not current.startswith("W/") and current in parse_entity_tags(field)


def none_match(field: str | None, current: str | None) -> bool:
    """Whether the If-None-Match condition holds, so that the request is to be carried out (RFC 9110 13.1.2).

    ``current`` is the entity tag of the selected representation, None if there is none. When the result is
    false, GET and HEAD answer 304, other methods 412. No field: always true.
    """
    if field is None:
        return True
    if field.strip(" \t") == "*":
        return current is None
    return current is None or not any(weakly_equal(tag, current) for tag in parse_entity_tags(field))
