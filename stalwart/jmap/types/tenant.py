"""x:Tenant: what its members use, and what they may be granted at most (settings C.5)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import index, registry
from stalwart.config.identity.account import Account
from stalwart.jmap.registry.grants import Grants
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction


@handles("Tenant")
class TenantHandler(Handler):
    """Tenants."""

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """The octets of all members together."""
        if asking.wants("usedDiskQuota"):
            for id, members in found:
                members["usedDiskQuota"] = _used(tx, id)

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Check what the tenant lets its members have."""
        before = former.value if former is not None else None
        Grants(tx, asking, self.settings).check_bounds(before, entry.value)


def _used(tx: Transaction, tenant_id: int) -> int:
    members = tx.registry.search(Account.type_name, index.term(Account, "memberTenantId", "=", encode_id(tenant_id)))
    return sum(row.used_octets for row in tx.accounts.many(members).values())
