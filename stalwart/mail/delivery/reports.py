"""Reports to senders: what could not be delivered, what is late, what has arrived (RFC 3461 6, RFC 3464).

A report goes to the return path of the message, from the null sender; whoever queues it asks before whether one is due
at all: none for a null return path, none that the recipient's NOTIFY forbids.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from stalwart.mail.delivery.shipment import RecipientOutcome
from stalwart.net.smtp_message import Content


@frozen
class Reported:
    """The message that a report is about; times are Unix seconds. ``postmaster`` is the address that reports come from,
    ``hostname`` this server's name."""

    hostname: str
    postmaster: str
    return_path: str
    arrived: int
    content: Content
    env_id: str | None = None
    ret: str | None = None
    smtputf8: bool = False


@frozen
class Fate:
    """What is reported of one recipient; ``outcome.kind`` says which report it belongs to. ``attempted``: when the last
    attempt was; ``until``: when delivery will be given up, for notices of a delay; ``attempts`` so far."""

    outcome: RecipientOutcome
    orcpt: str | None = None
    attempted: int | None = None
    until: int | None = None
    attempts: int = 1


async def bounce(about: Reported, fates: Sequence[Fate], now: int) -> bytes:
    """The message that tells of failed recipients (action ``failed``); with the original as RET and its size allow."""
    raise NotImplementedError


async def delay(about: Reported, fates: Sequence[Fate], now: int) -> bytes:
    """The message that tells of recipients who still wait (action ``delayed``)."""
    raise NotImplementedError


async def success(about: Reported, fates: Sequence[Fate], now: int) -> bytes:
    """The message that tells of delivered recipients, or relayed ones where no report will come (RFC 3461 5.2)."""
    raise NotImplementedError
