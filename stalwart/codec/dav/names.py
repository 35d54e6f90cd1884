"""Qualified names of XML elements in DAV, and the prefixes that answers give to their name spaces.

The name space of calendarserver.org is known with and without its last slash; both are one here. Names that answers
have no prefix for carry their declaration with them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

DAV = "DAV:"
CALDAV = "urn:ietf:params:xml:ns:caldav"
CARDDAV = "urn:ietf:params:xml:ns:carddav"
CALENDARSERVER = "http://calendarserver.org/ns/"
APPLE = "http://apple.com/ns/ical/"
XML = "http://www.w3.org/XML/1998/namespace"

PREFIXES = {DAV: "D", CALDAV: "A", CARDDAV: "B", CALENDARSERVER: "C"}
_NAMESPACES = {prefix: namespace for namespace, prefix in PREFIXES.items()}
_SAME = {CALENDARSERVER.rstrip("/"): CALENDARSERVER}


class Name(NamedTuple):
    """A local name in a name space; the name space is empty for names that have none."""

    namespace: str
    local: str

    def __str__(self) -> str:
        """As answers write it where they can: ``D:getetag``; else ``{namespace}local``."""
        prefix = PREFIXES.get(self.namespace)
        return f"{prefix}:{self.local}" if prefix else f"{{{self.namespace}}}{self.local}"


@lru_cache(maxsize=1024)
def name(written: str) -> Name:
    """The name that is written ``D:getetag``, ``A:filter``, ``{namespace}local`` in our own code.

    :raises KeyError: an unknown prefix.
    """
    if written.startswith("{"):
        namespace, _, local = written[1:].rpartition("}")
        return Name(namespace, local)
    prefix, _, local = written.partition(":")
    return Name(_NAMESPACES[prefix], local)


def qualified(namespace: str, local: str) -> Name:
    """The name of an element that was read."""
    return Name(_SAME.get(namespace, namespace), local)


@lru_cache(maxsize=4096)
def opening(called: Name) -> tuple[str, str]:
    """What follows ``<`` in a start tag and ``</`` in an end tag, to stand in any answer of ours."""
    prefix = PREFIXES.get(called.namespace)
    if prefix:
        return f"{prefix}:{called.local}", f"{prefix}:{called.local}"
    return f"{called.local} xmlns={quoteattr(called.namespace)}", called.local
