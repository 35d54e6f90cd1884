"""TLS of a listener: versions, cipher suites and resumption by its settings, certificates by name (RFC 8446, RFC 5246).

A connection begins with the context of its listener and gets certificate and key when the client has named a server;
where there are issuers it moves to a context that holds them, of which there is one for each chain. Tickets are made
and read by the listener's first context whatever happens later, so sessions are resumed whichever name was asked for,
and never at another listener. Its ticket keys are thrown away twice a day (RFC 9325 7.4 asks for that), and they are
this process's own: a session is resumed in another worker by a full handshake.

TLS-ALPN-01 (RFC 8737) is answered here too: a client that offers ``acme-tls/1`` and nothing else gets the challenge's
certificate. ``accepting`` ends such connections after the handshake.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any
from weakref import WeakValueDictionary

from attrs import frozen
from cryptography import x509
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from stalwart.config.network.listener import TLS_CIPHER_SUITE, NetworkListener
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    ACME_CLIENT_MISSING_SNI,
    ACME_CLIENT_SUPPLIED_SNI,
    ACME_TLS_ALPN_ERROR,
    ACME_TLS_ALPN_RECEIVED,
    RESOURCE_BAD_PARAMETERS,
)
from stalwart.tls.loaded import LoadedPairs
from stalwart.tls.pairs import Pair
from stalwart.tls.selection import Certificates, Challenges

ACME_TLS = b"acme-tls/1"
HTTP_1_1 = b"http/1.1"
GROUPS = b"X25519MLKEM768:X25519:P-256:P-384"
"""The first is X25519 joined with a key exchange that quantum computers do not break; old clients do not know it."""

TICKET_KEYS_LAST = 43_200.0
SESSION_LASTS = 7200
MOST_CHAINS = 64

_NO_AUTO_CHAIN = 0x8  # SSL_MODE_NO_AUTO_CHAIN: issuers are those of the pair, nothing is searched for
_OPTIONS = SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION
_VERSIONS = {"tls12": SSL.TLS1_2_VERSION, "tls13": SSL.TLS1_3_VERSION}
_SUITE = "tls13-"


def openssl_suite(name: str) -> str:
    """What OpenSSL calls the suite ``name`` of the settings."""
    words = name.upper()
    if name.startswith(_SUITE):
        return words.replace("TLS13-", "TLS_").replace("-", "_")
    kx, _, cipher = words.removeprefix("TLS-").partition("-WITH-")
    return f"{kx}-{cipher}".replace("AES-", "AES").removesuffix("-SHA256" if "CHACHA" in cipher else "")


@frozen
class TlsSettings:
    """What a listener asks of TLS; equal for listeners that ask for the same."""

    versions: tuple[str, ...]
    suites: tuple[str, ...]
    server_order: bool
    protocols: tuple[bytes, ...]

    @classmethod
    def of(cls, listener: NetworkListener, protocols: Sequence[bytes]) -> tuple[TlsSettings, str | None]:
        """Those of ``listener``, and what is wrong with them: what would leave nothing is not obeyed."""
        versions = _left(tuple(_VERSIONS), listener.tls_disable_protocols) or tuple(_VERSIONS)
        all_suites = tuple(suite for suite in TLS_CIPHER_SUITE.names if _version(suite) in versions)
        suites = _left(all_suites, listener.tls_disable_cipher_suites)
        problem = None if suites else "tlsDisableCipherSuites leaves nothing, so it is not obeyed"
        suites = suites or all_suites
        versions = tuple(version for version in versions if any(_version(suite) == version for suite in suites))
        return cls(versions, suites, listener.tls_ignore_client_order, tuple(protocols)), problem

    def context(self, name: str) -> SSL.Context:
        """A context for the listener ``name``, without a certificate."""
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_options(_OPTIONS | (SSL.OP_CIPHER_SERVER_PREFERENCE if self.server_order else 0))
        context.set_mode(_NO_AUTO_CHAIN | SSL.MODE_RELEASE_BUFFERS)
        context.set_min_proto_version(_VERSIONS[self.versions[0]])
        context.set_max_proto_version(_VERSIONS[self.versions[-1]])
        older = [openssl_suite(suite) for suite in self.suites if not suite.startswith(_SUITE)]
        newer = [openssl_suite(suite) for suite in self.suites if suite.startswith(_SUITE)]
        if older:
            context.set_cipher_list(":".join(older).encode())
        context.set_tls13_ciphersuites(":".join(newer).encode())
        raw: Any = SSL
        raw._openssl_assert(raw._lib.SSL_CTX_set1_curves_list(context._context, GROUPS) == 1)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # tickets need no memory here
        context.set_session_id(name.encode()[:32])
        context.set_timeout(SESSION_LASTS)
        return context


class ServerTls:
    """TLS of this process's listeners: ``creator`` gives what Twisted asks for connections."""

    def __init__(
        self, certificates: Certificates, challenges: Challenges | None, clock: Any, telemetry: Telemetry
    ) -> None:
        self.certificates = certificates
        self.challenges = challenges
        self.clock = clock
        self.telemetry = telemetry
        self.loaded = LoadedPairs()
        self._creators: WeakValueDictionary[tuple[str, TlsSettings], ServerCreator] = WeakValueDictionary()

    def creator(self, listener: NetworkListener, protocols: Sequence[bytes] = (HTTP_1_1,)) -> ServerCreator:
        """What makes the server side of TLS for ``listener``, implicit or after STARTTLS.

        ``protocols`` are offered by ALPN, the preferred one first (RFC 7301); a client that knows none of them is
        served without. As long as a creator is in use, the same one is given for the same settings: sessions survive
        when a listener changes in other respects.
        """
        settings, problem = TlsSettings.of(listener, protocols)
        creator = self._creators.get((listener.name, settings))
        if creator is None:
            if problem is not None:
                self.telemetry.emit(RESOURCE_BAD_PARAMETERS, listenerId=listener.name, reason=problem)
            creator = self._creators[(listener.name, settings)] = ServerCreator(self, listener.name, settings)
        return creator


