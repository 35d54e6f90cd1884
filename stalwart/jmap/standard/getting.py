"""``/get`` (RFC 8620 5.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.jmap.accounts import account_argument, belongs
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import GetArguments
from stalwart.jmap.standard.asking import Asking, Services
from stalwart.jmap.standard.declaration import ANY, Declaration, IdForm
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.rules import Backed
from stalwart.jmap.standard.states import State
from stalwart.store.store import Transaction

_OCTETS_OF_OBJECT = 256
_OCTETS_OF_PROPERTY = 128


async def get_objects(backed: Backed, call: Call, services: Services) -> dict[str, Any]:
    """The answer to ``call``, from one read transaction."""
    account_id = account_argument(call, shared=backed.declared.shared)
    arguments = GetArguments.read(call)
    asking = Asking.of(backed.declared, call, account_id, arguments.rest, services)
    names = answered_names(backed.declared, arguments.properties, call.request.using)
    ids_as = backed.declared.ids
    numbers = _numbers(arguments.ids, ids_as)
    most = call.request.limits.max_objects_in_get

    def made(tx: Transaction, state: int) -> _Answer:
        found = backed.source.fetch(tx, asking, None if numbers is None else numbers.values(), names, most + 1)
        if not (state and found):
            require_account(tx, account_id)
        if numbers is None and len(found) > most:
            raise MethodError("requestTooLarge", f"There are more than {most} objects; ask for some of them by id.")
        there = {id for id, _ in found}
        listed = [wire_object(ids_as.text(id), properties, names) for id, properties in found]
        return _Answer(state, listed, _not_found(arguments.ids, numbers or {}, there), len(names))

    repeated = backed.repeated if belongs(call.request.access, account_id) else None
    if repeated is None:
        answer = await services["store"].read(lambda tx: made(tx, backed.source.state(tx, asking)))
    else:
        ids = most if arguments.ids is None else tuple(arguments.ids)
        asked = (backed.declared.name, ids, tuple(names), repeated.seen(asking))
        answer = await services["recent_answers"].answer(account_id, repeated.number, asked, made)
    return {
        "accountId": encode_id(account_id),
        "state": str(State(answer.state)),
        "list": answer.listed,
        "notFound": answer.not_found,
    }


@frozen
class _Answer:
    """The state, the objects as they are sent, the ids of what is not there; ``names`` is how much there is of each."""

    state: int
    listed: list[dict[str, Any]]
    not_found: list[str]
    names: int

    @property
    def octets(self) -> int:
        """About its size."""
        return _OCTETS_OF_OBJECT + len(self.listed) * (_OCTETS_OF_OBJECT + self.names * _OCTETS_OF_PROPERTY)


def answered_names(declared: Declaration, asked: Iterable[str] | None, using: Collection[str]) -> list[str]:
    """The properties to answer, without ``id``; raises ``MethodError`` ``invalidArguments`` for one that is unknown."""
    if asked is None:
        return declared.default_names(using)
    names = [name for name in dict.fromkeys(asked) if name != "id"]
    for name in names:
        if name not in declared.properties and not declared.further_name(name):
            raise MethodError("invalidArguments", f'{declared.name} has no property "{name[:255]}".')
    return names


def wire_object(id: str, properties: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The object as it is answered, ``id`` first."""
    if ANY in names:
        return {"id": id, **{name: value for name, value in properties.items() if name != "id"}}
    return {"id": id, **{name: properties[name] for name in names if name in properties}}


def _numbers(ids: list[str] | None, form: IdForm) -> dict[str, int] | None:
    """The numbers of the ids that can have one, each once."""
    if ids is None:
        return None
    numbers = ((id, form.number(id)) for id in dict.fromkeys(ids))
    return {id: number for id, number in numbers if number is not None}


def _not_found(ids: list[str] | None, numbers: dict[str, int], there: set[int]) -> list[str]:
    return [id for id in dict.fromkeys(ids or ()) if numbers.get(id) not in there]
