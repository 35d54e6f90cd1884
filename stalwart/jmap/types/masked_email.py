"""``x:MaskedEmail``: the server makes up the address, which proves itself by its code (settings C.5).

Mail for such addresses is taken in ``mail/recipients``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, ClassVar

from stalwart.codec.masked_addresses import DIGITS, LONGEST_LIFETIME, code
from stalwart.config import registry
from stalwart.config.collaboration.email import Email
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.errors import Invalid, NotFound
from stalwart.jmap.registry.completed import CompletedHandler
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.jmap.registry.per_account import check_number
from stalwart.store import Transaction

_PREFIX_LENGTH = 16
_LONGEST_LOCAL_PART = 64  # RFC 5321 4.5.3.1.1


@handles("MaskedEmail")
class MaskedEmailHandler(CompletedHandler):
    """An account has a limited number of them, in domains that it has addresses in."""

    told: ClassVar[tuple[str, ...]] = ("email",)

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Give a new one its address, which has its id in it."""
        if former is not None:
            return
        masked = entry.value
        limit = self.settings.of(Email).max_masked_addresses
        check_number(tx, self.declaration, masked.account_id, "maxMaskedAddresses", limit)
        address = f"{_local_part(entry.id, masked)}@{_domain(tx, masked)}"
        registry.update(tx, self.declaration, entry.id, {"email": address}, now=asking.now, by_server=True)


def _local_part(id: int, masked: Any) -> str:
    """Raises Invalid if the prefix or the lifetime leads to nothing."""
    lifetime = 0
    if masked.expires_at is not None:
        lifetime = masked.expires_at - masked.created_at
        if not 0 < lifetime <= LONGEST_LIFETIME:
            raise Invalid("The end must be in the future, and within 136 years.", ("expiresAt",))
    prefix = masked.email_prefix or "".join(secrets.choice(DIGITS) for _ in range(_PREFIX_LENGTH))
    local = f"{prefix}.{code(id, lifetime)}"
    if len(local) > _LONGEST_LOCAL_PART:
        longest = _LONGEST_LOCAL_PART - (len(local) - len(prefix))
        raise Invalid(f"With the code behind it, the prefix can have {longest} characters.", ("emailPrefix",))
    return local


def _domain(tx: Transaction, masked: Any) -> str:
    """The domain that is wished for, else that of the account. Raises Invalid for one that is not the account's."""
    entry = registry.get(tx, Account, masked.account_id)
    if entry is None:
        raise NotFound
    domains = list(_domains(tx, entry.value))
    wish: str | None = masked.email_domain
    if wish is None:
        return domains[0].name
    if not any(wish == domain.name or wish in domain.aliases for domain in domains):
        raise Invalid("The account has no addresses in this domain.", ("emailDomain",))
    return wish


def _domains(tx: Transaction, account: Any) -> Iterator[Domain]:
    """The home domain of ``account``, then those of its other addresses."""
    for domain_id in dict.fromkeys((account.domain_id, *(alias.domain_id for alias in account.aliases))):
        entry = registry.get(tx, Domain, domain_id)
        if entry is not None:
            yield entry.value
