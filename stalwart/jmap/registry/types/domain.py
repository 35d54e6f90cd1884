"""x:Domain: what follows from its name and from who keeps its keys (settings C.6, A.11)."""

from __future__ import annotations

from stalwart.config import registry
from stalwart.directory import account_records
from stalwart.jmap.registry.domain import check_domain, schedule_keys
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction


@handles("Domain")
class DomainHandler(Handler):
    """Mail domains."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Keep the logins of accounts in step with the name, and have keys made."""
        before = former.value if former is not None else None
        check_domain(tx, entry.value)
        if before is not None and before.name != entry.value.name:
            account_records.domain_renamed(tx, entry.id, entry.value.name)
        schedule_keys(tx, entry.id, before, entry.value, asking.now)
