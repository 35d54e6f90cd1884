"""Authentication of a mail server by its TLSA records: DANE for SMTP (RFC 7672 3.1, RFC 7671 5).

Usage 3 (DANE-EE) binds the server's own certificate or key: neither name nor dates count. Usage 2 (DANE-TA)
names an anchor: a path to it must be valid now, and the certificate must be for one of the reference names.
Whether the records may be used at all (DNSSEC) is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

from stalwart.codec.certificates import MalformedCertificate, is_named, load
from stalwart.codec.tlsa import DANE_EE, DANE_TA, KEY, WHOLE, TlsaSet

NO_MATCH = "No matching certificates found in TLSA records"
NO_CERTIFICATE = "No certificates were provided by host"
UNREADABLE = "Failed to parse X.509 certificate"

_FULL = 0
_MOST_CERTIFICATES = 16  # each anchor record is tried on each certificate: strangers choose both numbers
_MOST_ANCHORS = 32
_SERVER = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


@frozen
class DaneVerdict:
    """Whether the records vouch for the server; ``usage`` is the one that did.

    ``permanent`` is false where the server gave nothing that could be compared.
    """

    ok: bool
    reason: str | None = None
    usage: int | None = None
    permanent: bool = True


def verify_dane(tlsa: TlsaSet, chain: Sequence[bytes], reference_names: Sequence[str], now: datetime) -> DaneVerdict:
    """Compare the certificates that a server sent (DER, its own first) with the usable records of its host.

    ``reference_names`` are the host name and the next-hop domain (RFC 7672 3.2.2); ``now`` is aware of its
    time zone.
    """
    if not chain:
        return DaneVerdict(False, NO_CERTIFICATE, permanent=False)
    try:
        if tlsa.match_end_entity(chain[0]) is not None:
            return DaneVerdict(True, usage=DANE_EE)
        chain = chain[:_MOST_CERTIFICATES]
        anchors = _anchors(tlsa, chain)
        if not anchors:
            return DaneVerdict(False, NO_MATCH)
        problem = _path_problem(anchors, chain, now)
    except MalformedCertificate:
        return DaneVerdict(False, UNREADABLE, permanent=False)
    if problem is None and not is_named(chain[0], reference_names):
        problem = "the certificate is for none of " + ", ".join(reference_names)
    if problem is not None:
        return DaneVerdict(False, f"A trust anchor matches, but {problem}")
    return DaneVerdict(True, usage=DANE_TA)


def _anchors(tlsa: TlsaSet, chain: Sequence[bytes]) -> list[bytes]:
    """The certificates that DANE-TA records make trusted; a digest or a copy of the server's own never does."""
    found: list[bytes] = []
    for entry in [entry for entry in tlsa.entries if not entry.is_end_entity][:_MOST_ANCHORS]:
        found.extend(certificate for certificate in chain[1:] if certificate != chain[0] and entry.matches(certificate))
        if entry.matching != _FULL:
            continue
        if entry.selector == WHOLE and entry.data != chain[0]:  # need not be sent by the server
            found.append(entry.data)
        elif entry.selector == KEY:  # RFC 7671 5.2.3: what the bare key signed
            found.extend(certificate for certificate in chain if _signed_by(certificate, entry.data))
    return list(dict.fromkeys(found))


def _signed_by(certificate: bytes, key_info: bytes) -> bool:
    signed = load(certificate)
    try:
        key = load_der_public_key(key_info)
        if isinstance(key, rsa.RSAPublicKey):
            padding, digest = signed.signature_algorithm_parameters, signed.signature_hash_algorithm
            key.verify(signed.signature, signed.tbs_certificate_bytes, padding, digest)  # type: ignore[arg-type]
        elif isinstance(key, ec.EllipticCurvePublicKey):
            parameters = signed.signature_algorithm_parameters
            key.verify(signed.signature, signed.tbs_certificate_bytes, parameters)  # type: ignore[arg-type]
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signed.signature, signed.tbs_certificate_bytes)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _path_problem(anchors: Sequence[bytes], chain: Sequence[bytes], now: datetime) -> str | None:
    """Why there is no valid path from the server's certificate to an anchor, ``None`` if there is one."""
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)  # an anchor need not be self-signed
    store.set_time(now)
    readable = 0
    for anchor in anchors:
        try:
            store.add_cert(_x509(anchor))
            readable += 1
        except MalformedCertificate:
            continue  # a record that holds no certificate anchors nothing
    if not readable:
        return "it cannot be read"
    context = crypto.X509StoreContext(store, _x509(chain[0]), [_x509(certificate) for certificate in chain[1:]])
    try:
        path = context.get_verified_chain()
    except crypto.X509StoreContextError as problem:
        return f"the path to it is not valid: {problem}"
    return _usage_problem([certificate.to_cryptography() for certificate in path])


def _usage_problem(path: Sequence[x509.Certificate]) -> str | None:
    for certificate in path:
        try:
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            continue
        except ValueError:
            return "a certificate on the path to it cannot be read"
        if not _SERVER & set(usage):
            return "a certificate on the path to it is not for servers"
    return None


def _x509(certificate: bytes) -> crypto.X509:
    try:
        return crypto.load_certificate(crypto.FILETYPE_ASN1, certificate)
    except crypto.Error as problem:
        raise MalformedCertificate("unreadable certificate") from problem
