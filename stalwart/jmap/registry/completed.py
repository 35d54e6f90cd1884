"""Types whose objects the server completes: members that it works out are written with those that the client gives.

A handler says in ``supplied`` which server-set members follow from an object that satisfies its declaration, and in
``told`` which of them the client learns (RFC 8620 5.3). Slow work on what a client sends is ``foreseen``'s.
"""

from __future__ import annotations

from typing import Any, ClassVar

from stalwart.config import registry
from stalwart.jmap.registry.handler import Asking, Change, Handler
from stalwart.store import Transaction

Members = dict[str, Any]


class CompletedHandler(Handler):
    """``supplied`` and ``told`` are for subclasses to state."""

    told: ClassVar[tuple[str, ...]] = ()

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """Members in wire form to write besides, server-set ones included; ``former`` is None for a new object.

        Each is a whole member and replaces what the client says of it. What is raised refuses the change.
        """
        return {}

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, Members]:
        """Store a new object and tell what was supplied."""
        id, members = super().create(tx, asking, change)
        return id, {**members, **self.learned(tx, id)}

    def update(self, tx: Transaction, asking: Asking, change: Change) -> Members | None:
        """Apply a patch and tell what is another now."""
        before = self.learned(tx, change.id)
        members = super().update(tx, asking, change) or {}
        changed = {name: value for name, value in self.learned(tx, change.id).items() if value != before.get(name)}
        return {**members, **changed} or None

    def store_new(self, tx: Transaction, asking: Asking, change: Change, data: Members) -> registry.Entry:
        """Check what the client says, then write it with what is supplied."""
        value = self.declaration.from_wire(dict(data))
        added = self.supplied(tx, asking, change, None, value)
        return registry.create(tx, self.declaration, {**data, **added}, now=asking.now, by_server=True)

    def store_patched(self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry) -> registry.Entry:
        """Check the patch of the client, then write it with what is supplied."""
        declaration: Any = self.declaration
        value = declaration.patched(former.value, change.data)
        added = self.supplied(tx, asking, change, former.value, value)
        patch = {path: given for path, given in change.data.items() if path.partition("/")[0] not in added}
        return registry.update(tx, declaration, former.id, {**patch, **added}, now=asking.now, by_server=True)

    def learned(self, tx: Transaction, id: int | None) -> Members:
        """What the client learns of the object as it is now."""
        row = tx.registry.get(self.type, id) if id is not None and self.told else None
        if row is None:
            return {}
        shown = registry.wire(self.declaration, row.data)
        return {name: shown.get(name) for name in self.told}
