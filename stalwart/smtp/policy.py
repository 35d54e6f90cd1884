"""What the connections of a listener have in common: whom they ask, how they greet, what they may cost."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from stalwart.smtp.authentication import Authenticator
from stalwart.smtp.limits import DEFAULT, Limits
from stalwart.smtp.reception import Reception
from stalwart.smtp.role import Role
from stalwart.telemetry import Telemetry
from stalwart.web.clock import Clock


@frozen(eq=False)
class Policy:
    """``hostname`` is how the server calls itself, ``greeting`` the text of its first line (begun with that name).

    STARTTLS is offered where ``tls`` is given, a connection creator or context factory of Twisted.
    """

    role: Role
    reception: Reception
    telemetry: Telemetry
    clock: Clock
    hostname: str
    greeting: str
    limits: Limits = DEFAULT
    tls: Any = None
    authenticator: Authenticator | None = None
