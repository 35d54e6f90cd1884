"""What a first start inserts, so that a server can be used at once (settings A.9).

Only types without any object get theirs, so every start may call this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config import index, permissions, registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.identity.roles import Role
from stalwart.config.mail.first_objects import insert_for_sending
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.system import SystemSettings
from stalwart.schema import Declaration, ValidationFailed
from stalwart.store import Transaction

_ROLES = (
    ("User", permissions.USER),
    ("Group", permissions.GROUP),
    ("Tenant Administrator", permissions.TENANT_ADMINISTRATOR),
    ("System Administrator", permissions.SYSTEM_ADMINISTRATOR),
)


def ensure_defaults(
    tx: Transaction,
    *,
    hostname: str,
    default_domain: str | None,
    listeners: Iterable[Mapping[str, Any]],
    now: float,
) -> None:
    """Insert roles, default roles, a first domain, the names of the server, what sends mail, and ``listeners`` (wire
    members).

    A ``hostname`` that is none becomes ``localhost``; a ``default_domain`` that is none is
    ``ValidationFailed``. The index of what is there follows the declarations of this version.
    """
    index.ensure(tx)
    if _is_empty(tx, Role):
        _insert_roles(tx, now)
    if default_domain is not None and _is_empty(tx, Domain):
        registry.create(tx, Domain, {"name": default_domain}, now=now)
    if _is_empty(tx, SystemSettings):
        _insert_names(tx, hostname, now)
    if _is_empty(tx, OidcProvider):
        registry.create(tx, OidcProvider, {"signatureAlgorithm": "es256"}, now=now)
    insert_for_sending(tx, now)
    if _is_empty(tx, NetworkListener):
        for listener in listeners:
            registry.create(tx, NetworkListener, listener, now=now)


def _is_empty(tx: Transaction, declaration: Declaration) -> bool:
    return tx.registry.count(declaration.type_name) == 0


def _insert_roles(tx: Transaction, now: float) -> None:
    user, group, tenant, system = (_insert_role(tx, name, granted, now) for name, granted in _ROLES)
    if tx.registry.get(Authentication.type_name, SINGLETON) is None:
        roles = {
            "defaultUserRoleIds": {user: True},
            "defaultGroupRoleIds": {group: True},
            "defaultTenantRoleIds": {tenant: True},
            "defaultAdminRoleIds": {system: True, user: True},
        }
        registry.create(tx, Authentication, roles, now=now)


def _insert_role(tx: Transaction, name: str, granted: frozenset[str], now: float) -> str:
    role = {"description": name, "enabledPermissions": dict.fromkeys(granted, True)}
    return encode_id(registry.create(tx, Role, role, now=now).id)


def _insert_names(tx: Transaction, hostname: str, now: float) -> None:
    domains = registry.listed(tx, Domain, limit=1)
    names: dict[str, Any] = {"defaultHostname": hostname}
    if domains:
        names["defaultDomainId"] = encode_id(domains[0].id)
    try:
        SystemSettings.from_wire(names)
    except ValidationFailed:
        names["defaultHostname"] = "localhost"
    registry.create(tx, SystemSettings, names, now=now)
