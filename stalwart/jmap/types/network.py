"""``x:Http``, ``x:SystemSettings``, ``x:NetworkListener``, ``x:BlockedIp``, ``x:AllowedIp``: in force at once, and
nobody locks himself out (settings A.11, C.2; http-service 1, 4, 6).

A change that would keep the client of this very request from coming back is refused, unless the call says
``confirm: true``. So is a listener whose address the system does not give. What is stored is in force before the
answer; notices tell what is not. Which of several changes of one call goes ahead is judged by all of them together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from stalwart.codec.expression import ExpressionIO
from stalwart.codec.ids import SINGLETON
from stalwart.codec.ip_networks import LOOPBACK, NetworkSet, parse_network
from stalwart.config import registry
from stalwart.config.network.http import Http
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.security import AllowedIp, BlockedIp, Security
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.errors import Invalid
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles, unconfirmed
from stalwart.jmap.standard.asking import number_of
from stalwart.schema import Declaration, ValidationFailed
from stalwart.store import Transaction
from stalwart.web.bans import forgive
from stalwart.web.connection import Connection
from stalwart.web.front import can_be_added
from stalwart.web.lockout import NEEDED, refusals

SHORTEST = {32: 8, 128: 16}
"""Prefix lengths by width of the address: what is shorter is hardly meant."""


class Listeners(Protocol):
    """See ``stalwart.app.listening.Listening``."""

    def refused(self, stored: Iterable[NetworkListener]) -> Mapping[str, tuple[str, str]]: ...
    def serves(self, stored: Iterable[NetworkListener]) -> bool: ...
    def keeps(self, stored: Iterable[NetworkListener], connection: Connection) -> bool: ...
    async def settle(self, names: Collection[str] | None = None) -> list[str]: ...


@frozen
class Step:
    """A change and what it is about: the object before (None: a new one) and after (None: gone)."""

    change: Change
    former: Any
    after: Any

    def refuse(self, property: str, description: str) -> None:
        """Do not carry it out, unless the client confirms."""
        kind = "forbidden" if self.after is None else "invalidProperties"
        properties = () if self.after is None else (property,)
        self.change.refused = unconfirmed(kind, description, properties)


def steps(
    declaration: Any, stored: Mapping[int, Any], changes: Sequence[Change], property: str | None = None
) -> list[Step]:
    """The changes with their objects; what cannot be read is left to the transaction, which says why.

    With ``property`` only that member is looked at.
    """
    found = []
    for change in changes:
        data = change.data
        if property is not None:
            data = {path: value for path, value in data.items() if path.partition("/")[0] == property}
        former = stored.get(SINGLETON if declaration.is_singleton else _number(change))
        try:
            if change.kind == "create":
                found.append(Step(change, former, declaration.from_wire(dict(data))))
            elif former is not None:
                after = declaration.patched(former, data) if change.kind == "update" else None
                found.append(Step(change, former, after))
        except ValidationFailed:
            continue
    return found


def _number(change: Change) -> int:
    number = number_of(change.key) if change.kind != "create" else None
    return number if number is not None else -1


@handles("Http")
class HttpHandler(Handler):
    """The access rule must let the client go on; clients on this host always may (http-service 4)."""

    def __init__(self, declaration: Declaration, *, settings: Settings, expression_io: ExpressionIO | None) -> None:
        super().__init__(declaration, settings=settings)
        self._io = expression_io

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Try the new rule on the requests that settings are changed by."""
        exchange = asking.request.exchange
        if asking.confirmed or exchange is None:
            return
        needed = dict.fromkeys((*NEEDED, (exchange.method, exchange.path)))
        former = {SINGLETON: self.settings.of(Http)}
        for step in steps(self.declaration, former, changes, "allowedEndpoints"):
            if step.after is None:
                continue  # the transaction refuses to destroy a singleton
            rule = step.after.allowed_endpoints
            if rule == step.former.allowed_endpoints:
                continue
            shut = await refusals(rule, exchange, self._io, needed)
            if shut:
                told = ", ".join(f"{method} {path} with {status}" for method, path, status in shut)
                step.refuse("allowedEndpoints", f"The rule would answer your own next requests so: {told}.")

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Headers that no answer can have are refused: they would switch all the others off."""
        for name, value in entry.value.response_headers.items():
            if not can_be_added(name, value):
                text = f"The header {name[:100]} cannot be added: it is the server's own, or not a header at all."
                raise Invalid(text, ("responseHeaders",))

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Who tries a rule or limit out on the server itself does not see it."""
        notices = await super().committed(asking, done)
        written = {path.partition("/")[0] for change in done for path in change.data}
        unseen = sorted(written & {"allowedEndpoints", "rateLimitAnonymous"})
        if unseen and asking.client_ip in LOOPBACK:
            return [*notices, f"{' and '.join(unseen)}: loopback addresses, such as yours, always pass."]
        return notices


