"""Nobody can grant what he does not hold (settings A.13).

What is compared is what an object grants after a change and did not grant before. What everybody of a kind has by
default is no grant: who may make accounts need not hold the permissions of ordinary people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from stalwart.config.identity import roles as declared
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.roles import Role
from stalwart.config.identity.tenant import Tenant
from stalwart.config.settings import Settings
from stalwart.directory.access import Access
from stalwart.directory.permissions import RoleOf, granted, role_ids, tenant_permissions
from stalwart.errors import Forbidden
from stalwart.schema import Variant
from stalwart.store import Transaction

_NAMED = 5
_INHERIT = declared.Inherit()


class Caller(Protocol):
    """What is asked of a ``handler.Asking``."""

    @property
    def access(self) -> Access: ...
    @property
    def memo(self) -> dict[Any, Any]: ...


class Grants:
    """Checks the grants of one call inside its transaction."""

    def __init__(self, tx: Transaction, asking: Caller, settings: Settings) -> None:
        self._tx = tx
        self._access = asking.access
        self._authentication = settings.of(Authentication)
        self._role_of = _roles(tx, asking.memo)

    def check_account(self, former: Any, account: Any) -> None:
        """Raises Forbidden if ``account`` gains what the caller does not hold, also beyond the bounds of its tenant."""
        if _is_plain(account):
            return
        before = frozenset() if former is None else self._bounded(former)
        named = _named(account) - (frozenset() if former is None else self._of_account(former))
        self.check((self._bounded(account) - before | named) - self._by_default(account))

    def check_takeover(self, account: Any) -> None:
        """Raises Forbidden if who could sign in as ``account`` would have what the caller does not hold."""
        if _is_plain(account):
            return
        beyond = self._of_account(account) - self._by_default(account) - self._access.permissions
        if beyond:
            raise Forbidden("You cannot change the credentials of an account that may do more than you.")

    def check_role(self, role_id: int, former: Role | None, role: Role) -> None:
        """Raises Forbidden if ``role`` (written already) gives more than before and more than the caller holds."""
        gained = role.enabled_permissions - role.disabled_permissions
        gained |= self.of_roles(role.role_ids - {role_id})
        if former is not None:
            gained -= former.enabled_permissions - former.disabled_permissions
            gained -= self.of_roles(former.role_ids - {role_id})
            gained |= former.disabled_permissions - role.disabled_permissions
        self.check(gained)

    def check_bounds(self, former: Any, tenant: Any) -> None:
        """Raises Forbidden if ``tenant`` lets its members have more than before and more than the caller holds."""
        if former is None:
            self.check(self._of_account(tenant))
        else:
            self.check(self._of_members(tenant) - self._of_members(former))

    def of_roles(self, ids: Iterable[int]) -> frozenset[str]:
        """What roles give together."""
        return granted(ids, _INHERIT, self._role_of)

    def check(self, names: frozenset[str]) -> None:
        """Raises Forbidden for permissions that the caller does not hold."""
        check_held(self._access.permissions, names)

    def _by_default(self, account: Any) -> frozenset[str]:
        """What every account of this kind has."""
        plain = account.replaced(roles=type(account)().roles, permissions=_INHERIT)
        return granted(role_ids(plain, self._authentication), _INHERIT, self._role_of)

    def _bounded(self, account: Any) -> frozenset[str]:
        """What ``account`` has beyond the default of its kind, within the bounds of its tenant."""
        row = self._tx.registry.get(Tenant.type_name, account.member_tenant_id or 0)
        own = self._of_account(account)
        return own if row is None else own & self._of_members(Tenant.from_stored(row.data))

    def _of_members(self, tenant: Any) -> frozenset[str]:
        """What nobody in ``tenant`` may do more than."""
        return tenant_permissions(tenant, self._authentication, self._role_of)

    def _of_account(self, holder: Any) -> frozenset[str]:
        """What ``holder`` (an account, a tenant) has beyond the default roles of its kind."""
        roles: frozenset[int] = frozenset()
        if isinstance(holder.roles, declared.Custom):
            roles = holder.roles.role_ids
        elif isinstance(holder.roles, declared.Admin):
            roles = self._authentication.default_admin_role_ids
        return granted(roles, holder.permissions, self._role_of)


def check_held(held: frozenset[str], names: Iterable[str]) -> None:
    """Raises Forbidden for those of ``names`` that are not ``held``, naming the first of them."""
    beyond = sorted(set(names) - held)
    if not beyond:
        return
    more = f" and {len(beyond) - _NAMED} more" if len(beyond) > _NAMED else ""
    listed = ", ".join(beyond[:_NAMED])
    raise Forbidden(f"You are not authorized to grant permissions: {listed}{more}")


def _named(account: Any) -> frozenset[str]:
    """What the permissions of an account name beside its roles, whether it is of use to it now or not."""
    found: frozenset[str] = getattr(account.permissions, "enabled_permissions", frozenset())
    return found


def _is_plain(account: Any) -> bool:
    """Whether an account has nothing but what its kind has by default."""
    special: tuple[type[Variant], ...] = (declared.Custom, declared.Admin)
    return isinstance(account.permissions, declared.Inherit) and not isinstance(account.roles, special)


def _roles(tx: Transaction, memo: dict[Any, Any]) -> RoleOf:
    def role_of(role_id: int) -> Role | None:
        row = tx.registry.get(Role.type_name, role_id)
        if row is None:
            return None
        key = (Role, role_id, row.revision)
        if key not in memo:
            memo[key] = Role.from_stored(row.data)
        found: Role = memo[key]
        return found

    return role_of
