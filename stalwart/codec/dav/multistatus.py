"""Bodies of answers (RFC 4918 14, RFC 6578 6, RFC 5689 3): pieces of octets from templates, no tree.

Properties are fragments, octets that stand in any document of ours; whoever gives the same one often keeps it.
``Multistatus`` collects responses and hands them out in portions, so that an answer can be sent while it is computed.
Texts are escaped; characters that XML does not allow become U+FFFD (XML 1.0 2.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from xml.sax.saxutils import quoteattr

from attrs import frozen

from stalwart.codec.dav.names import CALDAV, CALENDARSERVER, CARDDAV, DAV, PREFIXES, Name, name, opening

PORTION = 64 * 1024
CONTENT_TYPE = "application/xml; charset=utf-8"

_PROLOGUE = b'<?xml version="1.0" encoding="UTF-8"?>'
_ALL = (CALDAV, CARDDAV, CALENDARSERVER)
_MARKS = re.compile("[<>&\"'\r]|[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#39;", "\r": "&#13;"}
_CONTROLS = bytes({*range(0x20)} - {0x09, 0x0A, 0x0D})
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PHRASES = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    423: "Locked",
    424: "Failed Dependency",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    507: "Insufficient Storage",
}


def escaped(text: str) -> bytes:
    """``text`` as content of an element or between quotes."""
    return _MARKS.sub(lambda match: _ESCAPES.get(match[0], "\ufffd"), text).encode()


def cdata(octets: bytes) -> bytes:
    """Text in UTF-8 as content of an element, in CDATA; what is no UTF-8 is replaced."""
    if len(octets.translate(None, _CONTROLS)) != len(octets) or not (octets.isascii() or _well_formed(octets)):
        octets = _FORBIDDEN.sub("\ufffd", octets.decode(errors="replace")).encode()
    if b"]" in octets and b"]]>" in octets:  # one octet is sought much faster than three
        octets = octets.replace(b"]]>", b"]]]]><![CDATA[>")
    return b"<![CDATA[%b]]>" % octets


def _well_formed(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return b"\xef" not in octets or _FORBIDDEN.search(octets.decode()) is None


@lru_cache(maxsize=4096)
def empty(called: Name) -> bytes:
    """The element without content."""
    return f"<{opening(called)[0]}/>".encode()


@lru_cache(maxsize=4096)
def _tags(called: Name) -> tuple[bytes, bytes]:
    start, end = opening(called)
    return f"<{start}>".encode(), f"</{end}>".encode()


def element(called: Name, *content: bytes) -> bytes:
    """An element with fragments in it."""
    if not content:
        return empty(called)
    start, end = _tags(called)
    return start + b"".join(content) + end


def text_element(called: Name, text: str) -> bytes:
    """An element with a text in it."""
    start, end = _tags(called)
    return start + escaped(text) + end if text else empty(called)


def data_element(called: Name, octets: bytes) -> bytes:
    """An element with long text in UTF-8 in it, such as a calendar."""
    start, end = _tags(called)
    return start + cdata(octets) + end


def href(path: str) -> bytes:
    """``D:href`` of a canonical path or of another URI."""
    return b"<D:href>%b</D:href>" % escaped(path)


def href_element(called: Name, *paths: str) -> bytes:
    """An element with a ``D:href`` for each path."""
    return element(called, *map(href, paths))


def attribute_element(called: Name, **attributes: str) -> bytes:
    """An empty element with attributes; ``_`` in their names is written ``-``."""
    written = "".join(f' {key.replace("_", "-")}="{escaped(value).decode()}"' for key, value in attributes.items())
    return f"<{opening(called)[0]}{written}/>".encode()


@lru_cache(maxsize=64)
def status_line(status: int) -> bytes:
    """``D:status`` of a status code."""
    return f"<D:status>HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}</D:status>".encode()


def _remarks(condition: bytes, description: str) -> bytes:
    remarks = b"<D:error>%b</D:error>" % condition if condition else b""
    if description:
        remarks += b"<D:responsedescription>%b</D:responsedescription>" % escaped(description)
    return remarks


@frozen
class Propstat:
    """Properties (fragments) that share a status, maybe with a condition (a fragment) and a sentence."""

    status: int
    properties: tuple[bytes, ...]
    condition: bytes = b""
    description: str = ""

    def written(self) -> bytes:
        """The element."""
        remarks = _remarks(self.condition, self.description)
        properties = b"".join(self.properties)
        return b"<D:propstat><D:prop>%b</D:prop>%b%b</D:propstat>" % (properties, status_line(self.status), remarks)


@frozen
class Outcome:
    """How it went with one property."""

    name: Name
    status: int = 200
    condition: bytes = b""
    description: str = ""


def outcomes(of: Iterable[Outcome]) -> bytes:
    """The propstats of PROPPATCH and MKCOL: those that went alike together, in the order in which they come up."""
    alike: dict[tuple[int, bytes, str], list[bytes]] = {}
    for each in of:
        alike.setdefault((each.status, each.condition, each.description), []).append(empty(each.name))
    propstats = [Propstat(key[0], tuple(names), key[1], key[2]) for key, names in alike.items()]
    return b"".join(propstat.written() for propstat in propstats) or Propstat(200, ()).written()


def found_and_missing(
    found: Iterable[bytes], missing: Iterable[Name], *, minimal: bool = False, missing_first: bool = False
) -> bytes:
    """What is there with 200, then what is not with 404, or the other way round; with ``minimal`` the latter is left
    out (RFC 8144 2.1).

    Where nothing is left, an empty 200 stays, as a response needs one.
    """
    there, names = b"".join(found), () if minimal else tuple(missing)
    pieces = b""
    if there or not names:
        pieces = b"<D:propstat><D:prop>%b</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>" % there
    if not names:
        return pieces
    return _missing(names) + pieces if missing_first else pieces + _missing(names)


@lru_cache(maxsize=256)
def _missing(names: tuple[Name, ...]) -> bytes:
    return Propstat(404, tuple(map(empty, names))).written()


def property_response(path: bytes, propstats: bytes) -> bytes:
    """A response with properties; ``path`` is a canonical one, which needs no escaping."""
    return b"<D:response><D:href>%b</D:href>%b</D:response>" % (path, propstats)


def status_response(path: str, status: int, condition: bytes = b"", description: str = "") -> bytes:
    """A response that says of a resource only how it went with it."""
    remarks = _remarks(condition, description)
    return b"<D:response>%b%b%b</D:response>" % (href(path), status_line(status), remarks)


def truncated_response(path: str, limit: int) -> bytes:
    """What says that there is more than was given (RFC 6578 3.6)."""
    condition = empty(name("D:number-of-matches-within-limits"))
    return status_response(path, 507, condition, f"The number of matches exceeds the limit of {limit}")


@lru_cache(maxsize=64)
def _root_tags(root: Name, namespaces: tuple[str, ...]) -> tuple[bytes, bytes]:
    declared = [DAV, *(namespace for namespace in _ALL if namespace in namespaces or namespace == root.namespace)]
    written = "".join(f" xmlns:{PREFIXES[namespace]}={quoteattr(namespace)}" for namespace in declared)
    return _PROLOGUE + f"<{root}{written}>".encode(), f"</{root}>".encode()


def document(root: Name, *content: bytes, namespaces: Iterable[str] = ()) -> bytes:
    """A whole body; ``DAV:`` and the name space of ``root`` are declared anyway."""
    start, end = _root_tags(root, tuple(namespaces))
    return b"".join((start, *content, end))


def error_document(*conditions: bytes, namespaces: Iterable[str] = ()) -> bytes:
    """A body that names the preconditions that have failed (RFC 4918 16)."""
    return document(name("D:error"), *conditions, namespaces=namespaces)


class Multistatus:
    """The body of a 207, collected until a portion is worth sending."""

    def __init__(self, namespaces: Iterable[str] = _ALL, portion: int = PORTION) -> None:
        """
        :param namespaces: those that fragments use the prefixes of; ``DAV:`` is declared anyway.
        :param portion: how many octets a portion has at least.
        """
        start, self._end = _root_tags(name("D:multistatus"), tuple(namespaces))
        self._pieces = [start]
        self._size = len(start)
        self._portion = portion
        self.responses = 0

    def add(self, response: bytes) -> None:
        """Appends a response."""
        self._pieces.append(response)
        self._size += len(response)
        self.responses += 1

    def extend(self, responses: Sequence[bytes]) -> None:
        """Appends several responses."""
        self._pieces += responses
        self._size += sum(map(len, responses))
        self.responses += len(responses)

    @property
    def ready(self) -> bool:
        """Whether there is a portion to send."""
        return self._size >= self._portion

    def take(self) -> bytes:
        """What has been collected and not been taken."""
        portion = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        return portion

    def finish(self, *, sync_token: str = "", description: str = "") -> bytes:
        """The rest, with what comes behind the responses (RFC 6578 6.4)."""
        if description:
            self._pieces.append(b"<D:responsedescription>%b</D:responsedescription>" % escaped(description))
        if sync_token:
            self._pieces.append(b"<D:sync-token>%b</D:sync-token>" % escaped(sync_token))
        self._pieces.append(self._end)
        return self.take()
