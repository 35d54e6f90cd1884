"""x:Domain: a domain that is renamed takes its accounts with it (settings C.6)."""

from __future__ import annotations

from stalwart.config import registry
from stalwart.directory import account_records
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction


@handles("Domain")
class DomainHandler(Handler):
    """Mail domains."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Keep the logins of accounts in step with the name."""
        if former is not None and former.value.name != entry.value.name:
            account_records.domain_renamed(tx, entry.id, entry.value.name)
