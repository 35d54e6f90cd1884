"""The part of ``x:Type/set`` that is one transaction of the store."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config.catalogue import declarations
from stalwart.errors import Conflict, Linked, NotFound, StalwartError
from stalwart.jmap.errors import SetRefused, set_error
from stalwart.jmap.registry.handler import Asking, Change, Handler
from stalwart.jmap.registry.references import resolve
from stalwart.jmap.registry.scoping import TENANT
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.outcome import StatelessOutcome
from stalwart.store import Transaction


@define
class Outcome(StatelessOutcome):
    """What came of the changes; ``done`` are those that were made."""

    done: list[Change] = field(factory=list)


class SetWork:
    """Carries out changes in ``tx``. ``created_ids`` are those of the request so far, and the new ones."""

    def __init__(self, tx: Transaction, handler: Handler, asking: Asking) -> None:
        self.created_ids = dict(asking.request.created_ids)
        self._tx = tx
        self._handler = handler
        self._asking = asking
        self._outcome = Outcome()
        self._doomed: set[str] = set()

    def done(self, changes: Sequence[Change]) -> Outcome:
        """What came of them. Raises Conflict if the store changed underneath, which undoes everything."""
        steps = {"create": self._create, "update": self._update, "destroy": self._destroy}
        refusals = {
            "create": self._outcome.not_created,
            "update": self._outcome.not_updated,
            "destroy": self._outcome.not_destroyed,
        }
        self._doomed = {change.key for change in changes if change.kind == "destroy"}
        for change in changes:
            try:
                self._refuse_early(change)
                steps[change.kind](change)
                self._outcome.done.append(change)
            except Conflict as problem:
                if problem.property is None and not isinstance(problem, Linked):
                    raise
                if problem.holder is not None and not self._is_visible(*problem.holder):
                    problem.holder = None
                refusals[change.kind][change.key] = set_error(problem, self._target(change))
            except StalwartError as problem:
                refusals[change.kind][change.key] = set_error(problem, self._target(change))
        return self._outcome

    def _create(self, change: Change) -> None:
        change.data = resolve(self._handler.declaration, change.data, self)
        with self._tx.savepoint():
            change.id, members = self._handler.create(self._tx, self._asking, change)
        id = encode_id(change.id)
        self.created_ids[change.key] = id
        self._outcome.created[change.key] = {"id": id, **members}

    def _update(self, change: Change) -> None:
        id = self._find(change)
        if self._doomed and {change.key, id} & self._doomed:
            raise SetRefused("willDestroy", "The same call destroys this object.")
        change.data = resolve(self._handler.declaration, change.data, self)
        with self._tx.savepoint():
            members = self._handler.update(self._tx, self._asking, change)
        before = self._outcome.updated.get(id)
        self._outcome.updated[id] = {**(before or {}), **(members or {})} or None

    def _destroy(self, change: Change) -> None:
        id = self._find(change)
        if self._handler.declaration.is_singleton:
            raise SetRefused("singleton", "Singletons cannot be created or destroyed.")
        with self._tx.savepoint():
            self._handler.destroy(self._tx, self._asking, change)
        self._outcome.destroyed.append(id)

    def _refuse_early(self, change: Change) -> None:
        if change.refused is not None:
            raise change.refused

    def _is_visible(self, type: str, id: int) -> bool:
        """Whether who asks may know of an object: one of another tenant is not told of."""
        tenant = self._asking.access.tenant_id
        declared = declarations().get(type)
        if tenant is None or declared is None or not declared.tenant:
            return True
        row = self._tx.registry.get(type, id)
        return row is not None and row.data.get(TENANT) == encode_id(tenant)

    def _find(self, change: Change) -> str:
        """The id that a change is about, its number noted. Raises NotFound."""
        id = change.key
        if id.startswith("#"):
            id = self.created_ids.get(id[1:], id)
        change.id = number_of(id)
        if change.id is None or (self._handler.declaration.is_singleton and change.id != SINGLETON):
            raise NotFound
        return id

    def _target(self, change: Change) -> tuple[str, int] | None:
        return (self._handler.type, change.id) if change.id is not None else None
