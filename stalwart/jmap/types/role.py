"""x:Role, and the default roles of x:Authentication: nobody grants what he does not hold (settings A.13)."""

from __future__ import annotations

from stalwart.config import registry
from stalwart.jmap.registry.grants import Grants
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.last_administrator import check_somebody_left
from stalwart.store import Transaction

_DEFAULTS = (
    "default_user_role_ids",
    "default_group_role_ids",
    "default_tenant_role_ids",
    "default_admin_role_ids",
)


@handles("Role")
class RoleHandler(Handler):
    """Permissions under a name."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Check what the role grants."""
        before = former.value if former is not None else None
        Grants(tx, asking, self.settings).check_role(entry.id, before, entry.value)


@handles("Authentication")
class AuthenticationHandler(Handler):
    """Password rules and default roles."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Check what default roles grant that were none before."""
        grants = Grants(tx, asking, self.settings)
        for name in _DEFAULTS:
            before = getattr(former.value, name) if former is not None else frozenset()
            grants.check(grants.of_roles(getattr(entry.value, name)) - grants.of_roles(before))
        if former is not None and former.value.default_admin_role_ids - entry.value.default_admin_role_ids:
            check_somebody_left(tx, asking, entry.value)
