"""Properties and bodies that have a shape of their own: locks (RFC 4918 14, 15), sets of reports and components, dates,
answers to questions when somebody is busy (RFC 6638 3.6, 10).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache

from attrs import frozen

from stalwart.codec.dav.multistatus import (
    attribute_element,
    data_element,
    document,
    element,
    empty,
    escaped,
    href,
    href_element,
    text_element,
)
from stalwart.codec.dav.names import Name, name
from stalwart.codec.dav.tokens import lock_token

_EXCLUSIVE, _SHARED = (element(name("D:lockscope"), empty(name(scope))) for scope in ("D:exclusive", "D:shared"))
_WRITE = element(name("D:locktype"), empty(name("D:write")))
SUPPORTED_LOCK = element(
    name("D:supportedlock"), *(element(name("D:lockentry"), scope, _WRITE) for scope in (_EXCLUSIVE, _SHARED))
)
"""The property: locks against writing, exclusive and shared."""


@frozen
class ActiveLock:
    """A lock as it is shown; ``owner`` is ``owner_xml`` of the request, ``root`` a canonical path."""

    number: int
    exclusive: bool
    infinite: bool
    root: str
    seconds_left: int
    owner: str | None = None

    def written(self) -> bytes:
        """``D:activelock``."""
        return element(
            name("D:activelock"),
            _EXCLUSIVE if self.exclusive else _SHARED,
            _WRITE,
            text_element(name("D:depth"), "infinity" if self.infinite else "0"),
            (self.owner or "").encode(errors="replace"),
            text_element(name("D:timeout"), f"Second-{max(0, self.seconds_left)}"),
            href_element(name("D:locktoken"), lock_token(self.number)),
            href_element(name("D:lockroot"), self.root),
        )


def lock_discovery(locks: Iterable[ActiveLock]) -> bytes:
    """The property ``D:lockdiscovery``."""
    return element(name("D:lockdiscovery"), *(lock.written() for lock in locks))


def lock_document(lock: ActiveLock) -> bytes:
    """The body of the answer to LOCK."""
    return document(name("D:prop"), lock_discovery([lock]))


def lock_token_submitted(roots: Iterable[str]) -> bytes:
    """The condition that fails where tokens are missing: the roots of the locks that are in the way."""
    return href_element(name("D:lock-token-submitted"), *roots)


def need_privileges(path: str, privileges: Iterable[Name]) -> bytes:
    """The condition that fails where these privileges are missing on a resource (RFC 3744 7.1.1)."""
    return element(
        name("D:need-privileges"),
        *(
            element(name("D:resource"), href(path), element(name("D:privilege"), empty(privilege)))
            for privilege in privileges
        ),
    )


@lru_cache(maxsize=64)
def supported_report_set(reports: tuple[Name, ...]) -> bytes:
    """The property of that name (RFC 3253 3.1.5)."""
    return element(
        name("D:supported-report-set"),
        *(element(name("D:supported-report"), element(name("D:report"), empty(report))) for report in reports),
    )


@lru_cache(maxsize=256)
def supported_components(components: tuple[str, ...]) -> bytes:
    """The property ``A:supported-calendar-component-set`` (RFC 4791 5.2.3)."""
    return element(
        name("A:supported-calendar-component-set"),
        *(attribute_element(name("A:comp"), name=component) for component in components),
    )


def search_property_set(properties: Iterable[tuple[Name, str]]) -> bytes:
    """The body that says by which properties principals are found, each with a sentence (RFC 3744 9.5)."""
    entries = [
        element(
            name("D:principal-search-property"),
            element(name("D:prop"), empty(called)),
            b'<D:description xml:lang="en">%b</D:description>' % escaped(text),
        )
        for called, text in properties
    ]
    return document(name("D:principal-search-property-set"), *entries)


@lru_cache(maxsize=4096)
def creation_date(second: int) -> str:
    """A moment as ``D:creationdate`` has it (RFC 3339)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


@lru_cache(maxsize=4096)
def http_date(second: int) -> str:
    """A moment as ``D:getlastmodified`` and Last-Modified have it (RFC 9110 5.6.7)."""
    return formatdate(second, usegmt=True)


@frozen
class Recipient:
    """What became of a question to one address: ``2.0;Success`` with a calendar, or another status."""

    address: str
    status: str
    calendar: bytes | None = None


def schedule_response(recipients: Iterable[Recipient]) -> bytes:
    """The body of the answer to a POST to an outbox."""
    return document(name("A:schedule-response"), *map(_response, recipients))


def _response(recipient: Recipient) -> bytes:
    found = () if recipient.calendar is None else (data_element(name("A:calendar-data"), recipient.calendar),)
    return element(
        name("A:response"),
        element(name("A:recipient"), href(recipient.address)),
        text_element(name("A:request-status"), recipient.status),
        *found,
    )
