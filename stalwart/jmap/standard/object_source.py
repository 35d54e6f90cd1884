"""The usual source: objects of the object store, stored properties in ``data``, one log of changes (jmap.md 21).

Queries look at all objects of the account; types of which there can be many thousands have a source with an index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from attrs import frozen

from stalwart.errors import NotFound
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.filters import predicate
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.sorting import ordered
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Listed, Window
from stalwart.store.rows import Changes, Object
from stalwart.store.store import Transaction


@frozen
class ObjectSource:
    """``Source`` over ``tx.objects``; ``number`` is the type's there and never changes."""

    number: int

    def state(self, tx: Transaction, asking: Asking) -> int:
        return tx.objects.state(asking.account_id, self.number)

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        found = self._objects(tx, asking, ids, limit)
        properties = asking.declared.properties
        wanted = [(name, properties[name]) for name in names if name in properties]
        shown = [(object.id, _properties(object, wanted)) for object in found]
        computed = frozenset(name for name, property in wanted if property.computed)
        if computed:
            self.compute(tx, asking, shown, computed)
        return shown

    def compute(self, tx: Transaction, asking: Asking, found: Found, names: frozenset[str]) -> None:
        """Add the computed properties ``names`` to all of ``found``; for types that declare any."""
        raise NotImplementedError(f"{asking.declared.name} declares computed properties")

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        return tx.objects.changes(asking.account_id, self.number, since.number, limit, since.origin)

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        return tx.objects.insert(asking.account_id, self.number, now=asking.now, data=change.new).id

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        object = self._object(tx, asking, change.id)
        changed = change.changed
        if changed:
            data = {**(object.data or {}), **changed}
            tx.objects.update(asking.account_id, object.id, now=asking.now, data=data)
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        tx.objects.kill(asking.account_id, self._object(tx, asking, change.id).id, now=asking.now)

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        return self.create(tx, asking, change)

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        return QueryAnswer(window.cut(Listed(self._results(tx, asking, query))))

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        """Exact if the query rests on fixed properties, else every object that changed is removed and added again."""
        changes = self.changes(tx, asking, since, limit)
        if changes is None or changes.has_more:
            return None
        results = self._results(tx, asking, query)
        moved = () if query.fixed else changes.updated
        touched = {*changes.created, *moved}
        added = [(index, id) for index, id in enumerate(results) if id in touched]
        if query.fixed and up_to is not None and up_to in results:
            last = results.index(up_to)
            added = [(index, id) for index, id in added if index <= last]
        return Difference([*moved, *changes.destroyed], added, len(results))

    def _results(self, tx: Transaction, asking: Asking, query: Query) -> list[int]:
        matches = predicate(query.filter, asking.declared.conditions)
        rows = self.fetch(tx, asking, None, query.names, limit=_ALL)
        return [id for id, _ in ordered((row for row in rows if matches(row[1])), query.sort)]

    def _objects(self, tx: Transaction, asking: Asking, ids: Collection[int] | None, limit: int) -> Iterable[Object]:
        if ids is None:
            return tx.objects.list(asking.account_id, self.number, limit=limit)
        found = (tx.objects.get(asking.account_id, id) for id in ids)
        return [each for each in found if each is not None and each.type == self.number]

    def _object(self, tx: Transaction, asking: Asking, id: int | None) -> Object:
        found = None if id is None else tx.objects.get(asking.account_id, id)
        if found is None or found.type != self.number:
            raise NotFound
        return found


_ALL = (1 << 63) - 1


def _properties(object: Object, wanted: list[tuple[str, Property]]) -> dict[str, Any]:
    """The stored properties; one that was declared after the object was stored has its default."""
    data = object.data or {}
    return {
        name: data[name] if name in data else property.fresh_default()
        for name, property in wanted
        if not property.computed
    }
