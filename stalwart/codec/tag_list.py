"""Lists of ``tag=value`` pairs between semicolons, the form of DKIM and DMARC records (RFC 6376 3.2)."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_SPACE = " \t\r\n"
_MOST = 64


class MalformedTagList(Exception):
    """The text is no tag list; the message says why."""


def parse(text: str) -> dict[str, str]:
    """The tags in their order, values without the white space around them.

    :raises MalformedTagList: a part without ``=``, a bad name, or a tag that is there twice.
    """
    found: dict[str, str] = {}
    parts = text.split(";")
    if not parts[-1].strip(_SPACE):
        del parts[-1]
    if len(parts) > _MOST:
        raise MalformedTagList(f"it has more than {_MOST} tags")
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip(_SPACE)
        if not equals or not _NAME.match(name):
            raise MalformedTagList("a part of it is not tag=value")
        if name in found:  # RFC 6376 3.2: a duplicate makes the whole list invalid
            raise MalformedTagList(f"the tag {name} is there twice")
        found[name] = value.strip(_SPACE)
    return found
