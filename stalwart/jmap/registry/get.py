"""``x:Type/get`` (settings A.6): no state, unknown property names ignored, repeated ids answered twice."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.call import Call
from stalwart.jmap.registry.asked import asking_of
from stalwart.jmap.registry.handler import Handler
from stalwart.jmap.standard.arguments import GetArguments
from stalwart.jmap.standard.asking import number_of
from stalwart.store import Store


async def get(call: Call, handler: Handler, store: Store, clock: Any) -> dict[str, Any]:
    """The answer to ``call``, from one read transaction."""
    arguments = GetArguments.read(call)
    properties = _known(handler, arguments.properties)
    asking = asking_of(call, clock, properties)
    ids = arguments.ids
    limit = call.request.limits.max_objects_in_get
    numbers = None if ids is None else _numbers(ids)
    if numbers == []:
        found = []
    else:
        found = await store.read(lambda tx: handler.fetch(tx, asking, numbers, limit))
    if properties is not None:
        found = [{name: value for name, value in each.items() if name in properties} for each in found]
    by_id = {each["id"]: each for each in found}
    return {
        "accountId": encode_id(asking.account_id),
        "list": found if ids is None else [by_id[id] for id in ids if id in by_id],
        "notFound": [] if ids is None else [id for id in dict.fromkeys(ids) if id not in by_id],
    }


def _numbers(ids: list[str]) -> list[int]:
    return [number for number in map(number_of, dict.fromkeys(ids)) if number is not None]


def _known(handler: Handler, properties: list[str] | None) -> frozenset[str] | None:
    """The properties to answer; None for all, which is also what only unknown names give."""
    known = (handler.names() | {"id"}).intersection(properties or ())
    return known | {"id"} if known else None
