"""Certificates made on the spot for the demo hosts and for the test servers: an authority, what it issues,
TLSA texts.

Keys are P-256, everything lives as long as the process. Nothing here is for real use: no serial register, no
revocation. TLSA texts follow RFC 6698 2.2 with the parameters that RFC 7672 3.1 asks for.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

DAY = timedelta(days=1)


@frozen
class Identity:
    """A private key and the chain a server sends with it, its own certificate first."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def pem(self) -> bytes:
        """Key and chain in one PEM text, key first."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + b"".join(one.public_bytes(Encoding.PEM) for one in self.chain)

    def server_context(self, oldest: int = SSL.TLS1_2_VERSION, newest: int = 0) -> SSL.Context:
        """A server's OpenSSL context; ``newest`` 0 means no upper bound."""
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(oldest)
        context.set_max_proto_version(newest)
        context.use_privatekey(crypto.PKey.from_cryptography_key(self.key))
        context.use_certificate(crypto.X509.from_cryptography(self.chain[0]))
        for issuer in self.chain[1:]:
            context.add_extra_chain_cert(crypto.X509.from_cryptography(issuer))
        return context


@implementer(IOpenSSLServerConnectionCreator)
@frozen
class ServerTls:
    """A context in the form that ``startTLS`` and TLS listeners of Twisted want."""

    context: SSL.Context

    def serverConnectionForTLS(self, _protocol: Any) -> SSL.Connection:
        """Called by Twisted when TLS starts."""
        return SSL.Connection(self.context, None)


class Authority:
    """A certificate authority of its own with a fresh key."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = _builder(subject, subject, self._key, datetime.now(UTC) - DAY, datetime.now(UTC) + 30 * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs=True), critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """Its certificate, for a trust store."""
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, *names: str, since: timedelta = -DAY, until: timedelta = 30 * DAY, whole: bool = True) -> Identity:
        """A server's identity for ``names``, valid between the two offsets from now; ``whole``: the chain
        includes the authority.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        builder = _builder(_name(names[0]), self.certificate.subject, key, now + since, now + until)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        leaf = _for_server(builder, names).sign(self._key, hashes.SHA256())
        return Identity(key, (leaf, self.certificate) if whole else (leaf,))


def self_signed(*names: str) -> Identity:
    """An identity that vouches for itself only."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    builder = _builder(_name(names[0]), _name(names[0]), key, now - DAY, now + 30 * DAY)
    return Identity(key, (_for_server(builder, names).sign(key, hashes.SHA256()),))


def tlsa_end_entity(identity: Identity) -> str:
    """``3 1 1``: the server's key by its SHA-256."""
    key = identity.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "3 1 1 " + hashlib.sha256(key).hexdigest()


def tlsa_anchor(certificate: x509.Certificate) -> str:
    """``2 0 1``: an authority by the SHA-256 of its certificate."""
    return "2 0 1 " + hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def tlsa_of_another_key() -> str:
    """``3 1 1`` that no server's key matches."""
    return "3 1 1 " + hashlib.sha256(b"the key of somebody else").hexdigest()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _for_server(builder: x509.CertificateBuilder, names: tuple[str, ...]) -> x509.CertificateBuilder:
    sans = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return (
        builder.add_extension(sans, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
