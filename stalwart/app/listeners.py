"""Listening sockets: those of the command line, and the stored ones; changed while the server runs.

A socket that cannot be bound is one log line that names the address; the others start. Endpoint options take the place
of the default listener of their protocol, which stays stored but is not bound; listeners that somebody added are bound
besides them. A change never closes an open connection, and where an address stays, its socket does: a ``Door`` gets
another factory behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal
from typing import Protocol as Interface

from attrs import define, field, frozen
from twisted.internet.defer import DeferredLock, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from stalwart.app.sockets import BACKLOG, adjust, host_and_port, open_socket
from stalwart.config.network.listener import NetworkListener
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import NETWORK_BIND_ERROR, NETWORK_LISTEN_START, NETWORK_LISTEN_STOP

DEFAULT_NAMES = {
    "http": ("http", "https"),
    "smtp": ("smtp",),
    "submission": ("submissions",),
    "lmtp": ("lmtp",),
}
MAIL_PROTOCOLS = ("lmtp", "smtp", "submission")
BUILT = ("http", "smtp", "lmtp")
SUBMISSION_PORTS = (465, 587)
HTTPS_PORT = 443
TLS_ENDPOINT = "tls:"
"""Begins an endpoint string that is served with implicit TLS: `tls:443:interface=::` is `tcp:443:interface=::`."""


@frozen
class Wanted:
    """A listener to bind: its ``settings`` (name, limits, socket options), and an endpoint string or a bind address.

    ``proxies`` are the peers that must speak the PROXY protocol, ``most`` the connections at a time (None: no limit).
    ``http2``: listeners with TLS offer it; another value here has what is behind them made anew.
    """

    protocol: str
    settings: NetworkListener
    endpoint: str | None = None
    bind: str | None = None
    proxies: frozenset[str] = frozenset()
    most: int | None = None
    http2: bool = False

    @property
    def bind_ip(self) -> str | None:
        """The address of a stored listener, as rules see it; an endpoint string tells only when it listens."""
        return host_and_port(self.bind)[0] if self.bind is not None else None

    @property
    def where(self) -> str:
        """What the person wrote."""
        return self.endpoint or self.bind or ""

    @property
    def has_tls(self) -> bool:
        """Whether connections begin with TLS."""
        return self.settings.use_tls and self.settings.tls_implicit

    @property
    def mail_role(self) -> Literal["mx", "submission", "lmtp"] | None:
        """Whom a mail listener is for: other servers, users, or a server next door (design 8)."""
        if self.protocol == "smtp":
            port = host_and_port(self.bind)[1] if self.bind is not None else None
            return "submission" if port in SUBMISSION_PORTS else "mx"
        return self.protocol if self.protocol in ("submission", "lmtp") else None  # type: ignore[return-value]

    @property
    def service(self) -> str:
        """What it is called in the log."""
        return "https" if self.protocol == "http" and self.has_tls else self.protocol


class Door(ServerFactory):
    """What a socket hands its connections to: the factory ``behind`` it, for the listener of a name. Both may change
    while it listens."""

    noisy = False

    def __init__(self, behind: Any, listener: str) -> None:
        self.behind = behind
        self.listener = listener

    def buildProtocol(self, addr: Any) -> Any:
        """Twisted calls this."""
        return self.behind.buildProtocol(addr)


@define(eq=False)
class Bound:
    """A bound listener."""

    wanted: Wanted
    port: Any  # IListeningPort
    door: Door

    def is_beside(self, wanted: Wanted) -> bool:
        """Whether both are TCP sockets at one port."""
        mine, other = self.wanted.bind, wanted.bind
        return mine is not None and other is not None and host_and_port(mine)[1] == host_and_port(other)[1]


@frozen
class Pairing:
    """What a wish means for the sockets that there are."""

    kept: list[tuple[Bound, Wanted]] = field(factory=list)
    fresh: list[Wanted] = field(factory=list)
    gone: list[Bound] = field(factory=list)

    def replaced(self, wanted: Wanted) -> list[Bound]:
        """The listeners whose port ``wanted`` takes over."""
        return [bound for bound in self.gone if bound.is_beside(wanted)]


FactoryFor = Callable[["Wanted"], Any]


class Sockets(Interface):
    """Where listening sockets come from. ``tells``: opening and closing them is told of here, by whoever asked."""

    tells: bool

    def listen(self, wanted: Wanted, door: Door, instead_of: Sequence[Bound]) -> Any:
        """A port for ``wanted``, or a Deferred of it; ``instead_of`` will be closed next."""

    def moved(self, former: Wanted, wanted: Wanted) -> None:
        """The socket of one listener is that of another one from now on."""

    def close(self, bound: Bound) -> Any:
        """Stop accepting there; may be a Deferred."""

    def settled(self) -> Any:
        """Fires when what was closed is closed everywhere; None if that is so."""


class OwnSockets:
    """Those of a process that serves alone."""

    tells = True

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def listen(self, wanted: Wanted, door: Door, instead_of: Sequence[Bound]) -> Any:
        """See ``Sockets``."""
        if wanted.endpoint is not None:
            return serverFromString(self._reactor, with_backlog(wanted.endpoint)).listen(door)
        replaced = [bound.port.fileno() for bound in instead_of]
        opened = open_socket(wanted.bind or "", wanted.settings, instead_of=replaced)
        try:
            return self._reactor.adoptStreamPort(opened.fileno(), opened.family, door)
        finally:
            opened.close()  # the reactor works on a duplicate

    def moved(self, former: Wanted, wanted: Wanted) -> None:
        """Nobody else has to know."""

    def close(self, bound: Bound) -> Any:
        """See ``Sockets``."""
        return bound.port.stopListening()

    def settled(self) -> Any:
        """They are."""


class Listeners:
    """Binds, changes, reports and closes. ``factory_for(wanted)`` gives what serves the connections."""

    def __init__(self, sockets: Sockets, telemetry: Telemetry, factory_for: FactoryFor) -> None:
        self._sockets = sockets
        self._telemetry = telemetry
        self._factory_for = factory_for
        self._log = Logger(namespace="stalwart")
        self._changing = DeferredLock()
        self._problems: dict[tuple[str, str], str] = {}  # (listener, address): why it is not as it should be
        self._closed = False
        self.bound: list[Bound] = []

    async def bind(self, wanted: Iterable[Wanted]) -> int:
        """Bind all of ``wanted``; the number that could not be bound. Each outcome is one log line."""
        failed = 0
        for one in wanted:
            failed += not await self._bind(one, {}, ())
        return failed

    async def change(self, wanted: Iterable[Wanted]) -> None:
        """Make the sockets those of ``wanted``; of several changes one begins when the one before has ended.

        A listener of which a new address fails keeps its old ones.
        """
        await self._changing.acquire()
        try:
            if not self._closed:
                await self._change(self.paired(wanted))
        finally:
            self._changing.release()

    async def settle(self, names: Collection[str] | None = None) -> list[str]:
        """Wait until no change is under way; one sentence for each address that is not as it should be.

        ``names`` are the listeners to tell about, None for all.
        """
        await self._changing.acquire()
        self._changing.release()
        return [
            f"The listener {name} is stored, but not bound to {where}: {reason}."
            for (name, where), reason in self._problems.items()
            if names is None or name in names
        ]

    def paired(self, wanted: Iterable[Wanted]) -> Pairing:
        """Which sockets stay, with what in front of whom; which are new; which are not wanted any more."""
        free, left = list(self.bound), list(wanted)
        found = Pairing()
        for alike in (_same, _same_place):  # its own socket first, then one that somebody else leaves there
            for one in tuple(left):
                bound = next((each for each in free if alike(one, each.wanted)), None)
                if bound is not None:
                    found.kept.append((bound, one))
                    free.remove(bound)
                    left.remove(one)
        found.fresh.extend(left)
        found.gone.extend(free)
        return found

    def https_port(self) -> int | None:
        """The port where HTTP is served with TLS; the usual one, if there are several."""
        found = [bound.port.getHost() for bound in self.bound if bound.wanted.service == "https"]
        ports = sorted(address.port for address in found if hasattr(address, "port"))
        return HTTPS_PORT if HTTPS_PORT in ports else next(iter(ports), None)

    async def close(self) -> None:
        """Stop accepting on every listener, for good."""
        self._closed = True
        for bound in list(self.bound):
            await self._close(bound)

    async def _change(self, pairing: Pairing) -> None:
        told, self._problems = self._problems, {}
        for bound, one in pairing.kept:
            if one != bound.wanted:
                self._exchange(bound, one, told)
        keeping = set()
        for one in pairing.fresh:
            if not await self._bind(one, told, pairing.replaced(one)):
                keeping.add(one.settings.name)
        for bound in pairing.gone:
            if bound.wanted.settings.name not in keeping:
                await self._close(bound)
        await maybeDeferred(self._sockets.settled)

    def _exchange(self, bound: Bound, wanted: Wanted, told: Mapping[tuple[str, str], str]) -> None:
        """Other settings behind an open socket."""
        bound.door.behind, bound.door.listener = self._factory_for(wanted), wanted.settings.name
        former, bound.wanted = bound.wanted, wanted
        self._sockets.moved(former, wanted)
        if wanted.bind is None or former.settings == wanted.settings:
            return
        try:
            adjust(bound.port.fileno(), wanted.settings)
        except OSError as problem:
            self._note(wanted, problem, told)

    async def _bind(self, wanted: Wanted, told: Mapping[tuple[str, str], str], instead_of: Sequence[Bound]) -> bool:
        try:
            door = Door(self._factory_for(wanted), wanted.settings.name)
            port = await maybeDeferred(self._sockets.listen, wanted, door, instead_of)
        except Exception as problem:  # the address parsers and endpoints raise whatever they like
            self._note(wanted, problem, told)
            return False
        self.bound.append(Bound(wanted, port, door))
        if self._sockets.tells:
            address = shown(port.getHost())
            self._log.info("listening {protocol} {address}", protocol=wanted.service, address=address)
            self._telemetry.emit(NETWORK_LISTEN_START, listenerId=wanted.settings.name, address=address)
        return True

    def _note(self, wanted: Wanted, problem: Exception, told: Mapping[tuple[str, str], str]) -> None:
        """Remember a problem; it is logged unless it was there before the change."""
        key, reason = (wanted.settings.name, wanted.where), reason_of(problem)
        self._problems[key] = reason
        if told.get(key) != reason and not getattr(problem, "is_told", False):
            self._telemetry.emit(NETWORK_BIND_ERROR, address=wanted.where, reason=reason)

    async def _close(self, bound: Bound) -> None:
        self.bound.remove(bound)
        address = shown(bound.port.getHost())
        await maybeDeferred(self._sockets.close, bound)
        if self._sockets.tells:
            self._telemetry.emit(NETWORK_LISTEN_STOP, listenerId=bound.wanted.settings.name, address=address)


def wanted_listeners(
    stored: Iterable[NetworkListener],
    endpoints: Mapping[str, list[str]],
    built: Collection[str] = BUILT,
    *,
    proxies: frozenset[str] = frozenset(),
    most: int | None = None,
    http2: bool = False,
) -> list[Wanted]:
    """What to bind for the stored listeners and the endpoint options.

    ``proxies`` and ``most`` (connections) hold for listeners that say nothing of their own; ``http2`` for all with TLS.
    """
    places: list[tuple[str, NetworkListener, dict[str, str]]] = []
    for protocol, strings in endpoints.items():
        for number, endpoint in enumerate(strings):
            name = protocol if number == 0 else f"{protocol}-{number + 1}"
            has_tls = endpoint.startswith(TLS_ENDPOINT)
            place = {"endpoint": f"tcp:{endpoint.removeprefix(TLS_ENDPOINT)}" if has_tls else endpoint}
            places.append((protocol, _of_option(name, protocol, has_tls), place))
    for listener in stored:
        if why_not_bound(listener, endpoints, built) is None:
            places.extend((listener.protocol, listener, {"bind": bind}) for bind in sorted(listener.bind))
    return [
        Wanted(
            protocol,
            settings,
            proxies=settings.override_proxy_trusted_networks or proxies,
            most=settings.max_connections if settings.max_connections is not None else most,
            http2=http2,
            **place,
        )
        for protocol, settings, place in places
    ]


def why_not_bound(
    listener: NetworkListener, endpoints: Mapping[str, list[str]], built: Collection[str] = BUILT
) -> str | None:
    """Why a stored listener is not meant to be bound, None if it is."""
    for protocol, names in DEFAULT_NAMES.items():
        if listener.name in names and endpoints.get(protocol):
            return f"the option --{protocol} of the command line takes its place"
    if listener.protocol not in built:
        return f"the protocol {listener.protocol} is not served yet"
    return None


def with_backlog(endpoint: str) -> str:
    """An endpoint string of Twisted's, with as many waiting connections as stored listeners have; it has 50."""
    is_plain = endpoint.startswith(("tcp:", "tcp6:")) and "backlog=" not in endpoint
    return f"{endpoint}:backlog={BACKLOG}" if is_plain else endpoint


def shown(address: Any) -> str:
    """``127.0.0.1:8080``, ``[::]:443`` or the path of a UNIX socket."""
    host = getattr(address, "host", None)
    if host is None:
        name = getattr(address, "name", b"")
        return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    return f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"


def reason_of(problem: Exception) -> str:
    """The system's own words for what went wrong, if it had any."""
    inner = getattr(problem, "socketError", None) or problem
    return getattr(inner, "strerror", None) or str(inner)


def _of_option(name: str, protocol: str, has_tls: bool) -> NetworkListener:
    stored = "smtp" if protocol == "submission" else protocol
    unused = {"127.0.0.1:1": True}
    use_tls = has_tls or protocol in MAIL_PROTOCOLS  # which offer STARTTLS
    return NetworkListener.from_wire(
        {"name": name, "bind": unused, "protocol": stored, "useTls": use_tls, "tlsImplicit": has_tls}
    )


def _same(one: Wanted, other: Wanted) -> bool:
    return _same_place(one, other) and one.settings.name == other.settings.name


def _same_place(one: Wanted, other: Wanted) -> bool:
    return (one.endpoint, one.bind) == (other.endpoint, other.bind)
