"""``x:Type/query`` (settings A.6): served from an index, newest first; only the first comparator counts.

``limit`` is in the answer whenever there is more than was answered, so clients know that they have to go on.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.codec.ids import encode_id
from stalwart.jmap.call import Call
from stalwart.jmap.registry.asked import asking_of
from stalwart.jmap.registry.filters import read_filter
from stalwart.jmap.registry.handler import Handler
from stalwart.jmap.standard.arguments import QueryArguments
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.window import Part, Window
from stalwart.store import Store, Transaction

_NOBODY = -1


async def query(call: Call, handler: Handler, store: Store, clock: Any) -> dict[str, Any]:
    """The answer to ``call``, from one read transaction."""
    arguments = QueryArguments.read(call)
    conditions = read_filter(arguments.filter, call.request)
    asking = asking_of(call, clock)
    comparator = arguments.sort[0] if arguments.sort else None
    window = Window.of(arguments, _anchor(arguments.anchor), call.request.limits.query_max_results)
    one_more = evolve(window, limit=window.limit + 1)

    def work(tx: Transaction) -> tuple[Part, list[str]]:
        return one_more.cut(handler.matching(tx, asking, conditions, comparator)), handler.remarks(tx)

    part, notices = await store.read(work)
    answer: dict[str, Any] = {
        "accountId": encode_id(asking.account_id),
        "queryState": "n",
        "canCalculateChanges": False,
        "position": part.position,
        "ids": [encode_id(id) for id in part.ids[: window.limit]],
    }
    if arguments.calculate_total:
        answer["total"] = part.total
    if len(part.ids) > window.limit:
        answer["limit"] = window.limit
    if notices:
        answer["notices"] = notices
    return answer


def _anchor(id: str | None) -> int | None:
    if id is None:
        return None
    number = number_of(id)
    return _NOBODY if number is None else number
