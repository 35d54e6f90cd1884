"""``x:Coordinator``: an address that no bus can have is refused (settings C.11)."""

from __future__ import annotations

from stalwart.config import registry
from stalwart.config.coordinators import check
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction


@handles("Coordinator")
class CoordinatorHandler(Handler):
    """A bus that cannot be reached is accepted: nodes do without it until it is there."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Raises Invalid."""
        check(entry.value)
