"""x:Tenant: a group of accounts and domains with bounds of their own (settings C.5)."""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.config.identity.roles import Permissions, Roles
from stalwart.schema import (
    REQUIRED,
    Enum,
    Enumeration,
    Map,
    Nested,
    Object,
    Size,
    String,
    Unsigned,
    UtcDateTime,
    Variant,
    prop,
)

TENANT_STORAGE_QUOTA = Enumeration(
    "TenantStorageQuota",
    (
        "maxAccounts",
        "maxGroups",
        "maxDomains",
        "maxMailingLists",
        "maxRoles",
        "maxOauthClients",
        "maxDkimKeys",
        "maxDnsServers",
        "maxDirectories",
        "maxAcmeProviders",
        "maxDiskQuota",
    ),
    "What a tenant can be limited in.",
)


class Tenant(Object, ids="sequential", label="name"):
    """Accounts, domains and what belongs to them, run by somebody who sees nothing else."""

    name: str = prop(String(), REQUIRED, "Name of the tenant.", index="both")
    created_at: int = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    logo: str | None = prop(String(nullable=True), None, "Address of a picture, or the picture as a data: URL.")
    roles: Variant = prop(Nested(Roles), {"@type": "Default"}, "Roles that bound its members.")
    permissions: Variant = prop(
        Nested(Permissions), {"@type": "Inherit"}, "Adjustment of those roles; no member may do more."
    )
    quotas: Mapping[str, int] = prop(
        Map(Enum(TENANT_STORAGE_QUOTA), Unsigned()),
        {},
        "Limits over all members: `maxDiskQuota` in bytes, the others in objects.",
    )
    used_disk_quota: int | None = prop(Size(), None, "Bytes used by all members.", update="serverSet", stored=False)