@handles("SystemSettings")
class SystemSettingsHandler(Handler):
    """Trusted proxies and the number of connections hold for new connections at once."""

    def __init__(self, declaration: Declaration, *, settings: Settings, listeners: Listeners) -> None:
        super().__init__(declaration, settings=settings)
        self._listeners = listeners

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Refuse proxies that the client's way to the server does not agree with."""
        connection = _connection(asking)
        if asking.confirmed or connection is None or self._has_own(connection.listener):
            return
        former = {SINGLETON: self.settings.of(SystemSettings)}
        for step in steps(self.declaration, former, changes, "proxyTrustedNetworks"):
            if step.after is None:
                continue
            reason = _misunderstood(connection, step.after.proxy_trusted_networks)
            if reason is not None and step.after.proxy_trusted_networks != step.former.proxy_trusted_networks:
                step.refuse("proxyTrustedNetworks", reason)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Wait for the listeners to take the change over."""
        notices = await super().committed(asking, done)
        await self._listeners.settle(())
        return notices

    def _has_own(self, name: str) -> bool:
        """Whether that listener has a list of its own."""
        listeners = self.settings.all(NetworkListener)
        return any(each.name == name and each.override_proxy_trusted_networks for _, each in listeners)


@handles("NetworkListener")
class NetworkListenerHandler(Handler):
    """Addresses are tried before they are stored, and bound before the answer."""

    def __init__(self, declaration: Declaration, *, settings: Settings, listeners: Listeners) -> None:
        super().__init__(declaration, settings=settings)
        self._listeners = listeners

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Refuse what cannot be bound, and what would leave the client or everybody without a listener."""
        if asking.confirmed:
            return
        stored = dict(self.settings.all(NetworkListener))
        found = steps(self.declaration, stored, changes)
        self._refuse_unbindable(stored, found)
        connection = _connection(asking)
        if connection is not None:
            self._refuse_leaving(stored, found, connection)
            _refuse_misunderstood(found, connection)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Wait until the sockets follow; tell of those that do not."""
        notices = await super().committed(asking, done)
        changed = {change.id for change in done}
        names = {each.name for id, each in self.settings.all(NetworkListener) if id in changed}
        return notices + await self._listeners.settle(names)

    def _refuse_unbindable(self, stored: Mapping[int, NetworkListener], found: Sequence[Step]) -> None:
        refused = self._listeners.refused(_outcome(stored, found))
        for step in found:
            if step.after is None or step.after.name not in refused:
                continue
            property, reason = refused[step.after.name]
            if property != "bind":
                step.refuse(property, f"The system refuses this value: {reason}.")
            elif step.former is None or _place(step.former) != _place(step.after):
                step.refuse(property, f"This cannot be bound: {reason}.")

    def _refuse_leaving(
        self, stored: Mapping[int, NetworkListener], found: Sequence[Step], connection: Connection
    ) -> None:
        serving = [step for step in found if step.former is not None and step.former.protocol == "http"]
        own = [step for step in serving if step.former.name == connection.listener]
        if own and not self._listeners.keeps(_outcome(stored, found), connection):
            for step in own:
                step.refuse("bind", "Your own request came in on this listener, which would no longer be there for it.")
        if serving and not self._listeners.serves(_outcome(stored, found)):
            for step in serving:
                step.refuse("bind", "No listener would be left that serves HTTP.")


@handles("BlockedIp")
class BlockedIpHandler(Handler):
    """Nobody blocks himself, or a large part of the internet, by mistake."""

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Judge entries that would begin to count."""
        if asking.confirmed:
            return
        shielded = _shield(self.settings, asking.now, (each for _, each in self.settings.all(AllowedIp)))
        for step in steps(self.declaration, dict(self.settings.all(BlockedIp)), changes):
            if step.after is None or not _counts(step.after, asking.now):
                continue
            if step.former is not None and _counts(step.former, asking.now):
                continue
            network = parse_network(str(step.after.address))
            property = "address" if step.former is None else "expiresAt"
            covered = [ip for ip in _addresses(asking) if ip in NetworkSet((network,)) and ip not in shielded]
            if covered:
                step.refuse(property, f"This would block your own address {covered[0]}.")
            elif network.length < SHORTEST[network.width]:
                step.refuse(property, f"This would block more than a /{SHORTEST[network.width]}.")

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """What led to the ban goes with it: the next mistake is the first one."""
        assert change.id is not None
        entry = registry.get(tx, BlockedIp, change.id)
        super().destroy(tx, asking, change)
        if entry is not None:
            rate = self.settings.of(Security).auth_ban_rate
            forgive(tx, str(entry.value.address), rate, int(asking.now))

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Entries that can have no effect say so."""
        notices = await super().committed(asking, done)
        ids = {change.id for change in done}
        blocked = [str(each.address) for id, each in self.settings.all(BlockedIp) if id in ids]
        vain = [address for address in blocked if address.partition("/")[0] in LOOPBACK]
        return [*notices, *(f"{address} is stored, but loopback addresses are never blocked." for address in vain)]


@handles("AllowedIp")
class AllowedIpHandler(Handler):
    """An entry that keeps the client from being blocked does not go by mistake."""

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Judge entries that would end."""
        if asking.confirmed:
            return
        now = asking.now
        stored = dict(self.settings.all(AllowedIp))
        found = steps(self.declaration, stored, changes)
        blocked = NetworkSet(str(each.address) for _, each in self.settings.all(BlockedIp) if _counts(each, now))
        shielded = _shield(self.settings, now, _outcome(stored, found))
        exposed = [ip for ip in _addresses(asking) if ip in blocked and ip not in shielded]
        for step in found:
            if step.former is None or not _counts(step.former, now):
                continue
            covered = [ip for ip in exposed if ip in NetworkSet((str(step.former.address),))]
            if covered:
                step.refuse("expiresAt", f"Only this entry keeps your own address {covered[0]} from being blocked.")


