"""What a place for DNS records offers, its failures, and what an x:DnsServer says of it. Times are in seconds.

Records are given in presentation form (RFC 1035 5.1) with names that are absolute, dot at the end or not; those of TXT
are the text itself, without quotes. ``dns_record_values`` makes values of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from attrs import frozen

from stalwart.errors import Invalid, StalwartError
from stalwart.net.dns_transport import NameServer

LONGEST_TTL = 0x7FFFFFFF  # RFC 2181 8


class DnsPublisher(Protocol):
    """A place where records are published. ``zone`` None: the closest zone of the place that holds ``name``.

    All raise `DnsUpdateRefused`, and `Invalid` for what is no name, type or record.
    """

    async def publish(self, zone: str | None, name: str, type: str, values: Sequence[str], *, ttl: int) -> None:
        """Replace all records of ``type`` at ``name`` by ``values``; there may be none."""

    async def add(self, zone: str | None, name: str, type: str, value: str, *, ttl: int) -> None:
        """Add one record and keep the others; fine if it is there already."""

    async def remove(self, zone: str | None, name: str, type: str, value: str | None = None) -> None:
        """Remove one record, or all of ``type``; fine if there is none."""

    async def close(self) -> None:
        """Cancel what is under way; nothing can be asked afterwards."""


class DnsUpdateRefused(StalwartError):
    """The records could not be changed. ``temporary``: the same may succeed later."""

    status = 503
    title = "DNS update refused"
    default_detail = "The DNS server did not change the records."

    def __init__(self, detail: str | None = None, *, temporary: bool = False) -> None:
        super().__init__(detail)
        self.temporary = temporary


@frozen
class Times:
    """The times of an x:DnsServer in seconds: the names are those of `wait_until_seen`, and ``ttl``."""

    delay: float
    interval: float
    timeout: float
    ttl: int


def times_of(server: Any) -> Times:
    """What an x:DnsServer, in milliseconds, says."""
    delay = server.propagation_delay or 0
    ttl = max(1, min(server.ttl // 1000, LONGEST_TTL))
    return Times(delay / 1000, server.polling_interval / 1000, server.propagation_timeout / 1000, ttl)


def primary_of(server: Any) -> NameServer:
    """Where the updates of a ``Tsig`` go, and where they can be seen first."""
    return NameServer(str(server.host), server.port, server.protocol)


def ttl_of(ttl: int) -> int:
    """A time to live. Raises Invalid."""
    if not 0 <= ttl <= LONGEST_TTL:
        raise Invalid(f"The time to live is not between 0 and {LONGEST_TTL} seconds.")
    return ttl
