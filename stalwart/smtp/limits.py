"""How long, how much, how often: the limits of an SMTP session. Times are in seconds.

The defaults are those of x:MtaInboundSession, x:MtaStageRcpt and x:MtaStageData.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Limits:
    """The limits of one session; None means that there is none.

    ``checking`` and ``delivering`` bound the waits for whoever takes the mail: RFC 5321 4.5.3.2 has clients wait five
    minutes for answers and ten for the one after a message. ``greet_delay`` is how long the greeting is held back to
    see whether the client waits for it; with 0 only what has arrived already counts. ``idle_commands`` are those that
    lead to nothing, such as NOOP and RSET, for each message; more count as errors. ``failure_delay`` and
    ``login_delay`` hold back the answer to a refused recipient and to a failed sign-in.
    """

    command: float = 300.0
    data: float = 180.0
    duration: float | None = 600.0
    checking: float = 240.0
    delivering: float = 540.0
    greet_delay: float | None = 0.0
    failure_delay: float = 0.0
    transfer: int | None = 262_144_000
    message_size: int = 104_857_600
    messages: int | None = 10
    recipients: int = 100
    failed_recipients: int | None = 5
    failed_logins: int | None = 3
    login_delay: float = 0.0
    errors: int | None = 20
    idle_commands: int | None = 1000
    connections: int | None = 8192
    connections_each: int | None = 100


DEFAULT = Limits()
UNLIMITED = Limits(
    duration=None,
    greet_delay=None,
    transfer=None,
    messages=None,
    recipients=100_000,
    failed_recipients=None,
    idle_commands=None,
    connections_each=None,
)
"""What suits a server next door that delivers by LMTP: it is trusted, and keeps its connections."""
