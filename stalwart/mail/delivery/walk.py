"""One attempt to send one shipment: over the hosts of its destination, until every recipient has an outcome.

A host that cannot be talked to, or that says "not now", is followed by the next; what is refused for good is not asked
again. A message whose content was given to a host without an answer is not given to another in the same attempt, so
that it does not arrive twice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen

from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.smtp.paths import InvalidPath, address_literal
from stalwart.mail.delivery import stages
from stalwart.mail.delivery.addresses import NOT_ELSEWHERE, is_elsewhere
from stalwart.mail.delivery.approach import NO_ADDRESS, NOT_LISTED, Approach, reason_of
from stalwart.mail.delivery.dane import Dane
from stalwart.mail.delivery.exchanges import NoExchange, hosts_before_us
from stalwart.mail.delivery.handing_over import HandingOver
from stalwart.mail.delivery.kept_connections import Kept, KeptConnections
from stalwart.mail.delivery.lifetime import Expired, Lifetime
from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.session import Emit, Ended, Exchange, Session, Terms
from stalwart.mail.delivery.shipment import HostStrategy, Mx, RecipientOutcome, Relay, Shipment, Source, TlsResult
from stalwart.mail.delivery.sts import Announced, PolicyUnusable
from stalwart.mail.delivery.tls_results import result_of_host, result_of_policy, result_of_session
from stalwart.mail.delivery.waiting import HostFailure, Waiting
from stalwart.net.smtp import SmtpConnection
from stalwart.net.smtp_dialogue import SmtpFailed
from stalwart.net.smtp_login import log_in
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event
from stalwart.telemetry.sending_events import (
    DELIVERY_AUTH,
    DELIVERY_AUTH_FAILED,
    DELIVERY_CONCURRENCY_LIMIT,
    DELIVERY_RATE_LIMIT,
    DELIVERY_START_TLS_DISABLED,
)

LOCALHOST = ("127.0.0.1", "::1")
LATEST_START = 1800.0
"""Seconds after which an attempt turns to no other host and begins no further transaction."""
_GONE = ("nxdomain", "nodata")
NO_MAIL_HOST = "The domain has neither a mail exchanger nor an address"


@frozen
class Surroundings:
    """What an attempt needs beside its shipment. ``notes``: somebody reads the dialogue."""

    outgoing: Outgoing
    limits: Limits
    own_names: frozenset[str]
    kept: KeptConnections
    telemetry: Telemetry
    tell: Emit
    tls_result: Callable[[TlsResult], None]
    notes: bool = False


class Walk:
    """One attempt; ``run`` it once."""

    def __init__(self, around: Surroundings, shipment: Shipment) -> None:
        self._around = around
        self._shipment = shipment
        self._waiting = Waiting(shipment.recipients)
        self._lifetime = Lifetime(around.outgoing.reactor, LATEST_START)
        self._over = HandingOver(shipment, self._waiting, self._lifetime, around.tell, around.telemetry)
        self._tried: set[str] = set()
        self._strategies: dict[str, HostStrategy] = {}

    async def run(self) -> list[RecipientOutcome]:
        """The outcome of every recipient, in their order."""
        try:
            if not self._waiting.is_over and not await self._by_kept_connection():
                await self._by_new_connections()
        except Expired:
            self._waiting.host_failed(HostFailure("connectionError", "The attempt took too long", "4.4.2"))
        return self._waiting.outcomes()

    async def _by_new_connections(self) -> None:
        destination = self._shipment.destination
        if isinstance(destination, Relay):
            await self._by_relay(destination)
        elif destination.domain.startswith("["):
            await self._by_literal(destination)
        else:
            await self._by_exchanges(destination)

    async def _by_kept_connection(self) -> bool:
        """Whether a connection that was kept has brought all of it to an end."""
        for hostname in self._around.kept.hosts(self._shipment.destination):
            await self._learn(hostname)
        kept = self._around.kept.take(self._shipment.destination, self._suits)
        while kept is not None:
            self._around.tell(stages.DeliveryAttemptStart(kept.hostname))
            self._around.tell(stages.ConnectionStart(kept.ip))
            local_ip = kept.connection.local_ip if kept.strategy.connecting.sources else ""
            if not await self._admitted(kept.hostname, kept.ip, local_ip):
                self._around.kept.give(kept)
                return False
            if await self._hand_over(kept):
                self._tried.add(kept.hostname)
                return self._waiting.is_over
            kept = self._around.kept.take(self._shipment.destination, self._suits)
        return False

    def _suits(self, kept: Kept) -> bool:
        if self._shipment.require_tls and not (kept.authenticated and kept.vouched):
            return False
        return kept.strategy == self._strategies.get(kept.hostname)

    async def _learn(self, hostname: str) -> HostStrategy:
        """How a host is connected; whoever tries it asks first."""
        strategy = self._strategies.get(hostname)
        if strategy is None:
            strategy = await self._shipment.strategy(hostname)
            destination = self._shipment.destination
            if isinstance(destination, Relay) and destination.allow_invalid_certs:
                strategy = evolve(strategy, tls=evolve(strategy.tls, allow_invalid_certs=True))
            self._strategies[hostname] = strategy
        return strategy

    async def _by_relay(self, relay: Relay) -> None:
        host = relay.host.strip("[]").removeprefix("IPv6:")
        if _is_ip(host):
            await self._addresses(_unbound(host, host), (host,), True, 1, relay.port)
        elif host.lower() == "localhost":
            await self._addresses(_unbound(host, host), LOCALHOST, True, len(LOCALHOST), relay.port)
        else:
            approach = Approach(self._around.outgoing, self._lifetime, self._around.tell, host)
            await self._host(approach, host, None, True, Mx(host), relay.port)

    async def _by_literal(self, mx: Mx) -> None:
        """RFC 5321 5.1: an address literal is the host itself; no policy applies to it."""
        try:
            literal = address_literal(mx.domain)
        except InvalidPath as problem:
            self._waiting.host_failed(HostFailure("dnsError", str(problem), "5.1.2", is_final=True))
            return
        ip = literal.strip("[]").removeprefix("IPv6:")
        await self._addresses(_unbound(ip, mx.domain), (ip,), False, 1, self._around.limits.port)

    async def _by_exchanges(self, mx: Mx) -> None:
        around = self._around
        tls = (await self._shipment.strategy("")).tls
        try:
            domain = to_ascii(mx.domain).rstrip(".")
            approach = Approach(around.outgoing, self._lifetime, around.tell, domain)
            route = await approach.route()
            hosts = hosts_before_us(route, domain, around.own_names)
        except (NoExchange, Expired, InvalidName) as failure:
            self._waiting.host_failed(_no_route(failure))
            return
        policy = None
        if tls.mta_sts != "disable":
            try:
                policy = await approach.policy(tls.fetch)
            except (PolicyUnusable, Expired) as failure:
                if isinstance(failure, PolicyUnusable):
                    around.tls_result(result_of_policy(domain, failure))
                if tls.mta_sts == "require" or (self._shipment.require_tls and not route.secure):
                    reason = failure.reason if isinstance(failure, PolicyUnusable) else reason_of(failure)
                    self._waiting.host_failed(_demanded("mtaStsError", reason))
                    return
        if tls.mta_sts == "require" and (policy is None or policy.policy.mode == "none"):
            self._waiting.host_failed(_demanded("mtaStsError", "The domain has no MTA-STS policy"))
            return
        for hostname in hosts[: mx.max_hosts]:
            await self._host(approach, hostname, policy, route.secure, mx, around.limits.port)
            if self._waiting.is_over:
                return

    async def _host(
        self, approach: Approach, hostname: str, policy: Announced | None, secure: bool, mx: Mx, port: int
    ) -> None:
        """Try one host by its name."""
        if hostname in self._tried:
            return
        self._tried.add(hostname)
        self._around.tell(stages.DeliveryAttemptStart(hostname))
        demands = (await self._learn(hostname)).tls
        listed = approach.is_listed(hostname, policy)
        exchange = Exchange(hostname, policy, listed, Dane(), mx.domain)
        if not listed and (exchange.enforced or demands.mta_sts == "require"):  # RFC 8461 5
            self._around.tls_result(result_of_host(exchange, "validation-failure", NOT_LISTED))
            self._waiting.host_failed(
                HostFailure("mtaStsError", NOT_LISTED, "4.7.5", hostname, unreachable=exchange.enforced)
            )
            return
        is_exchange = isinstance(self._shipment.destination, Mx)
        if demands.dane == "require" or (demands.dane == "optional" and is_exchange):
            exchange = evolve(exchange, dane=await approach.tlsa(hostname, port, secure))
            if not self._dane_allows(exchange, required=demands.dane == "require"):
                return
        found = await approach.addresses(hostname, {"v4Only": 4, "v6Only": 6}.get(mx.families))
        if not found.ips:
            kind = found.failure.kind if found.failure is not None else "nodata"
            reason = found.failure.reason if found.failure is not None else NO_ADDRESS
            is_final = kind in _GONE
            self._fail(hostname, "dnsError", reason, "5.4.4" if is_final else "4.4.3", is_final=is_final)
            return
        ips = sorted(found.ips, key=lambda ip: (":" in ip) != (mx.families == "v6ThenV4"))
        vouched = secure or (policy is not None and listed and policy.policy.mode != "none")
        await self._addresses(exchange, tuple(ips), vouched, mx.max_addresses, port)

    def _dane_allows(self, exchange: Exchange, *, required: bool) -> bool:
        dane = exchange.dane
        if dane.failure is not None:  # RFC 7672 2.1.1: no delivery to this host while it lasts
            if dane.bogus:
                self._around.tls_result(result_of_host(exchange, "dnssec-invalid", dane.failure))
            self._fail(exchange.hostname, "daneError", dane.failure, "4.7.5")
            return False
        if required and dane.tlsa is None:
            self._waiting.host_failed(_demanded("daneError", dane.reason, exchange.hostname))
            return False
        return True

    async def _addresses(self, exchange: Exchange, ips: tuple[str, ...], vouched: bool, most: int, port: int) -> None:
        """Try the addresses of a host until one could be talked to."""
        connecting = (await self._learn(exchange.hostname)).connecting
        for ip in ips[:most]:
            if self._lifetime.over:
                raise Expired(lifetime=True)
            source = connecting.source_for(ip)
            if await self._admitted(exchange.hostname, ip, "" if source is None else source[0]):
                kept = await self._open(exchange, ip, vouched, port, source)
                if kept is not None:
                    await self._hand_over(kept)
                    return

    async def _admitted(self, hostname: str, ip: str, local_ip: str) -> bool:
        held = await self._shipment.admit(hostname, ip, local_ip)
        if held is None:
            return True
        event = DELIVERY_RATE_LIMIT if held.error_type == "rateLimited" else DELIVERY_CONCURRENCY_LIMIT
        self._emit(event, hostname, ip, reason=held.message)
        self._waiting.host_failed(HostFailure(held.error_type, held.message, "4.4.5", hostname, unreachable=False))
        return False

    async def _open(self, exchange: Exchange, ip: str, vouched: bool, port: int, source: Source | None) -> Kept | None:
        """A connection that is ready for an envelope, ``None`` if there is none to be had."""
        around, destination = self._around, self._shipment.destination
        session = Session(
            around.outgoing, self._terms(exchange.hostname, port, source), self._lifetime, around.tell, exchange, ip
        )
        reason = ""
        try:
            connection = await session.open()
            if isinstance(destination, Relay) and destination.login is not None:
                await self._log_in(connection, destination, ip)
        except Ended as end:
            reason = end.reason
            self._drop(session)
            self._session_failed(exchange.hostname, end)
            return None
        except BaseException:
            self._drop(session)
            raise
        finally:
            self._count(exchange, session, reason)
        if connection.tls is None and self._strategies[exchange.hostname].tls.starttls == "disable":
            self._emit(DELIVERY_START_TLS_DISABLED, exchange.hostname, ip)
        return Kept(
            connection,
            destination,
            exchange.hostname,
            ip,
            self._strategies[exchange.hostname],
            self._lifetime.now(),
            authenticated=session.outcome.authenticated,
            vouched=vouched,
            lmtp=isinstance(destination, Relay) and destination.protocol == "lmtp",
        )

    def _terms(self, hostname: str, port: int, source: Source | None) -> Terms:
        around, destination = self._around, self._shipment.destination
        strategy = self._strategies[hostname]
        if isinstance(destination, Relay):
            lmtp = destination.protocol == "lmtp"
            return Terms(
                *(strategy, port, around.limits.now),
                insists=True,
                lmtp=lmtp,
                implicit_tls=destination.implicit_tls,
                notes=around.notes,
                source=source,
            )
        return Terms(
            *(strategy, port, around.limits.now),
            insists=True,
            refused=self._refused,
            own_names=around.own_names,
            notes=around.notes,
            source=source,
        )

    def _refused(self, ip: str) -> str | None:
        return None if self._around.limits.allow_private or is_elsewhere(ip) else NOT_ELSEWHERE

    async def _log_in(self, connection: SmtpConnection, relay: Relay, ip: str) -> None:
        """Raises ``Ended`` unless the relay knows us now."""
        assert relay.login is not None
        if connection.tls is None and is_elsewhere(ip):
            raise Ended("tlsError", "No TLS, so the password is not sent", status="4.7.10", command="AUTH")
        limit, began = (await self._learn(relay.host)).connecting.mail, self._lifetime.now()
        try:
            reply = await log_in(connection, relay.login.username, relay.login.secret, limit)
        except SmtpFailed as failure:
            kind = "unexpectedResponse" if failure.kind == "reply" else "connectionError"
            raise Ended(kind, failure.reason, status="4.7.8", command="AUTH") from failure
        except ValueError as problem:
            raise Ended("unexpectedResponse", "The login is too long", status="4.7.8", command="AUTH") from problem
        keys = {"domain": relay.host, "hostname": relay.host, "remoteIp": ip}
        if reply.code == 235:
            self._around.telemetry.emit(DELIVERY_AUTH, **keys, elapsed=self._lifetime.since(began))
        else:
            self._around.telemetry.emit(DELIVERY_AUTH_FAILED, **keys, code=reply.code, reason=reply.text)
            raise Ended(
                "unexpectedResponse", f"Login refused: {reply.text}", status="4.7.8", reply=reply, command="AUTH"
            )

    def _count(self, exchange: Exchange, session: Session, reason: str = "") -> None:
        if isinstance(self._shipment.destination, Mx) and not self._shipment.destination.domain.startswith("["):
            result = result_of_session(exchange, session, reason)
            if result is not None:
                self._around.tls_result(result)

    def _emit(self, event: Event, hostname: str, ip: str, **fields: Any) -> None:
        destination = self._shipment.destination
        domain = destination.domain if isinstance(destination, Mx) else destination.host
        self._around.telemetry.emit(event, domain=domain, hostname=hostname, remoteIp=ip, **fields)

    def _drop(self, session: Session) -> None:
        if session.connection is not None:
            session.connection.abort()
            self._tell_dialogue(session.connection)

    async def _hand_over(self, kept: Kept) -> bool:
        """Send what is left over this connection and keep it if it can be used again; False if it was dead before
        anything was said, so that another should be tried."""
        connection = kept.connection
        try:
            alive = await self._over.run(kept)
        except BaseException:
            connection.abort()
            raise
        if connection.usable:
            self._around.kept.give(kept)
        else:
            connection.abort()
        self._tell_dialogue(connection)
        return alive

    def _tell_dialogue(self, connection: SmtpConnection) -> None:
        if self._around.notes:
            said = [stages.TranscriptLine(way, text) for way, text in connection.take_transcript()]
            self._around.tell(stages.SmtpTranscript(said))

    def _session_failed(self, hostname: str, end: Ended) -> None:
        self._waiting.host_failed(
            HostFailure(
                end.error_type,
                end.reason,
                end.status,
                hostname,
                reply=end.reply,
                command=end.command or None,
                is_final=end.status.startswith("5"),
                unreachable=not end.by_strategy,
            )
        )

    def _fail(self, hostname: str, error_type: str, reason: str, status: str, *, is_final: bool = False) -> None:
        self._waiting.host_failed(HostFailure(error_type, reason, status, hostname, is_final=is_final))


def _demanded(error_type: str, reason: str, hostname: str | None = None) -> HostFailure:
    """What the strategy asks for is not there: others, of which less is asked, may well get through."""
    return HostFailure(error_type, reason, "4.7.5", hostname, unreachable=False)


def _unbound(hostname: str, domain: str) -> Exchange:
    """A host that no policy is about."""
    return Exchange(hostname, None, True, Dane(), domain)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _no_route(failure: NoExchange | Expired | InvalidName) -> HostFailure:
    """What is wrong with a domain to which no host leads."""
    if isinstance(failure, Expired):
        return HostFailure("dnsError", reason_of(failure), "4.4.3")
    if isinstance(failure, InvalidName):
        return HostFailure("dnsError", "The domain is not a name that can be looked up", "5.1.2", is_final=True)
    if failure.kind == "nodata":  # RFC 5321 5.1: there is such a domain
        return HostFailure("dnsError", NO_MAIL_HOST, "5.4.4", is_final=True)
    status = {"null-mx": "5.1.10", "loop": "5.4.6", "nxdomain": "5.1.2"}.get(failure.kind)
    return HostFailure("dnsError", failure.reason, status or "4.4.3", is_final=status is not None)
