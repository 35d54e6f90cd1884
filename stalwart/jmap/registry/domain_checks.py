"""Checks of a domain that need other objects, and the task that makes its keys (settings C.6, A.11).

For the handler of x:Domain, inside its transaction. Publishing records and the zone file come with the parts for that.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.dns_names import InvalidName
from stalwart.config import registry
from stalwart.config.domains.domain import AutomaticCertificates, AutomaticKeys, AutomaticRecords, Domain
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.errors import Invalid
from stalwart.mail.dkim_management import hurry_keys
from stalwart.net.tls import is_address
from stalwart.store import Transaction
from stalwart.tls.names import MOST, listed_names, strange_names

_NAMES = ("subjectAlternativeNames",)


def check_domain(tx: Transaction, id: int, domain: Domain) -> None:
    """Raises Invalid for names that no certificate can have, or not from this account, or not for this domain.

    Names can be proved with DNS records only if the server may publish them, and wildcards in no other way.
    """
    certificates: Any = domain.certificate_management
    if not isinstance(certificates, AutomaticCertificates):
        return
    provider = registry.get(tx, AcmeProvider, certificates.acme_provider_id)
    by_records = provider is not None and provider.value.challenge_type == "Dns01"
    if by_records and not isinstance(domain.dns_management, AutomaticRecords):
        raise Invalid(
            "This provider proves names with DNS records, so the DNS records of the domain have to be automatic.",
            ("acmeProviderId",),
        )
    try:
        names = listed_names(domain)
    except InvalidName as problem:
        raise Invalid(f"One of the names is no host name: {problem}", _NAMES) from None
    if len(names) > MOST:
        raise Invalid(f"A certificate is for {MOST} names at most.", _NAMES)
    for name in names:
        if is_address(name):
            raise Invalid(f"{name} is an address; only names are proved to authorities.", _NAMES)
        if name.startswith("*.") and not by_records:
            raise Invalid(f"{name} can be proved with DNS records only: choose a provider of the kind Dns01.", _NAMES)
    if stranger := next(iter(strange_names(tx, id, domain, names)), None):
        raise Invalid(f"{stranger} does not lie in this domain; domains of tenants are for their own names.", _NAMES)


def schedule_keys(tx: Transaction, id: int, former: Domain | None, domain: Domain, now: float) -> bool:
    """Make the keys of a domain soon if it is the server that keeps them from now on, or in another way.

    Whether a task was made: the caller then wakes the task runner after the commit.
    """
    if not isinstance(domain.dkim_management, AutomaticKeys):
        return False
    if former is not None and former.dkim_management == domain.dkim_management:
        return False
    hurry_keys(tx, id, now)
    return True
