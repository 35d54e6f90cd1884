"""What an account may hold: ``quotas`` of x:Account and of its tenant, and x:Email.maxMessages.

Used octets are kept with the account. What the members of a tenant use together is added up now and then only, so a
tenant may exceed its quota by what arrives in a few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field, frozen

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config import index
from stalwart.config.collaboration.email import Email
from stalwart.config.identity.account import Account
from stalwart.config.settings import Settings
from stalwart.errors import OverQuota
from stalwart.store import Transaction

DISK: Final = "maxDiskQuota"
EMAILS: Final = "maxEmails"
_FRESH = 10.0
_MOST_TENANTS = 1000
_TOO_MANY = "The account has as many messages as it may have."


@frozen
class Limits:
    """What an account may hold; None is no limit. ``quotas`` are those of the account, by their names."""

    octets: int | None
    emails: int | None
    quotas: Mapping[str, int] = field(factory=dict)
    tenant_id: int | None = None


@define
class Room:
    """What an account, and its tenant, may take yet; None is no limit. Who takes much looks before it makes it."""

    octets: int | None
    emails: int | None = None

    @property
    def message(self) -> int | None:
        """How many octets one more message may have."""
        return 0 if self.emails is not None and self.emails < 1 else self.octets

    def check(self, octets: int) -> None:
        """Whether one more message may come that has at least so many ``octets``. Raises OverQuota."""
        if self.octets is not None and octets > self.octets:
            raise OverQuota
        if self.emails is not None and self.emails < 1:
            raise OverQuota(_TOO_MANY)

    def take(self, octets: int) -> None:
        """The same for one that has exactly as many, and it comes."""
        self.check(octets)
        if self.octets is not None:
            self.octets -= octets
        if self.emails is not None:
            self.emails -= 1


@frozen
class _Tenant:
    """What a tenant may use and used at a moment."""

    limit: int | None
    used: int
    read_at: float


class Quotas:
    """Reads and checks quotas, in transactions. ``clock`` tells the time."""

    def __init__(self, settings: Settings, clock: Any) -> None:
        self._settings = settings
        self._clock = clock
        self._tenants: dict[int, _Tenant] = {}

    def limits(self, tx: Transaction, account_id: int) -> Limits:
        """What applies to an account."""
        row = tx.registry.get(Account.type_name, account_id)
        data = row.data if row is not None else {}
        quotas = data.get("quotas") or {}
        tenant = data.get("memberTenantId")
        return Limits(
            quotas.get(DISK),
            quotas.get(EMAILS, self._settings.of(Email).max_messages),
            quotas,
            decode_id(tenant) if isinstance(tenant, str) else tenant,
        )

    def used(self, tx: Transaction, account_id: int) -> int:
        """The octets that an account uses."""
        row = tx.accounts.get(account_id)
        return row.used_octets if row is not None else 0

    def check(self, tx: Transaction, account_id: int, octets: int, emails: int = 0) -> None:
        """Whether there is room for as much more. Raises OverQuota."""
        limits = self.limits(tx, account_id)
        if limits.octets is not None and self.used(tx, account_id) + octets > limits.octets:
            raise OverQuota
        if limits.tenant_id is not None:
            self._check_tenant(tx, limits.tenant_id, octets)
        if emails and limits.emails is not None and tx.mail.count(account_id, limits.emails) + emails > limits.emails:
            raise OverQuota(_TOO_MANY)

    def room(self, tx: Transaction, account_id: int, emails: int = 1) -> Room:
        """What there is room for; it is exact for as many ``emails``, and may be less than there is for more."""
        limits = self.limits(tx, account_id)
        octets = None if limits.octets is None else limits.octets - self.used(tx, account_id)
        if limits.tenant_id is not None:
            tenant = self._tenant(tx, limits.tenant_id)
            if tenant.limit is not None:
                left = tenant.limit - tenant.used
                octets = left if octets is None else min(octets, left)
        most = limits.emails
        return Room(octets, None if most is None else most - tx.mail.count(account_id, most - emails + 1))

    def _check_tenant(self, tx: Transaction, tenant_id: int, octets: int) -> None:
        known = self._tenant(tx, tenant_id)
        if known.limit is not None and known.used + octets > known.limit:
            raise OverQuota("Your organization has exceeded its quota.")

    def _tenant(self, tx: Transaction, tenant_id: int) -> _Tenant:
        now = self._clock.seconds()
        known = self._tenants.get(tenant_id)
        if known is None or now - known.read_at > _FRESH:
            if len(self._tenants) >= _MOST_TENANTS:
                self._tenants.clear()
            row = tx.registry.get("Tenant", tenant_id)
            limit = (row.data.get("quotas") or {}).get(DISK) if row is not None else None
            known = _Tenant(limit, 0 if limit is None else tenant_octets(tx, tenant_id), now)
            self._tenants[tenant_id] = known
        return known


def tenant_octets(tx: Transaction, tenant_id: int) -> int:
    """The octets that all members of a tenant use together."""
    members = tx.registry.search(Account.type_name, index.term(Account, "memberTenantId", "=", encode_id(tenant_id)))
    return sum(row.used_octets for row in tx.accounts.many(members).values())
