"""``/queryChanges`` (RFC 8620 5.6)."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.codec.ids import encode_id
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import QueryChangesArguments
from stalwart.jmap.standard.asking import Asking, Services
from stalwart.jmap.standard.object_changes import cannot_calculate, too_many_changes
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.querying import in_turn, object_number, read_query
from stalwart.jmap.standard.rules import Backed
from stalwart.jmap.standard.source import Difference
from stalwart.jmap.standard.states import State, read_state
from stalwart.store.store import Transaction


async def query_changes(backed: Backed, call: Call, services: Services) -> dict[str, Any]:
    """The answer to ``call``, from one read transaction."""
    account_id = account_argument(call, shared=backed.declared.shared)
    arguments = QueryChangesArguments.read(call)
    since = read_state(arguments.since_query_state, "sinceQueryState")
    query = read_query(backed.declared, arguments.filter, arguments.sort, call.request)
    if not query.calculable:
        raise MethodError("cannotCalculateChanges", "The changes of this query cannot be told.")
    asking = Asking.of(backed.declared, call, account_id, arguments.rest, services)
    asking = evolve(asking, wants_total=arguments.calculate_total, max_changes=arguments.max_changes)
    up_to = object_number(backed.declared, arguments.up_to_id)
    limit = call.request.limits.changes_max_results

    def work(tx: Transaction) -> tuple[int, Difference | None]:
        require_account(tx, account_id)
        difference = backed.source.query_changes(tx, asking, query, since, up_to, limit)
        return backed.source.state(tx, asking), difference

    state, difference = await in_turn(query, call, services, work)
    if difference is None:
        raise cannot_calculate()
    most = arguments.max_changes
    if most is not None and len(difference.removed) + len(difference.added) > most:
        raise too_many_changes(most)
    response: dict[str, Any] = {
        "accountId": encode_id(account_id),
        "oldQueryState": arguments.since_query_state,
        "newQueryState": str(State(state)),
        "removed": [encode_id(id) for id in difference.removed],
        "added": [{"id": encode_id(id), "index": index} for index, id in difference.added],
    }
    if arguments.calculate_total:
        response["total"] = difference.total
    return response
