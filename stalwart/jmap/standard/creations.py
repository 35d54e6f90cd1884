"""Objects made in one transaction, by ``/set`` or ``/copy``: their ids, and what the client is told (RFC 8620 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.equality import differing
from stalwart.jmap.standard.getting import wire_object
from stalwart.jmap.standard.proposals import new_object
from stalwart.jmap.standard.rules import Backed
from stalwart.store.store import Transaction


class Creations:
    """``created_ids`` are those of the request so far, and the new ones; ``gone`` is what these have destroyed."""

    def __init__(self, tx: Transaction, backed: Backed, asking: Asking) -> None:
        self.created_ids = dict(asking.request.created_ids)
        self._tx = tx
        self._backed = backed
        self._asking = asking
        self._made: dict[str, tuple[int, Mapping[str, Any]]] = {}
        self.gone: list[int] = []

    def make(self, key: str, given: Mapping[str, Any], store: Callable[[Change], int] | None = None) -> None:
        """Create an object, in a savepoint; ``store`` in place of the source's ``create``.

        Creation references in ``given`` are replaced. Errors of the family refuse it.
        """
        rules = self._backed.rules
        change = Change(key, new=new_object(given, self._backed.declared.properties))
        with self._tx.savepoint():
            rules.check(self._tx, self._asking, change)
            change.id = store(change) if store else self._backed.source.create(self._tx, self._asking, change)
            rules.created(self._tx, self._asking, change)
        self.gone += change.gone
        self.created_ids[key] = self._backed.declared.ids.text(change.id)
        self._made[key] = (change.id, given)

    def answers(self) -> dict[str, dict[str, Any]]:
        """By creation id: the new id, and every property that the server set, defaulted or changed."""
        if not self._made:
            return {}
        declared = self._backed.declared
        names = declared.default_names(self._asking.request.using)
        if declared.announced is not None:
            names = [name for name in names if name in declared.announced]
        ids = [id for id, _ in self._made.values()]
        found = dict(self._backed.source.fetch(self._tx, self._asking, ids, names, len(ids)))
        return {
            key: wire_object(declared.ids.text(id), differing(found.get(id, {}), given), names)
            for key, (id, given) in self._made.items()
        }
