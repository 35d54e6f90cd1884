"""``/copy`` (RFC 8620 5.4): from one account to another in one transaction, then perhaps the end of the originals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError, SetRefused, method_error, set_error
from stalwart.jmap.standard.arguments import CopyArguments, SetArguments
from stalwart.jmap.standard.asking import Asking, Services
from stalwart.jmap.standard.creations import Creations
from stalwart.jmap.standard.declaration import ANY
from stalwart.jmap.standard.order import creation_order
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.proposals import references, with_ids
from stalwart.jmap.standard.rules import Backed
from stalwart.jmap.standard.setting import Responses, carry_out
from stalwart.jmap.standard.states import State, require_state
from stalwart.store.store import Transaction


async def copy_objects(backed: Backed, call: Call, services: Services) -> Responses:
    """The answer to ``call``, and the ``/set`` that destroys the originals."""
    account_id = account_argument(call, shared=backed.declared.shared)
    from_id = account_argument(call, member="fromAccountId", shared=backed.declared.shared)
    if from_id == account_id:
        raise MethodError("invalidArguments", 'The arguments "fromAccountId" and "accountId" must differ.')
    arguments = CopyArguments.read(call)
    asking = Asking.of(backed.declared, call, account_id, arguments.rest, services)
    kept = {name: value for name, value in arguments.rest.items() if name in backed.rules.of_originals}
    origin = Asking.of(backed.declared, call, from_id, kept, services)

    refused = await backed.rules.prepare_copies(origin, asking, arguments.create)

    def work(tx: Transaction) -> tuple[SetOutcome, list[str]]:
        return _CopyWork(tx, backed, origin, asking, arguments, refused).run()

    outcome, originals = await services["store"].write(work)
    call.request.created_ids.update(outcome.created_ids)
    responses = [(call.name, _wire(outcome, from_id)), *await backed.rules.committed(asking, outcome)]
    if originals and arguments.on_success_destroy_original:
        responses += await _destroy(backed, origin, SetArguments(arguments.destroy_from_if_in_state, destroy=originals))
    return responses


class _CopyWork:
    """One run of the transaction's function."""

    def __init__(
        self,
        tx: Transaction,
        backed: Backed,
        origin: Asking,
        asking: Asking,
        arguments: CopyArguments,
        refused: Mapping[str, StalwartError],
    ) -> None:
        self._tx = tx
        self._backed = backed
        self._origin = origin
        self._asking = asking
        self._arguments = arguments
        self._refused = refused
        properties = backed.declared.properties
        self._order = creation_order(arguments.create, lambda given: references(given, properties))
        self._creations = Creations(tx, backed, asking)
        self._goes_along = [name for name, each in backed.declared.properties.items() if each.goes_along]
        self._wanted = [*self._goes_along, *((ANY,) if backed.declared.is_open else ())]

    def run(self) -> tuple[SetOutcome, list[str]]:
        """What came of it, and the ids of the originals of those that were copied."""
        require_account(self._tx, self._origin.account_id, "fromAccountNotFound")
        require_account(self._tx, self._asking.account_id)
        outcome = SetOutcome(self._asking.account_id, old_state=self._state(self._asking))
        require_state(self._arguments.if_from_in_state, self._state(self._origin))
        require_state(self._arguments.if_in_state, outcome.old_state)
        originals: list[str] = []
        for creation_id in self._order:
            try:
                originals.append(self._copy(creation_id, self._arguments.create[creation_id]))
            except StalwartError as problem:
                outcome.not_created[creation_id] = set_error(problem)
        outcome.created = self._creations.answers()
        outcome.destroyed = [encode_id(number) for number in self._creations.gone]
        outcome.new_state = self._state(self._asking)
        return outcome, list(dict.fromkeys(originals))

    def _copy(self, creation_id: str, given: Mapping[str, Any]) -> str:
        if creation_id in self._refused:
            raise self._refused[creation_id]
        id = self._original_id(given.get("id"))
        number = self._backed.declared.ids.number(id)
        if number is None:
            raise NotFound
        found = self._backed.source.fetch(self._tx, self._origin, (number,), self._wanted, 1)
        if not found:
            raise NotFound
        along = self._goes_along
        if self._backed.declared.is_open:
            along = [name for name in found[0][1] if self._backed.declared.properties[name].goes_along]
        inherited = {name: found[0][1][name] for name in along if name in found[0][1]}
        own = with_ids({k: v for k, v in given.items() if k != "id"}, self._backed.declared.properties, self._creations)
        self._creations.make(
            creation_id,
            inherited | own,
            lambda change: self._backed.source.copy(self._tx, self._origin, number, self._asking, change),
        )
        return id

    def _original_id(self, given: Any) -> str:
        if not isinstance(given, str):
            raise SetRefused("invalidProperties", "The id of the original is missing.", ("id",))
        if not given.startswith("#"):
            return given
        found = self._creations.created_ids.get(given[1:])
        if found is None:
            raise NotFound
        return found

    def _state(self, asking: Asking) -> str:
        return str(State(self._backed.source.state(self._tx, asking)))


def _wire(outcome: SetOutcome, from_id: int) -> dict[str, Any]:
    return {
        "fromAccountId": encode_id(from_id),
        "accountId": encode_id(outcome.account_id),
        "oldState": outcome.old_state,
        "newState": outcome.new_state,
        "created": outcome.created or None,
        "notCreated": outcome.not_created or None,
        **({"destroyed": outcome.destroyed} if outcome.destroyed else {}),
    }


async def _destroy(backed: Backed, origin: Asking, arguments: SetArguments) -> Responses:
    """The implicit ``/set`` in the account of the originals; its failure is an answer of its own."""
    try:
        outcome = await carry_out(backed, origin, arguments)
        return [(f"{backed.declared.name}/set", outcome.wire()), *await backed.rules.committed(origin, outcome)]
    except MethodError as problem:
        return [("error", problem.wire())]
    except StalwartError as problem:
        return [("error", method_error(problem).wire())]
