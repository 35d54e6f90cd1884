"""A certificate chain and its private key as PEM text (RFC 7468): read, checked against each other, summed up.

The chain is the server's certificate first, then each issuer in turn (RFC 8446 4.4.2). Whether anybody trusts it, and
whether it is valid today, is not asked: an administrator may store a certificate before its time. Keys under a
password are not read. ``certificates`` is about certificates that others present.
"""

from __future__ import annotations

import re
from itertools import pairwise

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

_CERTIFICATE = re.compile(r"-----BEGIN (?:X509 )?CERTIFICATE-----")
_KEY = re.compile(r"-----BEGIN ([A-Z0-9 ]{0,32}PRIVATE KEY)-----")
_LONGEST_CHAIN = 20


class UnreadablePem(ValueError):
    """The text does not hold what is looked for; the message is half a sentence and quotes nothing of the text."""


@frozen
class Chain:
    """What is worth knowing of a chain: of its first certificate, but for ``length``.

    ``names`` are its common name and alternative names, lower case, each once; the dates are seconds since the epoch;
    ``public_key`` is the SubjectPublicKeyInfo in DER.
    """

    issuer: str
    names: tuple[str, ...]
    not_before: int
    not_after: int
    public_key: bytes
    length: int


def certificates(text: str) -> list[x509.Certificate]:
    """The certificates in ``text``, as they come. Raises ``UnreadablePem``."""
    found = len(_CERTIFICATE.findall(text))
    if not found:
        raise UnreadablePem("there is no certificate in PEM")
    if found > _LONGEST_CHAIN:
        raise UnreadablePem(f"there are more than {_LONGEST_CHAIN} certificates")
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except (ValueError, x509.InvalidVersion):
        raise UnreadablePem("a certificate is damaged") from None


def read_chain(text: str) -> Chain:
    """What ``text`` holds. Raises ``UnreadablePem``, also for certificates that are not in order."""
    found = certificates(text)
    for place, (one, issuer) in enumerate(pairwise(found), 2):
        if one.issuer != issuer.subject:
            raise UnreadablePem(f"the chain is not in order: certificate {place} did not issue the one before it")
    first = found[0]
    try:
        return Chain(
            first.issuer.rfc4514_string(),
            _names(first),
            int(first.not_valid_before_utc.timestamp()),
            int(first.not_valid_after_utc.timestamp()),
            first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            len(found),
        )
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise UnreadablePem("the first certificate is damaged, or its key is of a kind that is not known") from None


def read_private_key(text: str, *, trusted: bool = False) -> PrivateKeyTypes:
    """The first private key in ``text``. Raises ``UnreadablePem``.

    ``trusted``: it was checked before, so that RSA keys, which take long, need not be checked again.
    """
    found = _KEY.search(text)
    end = f"-----END {found[1]}-----" if found is not None else ""
    stop = text.find(end, found.end()) if found is not None else -1
    if found is None or stop < 0:
        raise UnreadablePem("there is no private key in PEM")
    try:
        pem = text[found.start() : stop] + end
        return load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=trusted)
    except TypeError:
        raise UnreadablePem("it is encrypted with a password") from None
    except UnsupportedAlgorithm:
        raise UnreadablePem("it is of a kind that is not known") from None
    except ValueError:
        raise UnreadablePem("it is damaged") from None


def read_signing_key(text: str) -> SigningKey:
    """The private key of a TLS server in ``text`` (RFC 8446 4.2.3). Raises ``UnreadablePem``."""
    key = read_private_key(text)
    if not isinstance(key, SigningKey):
        raise UnreadablePem("it is neither an RSA nor an elliptic curve key")
    return key


def belongs(key: SigningKey, chain: Chain) -> bool:
    """Whether ``key`` is the private half of the first certificate's key."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == chain.public_key


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The alternative names; the common name where there are none (RFC 6125 6.4.4)."""
    common = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        others = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        presented: list[str] = []
    else:
        addresses = [str(address) for address in others.get_values_for_type(x509.IPAddress)]
        presented = [*others.get_values_for_type(x509.DNSName), *addresses]
    return tuple(dict.fromkeys(name.strip().lower() for name in presented or common if name.strip()))
