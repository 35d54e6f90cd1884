"""``/query`` (RFC 8620 5.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from stalwart.codec.ids import encode_id
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call, Request
from stalwart.jmap.standard.arguments import Comparator, QueryArguments
from stalwart.jmap.standard.asking import Asking, Services
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition, read_filter, tests
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.rules import Backed
from stalwart.jmap.standard.sorting import Sort, read_sort
from stalwart.jmap.standard.source import Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Window
from stalwart.store.store import Transaction

T = TypeVar("T")
_NOBODY = -1


async def query_objects(backed: Backed, call: Call, services: Services) -> dict[str, Any]:
    """The answer to ``call``, from one read transaction."""
    account_id = account_argument(call, shared=backed.declared.shared)
    arguments = QueryArguments.read(call)
    query = read_query(backed.declared, arguments.filter, arguments.sort, call.request)
    asking = Asking.of(backed.declared, call, account_id, arguments.rest, services)
    anchor = object_number(backed.declared, arguments.anchor)
    window = Window.of(arguments, anchor, call.request.limits.query_max_results)

    def work(tx: Transaction) -> tuple[int, QueryAnswer]:
        require_account(tx, account_id)
        return backed.source.state(tx, asking), backed.source.query(tx, asking, query, window)

    state, answer = await in_turn(query, call, services, work)
    response: dict[str, Any] = {
        "accountId": encode_id(account_id),
        "queryState": str(State(state)),
        "canCalculateChanges": backed.tells_query_changes and query.calculable and answer.can_calculate_changes,
        "position": answer.part.position,
        "ids": [backed.declared.ids.text(id) for id in answer.part.ids],
    }
    if arguments.calculate_total:
        response["total"] = answer.part.total
    if window.lowered:
        response["limit"] = window.limit
    return response


def read_query(
    declared: Declaration, filter: Mapping[str, Any] | None, sort: Iterable[Comparator], request: Request
) -> Query:
    """Filter and sort against the declaration; raises ``MethodError``."""
    tree = read_filter(filter, declared.conditions, request)
    criteria = read_sort(sort, declared.sorts)
    parts: list[Condition | Sort] = [
        *(declared.conditions[test.name] for test in tests(tree)),
        *(each.sort for each in criteria),
    ]
    names = frozenset(name for part in parts for name in part.on)
    return Query(
        tree,
        criteria,
        names,
        fixed=all(declared.properties[name].immutable for name in names),
        calculable=all(part.calculable for part in parts),
        searches=any(declared.conditions[test.name].searches for test in tests(tree)),
    )


async def in_turn(query: Query, call: Call, services: Services, work: Callable[[Transaction], T]) -> T:
    """Carry a query out in a read transaction; one that searches when it is the turn of whoever asks."""
    if not query.searches:
        return await services["store"].read(work)
    async with services["search_turns"].of(call.request.access.account_id):
        return await services["store"].read(work)


def object_number(declared: Declaration, id: str | None) -> int | None:
    """The number of an object that an argument names; -1 for one that cannot be, None for no argument."""
    if id is None:
        return None
    number = declared.ids.number(id)
    return _NOBODY if number is None else number
