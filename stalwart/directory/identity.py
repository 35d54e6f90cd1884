"""The account behind a login name or an id, as one consistent reading of the store: address, domain, permissions.

Names and aliases of accounts and domains are resolved here. Whether the credential is right is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from attrs import evolve, frozen

from stalwart.codec.dav.rights import CHANGING, UNSEEN, Rights
from stalwart.codec.ids import encode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import ADDRESS_SPACE, Account
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.roles import Role
from stalwart.config.identity.tenant import Tenant
from stalwart.config.network.system import SystemSettings
from stalwart.directory.access import Access, SharedAccount, language_tag
from stalwart.directory.credentials import Network
from stalwart.directory.permissions import RULING, effective_permissions
from stalwart.schema import combined_key
from stalwart.schema.formats import domain_name
from stalwart.store.store import Store, Transaction


@frozen
class Identity:
    """One account: ``account`` is its `User` or `Group`, ``by_alias`` whether another name than its own led here.

    ``is_enabled``: its home domain, the domain that was typed and the alias all accept logins.
    ``directory_id`` is the directory elsewhere that serves its home domain, None for none.
    """

    account_id: int
    account: Any
    address: str
    permissions: frozenset[str]
    by_alias: bool = False
    is_enabled: bool = True
    directory_id: int | None = None
    shared: tuple[SharedAccount, ...] = ()

    @property
    def is_external(self) -> bool:
        """Whether a directory elsewhere knows the password (auth-api 2.2).

        Who may rule over other accounts and has a password here keeps to it: nobody who rules over the directory
        becomes an administrator by that, and no administrator is locked out when it fails.
        """
        if self.directory_id is None:
            return False
        return self.permissions.isdisjoint(RULING) or credential_of(self, "Password") is None

    @property
    def may_sign_in(self) -> bool:
        """Whether a credential of this account counts at all: groups have none, and its domain must be enabled."""
        return self.is_enabled and self.account.tag == "User"

    def access(self, stamp: int) -> Access:
        """What the account may do, before any limit of a credential."""
        return Access(
            account_id=self.account_id,
            login=self.address,
            name=self.account.description,
            permissions=self.permissions,
            locale=language_tag(self.account.locale),
            group_ids=getattr(self.account, "member_group_ids", frozenset()),
            tenant_id=self.account.member_tenant_id,
            shared=self.shared,
            stamp=stamp,
        )


class Identities:
    """Reads identities from ``store``."""

    def __init__(self, store: Store, settings: Any) -> None:
        self._store = store
        self._settings = settings
        # Accounts with the same roles share one set of some hundred names, or the credential cache would hold
        # copies.
        self._shared: Callable[[frozenset[str]], frozenset[str]] = lru_cache(maxsize=256)(lambda names: names)

    async def by_login(self, login: str) -> Identity | None:
        """The account of a login name in lower case; a name without domain is completed with the default domain."""
        default = self._settings.of(SystemSettings).default_domain_id
        authentication = self._settings.of(Authentication)
        return self._slim(await self._store.read(lambda tx: find_by_login(tx, login, default, authentication)))

    async def by_id(self, account_id: int) -> Identity | None:
        """The account with this id."""
        authentication = self._settings.of(Authentication)
        return self._slim(await self._store.read(lambda tx: find_by_id(tx, account_id, authentication)))

    def _slim(self, identity: Identity | None) -> Identity | None:
        return identity and evolve(identity, permissions=self._shared(identity.permissions))


def find_by_login(
    tx: Transaction, login: str, default_domain_id: int | None, authentication: Authentication
) -> Identity | None:
    """The identity of ``login`` or None; see `Identities.by_login`."""
    local, at, typed = login.rpartition("@")
    domain_id = default_domain_id
    if at:
        domain_id = _domain_id(tx, typed)
    else:
        local = login
    domain = _domain(tx, domain_id)
    if domain_id is None or domain is None:
        return None
    holder = tx.registry.lookup(ADDRESS_SPACE, combined_key(local, encode_id(domain_id)))
    if holder is None or holder[0] != "Account":
        return None
    identity = find_by_id(tx, holder[1], authentication)
    if identity is None:
        return None
    own = (identity.account.name, identity.account.domain_id) == (local, domain_id)
    aliases = () if own else identity.account.aliases
    return evolve(
        identity,
        by_alias=not own or bool(at and domain.name != _a_labels(typed)),
        is_enabled=identity.is_enabled
        and domain.is_enabled
        and all(alias.enabled for alias in aliases if (alias.name, alias.domain_id) == (local, domain_id)),
    )


def find_by_id(tx: Transaction, account_id: int, authentication: Authentication) -> Identity | None:
    """The identity of an account id or None."""
    row = tx.registry.get("Account", account_id)
    if row is None:
        return None
    account = Account.from_stored(row.data)
    domain = _domain(tx, account.domain_id)
    if domain is None:
        return None
    tenant = _tenant(tx, account.member_tenant_id)
    permissions = effective_permissions(account, authentication, lambda role_id: _role(tx, role_id), tenant)
    return Identity(
        account_id,
        account,
        f"{account.name}@{domain.name}",
        permissions,
        is_enabled=domain.is_enabled,
        directory_id=directory_of(domain, authentication),
        shared=shared_accounts(tx, account_id, getattr(account, "member_group_ids", frozenset())),
    )


def shared_accounts(tx: Transaction, account_id: int, group_ids: frozenset[int]) -> tuple[SharedAccount, ...]:
    """The accounts that have shared something with an account or its groups, and that do not belong to it anyway."""
    types: dict[int, set[int]] = {}
    changeable: dict[int, set[int]] = {}
    for found in tx.shares.accounts((account_id, *sorted(group_ids))):
        rights = Rights(found.rights)
        if found.account_id in group_ids or found.account_id == account_id or not rights & ~UNSEEN:
            continue
        types.setdefault(found.account_id, set()).add(found.type)
        if rights & CHANGING:
            changeable.setdefault(found.account_id, set()).add(found.type)
    return tuple(SharedAccount(id, frozenset(types[id]), frozenset(changeable.get(id, ()))) for id in sorted(types))


def directory_of(domain: Domain, authentication: Authentication) -> int | None:
    """The directory elsewhere that serves ``domain``: its own or the default one; None: it is served here."""
    return domain.directory_id if domain.directory_id is not None else authentication.directory_id


def is_address(tx: Transaction, address: str) -> bool:
    """Whether an account or mailing list has ``address`` (lower case), as its own or as an alias."""
    local, at, typed = address.rpartition("@")
    domain_id = _domain_id(tx, typed) if at and local else None
    return (
        domain_id is not None
        and tx.registry.lookup(ADDRESS_SPACE, combined_key(local, encode_id(domain_id))) is not None
    )


def credential_of(identity: Identity | None, kind: str, credential_id: int | None = None) -> Any:
    """The credential of ``kind`` (with this id) of a user, or None."""
    if identity is None or identity.account.tag != "User":
        return None
    for credential in identity.account.credentials:
        if credential.tag == kind and credential_id in (None, credential.credential_id):
            return credential
    return None


def networks_of(credential: Any) -> tuple[Network, ...]:
    """The networks that a credential may be used from, most often none in particular."""
    return tuple(ip_network(text, strict=False) for text in sorted(credential.allowed_ips))


def _domain_id(tx: Transaction, typed: str) -> int | None:
    name = _a_labels(typed)
    holder = tx.registry.lookup("Domain.name", name) if name else None
    return holder[1] if holder is not None else None


def _a_labels(typed: str) -> str:
    try:
        return domain_name(typed)
    except ValueError:
        return ""


def _domain(tx: Transaction, domain_id: int | None) -> Domain | None:
    row = tx.registry.get("Domain", domain_id) if domain_id is not None else None
    return Domain.from_stored(row.data) if row is not None else None


def _role(tx: Transaction, role_id: int) -> Role | None:
    row = tx.registry.get("Role", role_id)
    return Role.from_stored(row.data) if row is not None else None


def _tenant(tx: Transaction, tenant_id: int | None) -> Tenant | None:
    row = tx.registry.get("Tenant", tenant_id) if tenant_id is not None else None
    return Tenant.from_stored(row.data) if row is not None else None
