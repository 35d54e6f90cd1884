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
from stalwart.groupware.attachments import Attachment, held_in
from stalwart.jmap.blobs.access import find_readable
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


def _with_blob_id(link: Any, held: Mapping[str, Attachment]) -> Any:
    href = link.get("href") if isinstance(link, dict) else None
    if not isinstance(href, str) or PLACE not in href:
        return link
    id = next((part for part in href.split("/") if part in held), None)
    return link if id is None else {**link, "blobId": str(BlobId(held[id].hash))}


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


def taken_in(tx: Transaction, asking: Asking, address: str, event: Json, old: Json) -> tuple[Json, list[Attached]]:
    """An event without ids of blobs: those that are new become files that it holds. Raises ``SetRefused``."""
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
        attached = _attached(tx, asking, address, link, blob_id, where)
        link["href"] = attached.url
        link.setdefault("rel", "enclosure")
        found.append(attached)
        if len(found) > MOST:
            raise SetRefused("invalidProperties", f"An event holds {MOST} files at most.", (LINKS,))
    return made, found


def _attached(tx: Transaction, asking: Asking, address: str, link: Json, blob_id: Any, where: str) -> Attached:
    readable = None
    if isinstance(blob_id, str):
        readable = find_readable(tx, asking.access, asking.account_id, [blob_id], asking.now).get(blob_id)
    if readable is None or readable.id.section is not None:
        raise SetRefused("invalidProperties", "There is no such blob.", (f"{where}/blobId",))
    tx.blobs.use(readable.id.hash, asking.account_id)
    id, title = managed_id(readable.id.hash, secrets.token_urlsafe(_TOKEN)), link.get("title")
    name = title if isinstance(title, str) and title else None
    url = f"{asking.services['base_url']}{PLACE}{encode_segment(address)}/{id}/{encode_segment(name or _NAMELESS)}"
    kind = link.get("contentType")
    media_type = kind if isinstance(kind, str) else None
    link["size"] = readable.blob.size
    return Attached(id, url, Attachment(readable.id.hash, readable.blob.size, media_type, name))


def mark_attached(calendar: Component, attached: list[Attached]) -> None:
    """Have the lines of new files say what they are known by (RFC 8607 4.3)."""
    by_url = {each.url: each for each in attached}
    for component in calendar.components:
        for at, item in enumerate(component.properties):
            if item.name == "ATTACH" and item.value in by_url:
                component.properties[at] = item.with_parameter("MANAGED-ID", by_url[item.value].id)
