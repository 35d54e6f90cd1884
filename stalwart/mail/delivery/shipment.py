"""What is handed to a ``Sender`` and what comes back: one message for one destination, and how each recipient fared.

A shipment says all that the settings and the queue have decided: where to, how long each step may take, what is asked
of TLS. Nothing here looks anything up.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from attrs import field, frozen

from stalwart.codec.smtp_reply import Reply
from stalwart.net.smtp_message import Content

Requirement = Literal["optional", "require", "disable"]
Families = Literal["v4ThenV6", "v6ThenV4", "v4Only", "v6Only"]
Kind = Literal["delivered", "temporary", "permanent"]


@frozen
class Mx:
    """The mail exchangers of ``domain`` (A-label form, or an address literal: ``[192.0.2.1]``, ``[IPv6:2001:db8::1]``).

    ``max_hosts`` exchangers are tried in one attempt, ``max_addresses`` of each.
    """

    domain: str
    families: Families = "v4ThenV6"
    max_hosts: int = 5
    max_addresses: int = 2


@frozen
class Login:
    """What a relay is told of who we are (RFC 4954)."""

    username: str
    secret: str = field(repr=False)


@frozen
class Relay:
    """One host, by name or address, that takes the mail and sends it on, or that is the end of the way (LMTP)."""

    host: str
    port: int = 25
    protocol: Literal["smtp", "lmtp"] = "smtp"
    implicit_tls: bool = False
    login: Login | None = None
    allow_invalid_certs: bool = False


Destination = Mx | Relay


Source = tuple[str, str | None]
"""A local address to connect from, and the name said in EHLO from there."""


@frozen
class Connecting:
    """How a host is connected: our name in EHLO, local addresses with the name said from there (``None``: the same),
    and seconds for each step (RFC 5321 4.5.3.2)."""

    ehlo_name: str = "localhost"
    sources: tuple[Source, ...] = ()
    connect: float = 300.0
    greeting: float = 300.0
    ehlo: float = 300.0
    mail: float = 300.0
    rcpt: float = 300.0
    data: float = 600.0

    def source_for(self, ip: str) -> Source | None:
        """One of the local addresses from which ``ip`` can be reached; None leaves it to the system."""
        fitting = [each for each in self.sources if (":" in each[0]) == (":" in ip)]
        return random.choice(fitting) if fitting else None


@frozen
class TlsDemands:
    """What is asked of the TLS of a host; ``fetch`` and ``handshake`` are seconds.

    ``require`` of DANE or MTA-STS means that a host to which it does not apply gets no mail.
    """

    starttls: Requirement = "optional"
    dane: Requirement = "optional"
    mta_sts: Requirement = "optional"
    allow_invalid_certs: bool = False
    fetch: float = 300.0
    handshake: float = 180.0


@frozen
class HostStrategy:
    """What holds for one host."""

    connecting: Connecting = Connecting()
    tls: TlsDemands = TlsDemands()


@frozen
class Held:
    """Why a host may not be connected now; ``error_type`` is ``rateLimited`` or ``concurrencyLimited``."""

    error_type: str
    message: str


@frozen
class ShipmentRecipient:
    """One recipient with what the sender wants to hear of it (RFC 3461 4.1, 4.2); ``orcpt`` is as it was received:
    ``rfc822;...``."""

    address: str
    orcpt: str | None = None
    notify: frozenset[str] = frozenset()


async def _any_host(_host: str) -> HostStrategy:
    return HostStrategy()


async def _admitted(_host: str, _ip: str, _local_ip: str) -> Held | None:
    return None


async def _untold(told: Sequence[Told]) -> None:
    """Everybody is told of at the end."""


@frozen
class Shipment:
    """One message for the recipients at one destination.

    ``content`` is made by ``mail.delivery.content`` of bytes or of a stored file. ``strategy`` is asked for each host
    that is tried, with its name, and with ``""`` before any host, for the policy of the domain; ``admit`` with each
    host and address before it is used, and with the local address to be used, ``""`` if the system will choose it.
    ``taken`` is told once of each whom a host has taken it for while others of the shipment still wait.
    """

    destination: Destination
    return_path: str
    recipients: tuple[ShipmentRecipient, ...]
    content: Content
    smtputf8: bool = False
    body: str = "7BIT"
    env_id: str | None = None
    ret: str | None = None
    require_tls: bool = False
    counts_tls: bool = True
    strategy: Callable[[str], Awaitable[HostStrategy]] = _any_host
    admit: Callable[[str, str, str], Awaitable[Held | None]] = _admitted
    taken: Callable[[Sequence[Told]], Awaitable[None]] = _untold


@frozen
class RecipientOutcome:
    """How the attempt ended for one recipient.

    ``status`` is the enhanced code for reports (RFC 3463), the host's own where it gave one; ``reply`` is what the host
    said, ``None`` if the reason is ours; ``error_type`` is a name of ``DELIVERY_ERROR``, ``None`` if delivered.
    ``unreachable``: the whole destination failed and not this message, so that others need not try now.
    ``in_transaction``: that is so unless this message was too much for the host, which had greeted us.
    ``relayed_without_dsn``: the host has taken it and will send no success report, so that ours must say so.
    ``arrived``: there is no further host, it is where the recipient reads it, which nobody but us can report.
    ``sure`` is false if the host may have taken the message although its answer never came.
    """

    address: str
    kind: Kind
    status: str
    hostname: str | None = None
    reply: Reply | None = None
    error_type: str | None = None
    message: str | None = None
    command: str | None = None
    unreachable: bool = False
    in_transaction: bool = False
    relayed_without_dsn: bool = False
    arrived: bool = False
    sure: bool = True


@frozen
class TlsResult:
    """What one session, or the search for a policy, counts for in TLS reports (RFC 8460 4).

    ``policy_type`` is ``tlsa``, ``sts`` or ``no-policy-found``; ``policy`` its text line by line; ``mx_patterns`` those
    of an MTA-STS policy; ``failure`` a result type of RFC 8460 4.3, ``None`` for success.
    """

    domain: str
    policy_type: str
    policy: tuple[str, ...] = ()
    mx_patterns: tuple[str, ...] = ()
    failure: str | None = None
    hostname: str = ""
    ip: str = ""
    source_ip: str = ""
    helo: str = ""
    reason: str = ""


Told = tuple[int, RecipientOutcome]
"""The place of a recipient in its shipment, and how the attempt ended for it."""
