"""What an account may do: roles, its own adjustments, and what the credential leaves of that (settings A.13).

A permission that any role or the account disables is gone, whoever grants it. Roles may contain roles, in
circles too. Nobody has more than the tenant that he belongs to. The names themselves are declared in
`config.permissions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from stalwart.config.identity import roles as declared
from stalwart.config.identity.account import Group, User
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.tenant import Tenant
from stalwart.config.permissions import CREDENTIALS, PERMISSIONS, SESSIONS, kebab_case, listed
from stalwart.directory.access import Access
from stalwart.schema import Variant

ALL = frozenset(PERMISSIONS)
"""Every permission there is: what the recovery administrator holds."""

BOOTSTRAP = frozenset(("sysBootstrapGet", "sysBootstrapUpdate"))
"""What the recovery administrator holds while there is no store yet (http-service 9)."""

AFTER_EXPIRY = frozenset(
    (
        "authenticate",
        "authenticateWithAlias",
        "sysAccountPasswordGet",
        "sysAccountPasswordUpdate",
        "emailReceive",
    )
)
"""What is left of an account whose password has expired, until it is changed (auth-api 2.4)."""

RULING = frozenset(("impersonate", "sysAccountUpdate", "sysRoleUpdate", "sysDirectoryUpdate"))
"""Permissions of whoever can get at the accounts of others."""

NOT_FOR_APPS = CREDENTIALS | SESSIONS | RULING | {"sysAccountCreate"}
"""What no app password opens: whoever finds one on a telephone makes himself no other way in (decision 4)."""


RoleOf = Callable[[int], declared.Role | None]
"""Gives the role with an id."""


def effective_permissions(
    account: User | Group, authentication: Authentication, role_of: RoleOf, tenant: Tenant | None = None
) -> frozenset[str]:
    """The permissions of ``account``, which belongs to ``tenant``."""
    own = granted(role_ids(account, authentication), account.permissions, role_of)
    return own if tenant is None else own & tenant_permissions(tenant, authentication, role_of)


def tenant_permissions(tenant: Tenant, authentication: Authentication, role_of: RoleOf) -> frozenset[str]:
    """What nobody in ``tenant`` may do more than.

    By default that is what its administrator, people and groups have by their default roles.
    """
    roles = authentication.default_tenant_role_ids
    if isinstance(tenant.roles, declared.Custom):
        roles = tenant.roles.role_ids
    else:
        roles = roles | authentication.default_user_role_ids | authentication.default_group_role_ids
    return granted(roles, tenant.permissions, role_of)


def granted(roles: Iterable[int], adjustment: Variant, role_of: RoleOf) -> frozenset[str]:
    """What ``roles`` give, changed as ``adjustment`` (`Permissions`) says."""
    if isinstance(adjustment, declared.Replace):
        return adjustment.enabled_permissions - adjustment.disabled_permissions
    enabled, disabled = _of_roles(roles, role_of)
    if isinstance(adjustment, declared.Merge):
        enabled |= adjustment.enabled_permissions
        disabled |= adjustment.disabled_permissions
    return frozenset(enabled - disabled)


def role_ids(account: User | Group, authentication: Authentication) -> frozenset[int]:
    """The roles of ``account``: its own list, or the default of its kind."""
    if isinstance(account.roles, declared.Custom):
        return account.roles.role_ids
    if isinstance(account, Group):
        return authentication.default_group_role_ids
    if isinstance(account.roles, declared.Admin):
        return authentication.default_admin_role_ids
    return authentication.default_user_role_ids


def credential_permissions(permissions: frozenset[str], restriction: Variant, kind: str) -> frozenset[str]:
    """What an app password or API key (``kind`` says which) leaves of its account's ``permissions`` (auth-api 2.4)."""
    if kind == "AppPassword":
        permissions = _for_apps(permissions)
    if isinstance(restriction, declared.Disable):
        return permissions - restriction.permissions
    if isinstance(restriction, declared.Only):
        return permissions & restriction.permissions
    return permissions


@lru_cache(maxsize=64)  # accounts share a few sets, and so do the app passwords that are remembered
def _for_apps(permissions: frozenset[str]) -> frozenset[str]:
    return permissions - NOT_FOR_APPS


def account_permissions(access: Access, directory_queries: bool = False) -> list[str]:
    """The names that `/api/account` lists: kebab-case, sorted, less what means nothing to a person (auth-api 10).

    ``directory_queries``: whether users may look each other up (`Sharing.allowDirectoryQueries`).
    """
    return list(_shown(access.permissions, directory_queries, access.kind == "recovery"))


@lru_cache(maxsize=64)  # accounts share a few sets of permissions, and spelling 600 names takes a millisecond
def _shown(permissions: frozenset[str], directory_queries: bool, recovery: bool) -> tuple[str, ...]:
    if permissions == BOOTSTRAP:
        return tuple(sorted(map(kebab_case, BOOTSTRAP)))
    shown = listed(permissions, directory_queries=directory_queries, recovery=recovery)
    return tuple(sorted(map(kebab_case, shown)))


def _of_roles(wanted: Iterable[int], role_of: RoleOf) -> tuple[set[str], set[str]]:
    enabled: set[str] = set()
    disabled: set[str] = set()
    seen: set[int] = set()
    pending = list(wanted)
    while pending:
        role_id = pending.pop()
        role = None if role_id in seen else role_of(role_id)
        seen.add(role_id)
        if role is not None:
            enabled |= role.enabled_permissions
            disabled |= role.disabled_permissions
            pending.extend(role.role_ids)
    return enabled, disabled
