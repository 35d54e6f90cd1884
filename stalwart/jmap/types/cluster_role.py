"""``x:ClusterRole``: what cannot be shared out among nodes is not (settings C.11)."""

from __future__ import annotations

from stalwart.config import registry
from stalwart.config.storage.cluster import LED, led_by
from stalwart.errors import Invalid
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction

PARTLY = "One node does this work for all of them, so a role lets its nodes do all of it or none."


@handles("ClusterRole")
class ClusterRoleHandler(Handler):
    """Nodes of a role stand for all of the work of which there is one leader, or for none of it."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Raises Invalid."""
        if led_by(entry.value.tasks) not in (LED, frozenset()):
            raise Invalid(PARTLY, ("tasks",))
