"""An authority of the tests' own, whose certificates a client can check, and a TLS client on a real socket."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from OpenSSL import SSL

PATIENCE = 10


class Authority:
    """Signs certificates with P-256 keys; ``pem`` is its own certificate."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the tests")])
        own = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        self.pem = own.sign(self._key, SHA256()).public_bytes(Encoding.PEM).decode()

    def pair(self, *names: str) -> dict[str, Any]:
        """The members of an x:Certificate for ``names``, with a new key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subjects = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        made = self._builder(x509.Name([]), key).add_extension(subjects, True).sign(self._key, SHA256())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return {
            "certificate": {"@type": "Text", "value": made.public_bytes(Encoding.PEM).decode() + self.pem},
            "privateKey": {"@type": "Text", "secret": secret},
        }

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now, serial = datetime.now(UTC), x509.random_serial_number()
        dates = (now - timedelta(days=1), now + timedelta(days=90))
        return x509.CertificateBuilder(self._name, name, key.public_key(), serial, *dates)


class TlsClient:
    """A connection to ``port`` after its handshake; verifies nothing. ``name`` is sent as it is, whatever it is.

    ``like`` is a connection whose session is to be resumed, with its version and protocols; ``first`` goes before TLS.
    Raises SSL.Error if the server refuses.
    """

    def __init__(
        self,
        port: int,
        name: bytes | None = None,
        *,
        version: int | None = None,
        like: TlsClient | None = None,
        protocols: Sequence[bytes] = (),
        first: bytes = b"",
    ) -> None:
        self._context = like._context if like is not None else _context(version, protocols)
        plain = socket.create_connection(("127.0.0.1", port))
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            plain.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", PATIENCE, 0))
        plain.sendall(first)
        self.tls: Any = SSL.Connection(self._context, plain)
        if name is not None:
            self.tls.set_tlsext_host_name(name)
        if like is not None:  # tickets came with its first answer
            self.tls.set_session(like.tls.get_session())
        self.tls.set_connect_state()
        try:
            self.tls.do_handshake()
        except BaseException:
            plain.close()
            raise

    @property
    def names(self) -> set[str]:
        """Those in the certificate that the server has shown."""
        shown = self.tls.get_peer_certificate(as_cryptography=True)
        found = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return set(found.get_values_for_type(x509.DNSName))

    @property
    def serial(self) -> int:
        """The number of that certificate."""
        number: int = self.tls.get_peer_certificate(as_cryptography=True).serial_number
        return number

    @property
    def is_resumed(self) -> bool:
        """Whether the handshake has resumed a session."""
        library: Any = SSL
        return bool(library._lib.SSL_session_reused(self.tls._ssl))

    def get(self, path: str = "/healthz/live", close: bool = False) -> int:
        """The status of a request on this very connection."""
        ending = "Connection: close\r\n" if close else ""
        self.tls.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{ending}\r\n".encode())
        answer: bytes = self.tls.recv(65536)
        return int(answer.split(b" ")[1])

    def close(self) -> None:
        """Leave."""
        self.tls.close()


def _context(version: int | None, protocols: Sequence[bytes]) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if version is not None:
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
    if protocols:
        context.set_alpn_protos(list(protocols))
    return context
