"""The LDAP client: one connection, one request at a time, every wait bounded (RFC 4511, RFC 4513).

TLS is spoken from the start (``ldaps``) or after StartTLS; certificates are verified by ``net.tls`` unless the caller
does without. A refused request is a value or an `LdapFailed` of the kind ``refused`` and leaves the connection usable;
what else goes wrong ends it. Cancelling a coroutine aborts its connection. Referrals are not followed; SASL and
controls are left out. Several connections together are the business of ``net.ldap_pool``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectError, ConnectingCancelledError, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout

from stalwart.codec.ldap_filters import Filter
from stalwart.net import ldap_messages
from stalwart.net.ldap_dialogue import (
    NO_SUCH_OBJECT,
    SIZE_LIMIT_EXCEEDED,
    SUCCESS,
    Asked,
    Dialogue,
    DialogueFactory,
    LdapFailed,
    told,
)
from stalwart.net.ldap_messages import BASE, MATCH_ALL, SUBTREE, Entry, Result
from stalwart.net.reasons import connect_reason
from stalwart.net.tls import ClientOptions, TrustStore, is_address

Security = Literal["none", "starttls", "tls"]

_PORTS = {"ldap": 389, "ldaps": 636}


@frozen
class LdapServer:
    """Where a server is, and how the connection to it is kept secret."""

    host: str
    port: int
    security: Security = "none"

    @classmethod
    def of(cls, url: str, use_tls: bool) -> LdapServer:
        """The server at ``url`` (``ldap`` or ``ldaps``); ``use_tls`` asks for StartTLS on ``ldap``.

        Raises ValueError with half a sentence.
        """
        parts = urlsplit(url)  # raises ValueError itself
        scheme = parts.scheme.lower()
        if scheme not in _PORTS:
            raise ValueError("it must begin with ldap:// or ldaps://")
        if not parts.hostname:
            raise ValueError("it has no host")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("only host and port are read; where searches begin is the base DN")
        if parts.username is not None or parts.password is not None:
            raise ValueError("it must not hold a user name or password")
        security: Security = "tls" if scheme == "ldaps" else "starttls" if use_tls else "none"
        return cls(parts.hostname, parts.port or _PORTS[scheme], security)


@frozen
class SearchResult:
    """What a search found. ``complete`` False: there is more, but the server or the limit has cut it off."""

    entries: tuple[Entry, ...]
    complete: bool


class LdapConnection:
    """A connection to a server; made by `connect`."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    @property
    def is_open(self) -> bool:
        """Whether nothing is known to be wrong with it."""
        return self._dialogue.failure is None

    async def bind(self, dn: bytes, secret: bytes, timeout: float) -> Result:
        """Sign in as ``dn``; the result may be a refusal.

        :raises ValueError: no name or no secret. A server says yes to that and means "anonymous" (RFC 4513 5.1.2).
        :raises LdapFailed: no answer.
        """
        if not dn or not secret:
            raise ValueError("a bind needs a name and a secret")
        asked = Asked(ldap_messages.BIND_RESPONSE)
        return await self._dialogue.ask(lambda id: ldap_messages.bind_request(id, dn, secret), asked, timeout)

    async def search(
        self,
        base: bytes,
        filter: Filter,
        value: bytes,
        attributes: Sequence[str],
        *,
        size_limit: int,
        timeout: float,
    ) -> SearchResult:
        """The entries below ``base``, itself included, that ``filter`` with ``value`` in its places fits.

        :raises LdapFailed: ``refused`` by the server, or no answer.
        """
        return await self._search(base, SUBTREE, filter, value, attributes, size_limit, timeout)

    async def read(self, dn: bytes, attributes: Sequence[str], timeout: float) -> Entry | None:
        """One entry, None if there is none that may be seen. :raises LdapFailed: as `search`."""
        try:
            found = await self._search(dn, BASE, MATCH_ALL, b"", attributes, 1, timeout)
        except LdapFailed as failure:
            if failure.code == NO_SUCH_OBJECT:
                return None
            raise
        return found.entries[0] if found.entries else None

    async def probe(self, timeout: float) -> None:
        """Ask for something small. :raises LdapFailed: the connection is of no use any more."""
        try:
            await self._search(b"", BASE, MATCH_ALL, b"", ("1.1",), 1, timeout)  # RFC 4511 4.5.1.8: no attributes
        except LdapFailed as failure:
            if failure.kind != "refused":  # a refusal is an answer
                raise

    def close(self) -> None:
        """Take leave and close; a server that does not close its side is cut off after a second."""
        self._dialogue.close()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._dialogue.fail(LdapFailed("the connection was given up", "closed"))

    async def start_tls(self, timeout: float) -> None:
        """Ask for TLS (RFC 4511 4.14); the handshake is `secure`. :raises LdapFailed: also if it is refused."""
        asked = Asked(ldap_messages.EXTENDED_RESPONSE)
        result = await self._dialogue.ask(ldap_messages.starttls_request, asked, timeout)
        if result.code != SUCCESS:
            raise LdapFailed(f"StartTLS is refused: {told(result)}", "refused", result.code)

    async def secure(self, options: ClientOptions, timeout: float) -> None:
        """Shake hands. :raises LdapFailed: with what is wrong with the certificate, if that is it."""
        try:
            await self._dialogue.secure(options, timeout)
        except LdapFailed as failure:
            problem = options.problem() if options.verification.refuses else None
            if failure.kind == "tls" and problem is not None:
                raise LdapFailed(f"the certificate of the server is not accepted: {problem}", "tls") from failure
            raise

    async def _search(
        self,
        base: bytes,
        scope: int,
        filter: Filter,
        value: bytes,
        attributes: Sequence[str],
        size_limit: int,
        timeout: float,
    ) -> SearchResult:
        asked = Asked(ldap_messages.SEARCH_DONE, size_limit)
        seconds = max(1, ceil(timeout))
        result = await self._dialogue.ask(
            lambda id: ldap_messages.search_request(id, base, scope, filter, value, attributes, size_limit, seconds),
            asked,
            timeout,
        )
        if result.code not in (SUCCESS, SIZE_LIMIT_EXCEEDED):
            raise LdapFailed(f"the search is refused: {told(result)}", "refused", result.code)
        return SearchResult(tuple(asked.entries), result.code == SUCCESS)


