"""The inside of a ``/set``: what is done to each object in the transaction (RFC 8620 5.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.errors import MethodError, SetRefused, set_error
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.jmap.standard.creations import Creations
from stalwart.jmap.standard.equality import differing
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.proposals import proposed, read_changes, read_patch, with_ids
from stalwart.jmap.standard.rules import Backed
from stalwart.jmap.standard.states import State
from stalwart.store.store import Transaction


class SetWork:
    """One run of the transaction's function; it may be run again, so nothing outside is touched."""

    def __init__(
        self,
        tx: Transaction,
        backed: Backed,
        asking: Asking,
        arguments: SetArguments,
        refused: Mapping[str, StalwartError],
    ) -> None:
        self._tx = tx
        self._backed = backed
        self._asking = asking
        self._arguments = arguments
        self._refused = refused
        self._outcome = SetOutcome(asking.account_id)
        self._creations = Creations(tx, backed, asking)

    def run(self, order: Iterable[str]) -> SetOutcome:
        """Raises ``MethodError`` ``stateMismatch``, ``accountNotFound``."""
        require_account(self._tx, self._asking.account_id)
        self._outcome.old_state = self._state()
        if self._arguments.if_in_state not in (None, self._outcome.old_state):
            raise MethodError("stateMismatch", "The objects have changed since that state.")
        for creation_id in order:
            self._create(creation_id)
        self._outcome.created = self._creations.answers()
        doomed = self._doomed()
        for key, patch in self._arguments.update.items():
            self._update(key, patch, doomed)
        for id, key in doomed.items():
            self._destroy(key, id)
        self._outcome.new_state = self._state()
        return self._outcome

    def _create(self, creation_id: str) -> None:
        try:
            self._refuse_prepared(creation_id)
            given = self._arguments.create[creation_id]
            self._creations.make(creation_id, with_ids(given, self._backed.declared.properties, self._creations))
        except StalwartError as problem:
            self._outcome.not_created[creation_id] = set_error(problem)

    def _update(self, key: str, patch: Mapping[str, Any], doomed: Mapping[str, str]) -> None:
        try:
            self._refuse_prepared(key)
            id = self._id(key)
            if id in doomed:
                raise SetRefused("willDestroy", "The same call destroys this object.")
            self._outcome.updated[id] = self._updated(key, id, patch)
        except StalwartError as problem:
            self._outcome.not_updated[key] = set_error(problem)

    def _updated(self, key: str, id: str, patch: Mapping[str, Any]) -> dict[str, Any] | None:
        """Apply ``patch``; what the client must learn, None for nothing."""
        declared, source, rules = self._backed.declared, self._backed.source, self._backed.rules
        changes = read_patch(patch, declared.properties, self._creations)
        named = [path[0] for path in changes if path[0] != "id"]
        names = list(dict.fromkeys([*declared.changing_names(), *named]))
        number, properties = self._existing(id, names)
        old = {"id": id, **{name: properties.get(name) for name in names}}
        wanted = proposed(old, changes, declared.properties)
        new = read_changes(old, wanted, declared.properties)
        change = Change(key, number, *({name: given[name] for name in names} for given in (old, new)))
        with self._tx.savepoint():
            rules.check(self._tx, self._asking, change)
            further = source.update(self._tx, self._asking, change) or {}
            rules.updated(self._tx, self._asking, change)
        return differing(change.new, wanted) | further or None

    def _doomed(self) -> dict[str, str]:
        """What the client wrote, by the id to destroy."""
        doomed: dict[str, str] = {}
        for key in self._arguments.destroy:
            try:
                id = self._id(key)
            except NotFound as problem:
                self._outcome.not_destroyed[key] = set_error(problem)
            else:
                doomed.setdefault(id, key)
        return doomed

    def _destroy(self, key: str, id: str) -> None:
        try:
            self._refuse_prepared(key)
            number, _ = self._existing(id, ())
            change = Change(key, number)
            with self._tx.savepoint():
                self._backed.rules.destroying(self._tx, self._asking, change)
                self._backed.source.destroy(self._tx, self._asking, change)
            self._outcome.destroyed.append(id)
        except StalwartError as problem:
            self._outcome.not_destroyed[key] = set_error(problem)

    def _existing(self, id: str, names: Collection[str]) -> tuple[int, dict[str, Any]]:
        number = number_of(id)
        if number is None:
            raise NotFound
        found = self._backed.source.fetch(self._tx, self._asking, (number,), names, 1)
        if not found:
            raise NotFound
        return found[0]

    def _id(self, key: str) -> str:
        if not key.startswith("#"):
            return key
        id = self._creations.created_ids.get(key[1:])
        if id is None:
            raise NotFound(f'Nothing was created with the creation id "{key[1:256]}".')
        return id

    def _refuse_prepared(self, key: str) -> None:
        problem = self._refused.get(key)
        if problem is not None:
            raise problem

    def _state(self) -> str:
        return str(State(self._backed.source.state(self._tx, self._asking)))
