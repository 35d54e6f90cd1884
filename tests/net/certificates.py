"""Certificates made for a test: authorities and what they issue, with elliptic-curve keys because they are
quick.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey


@frozen
class Issued:
    """A certificate with its key. ``chain`` are the certificates of its issuers, the nearest first, without
    the root.
    """

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()
    is_root: bool = False

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def public_key_info(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate alone: what a trust store reads of an authority."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def chain_pem(self) -> bytes:
        """The certificate and its issuers: what a server sends."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, *self.chain))

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def save(self, path: Path) -> tuple[str, str]:
        """Write ``path``.pem and ``path``.key; both names."""
        chain, key = path.with_suffix(".pem"), path.with_suffix(".key")
        chain.write_bytes(self.chain_pem)
        key.write_bytes(self.key_pem)
        return str(chain), str(key)


def make_ca(name: str = "Test Authority", *, days: int = 365, ca: Issued | None = None) -> Issued:
    """An authority, self-signed or below ``ca``."""
    builder, key = _builder(name, days, ca)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return _sign(builder, key, ca)


def issue(
    names: Sequence[str],
    days: int = 30,
    ca: Issued | None = None,
    *,
    common_name: str | None = None,
    client_only: bool = False,
) -> Issued:
    """A server's certificate for ``names``, self-signed without ``ca``; a negative ``days`` is the time since
    it ended.

    No names: no subjectAltName. ``client_only``: its use is restricted to clients.
    """
    builder, key = _builder(common_name or (names[0] if names else "nameless"), days, ca)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
    usage = ExtendedKeyUsageOID.CLIENT_AUTH if client_only else ExtendedKeyUsageOID.SERVER_AUTH
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return _sign(builder, key, ca)


def _builder(name: str, days: int, ca: Issued | None) -> tuple[x509.CertificateBuilder, Key]:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.certificate.subject if ca else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
    )
    return builder, key


def _sign(builder: x509.CertificateBuilder, key: Key, ca: Issued | None) -> Issued:
    certificate = builder.sign(ca.key if ca else key, hashes.SHA256())
    chain = () if ca is None or ca.is_root else (ca.certificate, *ca.chain)
    return Issued(certificate, key, chain, is_root=ca is None)


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
