"""Keys and certificates for tests of what people paste: made once, small and fast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

BEGINS, ENDS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


@cache
def key(kind: str = "p256", which: int = 0) -> Any:
    """A private key; another one for each ``which``."""
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "dsa":
        return dsa.generate_private_key(1024)
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def pem(private: Any, password: bytes | None = None) -> str:
    """The private key as text."""
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    text: bytes = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    return text.decode()


def certificate(
    subject: Sequence[tuple[Any, str]],
    private: Any,
    issuer: Sequence[tuple[Any, str]] | None = None,
    names: Sequence[x509.GeneralName] = (),
    ends: datetime = ENDS,
    authority: bool = False,
) -> str:
    """A certificate as text, signed with its own key, which nobody here checks."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer or subject))
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(BEGINS)
        .not_valid_after(ends)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def named(common_name: str) -> list[tuple[Any, str]]:
    """A distinguished name of one part."""
    return [(NameOID.COMMON_NAME, common_name)]


def _name(parts: Sequence[tuple[Any, str]]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
