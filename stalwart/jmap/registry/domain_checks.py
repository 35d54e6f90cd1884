"""Checks of a domain that need other objects, and the task that makes its keys (settings C.6, A.11).

For the handler of x:Domain, inside its transaction. Publishing records and the zone file come with the parts for that.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import AutomaticCertificates, AutomaticKeys, AutomaticRecords, Domain
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.errors import Invalid
from stalwart.store import Transaction
from stalwart.tasks.scheduling import schedule

DKIM_TASK = "DkimManagement"


def check_domain(tx: Transaction, domain: Domain) -> None:
    """Raises Invalid: names can be proved with DNS records only if the server may publish them."""
    certificates: Any = domain.certificate_management
    if not isinstance(certificates, AutomaticCertificates) or isinstance(domain.dns_management, AutomaticRecords):
        return
    provider = registry.get(tx, AcmeProvider, certificates.acme_provider_id)
    if provider is not None and provider.value.challenge_type == "Dns01":
        raise Invalid(
            "This provider proves names with DNS records, so the DNS records of the domain have to be automatic.",
            ("acmeProviderId",),
        )


def schedule_keys(tx: Transaction, id: int, former: Domain | None, domain: Domain, now: float) -> bool:
    """Make the keys of a domain soon if it is the server that keeps them from now on, or in another way.

    Whether a task was made: the caller then wakes the task runner after the commit.
    """
    if not isinstance(domain.dkim_management, AutomaticKeys):
        return False
    if former is not None and former.dkim_management == domain.dkim_management:
        return False
    schedule(tx, DKIM_TASK, {"domainId": encode_id(id)}, now, now)
    return True
