"""How many objects of each type a tenant may have (settings C.5, x:Tenant ``quotas``)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import index
from stalwart.errors import OverQuota
from stalwart.schema import Declaration
from stalwart.store import Transaction

_NAMES = {
    "User": "maxAccounts",
    "Group": "maxGroups",
    "Domain": "maxDomains",
    "MailingList": "maxMailingLists",
    "Role": "maxRoles",
    "OAuthClient": "maxOauthClients",
    "DkimSignature": "maxDkimKeys",
    "DnsServer": "maxDnsServers",
    "Directory": "maxDirectories",
    "AcmeProvider": "maxAcmeProviders",
}


def check(tx: Transaction, declaration: Declaration, former: Any, value: Any) -> None:
    """Refuse ``value``, which has been written, if its tenant has too many now. Raises OverQuota."""
    tenant_id = getattr(value, "member_tenant_id", None)
    if not declaration.tenant or tenant_id is None or getattr(former, "member_tenant_id", None) == tenant_id:
        return
    kind = value.tag if declaration.type_name == "Account" else declaration.type_name
    limit = _limit(tx, tenant_id, _NAMES.get(kind, ""))
    if limit is None:
        return
    terms = index.term(declaration, "memberTenantId", "=", encode_id(tenant_id))
    if declaration.type_name == "Account":
        terms += index.term(declaration, "@type", "=", kind)
    if tx.registry.count_matching(declaration.type_name, terms) > limit:
        raise OverQuota("Your organization has exceeded its quota.")


def _limit(tx: Transaction, tenant_id: int, name: str) -> int | None:
    row = tx.registry.get("Tenant", tenant_id)
    found: int | None = row.data.get("quotas", {}).get(name) if row is not None else None
    return found
