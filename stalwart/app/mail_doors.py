"""What is behind the listeners of mail: the servers of SMTP and LMTP, over what takes the mail.

A role says whom a listener is for (design 8). Outside of the normal mode mail is answered ``421 4.3.2 not yet`` (RFC
5321 3.8). PROXY headers, the block list and implicit TLS are those of ``web.listener``. The servers are imported
and made with the first connection, which takes some 30 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from attrs import evolve
from twisted.internet.defer import Deferred, DeferredList

from stalwart.app.listeners import Wanted
from stalwart.app.smtp_parts import Entrance
from stalwart.codec.smtp.replies import NOT_YET
from stalwart.config.settings import Settings
from stalwart.directory.places import Places
from stalwart.telemetry import Telemetry
from stalwart.tls.contexts import ServerTls
from stalwart.web.bans import Bans
from stalwart.web.connection import Listener
from stalwart.web.listener import wrap_listener

if TYPE_CHECKING:
    from stalwart.smtp.server import SmtpFactory

NAME = "Stalwart"
"""What the server is called before its settings say more."""


class MailDoors:
    """Makes the factories of mail listeners. ``entrance`` builds what they ask; without it mail is not served."""

    def __init__(
        self,
        entrance: Callable[[], Entrance] | None,
        settings: Settings,
        telemetry: Telemetry,
        clock: Any,
        places: Places,
        bans: Callable[[], Bans],
        tls: ServerTls,
    ) -> None:
        self._build = entrance
        self._entrance: Entrance | None = None
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._places = places
        self._bans = bans
        self._tls = tls
        self._servers: WeakSet[SmtpFactory] = WeakSet()  # those of former settings live as long as their connections
        self._closing = False

    def factory(self, wanted: Wanted) -> Any:
        """What serves the connections of a mail listener."""
        creator = self._tls.creator(wanted.settings, ()) if wanted.settings.use_tls else None
        door = _Door(self, lambda: self._server(wanted, creator))
        return wrap_listener(
            door,
            wanted.settings,
            clock=self._clock,
            proxy_trusted_networks=wanted.proxies,
            system_max_connections=wanted.most,
            bind_ip=wanted.bind_ip,
            tls=creator if wanted.has_tls else None,
        )

    @property
    def entrance(self) -> Entrance | None:
        """What they ask, built when it is asked for first; None if mail is not served."""
        if self._entrance is None and self._build is not None:
            self._entrance = self._build()
        return self._entrance

    async def close(self, grace: float) -> None:
        """Let messages end that have begun; what is left after ``grace`` seconds is aborted."""
        self._closing = True
        await DeferredList([Deferred.fromCoroutine(server.close(grace)) for server in tuple(self._servers)])

    def _server(self, wanted: Wanted, creator: Any) -> SmtpFactory | None:
        from stalwart.smtp.inbound_rules import NEXT_DOOR
        from stalwart.smtp.limits import DEFAULT
        from stalwart.smtp.policy import Policy
        from stalwart.smtp.role import LMTP, MX, SUBMISSION
        from stalwart.smtp.server import SmtpFactory

        role = {"mx": MX, "lmtp": LMTP, "submission": SUBMISSION}.get(wanted.mail_role or "")
        entrance = self.entrance
        if entrance is None or role is None:
            return None
        limits = evolve(NEXT_DOOR if role.is_lmtp else DEFAULT, connections=wanted.most)
        authenticator = None if role.is_lmtp else entrance.authenticator
        parts = entrance.reception, self._telemetry, self._clock, NAME, NAME, limits, creator, authenticator
        policy = Policy(role, *parts)
        listener = Listener(wanted.settings.name, None, wanted.settings.socket_no_delay)
        server = SmtpFactory(listener, policy, self._places, self._spares)
        self._servers.add(server)
        return server

    def _spares(self, ip: str) -> bool:
        """Whether a client may have any number of connections: it is on this host, or on the list of those allowed."""
        from stalwart.smtp.inbound_rules import is_loopback

        return is_loopback(ip) or self._bans().allowed(ip)


class _Door:
    """``web.listener.Serving`` for one listener."""

    def __init__(self, doors: MailDoors, server: Callable[[], SmtpFactory | None]) -> None:
        self.telemetry = doors._telemetry
        self.places = doors._places
        self._doors = doors
        self._server = cache(server)

    @property
    def bans(self) -> Bans:
        return self._doors._bans()

    @property
    def closing(self) -> bool:
        return self._doors._closing

    def connect(self, listener: Listener, peer: Any, owner: Any, agreed: bytes | None = None) -> Any:
        """The server counts its connections itself: those that were counted during their handshake are its own now."""
        if owner.has_entered:
            owner.left()
        server = self._server()
        if server is not None:
            return server.buildProtocol(peer)
        from stalwart.smtp.server import SentAway

        return SentAway(NOT_YET)