async def connect(
    reactor: Any, server: LdapServer, trust_store: TrustStore, *, verified: bool = True, timeout: float
) -> LdapConnection:
    """A connection to ``server``, with TLS if that is wanted, within ``timeout`` seconds in all.

    ``verified`` False takes any certificate. :raises LdapFailed: it cannot be had.
    """
    ends = reactor.seconds() + timeout
    connection = LdapConnection(await _dialogue(reactor, server, timeout))
    if server.security == "none":
        return connection
    try:
        make = trust_store.verifying_options if verified else trust_store.client_options
        if server.security == "starttls":
            await connection.start_tls(ends - reactor.seconds())
        await connection.secure(make(server.host), ends - reactor.seconds())
    except BaseException:
        connection.abort()
        raise
    return connection


async def _dialogue(reactor: Any, server: LdapServer, timeout: float) -> Dialogue:
    endpoint: Any
    if is_address(server.host):
        kind: Any = TCP6ClientEndpoint if ":" in server.host else TCP4ClientEndpoint
        endpoint = kind(reactor, server.host, server.port, timeout=timeout)
    else:  # names of directories are often known to the local system only: that is asked, not the DNS
        endpoint = HostnameEndpoint(reactor, server.host, server.port, timeout=timeout)
    connecting: Deferred[Dialogue] = endpoint.connect(DialogueFactory(reactor))
    connecting.addTimeout(timeout, reactor, onTimeoutCancel=_no_connection)
    try:
        return await connecting
    except ConnectingCancelledError as cancelled:
        raise CancelledError from cancelled
    except ConnectTimeout as late:
        raise LdapFailed("there is no connection in time", "timeout") from late
    except DNSLookupError as problem:
        raise LdapFailed("the host name is not known") from problem
    except ConnectError as problem:
        raise LdapFailed(connect_reason(problem)) from problem
    except UnicodeError as problem:
        raise LdapFailed("the host name cannot be used") from problem


def _no_connection(_result: Any, _seconds: float) -> NoReturn:
    raise LdapFailed("there is no connection in time", "timeout")
