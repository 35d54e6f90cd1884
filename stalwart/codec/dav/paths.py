"""URLs below ``/dav`` as services, accounts and names, and back in the one form that answers have (RFC 3986 6.2.2).

Each segment is decoded from octets to UTF-8 and to NFC, so that ``a@b``, ``a%40b`` and other spellings of one name are
one resource. Written are only unreserved characters as they are. Several slashes in a row count as one. What could be
taken for a path, cannot stand in XML or is too long is no name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, get_args
from urllib.parse import quote, unquote_to_bytes

from attrs import frozen

from stalwart.codec.dav.errors import BadPath

Service = Literal["cal", "card", "file", "pal", "itip"]
SERVICES: tuple[Service, ...] = get_args(Service)
_SERVICES: dict[str, Service] = {service: service for service in SERVICES}

MOST_SEGMENTS = 128
LONGEST_SEGMENT = 255
"""In octets of UTF-8."""
LONGEST_PATH = 128 * 1024

_ROOT = "/dav/"
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f/\ufffe\uffff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NUMERIC = re.compile(r"_(0|[1-9][0-9]{0,18})")


@frozen
class Target:
    """What a URL names: a service, an account of it (None: the service itself), the names below the account.

    ``has_slash`` tells a URL that ends in a slash; it names the same.
    """

    service: Service
    account: str | None = None
    segments: tuple[str, ...] = ()
    has_slash: bool = False

    @property
    def account_id(self) -> int | None:
        """The number of the account, where it is named by that (``_123``)."""
        match = _NUMERIC.fullmatch(self.account or "")
        return int(match[1]) if match else None

    @property
    def name(self) -> str:
        """The last name; empty for homes and services."""
        return self.segments[-1] if self.segments else ""

    @property
    def parent(self) -> Target:
        """The collection that it is in; a service is in itself."""
        if self.segments:
            return Target(self.service, self.account, self.segments[:-1], True)
        return Target(self.service, None, (), True)

    def holds(self, other: Target) -> bool:
        """Whether ``other`` is the same or below, as far as the URLs tell."""
        if self.service != other.service:
            return False
        if self.account is None:
            return True
        return self.account == other.account and other.segments[: len(self.segments)] == self.segments

    def href(self, *, collection: bool | None = None) -> str:
        """The canonical path; with a slash at the end if told, else as it was read."""
        slash = self.has_slash if collection is None else collection
        if self.account is None:
            return service_href(self.service)
        return href(self.service, self.account, *self.segments, collection=slash or not self.segments)


def parse_target(path: str | bytes) -> Target | None:
    """What a request-URI, or a path in it, names; None if no service is named (404).

    Absolute URIs are taken as well; what stands behind ``?`` is cut off.

    :raises BadPath: there cannot be such a resource (400).
    """
    rest = _below(_as_text(path).partition("?")[0], strictly=True)
    return None if rest is None else _target(rest)


def parse_reference(reference: str) -> Target | None:
    """What ``Destination``, a tag of ``If`` or a ``D:href`` names: an absolute URI or a path, of which counts what
    stands behind the first ``/dav/``; host and port are not compared. None if it names nothing below.

    :raises BadPath: there cannot be such a resource.
    """
    rest = _below(_as_text(reference.strip()).partition("?")[0], strictly=False)
    return None if rest is None else _target(rest)


def decode_segment(written: str) -> str:
    """The name that a segment of a URL stands for.

    :raises BadPath: it is none.
    """
    if _UNRESERVED.fullmatch(written) is None:
        return _decoded(written)
    return _checked(written)


@lru_cache(maxsize=4096)
def _decoded(written: str) -> str:
    try:
        decoded = unicodedata.normalize("NFC", unquote_to_bytes(written).decode())
    except UnicodeError:
        raise BadPath("A segment of the URL is not UTF-8.") from None
    if _FORBIDDEN.search(decoded) is not None:
        raise BadPath("A segment of the URL has a slash or a control character in it.")
    return _checked(decoded)


def _checked(segment: str) -> str:
    if segment in ("", ".", ".."):
        raise BadPath("A segment of the URL is empty, '.' or '..'.")
    if len(segment) > LONGEST_SEGMENT // 4 and len(segment.encode()) > LONGEST_SEGMENT:
        raise BadPath(f"A segment of the URL is longer than {LONGEST_SEGMENT} octets.")
    return segment


def encode_segment(segment: str) -> str:
    """A name as it stands in URLs of ours."""
    return segment if _UNRESERVED.fullmatch(segment) is not None else _encoded(segment)


@lru_cache(maxsize=16384)
def _encoded(segment: str) -> str:
    return quote(segment, safe="~", errors="replace")


def service_href(service: Service) -> str:
    """The path of a service: the collection of homes, or of principals."""
    return f"{_ROOT}{service}/"


def href(service: Service, account: str, *segments: str, collection: bool = True) -> str:
    """The path of what has these names in a home; with a slash at the end unless it is no ``collection``."""
    path = "/".join([f"{_ROOT}{service}", *map(encode_segment, (account, *segments))])
    return f"{path}/" if collection or not segments else path


def _as_text(path: str | bytes) -> str:
    if len(path) > LONGEST_PATH:
        raise BadPath("The URL is too long.")
    if isinstance(path, str):
        return path
    try:
        return path.decode()
    except UnicodeError:
        raise BadPath("The URL is not UTF-8.") from None


def _below(path: str, *, strictly: bool) -> str | None:
    """What follows ``/dav/``; None if that is not there."""
    scheme = _SCHEME.match(path)
    if scheme is not None:
        _, mark, rest = path[scheme.end() :].partition("//")
        path = "/" + rest.partition("/")[2] if mark else path
    if strictly:
        path = "/" + path.lstrip("/") if path.startswith("/") else path
        return path[len(_ROOT) :] if path.startswith(_ROOT) else None
    _, mark, rest = path.partition(_ROOT)
    return rest if mark else None


def _target(rest: str) -> Target | None:
    parts = [part for part in rest.split("/") if part]
    if len(parts) > MOST_SEGMENTS + 2:
        raise BadPath(f"The URL has more than {MOST_SEGMENTS} levels.")
    service = _SERVICES.get(parts[0]) if parts else None
    if service is None:
        return None
    names = [decode_segment(part) for part in parts[1:]]
    return Target(service, names[0] if names else None, tuple(names[1:]), rest.endswith("/"))