def _outcome(stored: Mapping[int, Any], found: Sequence[Step]) -> list[Any]:
    """The objects that there would be, were all steps but the refused ones done."""
    left, made = dict(stored), []
    for step in found:
        if step.change.refused is not None:
            continue
        if step.former is None:
            made.append(step.after)
        elif step.after is None:
            left.pop(_number(step.change), None)
        else:
            left[_number(step.change)] = step.after
    return [*left.values(), *made]


def _place(listener: NetworkListener) -> tuple[Any, ...]:
    return listener.bind, listener.protocol, listener.use_tls and listener.tls_implicit


def _connection(asking: Asking) -> Connection | None:
    exchange = asking.request.exchange
    return exchange.connection if exchange is not None else None


def _addresses(asking: Asking) -> list[str]:
    """Where the client is: behind proxies, and next to us."""
    connection = _connection(asking)
    found = (asking.client_ip, connection.remote_ip if connection is not None else "")
    return [ip for ip in dict.fromkeys(found) if ip]


def _misunderstood(connection: Connection, proxies: Iterable[str]) -> str | None:
    """Why the client could not connect as it has done, if ``proxies`` must speak the PROXY protocol."""
    must = (connection.proxy_ip or connection.remote_ip) in NetworkSet(proxies)
    if must and connection.proxy_ip is None:
        return f"Connections from your own address {connection.remote_ip} would have to begin with a PROXY header."
    if connection.proxy_ip is not None and not must:
        return f"You come through the proxy {connection.proxy_ip}, whose PROXY header would not be understood."
    return None


def _refuse_misunderstood(found: Sequence[Step], connection: Connection) -> None:
    """Refuse proxies of the client's own listener that its way to the server does not agree with."""
    for step in found:
        if step.former is None or step.after is None or step.former.name != connection.listener:
            continue
        proxies = step.after.override_proxy_trusted_networks
        if proxies and proxies != step.former.override_proxy_trusted_networks:
            reason = _misunderstood(connection, proxies)
            if reason is not None:
                step.refuse("overrideProxyTrustedNetworks", reason)


def _counts(entry: Any, now: float) -> bool:
    return entry.expires_at is None or entry.expires_at > now


def _shield(settings: Settings, now: float, allowed: Iterable[Any]) -> NetworkSet:
    """Who is never blocked (http-service 6.3)."""
    entries = [str(each.address) for each in allowed if _counts(each, now)]
    return NetworkSet([*entries, *settings.of(SystemSettings).proxy_trusted_networks]) | LOOPBACK
