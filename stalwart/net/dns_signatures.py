"""What DNSSEC signatures prove, worked out with dnspython (RFC 4034, RFC 4035 5.3). Runs in threads, never in
the reactor.

Only positive proofs: signatures over records that are there. Wildcard answers would also need a proof that
nothing closer exists, and are treated as unproven. The number of signatures and keys that are tried is
bounded, so that a zone made for it cannot keep a thread busy (CVE-2023-50387).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dns.dnssec
import dns.dnssecalgs
import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
from attrs import frozen
from cryptography.exceptions import UnsupportedAlgorithm
from dns.dnssectypes import DSDigest

from stalwart.codec.dns_records import TYPES, TrustAnchor
from stalwart.net.dns_answers import Bogus

MOST_SIGNATURES = 8
MOST_KEYS = 24
_IN = dns.rdataclass.IN
_SEP_USABLE = 0x0100  # zone key flag, RFC 4034 2.1.1
_REVOKED = 0x0080  # RFC 5011 2.1


@frozen(eq=False)
class SignedSet:
    """Records of one name and type with their signatures, all made by the zone ``signer``."""

    records: Any
    signatures: Any
    signer: str


@frozen(eq=False)
class ZoneKeys:
    """The keys of ``zone`` that the chain of trust proves, until ``expires`` (seconds since the epoch)."""

    zone: str
    keys: Any
    expires: float


def signed_sets(wires: Sequence[bytes], wanted: Iterable[tuple[str, int]]) -> tuple[SignedSet, ...] | None:
    """The sets (owner, type) in the replies, ``None`` if one of them carries no signature that could be
    followed.
    """
    try:
        messages = [dns.message.from_wire(wire, ignore_trailing=True) for wire in wires]
    except (dns.exception.DNSException, ValueError):
        return None
    found = []
    for owner, rtype in wanted:
        one = _signed_set(messages, dns.name.from_text(owner), dns.rdatatype.RdataType(rtype))
        if one is None:
            return None
        found.append(one)
    return tuple(found)


def verify(sets: Iterable[SignedSet], keys: Mapping[str, ZoneKeys], now: float) -> int:
    """Seconds for which the sets may be kept as proven (RFC 4035 5.3.3).

    :raises Bogus: a signature is forged, expired, or made with a key that is not the zone's.
    """
    return min(_verify(one, keys[one.signer].keys, now) for one in sets)


def keys_below(
    zone: str, signed_keys: SignedSet, links: Iterable[TrustAnchor], now: float, longest: int
) -> ZoneKeys | None:
    """The keys of ``zone`` whose set is signed by one that ``links`` (DS or DNSKEY) names.

    ``None`` if no link uses algorithms known here: the zone counts as unsigned (RFC 4035 5.2).

    :raises Bogus: none of the keys is named, or the set is not signed by one that is.
    """
    usable = [link for link in links if _is_usable(link)]
    if not usable:
        return None
    name = dns.name.from_text(zone)
    if signed_keys.signer != zone or len(signed_keys.records) > MOST_KEYS:
        raise Bogus(f"the keys of {zone} are not signed by themselves")
    entry = [key for key in signed_keys.records if any(_names(link, name, key) for link in usable)]
    if not entry:
        raise Bogus(f"no key of {zone} is the one that its parent names")
    ttl = _verify(signed_keys, dns.rdataset.from_rdata_list(0, entry), now)
    zone_keys = [key for key in signed_keys.records if key.flags & _SEP_USABLE and not key.flags & _REVOKED]
    if not zone_keys:
        raise Bogus(f"{zone} has no zone key")
    return ZoneKeys(zone, dns.rdataset.from_rdata_list(ttl, zone_keys), now + min(ttl, longest))


def links_in(delegation: SignedSet) -> tuple[TrustAnchor, ...]:
    """The DS records of a delegation as links to the keys below."""
    zone = delegation.records.name.to_text()
    return tuple(TrustAnchor(zone, "DS", record.to_wire()) for record in delegation.records)


def _signed_set(messages: Sequence[Any], owner: Any, rtype: Any) -> SignedSet | None:
    for message in messages:
        records = message.get_rrset(message.answer, owner, _IN, rtype)
        signatures = message.get_rrset(message.answer, owner, _IN, dns.rdatatype.RRSIG, rtype)
        if records is not None and signatures is not None:
            return _by_one_signer(records, [one for one in signatures if _could_sign(one, owner, rtype)])
    return None


def _could_sign(signature: Any, owner: Any, rtype: int) -> bool:
    """The signer is an enclosing zone, the parent's for DS, and no wildcard was expanded (RFC 4035 5.3.1,
    5.3.4).
    """
    if not owner.is_subdomain(signature.signer) or (rtype == TYPES["DS"] and owner == signature.signer):
        return False
    return bool(signature.labels == len(owner.labels) - 1)


def _by_one_signer(records: Any, signatures: list[Any]) -> SignedSet | None:
    if not signatures:
        return None
    signer = signatures[0].signer
    kept = [one for one in signatures if one.signer == signer][:MOST_SIGNATURES]
    chosen = dns.rrset.from_rdata_list(records.name, records.ttl, kept)
    return SignedSet(records, chosen, signer.canonicalize().to_text())


def _verify(signed: SignedSet, keys: Any, now: float) -> int:
    signer = dns.name.from_text(signed.signer)
    for signature in signed.signatures:
        try:
            dns.dnssec.validate_rrsig(signed.records, signature, {signer: keys}, None, now)
        except (dns.exception.DNSException, UnsupportedAlgorithm, ValueError):
            continue
        left = int(signature.expiration - now)
        return int(max(0, min(signed.records.ttl, signature.original_ttl, left)))
    raise Bogus(f"no signature of {signed.records.name} verifies")


def _is_usable(link: TrustAnchor) -> bool:
    record = _rdata(link)
    try:
        dns.dnssecalgs.get_algorithm_cls(record.algorithm)
        policy = dns.dnssec.default_policy
        if link.rtype == "DNSKEY":
            return bool(policy.ok_to_validate(record))
        DSDigest.make(record.digest_type)
        return bool(policy.ok_to_validate_ds(record.digest_type)) and record.digest_type in (1, 2, 4)
    except (dns.exception.DNSException, ValueError):
        return False


def _names(link: TrustAnchor, zone: Any, key: Any) -> bool:
    """Whether ``link`` names ``key`` (RFC 4034 5)."""
    record = _rdata(link)
    if link.rtype == "DNSKEY":
        return bool(record == key)
    if record.algorithm != key.algorithm or record.key_tag != dns.dnssec.key_id(key):
        return False
    digest = DSDigest(record.digest_type)
    made = dns.dnssec.make_ds(zone, key, digest, policy=dns.dnssec.allow_all_policy)
    return bool(made.digest == record.digest)


def _rdata(link: TrustAnchor) -> Any:
    return dns.rdata.from_wire(_IN, dns.rdatatype.RdataType(TYPES[link.rtype]), link.rdata, 0, len(link.rdata))
