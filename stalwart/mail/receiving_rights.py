"""Whether an account that is not signed in may do something, such as receive mail (`emailReceive`), found out once for
each set of roles and adjustments.

What it depends on is in the running settings, except for the tenant; the answers are forgotten when those change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.config.identity.account import Account
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.roles import Role
from stalwart.config.identity.tenant import Tenant
from stalwart.config.settings import Settings
from stalwart.directory.permissions import effective_permissions
from stalwart.store import Transaction

RIGHT = "emailReceive"
_MOST = 4096


class ReceivingRights:
    """Answers for accounts as they are stored, about one permission."""

    def __init__(self, settings: Settings, right: str = RIGHT) -> None:
        self._settings = settings
        self._right = right
        self._found: tuple[tuple[Any, ...], dict[str, bool]] = (), {}  # what it was found with, and what

    def may_receive(self, tx: Transaction, data: Mapping[str, Any]) -> bool:
        """Whether the account with the stored members ``data`` may; called in threads."""
        settings = self._settings
        basis = settings.all(Role), settings.of(Authentication), settings.all(Tenant)
        former, known = self._found
        if len(former) != len(basis) or any(one is not other for one, other in zip(basis, former, strict=True)):
            known = {}
            self._found = basis, known
        key = repr((data.get("@type"), data.get("roles"), data.get("permissions"), data.get("memberTenantId")))
        found = known.get(key)
        if found is None:
            account: Any = Account.from_stored(dict(data))
            roles, tenants = dict(settings.all(Role)), dict(settings.all(Tenant))
            tenant = tenants.get(account.member_tenant_id)
            found = self._right in effective_permissions(account, settings.of(Authentication), roles.get, tenant)
            if len(known) < _MOST:
                known[key] = found
        return found
