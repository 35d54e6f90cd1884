"""Calendars, events, address books and cards at another JMAP server (draft-ietf-jmap-calendars, RFC 9610).

An object comes as the server shows it, without what that has made of it for its own account: ids, rights, with whom it
is shared. Collections are told by their names, the default one by being that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from attrs import frozen

from stalwart.cli.importing.client import JmapClient
from stalwart.cli.importing.items import Item

Pages = Callable[..., Iterator[dict[str, Any]]]
"""All objects of a type: the capabilities, the account, the type, properties, the sort."""


@frozen
class Groupware:
    """One of two sorts of collections with what is in them: how JMAP calls it all, and what stays where it was."""

    capability: str
    collection: str
    item: str
    places: str
    holds_blobs: str
    collection_kind: Any
    item_kind: Any
    traits: tuple[str, ...]
    left_out: tuple[str, ...]


EVENTS: Final = Groupware(
    capability="urn:ietf:params:jmap:calendars",
    collection="Calendar",
    item="CalendarEvent",
    places="calendarIds",
    holds_blobs="links",
    collection_kind="calendar",
    item_kind="calendarEvent",
    traits=(
        *("name", "description", "color", "sortOrder", "isVisible", "includeInAvailability", "timeZone"),
        *("defaultAlertsWithTime", "defaultAlertsWithoutTime"),
    ),
    left_out=("id", "baseEventId", "isOrigin", "utcStart", "utcEnd", "method", "iCalendar"),
)
CARDS: Final = Groupware(
    capability="urn:ietf:params:jmap:contacts",
    collection="AddressBook",
    item="ContactCard",
    places="addressBookIds",
    holds_blobs="media",
    collection_kind="addressBook",
    item_kind="contactCard",
    traits=("name", "description", "sortOrder"),
    left_out=("id",),
)
DEFAULT: Final = "\0default"
"""Stands for the name of the default collection."""


def objects(client: JmapClient, account: str, what: Groupware, pages: Pages, into: tuple[str, ...]) -> Iterator[Item]:
    """Collections, then what is in them; ``into`` is the one collection for everything, if there is one."""
    given = {"accountId": account, "ids": None}
    listed = client.call([what.capability], f"{what.collection}/get", **given)["list"]
    names = {each["id"]: DEFAULT if each.get("isDefault") else str(each.get("name") or "") for each in listed}
    if not into:
        for each in listed:
            if names[each["id"]] == DEFAULT:
                continue
            traits = {name: each[name] for name in what.traits if each.get(name) is not None}
            read = partial(_octets, traits)
            yield Item(what.collection_kind, each["id"], (), read, name=names[each["id"]])
    for each in pages([what.capability], account, what.item, None, None):
        known = (names[id] for id in each.get(what.places) or {} if id in names)
        places = into[-1:] or tuple(sorted(set(known)))
        if not places:
            continue
        given = {name: value for name, value in each.items() if name not in (*what.left_out, what.places)}
        fetch = partial(client.download, account)
        yield Item(what.item_kind, each["id"], places, partial(_octets, given), fetch=fetch)


def _octets(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
