"""Certificates as ACME needs them: requests (RFC 2986), what is issued, and how one is named (RFC 9773 4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from stalwart.codec.certificate_chains import (
    Chain,
    SigningKey,
    UnreadablePem,
    belongs,
    certificates,
    read_chain,
    read_private_key,
)
from stalwart.codec.certificates import MalformedCertificate, load
from stalwart.net.acme.account_key import base64url
from stalwart.net.acme.problems import AcmeProblem

LEAST_LEFT = 3600
"""How many seconds an issued certificate must be valid for; half of its lifetime, if that is shorter."""


def new_key_pem() -> str:
    """A new private key, P-256 in PKCS#8."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def csr_for(names: Iterable[str], key_pem: str) -> bytes:
    """A request in DER for a certificate for ``names``, without a subject. Raises AcmeProblem."""
    key = _signing_key(key_pem)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()
    try:
        alternatives = [x509.DNSName(name) for name in names]
    except ValueError:
        raise AcmeProblem("badCSR", "A name is not fit for a certificate; it has to be in ASCII.") from None
    if not alternatives:
        raise AcmeProblem("badCSR", "There is no name for the certificate.")
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = request.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    try:
        return request.sign(key, digest).public_bytes(Encoding.DER)
    except (ValueError, UnsupportedAlgorithm):
        raise AcmeProblem("badCSR", "The private key cannot sign a request; it may be too short.") from None


def certificate_id(der: bytes) -> str:
    """How RFC 9773 4.1 names a certificate. Raises AcmeProblem if it does not say which key signed it."""
    try:
        certificate = load(der)
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (MalformedCertificate, x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        found = None
    if not found:
        raise AcmeProblem("malformed", "The certificate has no identifier of its issuer's key.")
    number = certificate.serial_number
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)  # a sign bit more
    return f"{base64url(found)}.{base64url(serial)}"


def check_chain(pem: str, names: Iterable[str], key_pem: str, now: float) -> Chain:
    """What was issued, if it is a chain in order, for ``names`` and the key, and valid for ``LEAST_LEFT`` more.

    A certificate by itself is a chain, too: its issuer may be a root. Raises AcmeProblem.
    """
    try:
        chain = read_chain(pem)
        found = certificates(pem)
        for one, issuer in pairwise(found):
            one.verify_directly_issued_by(issuer)
    except UnreadablePem as problem:
        raise _unfit(f"{problem}") from None
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        raise _unfit("a certificate of the chain is not signed by the one after it") from None
    if not belongs(_signing_key(key_pem), chain):
        raise _unfit("it is for another key")
    absent = sorted({name.lower() for name in names} - _alternative_names(found[0]))
    if absent:
        raise _unfit(f"it is not for {', '.join(absent[:5])}")
    if chain.not_after < now + min(LEAST_LEFT, (chain.not_after - chain.not_before) / 2):
        raise _unfit("it ends within an hour" if chain.not_after > now else "it has ended")
    if chain.not_before > now + LEAST_LEFT:
        raise _unfit("it is not valid yet; is the clock of this machine right?")
    return chain


def normal_chain(text: str) -> str:
    """The certificates of ``text`` and nothing else. Raises UnreadablePem."""
    return "".join(each.public_bytes(Encoding.PEM).decode("ascii") for each in certificates(text))


def issuers(pem: str) -> set[str]:
    """The common names at the top of a chain: of its last certificate, and of who issued that."""
    try:
        last = certificates(pem)[-1]
        names = (*last.subject, *last.issuer)
    except (UnreadablePem, ValueError):
        return set()
    return {str(each.value) for each in names if each.oid == NameOID.COMMON_NAME}


def _signing_key(pem: str) -> SigningKey:
    try:
        key = read_private_key(pem, trusted=True)
    except UnreadablePem as problem:
        raise AcmeProblem("local", f"The private key cannot be used: {problem}.") from None
    if not isinstance(key, SigningKey):
        raise AcmeProblem("local", "The private key is neither RSA nor of an elliptic curve.")
    return key


def _alternative_names(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {name.lower() for name in found.get_values_for_type(x509.DNSName)}


def _unfit(reason: str) -> AcmeProblem:
    return AcmeProblem("unusableCertificate", f"The certificate that was issued cannot be used: {reason}.")
