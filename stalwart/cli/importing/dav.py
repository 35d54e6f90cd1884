"""Calendars and address books at a DAV server, read and written (RFC 4791, RFC 6352, RFC 6764 6)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from attrs import frozen

from stalwart.cli.importing.client import Client
from stalwart.cli.importing.items import Item, Unreadable
from stalwart.cli.settings.problems import Problem
from stalwart.codec.dav.elements import Element, read_document
from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.names import name

_NAMESPACES: Final = 'xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav" xmlns:B="urn:ietf:params:xml:ns:carddav"'
_XML: Final = {"Content-Type": "application/xml; charset=utf-8", "Accept": "*/*"}
_REDIRECTS: Final = (301, 302, 303, 307, 308)


@frozen
class Service:
    """CalDAV or CardDAV: what its things are called."""

    kind: str
    home: str
    collection: str
    well_known: str
    media_type: str
    ending: str


CALDAV: Final = Service(
    "event", "A:calendar-home-set", "A:calendar", "/.well-known/caldav", "text/calendar; charset=utf-8", ".ics"
)
CARDDAV: Final = Service(
    "card", "B:addressbook-home-set", "B:addressbook", "/.well-known/carddav", "text/vcard; charset=utf-8", ".vcf"
)


@frozen
class Found:
    """A resource of a multistatus: its path, its properties that are there."""

    path: str
    properties: tuple[Element, ...]

    def first(self, called: str) -> Element | None:
        """A property by its name."""
        return next((each for each in self.properties if each.name == name(called)), None)

    def is_a(self, called: str) -> bool:
        """Whether its type says so."""
        type = self.first("D:resourcetype")
        return type is not None and type.first(name(called)) is not None


class DavClient:
    """WebDAV at one server."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def find(self, path: str, depth: str, *properties: str) -> list[Found]:
        """What PROPFIND finds at a path; where that redirects, the resource itself comes first. Raises Problem."""
        asked = "".join(f"<{each}/>" for each in properties)
        body = f"<D:propfind {_NAMESPACES}><D:prop>{asked}</D:prop></D:propfind>".encode()
        url = self.client.connection.url
        for _ in range(4):
            reply = self.client.send("PROPFIND", path, body, {**_XML, "Depth": depth})
            if reply.status in _REDIRECTS:
                path = urlsplit(urljoin(path, reply.headers.get("location", ""))).path
                continue
            if reply.status == 401:
                raise Problem(f"{url} does not accept these credentials")
            if reply.status != 207:
                raise Problem(f"{url} answers {reply.status} to PROPFIND {path[:200]}")
            found = multistatus(reply.body, path)
            return sorted(found, key=lambda each: each.path.rstrip("/") != path.rstrip("/"))
        raise Problem(f"{url} redirects in circles")

    def collections(self, service: Service, path: str) -> list[tuple[str, str]]:
        """Paths and names of what the account has: below ``path``, or where that says its home is. Raises Problem."""
        seen: set[str] = set()
        while path not in seen and len(seen) < 4:
            seen.add(path)
            found = self.find(path, "1", "D:resourcetype", "D:displayname")
            here = [each for each in found if each.is_a(service.collection)]
            if here:
                return [(each.path, _text(each, "D:displayname") or _last(each.path)) for each in here]
            own = self.find(path, "0", service.home, "D:current-user-principal")[:1]
            where = [_href(each, called) for called in (service.home, "D:current-user-principal") for each in own]
            path = next((each for each in where if each is not None and each not in seen), path)
        raise Problem(f"{self.client.connection.url} shows no {service.collection.partition(':')[2]} at {path[:200]}")


class DavSource:
    """All objects of all calendars or address books that a login has at a server."""

    def __init__(self, dav: DavClient, service: Service, path: str | None, into: tuple[str, ...] | None) -> None:
        self._dav = dav
        self._service = service
        self._into = into
        self._collections = dav.collections(service, path or service.well_known)

    def items(self) -> Iterator[Item]:
        """One collection after the other; an object is named by its path."""
        for path, called in self._collections:
            for each in self._dav.find(path, "1", "D:resourcetype", "D:getetag"):
                if each.first("D:getetag") is None or each.is_a("D:collection") or each.path == path:
                    continue
                read = partial(self._read, each.path)
                yield Item(self._service.kind, each.path, self._into or (called,), read)  # type: ignore[arg-type]

    def count(self) -> int | None:
        """Not known before the collections are listed."""
        return None

    def close(self) -> None:
        """Nothing is open but the connection."""

    def _read(self, path: str) -> bytes:
        reply = self._dav.client.send("GET", path, None, {"Accept": "*/*"})
        if reply.status != 200:
            raise Unreadable(f"the server answers {reply.status}")
        return reply.body


def multistatus(body: bytes, path: str) -> list[Found]:
    """The resources of an answer, paths absolute (RFC 4918 13). Raises Problem."""
    try:
        root = read_document(body)
    except MalformedXml:
        raise Problem("the answer to PROPFIND is no multistatus") from None
    found = []
    for response in root.all(name("D:response")):
        href = response.first(name("D:href"))
        properties: list[Element] = []
        for propstat in response.all(name("D:propstat")):
            status, prop = propstat.first(name("D:status")), propstat.first(name("D:prop"))
            if prop is not None and (status is None or " 200" in status.text):
                properties += prop.children
        if href is not None:
            found.append(Found(urlsplit(urljoin(path, href.text.strip())).path, tuple(properties)))
    return found


def _href(found: Found, called: str) -> str | None:
    property = found.first(called)
    href = property.first(name("D:href")) if property is not None else None
    return None if href is None else urlsplit(href.text.strip()).path


def _text(found: Found, called: str) -> str | None:
    property = found.first(called)
    return (property.text.strip() or None) if property is not None else None


def _last(path: str) -> str:
    return unquote(path.rstrip("/").rpartition("/")[2])
