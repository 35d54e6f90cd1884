"""Types whose objects only the server writes (settings C.10, C.11)."""

from __future__ import annotations

from typing import Any, ClassVar

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.handler import Asking, Change, Handler
from stalwart.store import Transaction


class ReadOnlyHandler(Handler):
    """Refuses every change: ``forbidden`` with ``refusal``, ``notFound`` for what there is not."""

    refusal: ClassVar[str]

    def is_there(self, tx: Transaction, id: int) -> bool:
        """Whether there is an object of this number."""
        raise NotImplementedError

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Refused."""
        raise SetRefused("forbidden", self.refusal)

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Refused."""
        raise self._refusal_of(tx, change)

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Refused."""
        raise self._refusal_of(tx, change)

    def _refusal_of(self, tx: Transaction, change: Change) -> SetRefused:
        is_there = change.id is not None and self.is_there(tx, change.id)
        return SetRefused("forbidden", self.refusal) if is_there else SetRefused("notFound")
