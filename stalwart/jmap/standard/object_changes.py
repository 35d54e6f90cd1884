"""``/changes`` (RFC 8620 5.2); folding the log is the source's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.jmap.accounts import account_argument, belongs
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import ChangesArguments
from stalwart.jmap.standard.asking import Asking, Services
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.rules import Backed
from stalwart.jmap.standard.states import State, read_state
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

_OCTETS = 512
_OCTETS_OF_ID = 64


async def object_changes(backed: Backed, call: Call, services: Services) -> dict[str, Any]:
    """The answer to ``call``, from one read transaction."""
    account_id = account_argument(call, shared=backed.declared.shared)
    arguments = ChangesArguments.read(call)
    since = read_state(arguments.since_state, "sinceState")
    asking = Asking.of(backed.declared, call, account_id, arguments.rest, services)
    cap = call.request.limits.changes_max_results
    limit = min(arguments.max_changes or cap, cap)

    def made(tx: Transaction, state: int) -> _Answer | None:
        changes = backed.source.changes(tx, asking, since, limit)
        if changes is None or not changes.new_state:
            require_account(tx, account_id)
        return None if changes is None else _Answer.of(changes)

    repeated = backed.repeated if belongs(call.request.access, account_id) else None
    if repeated is None:
        answer = await services["store"].read(lambda tx: made(tx, 0))
    else:
        asked = (backed.declared.name, since, limit)
        answer = await services["recent_answers"].answer(account_id, repeated.number, asked, made)
    if answer is None:
        raise cannot_calculate()
    told = {"accountId": encode_id(account_id), "oldState": arguments.since_state, **answer.told}
    if backed.declared.counts:
        told["updatedProperties"] = list(backed.declared.counts) if answer.only_counts else None  # RFC 8621 2.2
    return told


@frozen
class _Answer:
    """What has changed, as it is sent."""

    told: Mapping[str, Any]
    only_counts: bool
    octets: int

    @classmethod
    def of(cls, changes: Changes) -> _Answer:
        """With the ids and the state as they are written."""
        ids = {name: [*map(encode_id, getattr(changes, name))] for name in ("created", "updated", "destroyed")}
        new_state = State(changes.new_state, changes.origin if changes.has_more else None)
        octets = _OCTETS + _OCTETS_OF_ID * sum(map(len, ids.values()))
        return cls({"newState": str(new_state), "hasMoreChanges": changes.has_more, **ids}, changes.only_counts, octets)


def too_many_changes(most: int) -> MethodError:
    """For a ``/queryChanges`` with more changes than ``maxChanges`` (RFC 8620 5.6)."""
    return MethodError("tooManyChanges", f"There are more than {most} changes; query anew.")


def cannot_calculate() -> MethodError:
    """For a state that is too old, of another server, or of the future."""
    return MethodError("cannotCalculateChanges", "The changes since that state cannot be told; read everything anew.")
