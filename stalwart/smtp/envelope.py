"""Who is there, and what they want: the client of a connection, and the envelope of a message."""

from __future__ import annotations

from typing import Any

from attrs import Factory, define, frozen

from stalwart.codec.smtp.parameters import (
    NO_MAIL_PARAMETERS,
    NO_RCPT_PARAMETERS,
    MailParameters,
    RcptParameters,
)
from stalwart.codec.smtp.paths import NULL, Path
from stalwart.codec.smtp.received import Transmission
from stalwart.smtp.limits import Limits
from stalwart.smtp.role import Role
from stalwart.telemetry.spans import new_span


@frozen
class Offers:
    """What a client is offered: ``extensions`` as the answer to EHLO lists them, and ``mechanisms`` of AUTH.

    ``longest_hold`` bounds the seconds of FUTURERELEASE; ``vrfy`` and ``expn`` say whether these commands tell anything
    (RFC 5321 3.5).
    """

    extensions: tuple[str, ...]
    mechanisms: tuple[str, ...] = ()
    longest_hold: int = 0
    vrfy: bool = False
    expn: bool = False


@define(eq=False)
class Peer:
    """The client of a connection. What it said is forgotten when TLS begins (RFC 3207 4.2).

    ``role`` and ``limits`` are this session's, like the ``hostname`` that the server calls itself and its ``greeting``
    (None: those of the policy); ``Reception.connect`` may put others there. ``tls`` is what was agreed, such as
    ``TLSv1.3 TLS_AES_256_GCM_SHA384``. ``login`` is who has signed in, ``grant`` what that rests on; ``offers`` is
    what is offered since EHLO or the sign-in. ``grant`` and ``state`` belong to the reception.
    """

    role: Role
    limits: Limits
    listener: str = ""
    remote_ip: str = ""
    remote_port: int = 0
    local_ip: str = ""
    local_port: int = 0
    hello: str | None = None
    is_extended: bool = False
    is_tls: bool = False
    tls: str | None = None
    login: Any = None
    grant: Any = None
    hostname: str | None = None
    greeting: str | None = None
    offers: Offers | None = None
    state: Any = None
    span: int = Factory(new_span)

    @property
    def login_name(self) -> str:
        """Who has signed in, as rules and reports see it; empty for nobody."""
        return "" if self.login is None else str(getattr(self.login, "login", self.login))

    @property
    def announces(self) -> tuple[str, ...]:
        """The extensions that it is offered."""
        return self.role.announces if self.offers is None else self.offers.extensions


@frozen
class Recipient:
    """A recipient that was accepted."""

    path: Path
    parameters: RcptParameters = NO_RCPT_PARAMETERS


@define(eq=False)
class Envelope:
    """What is known of a message before it: sender and accepted recipients, in their order.

    LMTP keeps a recipient as often as it was named, since each has a reply of its own (RFC 2033 4.2). ``state`` belongs
    to the reception.
    """

    peer: Peer
    sender: Path = NULL
    parameters: MailParameters = NO_MAIL_PARAMETERS
    recipients: list[Recipient] = Factory(list)
    state: Any = None

    def transmission(self, host: str | None = None) -> Transmission:
        """What the Received field tells; ``host`` is the client's name by DNS."""
        peer = self.peer
        return Transmission(
            hello=peer.hello or "",
            address=peer.remote_ip,
            is_extended=peer.is_extended,
            is_lmtp=peer.role.is_lmtp,
            is_authenticated=peer.login is not None,
            is_utf8=self.parameters.smtputf8,
            tls=peer.tls or ("TLS" if peer.is_tls else None),
            host=host,
        )
