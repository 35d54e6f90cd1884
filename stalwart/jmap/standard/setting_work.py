"""The inside of a ``/set``: what is done to each object in the transaction (RFC 8620 5.3).

Creations come first, then updates, then destructions. What is refused as ``Untimely`` is tried again after the others,
so that clients need not know an order in which everything goes well. Updates that exchange values go together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.errors import SetRefused, Untimely, set_error
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.creations import Creations
from stalwart.jmap.standard.declaration import ANY
from stalwart.jmap.standard.equality import differing
from stalwart.jmap.standard.outcome import SetError, SetOutcome
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.proposals import proposed, read_changes, read_patch, references, with_ids
from stalwart.jmap.standard.rules import Backed
from stalwart.jmap.standard.states import State, require_state
from stalwart.store.store import Transaction

Step = Callable[[], None]
_MOST_ROUNDS = 12


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
        self._late: list[tuple[dict[str, SetError], str, Step]] = []
        self._not_made: set[str] = set()
        self._gone: set[str] = set()

    def run(self, order: Iterable[str]) -> SetOutcome:
        """Raises ``MethodError`` ``stateMismatch``, ``accountNotFound``."""
        require_account(self._tx, self._asking.account_id)
        self._outcome.old_state = self._state()
        require_state(self._arguments.if_in_state, self._outcome.old_state)
        for creation_id in order:
            self._attempt(self._outcome.not_created, creation_id, partial(self._create, creation_id))
        self._outcome.created = self._creations.answers()
        doomed = self._doomed()
        for key, patch in self._arguments.update.items():
            self._attempt(self._outcome.not_updated, key, partial(self._update, key, patch, doomed))
        self._note_gone(self._creations.gone)
        for id, key in doomed.items():
            self._attempt(self._outcome.not_destroyed, key, partial(self._destroy, key, id))
        if self._late:
            self._try_again()
        self._backed.rules.finishing(self._tx, self._asking, self._outcome)
        self._outcome.new_state = self._state()
        return self._outcome

    def _attempt(self, refused: dict[str, SetError], key: str, step: Step) -> None:
        try:
            step()
        except StalwartError as problem:
            refused[key] = set_error(problem)
            if isinstance(problem, Untimely):
                self._late.append((refused, key, step))

    def _try_again(self) -> None:
        self._in_turns()
        if len(self._late) > 1 and self._together():
            self._in_turns()
        self._outcome.created = self._creations.answers() | self._outcome.created
        self._note_gone(self._creations.gone)

    def _in_turns(self) -> None:
        """Try what was untimely, from the end and from the beginning by turns, until nothing changes any more."""
        for _ in range(_MOST_ROUNDS):
            late, self._late = self._late[::-1], []
            for refused, key, step in late:
                del refused[key]
                self._attempt(refused, key, step)
            if not 0 < len(self._late) < len(late):
                break

    def _together(self) -> bool:
        """Carry out all updates that were untimely, or none of them."""
        refused, updated = self._outcome.not_updated, dict(self._outcome.updated)
        destroyed, gone = list(self._outcome.destroyed), set(self._gone)
        updates = {key: step for at, key, step in self._late if at is refused}
        try:
            with self._tx.savepoint():
                ids = {key: self._backed.declared.ids.number(self._id(key)) for key in updates}
                named = {id: self._arguments.update[key] for key, id in ids.items() if id is not None}
                if not self._backed.rules.letting_go(self._tx, self._asking, named):
                    return False
                for step in updates.values():
                    step()
        except StalwartError:
            self._outcome.updated, self._outcome.destroyed, self._gone = updated, destroyed, gone
            return False
        self._late = [each for each in self._late if each[0] is not refused]
        self._outcome.not_updated = {key: problem for key, problem in refused.items() if key not in updates}
        return True

    def _create(self, creation_id: str) -> None:
        self._refuse_prepared(creation_id)
        given, properties = self._arguments.create[creation_id], self._backed.declared.properties
        if self._not_made and not self._not_made.isdisjoint(references(given, properties)):
            self._not_made.add(creation_id)
            raise Untimely("invalidProperties", "An object that this one refers to was not created.")
        try:
            self._creations.make(creation_id, with_ids(given, properties, self._creations))
        except Untimely:
            self._not_made.add(creation_id)
            raise
        self._not_made.discard(creation_id)

    def _update(self, key: str, patch: Mapping[str, Any], doomed: Mapping[str, str]) -> None:
        id = self._id(key)
        if id in doomed:
            raise SetRefused("willDestroy", "The same call destroys this object.")
        self._refuse_prepared(key)
        self._outcome.updated[id] = self._updated(key, id, patch)

    def _updated(self, key: str, id: str, patch: Mapping[str, Any]) -> dict[str, Any] | None:
        """Apply ``patch``; what the client must learn, None for nothing."""
        declared, source, rules = self._backed.declared, self._backed.source, self._backed.rules
        changes = read_patch(patch, declared.properties, self._creations)
        named = [path[0] for path in changes if path[0] != "id"]
        names = list(dict.fromkeys([*declared.changing_names(), *named]))
        number, properties = self._existing(id, names)
        if declared.is_open:
            names = [name for name in dict.fromkeys([*names, *properties]) if name != ANY]
        old = {"id": id, **{name: properties.get(name) for name in names}}
        wanted = proposed(old, changes, declared.properties)
        new = read_changes(old, wanted, declared.properties)
        before, after = ({name: given[name] for name in names} for given in (old, new))
        change = Change(key, number, before, after)
        with self._tx.savepoint():
            rules.check(self._tx, self._asking, change)
            further = source.update(self._tx, self._asking, change) or {}
            rules.updated(self._tx, self._asking, change)
        self._note_gone(change.gone)
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
        if id in self._gone:
            return
        if key not in self._arguments.update:  # else it is the update that was refused
            self._refuse_prepared(key)
        number, _ = self._existing(id, ())
        change = Change(key, number)
        with self._tx.savepoint():
            self._backed.rules.destroying(self._tx, self._asking, change)
            self._backed.source.destroy(self._tx, self._asking, change)
        self._note_gone([number, *change.gone])

    def _note_gone(self, numbers: Iterable[int]) -> None:
        """Tell the client of what was destroyed, each once."""
        new = [id for id in map(self._backed.declared.ids.text, numbers) if id not in self._gone]
        self._gone.update(new)
        self._outcome.destroyed += new

    def _existing(self, id: str, names: Collection[str]) -> tuple[int, dict[str, Any]]:
        number = self._backed.declared.ids.number(id)
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
