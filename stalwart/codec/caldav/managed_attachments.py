"""Managed attachments in calendar objects (RFC 8607 3): ATTACH properties that say which file of the server they are.

Adding, replacing and removing them in the series and in single instances, which get components of their own where they
have none. What an attachment is known by begins with the digest of its content, so that it is found without a table.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Final

from attrs import frozen

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import KINDS
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.itip.objects import Key, SchedulingObject, derived, read_object
from stalwart.codec.itip.outcomes import SchedulingRefused
from stalwart.errors import Invalid

MANAGED_ID: Final = "MANAGED-ID"
MOST_INSTANCES: Final = 100
"""Instances that one request names."""
_DIGEST: Final = 43
_ID = re.compile(r"[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{8,40}")
_RID = re.compile(r"[0-9]{8}(?:T[0-9]{6}Z?)?")
_SERIES: Final = "M"


class WrongInstance(Invalid):
    """There is no such instance, or that is no way to name one."""


class UnknownAttachment(Invalid):
    """The object has no such attachment where it was looked for."""


@frozen
class Attached:
    """A file as ATTACH tells of it."""

    managed_id: str
    url: str
    size: int
    media_type: str | None
    filename: str | None

    def written(self) -> Property:
        """The property."""
        parameters = {MANAGED_ID: self.managed_id, "SIZE": str(self.size)}
        if self.media_type:
            parameters["FMTTYPE"] = self.media_type
        if self.filename:
            parameters["FILENAME"] = self.filename
        return Property.made("ATTACH", self.url, parameters)


def managed_id(digest: bytes, token: str) -> str:
    """What an attachment is known by; ``token`` tells it from others of the same content."""
    return f"{urlsafe_b64encode(digest).decode().rstrip('=')}.{token}"


def digest_of(managed_id: str) -> bytes | None:
    """The digest of the content of an attachment; None if this is nothing that one is known by here."""
    if _ID.fullmatch(managed_id) is None:
        return None
    return urlsafe_b64decode(managed_id[:_DIGEST] + "=")


def managed_ids(calendar: Component) -> set[str]:
    """What all attachments of an object are known by."""
    return {
        id
        for part in calendar.components
        if part.name in KINDS
        for item in part.properties
        if item.name == "ATTACH" and (id := item.parameter(MANAGED_ID)) is not None
    }


def read_instances(given: str | None) -> tuple[str, ...] | None:
    """The instances that the parameter ``rid`` names; None where it is not there. Raises WrongInstance."""
    if given is None:
        return None
    named = tuple(dict.fromkeys(each.strip() for each in given.split(",")))
    if len(named) > MOST_INSTANCES:
        raise WrongInstance(f"At most {MOST_INSTANCES} instances can be named.")
    for each in named:
        if each != _SERIES and _RID.fullmatch(each) is None:
            raise WrongInstance("Instances are named as in RECURRENCE-ID, the series by M.")
    return named


def add(calendar: Component, attached: Attached, instances: Iterable[str] | None) -> None:
    """Put an attachment to these instances, or to everything. Raises WrongInstance."""
    for part in _parts(calendar, instances):
        part.properties.append(attached.written())


def replace(calendar: Component, managed_id: str, attached: Attached) -> None:
    """Put an attachment where another one is. Raises UnknownAttachment."""
    found = False
    for part in _parts(calendar, None):
        for item in _having(part, managed_id):
            part.exchange(item, attached.written())
            found = True
    if not found:
        raise UnknownAttachment


def remove(calendar: Component, managed_id: str, instances: Iterable[str] | None) -> None:
    """Take an attachment away from these instances, or altogether. Raises WrongInstance, UnknownAttachment."""
    found = False
    for part in _parts(calendar, instances):
        for item in _having(part, managed_id):
            part.exchange(item, None)
            found = True
    if not found:
        raise UnknownAttachment


def _having(part: Component, managed_id: str) -> list[Property]:
    return [each for each in part.all("ATTACH") if each.parameter(MANAGED_ID) == managed_id]


def _parts(calendar: Component, instances: Iterable[str] | None) -> list[Component]:
    """The components that instances are described by, made where there are none."""
    if instances is None:
        return [each for each in calendar.components if each.name in KINDS]
    try:
        known = read_object(calendar)
    except SchedulingRefused as refused:
        raise WrongInstance(refused.detail) from refused
    found: dict[Key, Component] = {}
    for each in instances:
        if each == _SERIES:
            key, part = None, known.master
        else:
            recurrence = _recurrence(known, each)
            key = known.key(recurrence)
            part = found.get(key) or known.parts.get(key) or _made(known, key, recurrence)
        if part is None:
            raise WrongInstance("There is no such instance.")
        found[key] = part
    for key, part in found.items():
        if key not in known.parts:
            calendar.components.append(part)
    return list(found.values())


def _made(known: SchedulingObject, key: Key, recurrence: Property) -> Component | None:
    return derived(known, recurrence, known.zones) if known.has_instance(key) else None


def _recurrence(known: SchedulingObject, written: str) -> Property:
    """The RECURRENCE-ID of an instance, on the clock of the series."""
    if "T" not in written:
        return Property.made("RECURRENCE-ID", written, {"VALUE": "DATE"})
    start = known.master.first("DTSTART") if known.master is not None else None
    zone = start.parameter("TZID") if start is not None else None
    if zone is None or written.endswith("Z"):
        return Property.made("RECURRENCE-ID", written)
    return Property.made("RECURRENCE-ID", written, {"TZID": zone})
