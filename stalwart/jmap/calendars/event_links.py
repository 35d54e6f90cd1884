"""Files that events hold, as links with a ``blobId`` (draft-ietf-jmap-calendars 5.3): over CalDAV they are managed
attachments (RFC 8607), with a URL of their own.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.caldav.managed_attachments import managed_id
from stalwart.codec.dav.paths import encode_segment
from stalwart.codec.icalendar.components import Component
from stalwart.codec.jscalendar.values import Json
from stalwart.groupware.attaching import MOST, PLACE
from stalwart.groupware.attachments import Attachment, Held, held_in
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.asking import Asking
from stalwart.store.store import Transaction

LINKS: Final = "links"
_TOKEN: Final = 9
_NAMELESS: Final = "attachment"


@frozen
class Attached:
    """A file that an event is to hold from now on."""

    id: str
    url: str
    record: Attachment


def with_blob_ids(event: Json, data: Mapping[str, Any]) -> Json:
    """An event whose links to files that it holds have the ids of their blobs."""
    held = held_in(data)
    links = event.get(LINKS)
    if not held or not isinstance(links, dict):
        return event
    made = {key: _with_blob_id(each, held) for key, each in links.items()}
    return {**event, LINKS: made}


def _with_blob_id(link: Any, held: Held) -> Any:
    id = _held_by(link, held)
    return link if id is None else {**link, "blobId": str(BlobId(held[id].hash))}


def _held_by(link: Any, held: Held) -> str | None:
    """By what a file is known that a link leads to, if it is among those."""
    href = link.get("href") if isinstance(link, dict) else None
    if not isinstance(href, str) or PLACE not in href:
        return None
    return next((part for part in href.split("/") if part in held), None)


def _links(event: Json) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every link with where it stands: the map or the patch that it is in, and its key there."""
    links = event.get(LINKS)
    if isinstance(links, dict):
        yield from ((f"{LINKS}/{key}", links, key) for key, each in links.items() if isinstance(each, dict))
    for patch in (event.get("recurrenceOverrides") or {}).values():
        if isinstance(patch, dict):
            for pointer, each in patch.items():
                if pointer == LINKS and isinstance(each, dict):
                    yield from ((LINKS, each, key) for key, link in each.items() if isinstance(link, dict))
                elif pointer.startswith(f"{LINKS}/") and isinstance(each, dict):
                    yield pointer, patch, pointer


def has_blob_ids(event: Json) -> bool:
    """Whether links of an event name blobs."""
    return any("blobId" in holder[key] for _, holder, key in _links(event))


def brought_along(asking: Asking, address: str, event: Json, held: Held) -> tuple[Json, list[Attached]]:
    """A copy of an event that has ``held`` these files, with files of its own in their places: what it names has the
    URL of the account that it goes to, and goes with it.
    """
    from stalwart.codec.jscalendar.patches import copied

    made, found = copied(event), dict[str, Attached]()
    for _, holder, key in _links(made):
        link = holder[key]
        id = _held_by(link, held)
        if id is None or link.get("blobId") not in (None, str(BlobId(held[id].hash))):
            continue
        if id not in found:
            found[id] = _attachment(asking, address, held[id])
        link.pop("blobId", None)
        link["href"] = found[id].url
    return made, list(found.values())


def taken_in(
    tx: Transaction, asking: Asking, address: str, event: Json, old: Json, origin: Asking | None = None
) -> tuple[Json, list[Attached]]:
    """An event without ids of blobs: those that are new become files that it holds. What is copied from ``origin`` may
    name blobs there. Raises ``SetRefused``.
    """
    from stalwart.codec.jscalendar.patches import copied

    if not has_blob_ids(event):
        return event, []
    known = {holder[key].get("href"): holder[key].get("blobId") for _, holder, key in _links(old)}
    made, found = copied(event), []
    for where, holder, key in _links(made):
        link = holder[key]
        blob_id = link.pop("blobId", None)
        if blob_id is None or (link.get("href") is not None and known.get(link["href"]) == blob_id):
            continue
        attached = _attached(tx, asking, address, link, _readable(tx, asking, blob_id, where, origin))
        link["href"] = attached.url
        link.setdefault("rel", "enclosure")
        found.append(attached)
        if len(found) > MOST:
            raise SetRefused("invalidProperties", f"An event holds {MOST} files at most.", (LINKS,))
    return made, found


def _readable(tx: Transaction, asking: Asking, blob_id: Any, where: str, origin: Asking | None) -> Readable:
    for account in (asking, origin):
        if account is not None and isinstance(blob_id, str):
            found = find_readable(tx, asking.access, account.account_id, [blob_id], asking.now).get(blob_id)
            if found is not None and found.id.section is None:
                return found
    raise SetRefused("invalidProperties", "There is no such blob.", (f"{where}/blobId",))


def _attached(tx: Transaction, asking: Asking, address: str, link: Json, readable: Readable) -> Attached:
    tx.blobs.use(readable.id.hash, asking.account_id)
    title, kind = link.get("title"), link.get("contentType")
    name = title if isinstance(title, str) and title else None
    link["size"] = readable.blob.size
    media_type = kind if isinstance(kind, str) else None
    return _attachment(asking, address, Attachment(readable.id.hash, readable.blob.size, media_type, name))


def _attachment(asking: Asking, address: str, record: Attachment) -> Attached:
    """A file as an attachment of its own, with the URL that it has."""
    id = managed_id(record.hash, secrets.token_urlsafe(_TOKEN))
    name = encode_segment(record.filename or _NAMELESS)
    return Attached(id, f"{asking.services['base_url']}{PLACE}{encode_segment(address)}/{id}/{name}", record)


def mark_attached(calendar: Component, attached: list[Attached]) -> None:
    """Have the lines of new files say what they are known by (RFC 8607 4.3)."""
    by_url = {each.url: each for each in attached}
    for component in calendar.components:
        for at, item in enumerate(component.properties):
            if item.name == "ATTACH" and item.value in by_url:
                component.properties[at] = item.with_parameter("MANAGED-ID", by_url[item.value].id)
