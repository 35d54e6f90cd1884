"""Answering the challenges of authorities: one responder for each kind, as txacme's service knows them (IResponder).

What they answer is in the store (``challenge_answers``), so that whichever process or node the authority reaches can
answer; what DNS-01 answers is at the name server of the domain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from josepy import b64encode
from twisted.internet.defer import Deferred
from zope.interface import implementer

from stalwart.directory.hashing import Hashing
from stalwart.tls.challenge_answers import LIFETIME, HttpAnswers, TlsAnswers
from stalwart.tls.pairs import Pair
from stalwart.tls.txacme_parts import IResponder, challenges

_ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")  # RFC 8737 6.1
_OCTET_STRING_OF_32 = b"\x04\x20"


@implementer(IResponder)
class Http01Responder:
    """`/.well-known/acme-challenge/{token}` (RFC 8555 8.3)."""

    challenge_type = "http-01"

    def __init__(self, answers: HttpAnswers) -> None:
        self._answers = answers

    def start_responding(self, server_name: str, challenge: Any, response: Any) -> Deferred[None]:
        """See ``IResponder``."""
        return _started(self._answers.put(challenge.encode("token"), response.key_authorization))

    def stop_responding(self, server_name: str, challenge: Any, response: Any) -> Deferred[None]:
        """See ``IResponder``."""
        return _started(self._answers.remove(challenge.encode("token")))


@implementer(IResponder)
class TlsAlpn01Responder:
    """A certificate of its own for who speaks `acme-tls/1` (RFC 8737). ``domain_id`` is the domain being proved.

    ``settle`` waits until the other processes have the certificate, too.
    """

    challenge_type = "tls-alpn-01"

    def __init__(
        self,
        domain_id: int,
        answers: TlsAnswers,
        hashing: Hashing,
        clock: Any,
        settle: Callable[[], Awaitable[Any]],
    ) -> None:
        self._domain_id = domain_id
        self._answers = answers
        self._hashing = hashing
        self._clock = clock
        self._settle = settle

    def start_responding(self, server_name: str, challenge: Any, response: Any) -> Deferred[None]:
        """See ``IResponder``."""
        return _started(self._start(server_name, response.key_authorization))

    def stop_responding(self, server_name: str, challenge: Any, response: Any) -> Deferred[None]:
        """See ``IResponder``."""
        return _started(self._answers.remove(self._domain_id, server_name))

    async def _start(self, name: str, key_authorization: str) -> None:
        work = partial(proving_pair, name, key_authorization, self._clock.seconds())
        await self._answers.put(self._domain_id, name, await self._hashing.run(work))
        await self._settle()


class Publisher(Protocol):
    """What DNS-01 asks of the name server of a domain; see ``net.dns_update``."""

    async def add(self, name: str, value: str) -> None:
        """Publish a TXT record besides others, and wait until it can be seen."""

    async def remove(self, name: str, value: str) -> None:
        """Take it away again."""


@implementer(IResponder)
class Dns01Responder:
    """TXT records at `_acme-challenge` below the name (RFC 8555 8.4)."""

    challenge_type = "dns-01"

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def start_responding(self, server_name: str, challenge: Any, response: Any) -> Deferred[None]:
        """See ``IResponder``."""
        return _started(self._publisher.add(_record(server_name), _digest(response.key_authorization)))

    def stop_responding(self, server_name: str, challenge: Any, response: Any) -> Deferred[None]:
        """See ``IResponder``."""
        return _started(self._publisher.remove(_record(server_name), _digest(response.key_authorization)))


def proving_pair(name: str, key_authorization: str, now: float) -> Pair:
    """The self-signed certificate of a TLS-ALPN-01 challenge for ``name`` (RFC 8737 3)."""
    key = ec.generate_private_key(ec.SECP256R1())
    digest = hashlib.sha256(key_authorization.encode("ascii")).digest()
    identifier = x509.UnrecognizedExtension(_ACME_IDENTIFIER, _OCTET_STRING_OF_32 + digest)
    began = datetime.fromtimestamp(now, UTC) - timedelta(hours=1)
    ends = began + timedelta(seconds=LIFETIME + 7200)
    nobody = x509.Name([])
    certificate = (
        x509.CertificateBuilder(nobody, nobody, key.public_key(), x509.random_serial_number(), began, ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        .add_extension(identifier, critical=True)
        .sign(key, SHA256())
    )
    return Pair(
        (certificate.public_bytes(Encoding.DER),),
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        frozenset((name,)),
        int(began.timestamp()),
        int(ends.timestamp()),
    )


def _record(name: str) -> str:
    return f"{challenges.DNS01.LABEL}.{name.removeprefix('*.')}"


def _digest(key_authorization: str) -> str:
    digest = hashlib.sha256(key_authorization.encode("ascii")).digest()
    return str(b64encode(digest).decode("ascii"))


def _started(work: Coroutine[Deferred[Any], Any, None]) -> Deferred[None]:
    return Deferred.fromCoroutine(work)
