"""TLS for outgoing connections: whom the platform trusts, and what a handshake showed (RFC 5280 6, RFC 6125,
RFC 8996).

Opportunistic clients (SMTP) need a handshake that records what is wrong with a certificate and goes on, so
that the verdicts of the public authorities, of DANE and of MTA-STS can be formed apart; other clients (HTTPS)
need one that refuses. Both share one OpenSSL context: it holds the roots, loading them takes milliseconds.
Client certificates, revocation and session resumption are left out. See docs/decisions/0006-outgoing-tls.md.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from attrs import Factory, define, field, frozen
from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer

from stalwart.codec.certificates import MalformedCertificate, load, summary

Kind = Literal["host-mismatch", "expired", "not-trusted", "other"]

OLDEST = SSL.TLS1_2_VERSION  # RFC 8996: neither TLS 1.0 nor 1.1
_MOST_ERRORS = 32
_EXPIRED = 10
_NOT_YET_VALID = 9

# Numbers of OpenSSL (x509_vfy.h), which are part of its ABI.
_REASONS = {
    2: "issuer is unknown",
    7: "certificate has a bad signature",
    _NOT_YET_VALID: "certificate is not valid yet",
    _EXPIRED: "certificate has expired",
    18: "self-signed certificate",
    19: "the root of the chain is not trusted",
    20: "issuer is unknown",
    21: "issuer is unknown",
    22: "certificate chain is too long",
    25: "certificate chain is longer than its issuer allows",
    26: "certificate is not for servers",
    27: "the root of the chain is not trusted",
    28: "the root of the chain is rejected",
    47: "certificate has a name that its issuer may not vouch for",
    66: "key of the certificate is too short",
    67: "key of an issuer is too short",
    68: "certificate is signed with a weak digest",
    79: "issuer is not a certificate authority",
}


@frozen
class TlsReport:
    """What a handshake showed. ``chain`` is DER as sent, the server's own certificate first.

    ``webpki_ok``: a public authority vouches for the name now; otherwise ``webpki_reason`` has all that is
    wrong and ``webpki_kind`` the gravest (names of RFC 8460 4.3.1 without the prefix).
    """

    protocol: str
    cipher: str
    group: str | None
    chain: tuple[bytes, ...] = field(repr=lambda chain: f"<{len(chain)} certificates>")
    webpki_ok: bool = False
    webpki_reason: str | None = None
    webpki_kind: Kind | None = None


@define
class Verification:
    """What OpenSSL found as it checked the path of one connection; ``errors`` are (number, depth) pairs."""

    hostname: str
    refuses: bool
    errors: list[tuple[int, int]] = Factory(list)
    complete: bool = False
    name_problem: str | None = None


class Recorded(SSL.Connection):
    """A connection with its ``verification``; Twisted uses the application data of OpenSSL for itself."""

    def __init__(self, context: SSL.Context, verification: Verification) -> None:
        super().__init__(context, None)
        self.verification = verification


@implementer(IOpenSSLClientConnectionCreator)
class ClientOptions:
    """Makes the TLS side of a connection to ``hostname``; ``verification`` is that of the latest one made."""

    def __init__(self, context: SSL.Context, hostname: str, refuses: bool) -> None:
        self.hostname = hostname.rstrip(".")
        self.verification = Verification(self.hostname, refuses)
        self._context = context
        self._refuses = refuses

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Recorded:
        """Called by Twisted when TLS starts."""
        self.verification = Verification(self.hostname, self._refuses)
        connection = Recorded(self._context, self.verification)
        if self._refuses:
            connection.set_verify(SSL.VERIFY_PEER, _verify)
        if self.hostname and not is_address(self.hostname):  # RFC 6066 3: no literal addresses
            connection.set_tlsext_host_name(self.hostname.encode("ascii"))
        return connection

    def problem(self) -> str | None:
        """Why the latest connection was refused, as far as its certificate is the cause."""
        if self.verification.errors:
            return _path_verdict(self.verification)[0]
        return self.verification.name_problem


class TrustStore:
    """The authorities that outgoing connections trust: those of the platform, or of ``cafile`` (PEM) if
    given.

    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` replace the platform's. Loaded at first use and kept.
    """

    def __init__(self, cafile: str | None = None) -> None:
        self._cafile = cafile
        self._contexts: dict[int, SSL.Context] = {}

    def reload(self) -> None:
        """Read the authorities again for connections made from now on."""
        self._contexts.clear()

    def problems(self) -> tuple[str, ...]:
        """What is wrong with the configured files; OpenSSL itself says nothing and then trusts nobody."""
        wanted = {"SSL_CERT_FILE": os.path.isfile, "SSL_CERT_DIR": os.path.isdir}
        return tuple(
            f"{name} names {os.environ[name]}, which cannot be read"
            for name, exists in wanted.items()
            if os.environ.get(name) and not exists(os.environ[name])
        )

    def client_options(self, hostname: str, *, min_version: int = OLDEST) -> ClientOptions:
        """Options that record what is wrong with the server's certificate and go on (RFC 7435)."""
        return ClientOptions(self._context(min_version), hostname, refuses=False)

    def verifying_options(self, hostname: str, *, min_version: int = OLDEST) -> ClientOptions:
        """Options that end the handshake if the certificate is not trusted or not for ``hostname``."""
        return ClientOptions(self._context(min_version), hostname, refuses=True)

    def _context(self, min_version: int) -> SSL.Context:
        if min_version < OLDEST:
            raise ValueError("TLS before 1.2 is not spoken")
        if min_version not in self._contexts:
            self._contexts[min_version] = self._load(min_version)
        return self._contexts[min_version]

    def _load(self, min_version: int) -> SSL.Context:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(min_version)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        if self._cafile is not None:
            context.load_verify_locations(self._cafile)
        else:
            context.set_default_verify_paths()
        context.set_verify(SSL.VERIFY_NONE, _verify)  # a client's path is checked all the same, without refusing
        return context


def is_address(hostname: str) -> bool:
    """Whether a name is a literal address."""
    return isIPAddress(hostname) or isIPv6Address(hostname)


def _verify(connection: Any, certificate: crypto.X509, error: int, depth: int, ok: int) -> bool:
    """OpenSSL asks for each certificate of the path, the server's own last, and at each error."""
    verification: Verification = connection.verification
    if not ok:
        if len(verification.errors) < _MOST_ERRORS:
            verification.errors.append((error, depth))
        return not verification.refuses
    if depth > 0:
        return True
    verification.complete = True
    if verification.refuses:
        leaf = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        verification.name_problem = name_problem(leaf, verification.hostname)
    return verification.name_problem is None


def report_of(connection: Recorded, hostname: str) -> TlsReport:
    """What the finished handshake of a connection made by ``TrustStore.client_options`` showed."""
    chain = tuple(
        crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        for certificate in connection.get_peer_cert_chain() or ()
    )
    reason, kind = _path_verdict(connection.verification)
    mismatch = name_problem(chain[0], hostname) if chain else "no certificate"
    if mismatch is not None:
        reason = f"{reason}; {mismatch}" if reason else mismatch
        kind = kind or "host-mismatch"
    return TlsReport(
        protocol=connection.get_protocol_version_name(),
        cipher=connection.get_cipher_name() or "",
        group=connection.get_group_name(),
        chain=chain,
        webpki_ok=reason is None,
        webpki_reason=reason,
        webpki_kind=kind,
    )


def _path_verdict(verification: Verification) -> tuple[str | None, Kind | None]:
    """What is wrong with the path to a trusted root, and the RFC 8460 4.3.1 name of the gravest of it."""
    codes = {code for code, _ in verification.errors}
    if not codes:
        return (None, None) if verification.complete else ("the certificate was not checked", "other")
    reasons = dict.fromkeys(_REASONS.get(code, f"certificate error {code}") for code in sorted(codes))
    kind: Kind = "not-trusted"
    if codes <= {_EXPIRED}:
        kind = "expired"
    elif codes <= {_NOT_YET_VALID, _EXPIRED}:
        kind = "other"
    return "; ".join(reasons), kind


def name_problem(certificate: bytes, hostname: str) -> str | None:
    """Why a certificate (DER) is not for ``hostname``, ``None`` if it is (RFC 6125 6)."""
    hostname = hostname.rstrip(".")
    check = verify_certificate_ip_address if is_address(hostname) else verify_certificate_hostname
    try:
        check(load(certificate), hostname)
        return None
    except MalformedCertificate:
        return "certificate cannot be read"
    except (VerificationError, CertificateError, ValueError):
        names = summary(certificate).wire()["sans"]
        only = f"certificate is only valid for {', '.join(names[:10])}" if names else "certificate has no names"
        return f'certificate not valid for name "{hostname}"; {only}'


def describe_chain(chain: Sequence[bytes], now: datetime | None = None) -> list[dict[str, Any]]:
    """Subject, issuer, names, end and SHA-256 of each certificate (DER), with ``daysLeft`` where ``now`` is
    given.
    """
    return [summary(certificate).wire(now) for certificate in chain]
