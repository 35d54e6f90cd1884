"""The outside world of deliveries and diagnoses: built once from options or settings, handed to every run.

Name service with its cache, MTA-STS policies with theirs, the trusted authorities and the way to open a connection all
come from here, so that a test, the demo hosts and the real Internet differ in these values only.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen

from stalwart.mail.delivery.addresses import is_public
from stalwart.mail.delivery.exchanges import Shuffle
from stalwart.mail.delivery.sts import StsPolicies
from stalwart.net.dns import Resolver
from stalwart.net.smtp import SmtpConnection
from stalwart.net.tls import TrustStore

Connect = Callable[..., Awaitable[SmtpConnection]]


def _now() -> datetime:
    return datetime.now(UTC)


@frozen
class Limits:
    """What bounds a run: seconds for each operation, the port, and whether private addresses may be tried."""

    ehlo_name: str = "localhost"
    operation_timeout: float = 30.0
    port: int = 25
    allow_private: bool = False
    now: Callable[[], datetime] = _now


@frozen
class Outgoing:
    """Clock and connections, name service, policies and trusted authorities."""

    reactor: Any
    resolver: Resolver
    policies: StsPolicies
    trust_store: TrustStore
    shuffle: Shuffle = field(default=random.shuffle)
    connect: Connect = field(default=SmtpConnection.connect)
