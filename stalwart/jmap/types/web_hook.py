"""x:WebHook: addresses that can never be told of anything are refused when they are written (settings C.10)."""

from __future__ import annotations

from stalwart.config import registry
from stalwart.jmap.registry.destinations import check_destination
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction


@handles("WebHook")
class WebHookHandler(Handler):
    """Whether somebody answers there is not tried."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Raises Invalid."""
        check_destination(change, former.value if former is not None else None, entry.value, "url")
