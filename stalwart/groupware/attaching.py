"""Putting files to events, replacing and removing them (RFC 8607 3.4 to 3.6), in one transaction with the event.

The event is changed as if its owner had written it: people who are invited hear of it, limits and quotas count.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve, frozen

from stalwart.codec.caldav.managed_attachments import (
    Attached,
    UnknownAttachment,
    WrongInstance,
    add,
    managed_id,
    remove,
    replace,
)
from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.paths import encode_segment
from stalwart.codec.icalendar.components import Component
from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.errors import NotFound
from stalwart.groupware.attachments import Attachment, Held, held_in, written
from stalwart.groupware.calendar_objects import CalendarObjects, Kept
from stalwart.groupware.resources import Resource
from stalwart.groupware.traits import ATTACHMENTS
from stalwart.groupware.violations import Rule, Violation
from stalwart.store import Transaction
from stalwart.store.blob_files import Stored

PLACE: Final = "/dav/attach/"
"""Where attachments are."""
MOST: Final = 50
"""Attachments of one event."""
_TOKEN: Final = 9
_NAMELESS: Final = "attachment"
Instances = tuple[str, ...] | None


@frozen
class Upload:
    """A file that was sent."""

    content: bytes | Stored
    media_type: str | None
    filename: str | None


@frozen
class Changed:
    """What came of it: the event, and the attachment that is new."""

    kept: Kept
    attached: Attached | None = None


class Attaching:
    """Changes the attachments of events. ``base_url`` is what their URLs begin with."""

    def __init__(self, settings: Any, events: CalendarObjects, base_url: str) -> None:
        self._settings = settings
        self._events = events
        self._base_url = base_url

    @property
    def largest(self) -> int:
        """How many octets an attachment may have."""
        size: int = self._settings.of(FileStorage).max_size
        return size

    @property
    def server(self) -> str:
        """The URL of the server that has the attachments."""
        return f"{self._base_url}/"

    def add(
        self, tx: Transaction, found: Resource, upload: Upload, instances: Instances, *, user_id: int, now: int
    ) -> Changed:
        """Put a file to these instances of an event, or to all of it. Raises NotFound, Violation, OverQuota."""
        held = _held(tx, found)
        if len(held) >= MOST:
            raise Violation(Rule.TOO_MANY_ATTACHMENTS, limit=MOST)
        attached, record = self._taken(tx, found, upload, now)
        held[attached.managed_id] = record
        kept = self._changed(tx, found, lambda calendar: add(calendar, attached, instances), held, user_id, now)
        return Changed(kept, attached)

    def update(self, tx: Transaction, found: Resource, id: str, upload: Upload, *, user_id: int, now: int) -> Changed:
        """Put a file in the place of an attachment; it has another id then, and the name of the one before if none was
        sent. Raises as ``add``.
        """
        held = _known(tx, found, id)
        if upload.filename is None:
            upload = evolve(upload, filename=held[id].filename)
        attached, record = self._taken(tx, found, upload, now)
        held[attached.managed_id] = record
        kept = self._changed(tx, found, lambda calendar: replace(calendar, id, attached), held, user_id, now)
        return Changed(kept, attached)

    def remove(
        self, tx: Transaction, found: Resource, id: str, instances: Instances, *, user_id: int, now: int
    ) -> Changed:
        """Take an attachment away from these instances, or altogether. Raises as ``add``."""
        held = _known(tx, found, id)
        return Changed(self._changed(tx, found, lambda calendar: remove(calendar, id, instances), held, user_id, now))

    def _taken(self, tx: Transaction, found: Resource, upload: Upload, now: int) -> tuple[Attached, Attachment]:
        content = upload.content
        blob = tx.blobs.put(content, now) if isinstance(content, bytes) else tx.blobs.adopt(content, now)
        id = managed_id(blob.hash, secrets.token_urlsafe(_TOKEN))
        name = encode_segment(upload.filename or _NAMELESS)
        url = f"{self._base_url}{PLACE}{encode_segment(found.home.address)}/{id}/{name}"
        attached = Attached(id, url, blob.size, upload.media_type, upload.filename)
        return attached, Attachment(blob.hash, blob.size, upload.media_type, upload.filename)

    def _changed(
        self,
        tx: Transaction,
        found: Resource,
        change: Callable[[Component], None],
        held: Held,
        user_id: int,
        now: int,
    ) -> Kept:
        if found.member is None:
            raise NotFound
        calendar = stored(tx.collections.octets(found.account_id, found.member.item_id) or b"")
        try:
            change(calendar)
        except WrongInstance as wrong:
            raise Violation(Rule.WRONG_INSTANCE, wrong.detail) from wrong
        except UnknownAttachment as unknown:
            raise Violation(Rule.UNKNOWN_ATTACHMENT) from unknown
        given = self._events.examined_anew(calendar, now)
        return self._events.put(tx, found, given, user_id=user_id, now=now, beside={ATTACHMENTS: written(held)})


def _held(tx: Transaction, found: Resource) -> dict[str, Attachment]:
    row = tx.objects.get(found.account_id, found.member.item_id) if found.member is not None else None
    return held_in(row.data if row is not None else None)


def _known(tx: Transaction, found: Resource, id: str) -> dict[str, Attachment]:
    """What the event holds, which is this attachment too. Raises Violation."""
    held = _held(tx, found)
    if id not in held:
        raise Violation(Rule.UNKNOWN_ATTACHMENT)
    return held
