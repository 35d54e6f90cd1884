"""``/set`` (RFC 8620 5.3): all changes in one transaction, each in a savepoint; create, then update, then destroy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stalwart.directory.access import Access
from stalwart.errors import StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.errors import NOT_AUTHORIZED, MethodError
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Services
from stalwart.jmap.standard.order import creation_order
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.proposals import references
from stalwart.jmap.standard.rules import Backed
from stalwart.jmap.standard.setting_work import SetWork
from stalwart.store.store import Transaction

Responses = list[tuple[str, dict[str, Any]]]


async def set_objects(backed: Backed, call: Call, services: Services) -> Responses:
    """The answer to ``call``, and those of implicit calls."""
    account_id = account_argument(call, shared=backed.declared.shared)
    arguments = SetArguments.read(call)
    asking = Asking.of(backed.declared, call, account_id, arguments.rest, services)
    outcome = await carry_out(backed, asking, arguments)
    return [(f"{backed.declared.name}/set", outcome.wire()), *await backed.rules.committed(asking, outcome)]


async def carry_out(backed: Backed, asking: Asking, arguments: SetArguments) -> SetOutcome:
    """The changes of a ``/set``, be it a client's or an implicit one; what was created is known to the request after.

    Raises ``MethodError``: ``forbidden``, ``stateMismatch``, ``invalidArguments``, ``accountNotFound``.
    """
    require_permissions(asking.access, arguments, backed.declared.permission)
    order = creation_order(arguments.create, lambda given: references(given, backed.declared.properties))
    refused: Mapping[str, StalwartError] = await backed.rules.prepare(asking, arguments)

    def work(tx: Transaction) -> SetOutcome:
        return SetWork(tx, backed, asking, arguments, refused).run(order)

    store = asking.services["store"]
    writes = arguments.verbs or backed.rules.writes(asking)
    outcome: SetOutcome = await (store.write(work) if writes else store.read(work))
    asking.request.created_ids.update(outcome.created_ids)
    return outcome


def require_permissions(access: Access, arguments: SetArguments, permission: Callable[[str], str]) -> None:
    """Raises ``MethodError`` ``forbidden`` for who lacks the permission for a verb that is used."""
    if not all(access.may(permission(verb)) for verb in arguments.verbs):
        raise MethodError("forbidden", NOT_AUTHORIZED)
