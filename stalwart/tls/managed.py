"""The certificates that the server has got for domains, as x:Certificate objects.

Certificates that somebody stored himself are none of these. A new one takes the place of the former in the same
transaction in which its order is forgotten.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from cryptography.hazmat.primitives.serialization import Encoding

from stalwart.codec.certificate_chains import certificates, read_chain
from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config import index, registry
from stalwart.config.kept_text import kept_text
from stalwart.config.network.system import SystemSettings
from stalwart.config.tls.certificate import Certificate
from stalwart.config.vault import Vault
from stalwart.directory.account_records import date_text
from stalwart.errors import NotFound
from stalwart.store import Transaction
from stalwart.tls.keeping import CERTIFICATE_KEY
from stalwart.tls.order_journal import drop


@frozen
class Managed:
    """The certificate of a domain: its id, names, dates (seconds), and when it is to be renewed."""

    id: int
    names: frozenset[str]
    not_before: int
    not_after: int
    renew_at: int | None
    is_revoked: bool
    certificate: Any
    private_key: Any


def managed_certificates(tx: Transaction, domain_id: int) -> list[Managed]:
    """All that the server has got for a domain: the latest first, those that were revoked last."""
    ids = tx.registry.search(
        Certificate.type_name, index.term(Certificate, "managedDomainId", "=", encode_id(domain_id))
    )
    found = []
    for id, row in tx.registry.many(Certificate.type_name, ids).items():
        each: Any = Certificate.from_stored(row.data)
        if each.not_valid_before is not None and each.not_valid_after is not None:
            dates = (each.not_valid_before, each.not_valid_after, each.renew_at)
            texts = (each.certificate, each.private_key)
            found.append(Managed(id, each.subject_alternative_names, *dates, each.revoked_at is not None, *texts))
    return sorted(found, key=_freshness, reverse=True)


def _freshness(one: Managed) -> tuple[Any, ...]:
    """A new one may end before a former one: it replaces that all the same, and only it has a date of renewal."""
    return (not one.is_revoked, one.renew_at is not None, one.not_before, one.not_after, one.id)


def domain_id_of(tx: Transaction, name: str) -> int:
    """The domain that is called so. Raises NotFound."""
    holder = tx.registry.lookup("Domain.name", name)
    if holder is None:
        raise NotFound
    return holder[1]


def write_managed(
    tx: Transaction, domain_id: int, members: dict[str, Any], renew_at: float | None, now: float
) -> tuple[int, list[int]]:
    """Store a certificate of a domain (wire ``members``); its id, and the ids of those that it makes needless.

    The default certificate moves on with its names. What has expired or was revoked goes; the rest stays,
    for the case that the new one is of no use to somebody, but is renewed no more.
    """
    former = managed_certificates(tx, domain_id)
    data = {**members, "managedDomainId": encode_id(domain_id), "renewAt": None}
    if renew_at is not None:
        data["renewAt"] = date_text(int(renew_at))
    id = registry.create(tx, Certificate, data, now=now, by_server=True).id
    system = registry.get(tx, SystemSettings)
    default = system.value.default_certificate_id if system is not None else None
    for each in former:
        if each.id == default and each.names == frozenset(members["subjectAlternativeNames"]):
            patch = {"defaultCertificateId": encode_id(id)}
            registry.update(tx, SystemSettings, SINGLETON, patch, now=now)
    gone = []
    for each in former:
        if (each.not_after <= now or each.is_revoked) and not tx.registry.linked_from(Certificate.type_name, each.id):
            registry.destroy(tx, Certificate, each.id)
            gone.append(each.id)
        elif each.renew_at is not None:
            registry.update(tx, Certificate, each.id, {"renewAt": None}, now=now, by_server=True)
    drop(tx, domain_id)
    return id, gone


def leaf_of(certificate: Any) -> bytes:
    """The server's own certificate of a stored chain, in DER. For threads. Raises Unreadable, UnreadablePem."""
    return certificates(kept_text(certificate))[0].public_bytes(Encoding.DER)


def members_of(chain: str, key: str, vault: Vault) -> dict[str, Any]:
    """The wire members of x:Certificate for a chain and its key, in PEM. For threads."""
    read = read_chain(chain)
    return {
        "certificate": {"@type": "Text", "value": chain},
        "privateKey": {"@type": "Text", "secret": vault.seal(CERTIFICATE_KEY, key)},
        "subjectAlternativeNames": dict.fromkeys(read.names, True),
        "issuer": read.issuer,
        "notValidBefore": date_text(read.not_before),
        "notValidAfter": date_text(read.not_after),
    }
