"""The certificate of a server that has none yet: signed by itself, so that TLS works and nothing is sent in clear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stalwart.tls.pairs import Pair, host_name, made_pair

LIFETIME = timedelta(days=3650)
_CLOCKS_DIFFER = timedelta(days=1)
_LONGEST_COMMON_NAME = 64  # RFC 5280 appendix A.1, ub-common-name


def self_signed(names: tuple[str, ...], now: float) -> Pair:
    """A new P-256 certificate for those of ``names`` that are any, else ``localhost``. Takes half a millisecond."""
    names = tuple(name for name in map(host_name, names) if name is not None) or ("localhost",)
    key = ec.generate_private_key(ec.SECP256R1())
    common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_LONGEST_COMMON_NAME])])
    moment = datetime.fromtimestamp(int(now), UTC)
    first, last = moment - _CLOCKS_DIFFER, moment + LIFETIME
    certificate = (
        x509.CertificateBuilder()
        .subject_name(common)
        .issuer_name(common)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    leaf = certificate.public_bytes(Encoding.DER)
    return made_pair([leaf], key, names, int(first.timestamp()), int(last.timestamp()))
