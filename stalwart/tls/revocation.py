"""Having certificates revoked (RFC 8555 7.6), which their own keys sign for, and getting others in their place."""

from __future__ import annotations

from functools import partial
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.kept_text import Unreadable
from stalwart.config.tls.certificate import Certificate
from stalwart.config.vault import Vault
from stalwart.directory.account_records import date_text
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid, NotFound
from stalwart.net.acme import AcmeProblem
from stalwart.store import Store, Transaction
from stalwart.tasks.scheduling import schedule
from stalwart.tls.authorities import Authorities
from stalwart.tls.keeping import CERTIFICATE_KEY
from stalwart.tls.managed import leaf_of
from stalwart.tls.renewals import TASK, is_automatic

REASONS = {"unspecified": 0, "keyCompromise": 1, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5}
"""RFC 5280 5.3.1."""


class Revocations:
    """Revokes what is stored; whoever asks wakes the task runner afterwards."""

    def __init__(self, store: Store, hashing: Hashing, vault: Vault, authorities: Authorities, clock: Any) -> None:
        self._store = store
        self._hashing = hashing
        self._vault = vault
        self._authorities = authorities
        self._clock = clock

    async def revoke(self, id: int, reason: str, provider_id: int | None = None) -> None:
        """Revoke the x:Certificate ``id`` at the account ``provider_id``, by default the one of its domain.

        Raises NotFound for what is not there, Invalid with the authority's words.
        """
        entry = await self._store.read(lambda tx: registry.get(tx, Certificate, id))
        if entry is None:
            raise NotFound("There is no certificate with this id.")
        value: Any = entry.value
        domain = await self._store.read(partial(_domain_of, id=value.managed_domain_id))
        if provider_id is None:
            if domain is None or not is_automatic(domain):
                raise Invalid("Say at which account: the server does not know who issued it.", ("acmeProviderId",))
            provider_id = domain.certificate_management.acme_provider_id
        try:
            der, key = await self._hashing.run(partial(_contents, value, self._vault))
            client = await self._authorities.client(provider_id)
            await client.revoke(der, REASONS[reason] or None, key_pem=key)
        except (AcmeProblem, Unreadable, ValueError) as problem:
            detail = problem.detail if isinstance(problem, AcmeProblem) else str(problem)
            raise Invalid(f"The certificate was not revoked: {detail}", ("certificateId",)) from problem
        await self._store.write(partial(_revoked, id=id, domain=domain, now=self._clock.seconds()))


def _domain_of(tx: Transaction, id: int | None) -> Any:
    entry = registry.get(tx, Domain, id) if id is not None else None
    return entry.value if entry is not None else None


def _contents(value: Any, vault: Vault) -> tuple[bytes, str]:
    """The certificate in DER and its key in PEM. For threads."""
    return leaf_of(value.certificate), vault.kept(CERTIFICATE_KEY, value.private_key)


def _revoked(tx: Transaction, id: int, domain: Any, now: float) -> None:
    """Write it down; a domain that the server cares for gets another certificate."""
    entry = registry.get(tx, Certificate, id)
    if entry is None:
        return
    value: Any = entry.value
    registry.update(tx, Certificate, id, {"revokedAt": date_text(int(now))}, now=now, by_server=True)
    if domain is not None and is_automatic(domain) and value.renew_at is not None:
        members = {"domainId": encode_id(value.managed_domain_id), "force": True}
        schedule(tx, TASK, members, now, now)
