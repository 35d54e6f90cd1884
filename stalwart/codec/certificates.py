"""X.509 certificates (RFC 5280 4.1) as far as diagnosis and DANE need them: the public key as sent, names, a
summary.

The public key is cut out of the certificate's own bytes, because DANE compares those (RFC 6698 2.1.2) and a
re-encoded key may differ (RSA-PSS parameters, explicit curves). Reading everything else is left to
``cryptography``; trust and paths are in ``net``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from attrs import frozen
from cryptography import x509
from cryptography.x509.oid import NameOID

_SEQUENCE, _VERSION = 0x30, 0xA0
_MOST_NAMES = 100
_LONGEST_TEXT = 256
_WORTH_KEEPING = 16 * 1024


class MalformedCertificate(Exception):
    """The bytes are no certificate that can be read."""


def element(data: bytes, start: int, end: int) -> tuple[int, int, int]:
    """Tag, start of content and end of the DER element at ``start`` (X.690 8.1, definite lengths only)."""
    if start + 2 > end:
        raise MalformedCertificate("truncated")
    tag, length, content = data[start], data[start + 1], start + 2
    if tag & 0x1F == 0x1F:
        raise MalformedCertificate("unexpected tag")
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4 or content + size > end:
            raise MalformedCertificate("unreadable length")
        length = int.from_bytes(data[content : content + size], "big")
        content += size
    if content + length > end:
        raise MalformedCertificate("truncated")
    return tag, content, content + length


def sequence(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Start and end of what the DER SEQUENCE at ``start`` holds."""
    tag, content, stop = element(data, start, end)
    if tag != _SEQUENCE:
        raise MalformedCertificate("not a sequence")
    return content, stop


def public_key_info(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a DER certificate, byte for byte (RFC 5280 4.1.2.7).

    :raises MalformedCertificate: the structure ends before the key.
    """
    position, end = sequence(certificate, 0, len(certificate))
    position, end = sequence(certificate, position, end)
    tag, _, after = element(certificate, position, end)
    if tag == _VERSION:
        position = after
    for _ in ("serialNumber", "signature", "issuer", "validity", "subject"):
        position = element(certificate, position, end)[2]
    sequence(certificate, position, end)
    return certificate[position : element(certificate, position, end)[2]]


def load(certificate: bytes) -> x509.Certificate:
    """Read a DER certificate.

    :raises MalformedCertificate: it cannot be read.
    """
    try:
        return x509.load_der_x509_certificate(certificate)
    except (ValueError, x509.InvalidVersion) as problem:
        raise MalformedCertificate("unreadable certificate") from problem


@frozen
class Summary:
    """What is worth knowing of a certificate; a certificate that cannot be read has its digest only."""

    sha256: str
    subject: str = ""
    issuer: str = ""
    common_name: str | None = None
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    not_after: datetime | None = None

    def wire(self, now: datetime | None = None) -> dict[str, Any]:
        """The certificate as the diagnosis shows it; ``daysLeft`` only where ``now`` is given."""
        names = [_shown(name) for name in (*self.dns_names, *self.addresses)[:_MOST_NAMES]]
        shown: dict[str, Any] = {
            "subject": _shown(self.subject),
            "issuer": _shown(self.issuer),
            "sans": names,
            "notAfter": self.not_after.strftime("%Y-%m-%dT%H:%M:%SZ") if self.not_after else None,  # RFC 3339
            "sha256": self.sha256,
        }
        if now is not None and self.not_after is not None:
            shown["daysLeft"] = (self.not_after - now).days
        return shown


def summary(certificate: bytes) -> Summary:
    """Read a DER certificate for showing. Costs little for one seen before, as most are."""
    return _remembered(certificate) if len(certificate) <= _WORTH_KEEPING else _summarise(certificate)


def _summarise(certificate: bytes) -> Summary:
    digest = hashlib.sha256(certificate).hexdigest()
    try:
        read = load(certificate)
        dns_names, addresses = _alternative_names(read)
        common = read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return Summary(
            digest,
            read.subject.rfc4514_string(),
            read.issuer.rfc4514_string(),
            str(common[-1].value) if common else None,
            dns_names,
            addresses,
            read.not_valid_after_utc,
        )
    except (MalformedCertificate, ValueError):
        return Summary(digest)


_remembered = lru_cache(maxsize=256)(_summarise)


def _alternative_names(certificate: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (), ()
    dns_names = tuple(found.get_values_for_type(x509.DNSName))
    return dns_names, tuple(str(address) for address in found.get_values_for_type(x509.IPAddress))


def is_named(certificate: bytes, references: Iterable[str]) -> bool:
    """Whether a certificate is for one of the reference names by the rules of DANE for SMTP (RFC 7672 3.2.3).

    A wildcard stands for exactly the first label; the common name counts only where there is no DNS name.
    """
    known = summary(certificate)
    presented = known.dns_names or ((known.common_name,) if known.common_name else ())
    wanted = {reference.rstrip(".").lower() for reference in references} - {""}
    return any(_same(name.rstrip(".").lower(), reference) for name in presented for reference in wanted)


def _same(presented: str, reference: str) -> bool:
    if presented.startswith("*."):
        label, _, rest = reference.partition(".")
        return bool(label) and "." in rest and rest == presented[2:]
    return presented == reference


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:_LONGEST_TEXT])
