"""What CalendarEvent/set does before its transaction: large events are read and written here, where nobody waits.

Each such change is carried out once on a reading transaction, up to the object that would be kept. What comes out of it
counts as long as the transaction finds the event as it was; what is refused here is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import json

from stalwart.errors import NotFound, StalwartError, TooLarge
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.calendars.event_ids import base_of
from stalwart.jmap.calendars.event_sight import EventSight
from stalwart.jmap.calendars.event_view import LARGE, EventView, read_event
from stalwart.jmap.calendars.event_writing import DRAFTS, EventWriting, Tried
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.declaration import ANY
from stalwart.jmap.standard.proposals import new_object, proposed, read_changes, read_patch, with_ids
from stalwart.store import Store
from stalwart.store.store import Transaction

_MOST: Final = 2 << 20
"""Octets of large events that one call changes."""
_TOO_MUCH: Final = "This is more than one call changes; change fewer events at a time."


async def prepare_large(asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
    """Convert large events that are new or change; answers what is refused."""
    store: Store = asking.services["store"]
    sizes = {key: size for key, given in arguments.create.items() if (size := len(json.encode(given))) > LARGE}
    named = {key: asking.declared.ids.number(key) for key in (*arguments.update, *arguments.destroy)}
    bases = {key: base_of(number) for key, number in named.items() if number is not None and _writes(key, arguments)}
    if bases:
        known = await store.read(lambda tx: _sizes(tx, asking, set(bases.values())))
        sizes |= {key: known[base] for key, base in bases.items() if known.get(base, 0) > LARGE}
    refused: dict[str, StalwartError] = {}
    left = _MOST
    for key, size in sizes.items():
        left -= size
        if left < 0 and size < _MOST:
            refused[key] = TooLarge(_TOO_MUCH)
            continue
        problem = await store.read(lambda tx, key=key: _tried(tx, asking, arguments, key))  # type: ignore[misc]
        if problem is not None:
            refused[key] = problem
    return refused


def _writes(key: str, arguments: SetArguments) -> bool:
    """Whether the object is written: a whole event that is destroyed is not."""
    return key in arguments.update or "-" in key


def _sizes(tx: Transaction, asking: Asking, ids: set[int]) -> dict[int, int]:
    found = {}
    for id in ids:
        places = tx.collections.places(asking.account_id, id)
        if places:
            found[id] = places[0].size
    return found


def _tried(tx: Transaction, asking: Asking, arguments: SetArguments, key: str) -> StalwartError | None:
    """Carry a change out, but for keeping it; why it is refused."""
    sight = EventSight.of(tx, Viewer.of(asking.access), asking.account_id)
    try:
        change = _change(tx, asking, arguments, key, sight)
        writing = EventWriting(tx, asking, change, sight, is_trial=True)
        if key in arguments.create:
            writing.create()
        elif key in arguments.update:
            writing.update()
        else:
            writing.destroy()
    except Tried as tried:
        asking.prepared.setdefault(DRAFTS, []).append((tried.before, tried.event, tried.examined))
        read_event(tried.examined.octets, known=asking.prepared)
    except NotFound:
        return None
    except StalwartError as problem:
        return problem
    return None


def _change(tx: Transaction, asking: Asking, arguments: SetArguments, key: str, sight: EventSight) -> Change:
    """A change as the transaction will see it. Raises what the transaction would."""
    properties = asking.declared.properties
    if key in arguments.create:
        return Change(key, new=new_object(with_ids(arguments.create[key], properties, asking.request), properties))
    number = asking.declared.ids.number(key)
    if number is None:
        raise NotFound
    patch: Mapping[str, Any] = arguments.update.get(key, {})
    changes = read_patch(patch, properties, asking.request)
    names = [*asking.declared.changing_names(), *(path[0] for path in changes if path[0] != "id"), ANY]
    found = EventView(tx, asking, sight).found((number,), names)
    if not found:
        raise NotFound
    every = [name for name in dict.fromkeys([*names, *found[0][1]]) if name != ANY]
    old = {"id": key, **{name: found[0][1].get(name) for name in every}}
    new = read_changes(old, proposed(old, changes, properties), properties)
    return Change(key, number, {name: old[name] for name in every}, {name: new[name] for name in every})