@implementer(IOpenSSLServerConnectionCreator)
class ServerCreator:
    """Makes the TLS side of connections of the listener ``name``."""

    def __init__(self, server: ServerTls, name: str, settings: TlsSettings) -> None:
        self._server = server
        self._name = name
        self._settings = settings
        self._begin()

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """Twisted calls this."""
        if abs(self._server.clock.seconds() - self._begun) >= TICKET_KEYS_LAST:
            self._begin()
        return SSL.Connection(self._first, None)

    def _begin(self) -> None:
        """New contexts, and with them new ticket keys."""
        self._begun = self._server.clock.seconds()
        self._first = self._context()
        self._with_issuers: OrderedDict[tuple[bytes, ...], SSL.Context] = OrderedDict()

    def _context(self, issuers: Collection[bytes] = ()) -> SSL.Context:
        context = self._settings.context(self._name)
        for issuer in issuers:
            context.add_extra_chain_cert(x509.load_der_x509_certificate(issuer))
        context.set_tlsext_servername_callback(self._named)
        context.set_alpn_select_callback(self._selected)
        return context

    def _named(self, connection: SSL.Connection) -> None:
        """OpenSSL calls this once the client has said which server it means, or that it does not say."""
        name = connection.get_servername()
        certificates = self._server.certificates
        pair = certificates.find(name.decode("ascii", "replace") if name is not None else None)
        try:
            self._serve(connection, pair)
        except (SSL.Error, crypto.Error, ValueError) as problem:
            certificates.refused(pair, reason_of(problem))
            connection.set_context(self._first)
            self._server.loaded.use(connection, certificates.own())

    def _serve(self, connection: SSL.Connection, pair: Pair) -> None:
        issuers = pair.chain[1:]
        if issuers:
            connection.set_context(self._chained(issuers))
        self._server.loaded.use(connection, pair)

    def _chained(self, issuers: tuple[bytes, ...]) -> SSL.Context:
        context = self._with_issuers.get(issuers)
        if context is None:
            context = self._with_issuers[issuers] = self._context(issuers)
            if len(self._with_issuers) > MOST_CHAINS:
                self._with_issuers.popitem(last=False)
        else:
            self._with_issuers.move_to_end(issuers)
        return context

    def _selected(self, connection: SSL.Connection, offered: list[bytes]) -> Any:
        """OpenSSL calls this with the protocols that the client offers, if it does."""
        challenges = self._server.challenges
        if offered == [ACME_TLS] and challenges is not None and challenges.is_on:
            return self._challenged(connection, challenges)
        for protocol in self._settings.protocols:
            if protocol in offered:
                return protocol
        return SSL.NO_OVERLAPPING_PROTOCOLS

    def _challenged(self, connection: SSL.Connection, challenges: Challenges) -> bytes:
        """Answer a certificate authority (RFC 8737 3). Raises SSL.Error, which sends a fatal alert."""
        told, listener = self._server.telemetry, self._name
        name = (connection.get_servername() or b"").decode("ascii", "replace").lower()
        told.emit(ACME_CLIENT_SUPPLIED_SNI if name else ACME_CLIENT_MISSING_SNI, listenerId=listener, domain=name)
        pair = challenges.pair_for(name) if name else None
        if pair is None:
            reason = "there is no challenge for the name" if name else "the client names no server"
            told.emit(ACME_TLS_ALPN_ERROR, listenerId=listener, domain=name, reason=reason)
            raise SSL.Error([("ACME", "", reason)])
        if connection.get_protocol_version() == SSL.TLS1_3_VERSION:
            connection.set_context(self._first)  # without the issuers of the other certificate; 1.2 cannot do that now
        self._server.loaded.use(connection, pair)
        told.emit(ACME_TLS_ALPN_RECEIVED, listenerId=listener, domain=name)
        return ACME_TLS


def reason_of(problem: Exception) -> str:
    """What OpenSSL says, in its own words."""
    queue = problem.args[0] if problem.args else ""
    if isinstance(queue, list) and queue:
        return str(queue[0][-1])
    return str(queue)


def _left(all_of: tuple[str, ...], without: Collection[str]) -> tuple[str, ...]:
    return tuple(one for one in all_of if one not in without)


def _version(suite: str) -> str:
    return "tls13" if suite.startswith(_SUITE) else "tls12"
