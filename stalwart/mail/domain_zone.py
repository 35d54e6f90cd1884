"""The zone of a domain as it should be: what is known of the domain in the store, the settings and the certificates
that are served, and the records that follow (spec discovery 6).

Reading takes a transaction and may open private keys, so it is for the threads of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.codec.ids import encode_id
from stalwart.codec.mta_sts import policy_id
from stalwart.codec.zone_file import zone_text
from stalwart.config import index, registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import AutomaticCertificates, Domain
from stalwart.config.domains.mta_sts import MtaSts
from stalwart.config.kept_text import Unreadable
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.vault import Vault
from stalwart.mail.certificate_issuers import issuer_name
from stalwart.mail.dkim_records import published_key
from stalwart.mail.domain_records import DkimKey, DomainFacts, Issuer, domain_records
from stalwart.mail.mta_sts_policy import policy_file
from stalwart.store import Transaction

MOST_KEYS = 100


class Served(Protocol):
    """See ``stalwart.tls.selection.Certificates``."""

    def chain_for(self, name: str) -> tuple[bytes, ...]: ...


class DomainZones:
    """The zones of all domains; ``configuration`` gives the document for user agents of a domain by its name."""

    def __init__(
        self, settings: Settings, vault: Vault, served: Served, configuration: Callable[[str], bytes | None]
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._served = served
        self._configuration = configuration

    def text(self, tx: Transaction, id: int, domain: Domain) -> str:
        """The records of ``domain``, whose number is ``id``, as a zone file."""
        return zone_text(each.record for each in domain_records(self.facts(tx, id, domain)))

    def facts(self, tx: Transaction, id: int, domain: Domain) -> DomainFacts:
        """What is known of ``domain``."""
        system = self._settings.of(SystemSettings)
        body = policy_file(domain, self._settings.of(MtaSts), system)
        return DomainFacts(
            domain,
            system,
            tuple(self._keys(tx, id)),
            tuple(dict.fromkeys(_issuers(tx, domain))),
            self._served.chain_for,
            policy_id(body) if body is not None else None,
            self._configuration(domain.name),
        )

    def _keys(self, tx: Transaction, id: int) -> Iterator[DkimKey]:
        """The keys that can be read, oldest first."""
        terms = index.term(DkimSignature, "domainId", "=", encode_id(id))
        ids = tx.registry.search(DkimSignature.type_name, terms, descending=False, limit=MOST_KEYS)
        rows = tx.registry.many(DkimSignature.type_name, ids)
        for each in sorted(rows):
            signature: Any = DkimSignature.from_stored(rows[each].data)
            try:
                yield published_key(self._vault, signature)
            except (UnreadablePem, Unreadable):
                continue


def _issuers(tx: Transaction, domain: Domain) -> Iterator[Issuer]:
    """The authority of the domain, and the one that is asked in its place."""
    management: Any = domain.certificate_management
    if not isinstance(management, AutomaticCertificates):
        return
    first = registry.get(tx, AcmeProvider, management.acme_provider_id)
    fallback_id = first.value.fallback_provider_id if first is not None else None
    second = registry.get(tx, AcmeProvider, fallback_id) if fallback_id is not None else None
    for entry in (first, second):
        name = issuer_name(entry.value.directory) if entry is not None else None
        if entry is not None and name is not None:
            yield Issuer(name, entry.value.account_uri)
