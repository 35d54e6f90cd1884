"""``x:Type/set`` (settings A.6): each object for itself, creations first, then updates, then removals.

Everything is one transaction with a savepoint for each object. A change that somebody else made meanwhile cannot be
lost, because patches are applied to what the transaction reads. There is no state, so ``ifInState`` never matches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.errors import StalwartError
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError, SetRefused
from stalwart.jmap.registry.asked import asking_of
from stalwart.jmap.registry.handler import Asking, Change, Handler
from stalwart.jmap.registry.references import referred
from stalwart.jmap.registry.scoping import FOREIGN_PLACE, may_name_places, places_named
from stalwart.jmap.registry.set_work import Outcome, SetWork
from stalwart.jmap.registry.verbs import check_set
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.order import creation_order
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import REGISTRY_CHANGED

SHOWN = 10


async def set_objects(call: Call, handler: Handler, store: Store, clock: Any, telemetry: Telemetry) -> dict[str, Any]:
    """The answer to ``call``; what it changed is in force, and in the log with who has changed it."""
    arguments = SetArguments.read(call)
    asking = asking_of(call, clock)
    check_set(asking.access, handler.declaration, arguments)
    if arguments.if_in_state is not None:
        raise MethodError("stateMismatch", "Objects of this type have no state.")
    changes = _changes(handler, arguments)
    outcome = Outcome()
    if changes:
        _refuse_places(asking, changes)
        await handler.prepare(asking, [change for change in changes if change.refused is None])
        outcome = await store.write(lambda tx: SetWork(tx, handler, asking).done(changes))
    call.request.created_ids.update(outcome.created_ids)
    answer = {"accountId": encode_id(asking.account_id), **outcome.wire()}
    if outcome.done:
        _tell(telemetry, handler, asking, outcome)
    notices = await _committed(handler, asking, outcome.done) if outcome.done else []
    return answer | {"notices": notices} if notices else answer


def _changes(handler: Handler, arguments: SetArguments) -> list[Change]:
    """The changes in the order in which they are made."""
    order = creation_order(arguments.create, lambda members: referred(handler.declaration, members))
    return [
        *(Change("create", key, data=arguments.create[key]) for key in order),
        *(Change("update", key, data=patch) for key, patch in arguments.update.items()),
        *(Change("destroy", key) for key in dict.fromkeys(arguments.destroy)),
    ]


def _refuse_places(asking: Asking, changes: Sequence[Change]) -> None:
    """Only administrators of the whole server may learn what is in its files: none is read for others."""
    if not may_name_places(asking.access):
        for change in changes:
            named = places_named(change.data)
            if named:
                change.refused = SetRefused("forbidden", FOREIGN_PLACE, named)


def _tell(telemetry: Telemetry, handler: Handler, asking: Asking, outcome: Outcome) -> None:
    """The audit event: which objects, by whom, from where; never what is in them."""
    made = {
        "created": [members["id"] for members in outcome.created.values()],
        "updated": list(outcome.updated),
        "destroyed": outcome.destroyed,
    }
    keys: dict[str, Any] = {name: _some(ids) for name, ids in made.items() if ids}
    if asking.account_id != asking.access.account_id:
        keys["accountId"] = asking.account_id
    access = asking.access
    telemetry.emit(REGISTRY_CHANGED, object=handler.type, accountName=access.login, remoteIp=asking.client_ip, **keys)


def _some(ids: Sequence[str]) -> str:
    """The first ids, and how many more there are."""
    more = len(ids) - SHOWN
    return " ".join(ids[:SHOWN]) + (f" and {more} more" if more > 0 else "")


async def _committed(handler: Handler, asking: Asking, done: Sequence[Change]) -> list[str]:
    """Put into force what is stored; that it is stored holds, whatever fails here."""
    try:
        return await handler.committed(asking, done)
    except StalwartError as problem:
        return [f"Stored, but not in force yet: {problem.detail}"]
