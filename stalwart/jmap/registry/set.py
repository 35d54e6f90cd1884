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
from stalwart.jmap.errors import MethodError
from stalwart.jmap.registry.asked import asking_of
from stalwart.jmap.registry.handler import Asking, Change, Handler
from stalwart.jmap.registry.references import referred
from stalwart.jmap.registry.set_work import Outcome, SetWork
from stalwart.jmap.registry.verbs import check_set
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.order import creation_order
from stalwart.store import Store


async def set_objects(call: Call, handler: Handler, store: Store, clock: Any) -> dict[str, Any]:
    """The answer to ``call``; what it changed is in force."""
    arguments = SetArguments.read(call)
    asking = asking_of(call, clock)
    check_set(asking.access, handler.declaration, arguments)
    if arguments.if_in_state is not None:
        raise MethodError("stateMismatch", "Objects of this type have no state.")
    changes = _changes(handler, arguments)
    outcome = Outcome()
    if changes:
        await handler.prepare(asking, changes)
        outcome = await store.write(lambda tx: SetWork(tx, handler, asking).done(changes))
    call.request.created_ids.update(outcome.created_ids)
    answer = {"accountId": encode_id(asking.account_id), **outcome.wire()}
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


async def _committed(handler: Handler, asking: Asking, done: Sequence[Change]) -> list[str]:
    """Put into force what is stored; that it is stored holds, whatever fails here."""
    try:
        return await handler.committed(asking, done)
    except StalwartError as problem:
        return [f"Stored, but not in force yet: {problem.detail}"]
