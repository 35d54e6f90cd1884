"""Reports to senders: what could not be delivered, what is late, what has arrived (RFC 3461 6, RFC 3464).

A report goes to the return path of the message, from the null sender; whoever queues it asks before whether one is due
at all: none for a null return path, none that the recipient's NOTIFY forbids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final

from attrs import frozen

from stalwart.codec.delivery_status import MessageStatus, Original, RecipientStatus, outline
from stalwart.codec.mime import headers
from stalwart.codec.mime.composer import compose
from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.codec.mime.message_ids import as_message_ids
from stalwart.errors import StalwartError
from stalwart.mail.delivery.report_text import Told, bounce_text, delay_text, success_text
from stalwart.mail.delivery.shipment import RecipientOutcome
from stalwart.net.smtp_message import Content

WHOLE: Final = 64 << 10
"""Octets up to which a message is returned as a whole unless the sender wants its fields only."""
WANTED_WHOLE: Final = 1 << 20
"""The same where the sender wants all of it (RFC 3461 4.3)."""
LONGEST_HEADER: Final = 64 << 10

_Field = tuple[str, Form, Any]


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
    original = await _original(about, may_be_whole=True)
    text = bounce_text(about.hostname, _told(fates), is_whole=original is not None and original.message is not None)
    return _report(about, fates, now, "Undelivered mail returned to sender", text, original, "failed")


async def delay(about: Reported, fates: Sequence[Fate], now: int) -> bytes:
    """The message that tells of recipients who still wait (action ``delayed``)."""
    original = await _original(about, may_be_whole=False)
    text = delay_text(about.hostname, _told(fates), about.arrived, now)
    return _report(about, fates, now, "Delayed mail: still being retried", text, original, "delayed")


async def success(about: Reported, fates: Sequence[Fate], now: int) -> bytes:
    """The message that tells of delivered recipients, or relayed ones where no report will come (RFC 3461 5.2)."""
    original = await _original(about, may_be_whole=False)
    text = success_text(about.hostname, _told(fates))
    return _report(about, fates, now, "Your mail was delivered", text, original, "delivered")


def _told(fates: Sequence[Fate]) -> list[Told]:
    return [Told(fate.outcome, fate.until) for fate in fates]


def _report(
    about: Reported,
    fates: Sequence[Fate],
    now: int,
    subject: str,
    text: str,
    original: Original | None,
    action: str,
) -> bytes:
    utf8 = about.smtputf8 or not about.return_path.isascii()
    message = MessageStatus(about.hostname, about.arrived, about.env_id)
    recipients = [_status(fate, action, about.hostname) for fate in fates]
    body = outline(text, message, recipients, original, utf8=utf8)
    written = format(datetime.fromtimestamp(now, UTC), "%Y-%m-%dT%H:%M:%S+00:00")
    to: _Field = ("To", Form.ADDRESSES, [{"name": None, "email": about.return_path}])
    fields: list[_Field] = [
        ("From", Form.ADDRESSES, [{"name": "Mail Delivery System", "email": about.postmaster}]),
        ("Subject", Form.TEXT, subject),
        ("Date", Form.DATE, written),
        ("Message-ID", Form.MESSAGE_IDS, [f"{token_hex(16)}@{about.hostname}"]),
        ("Auto-Submitted", Form.RAW, " auto-replied"),  # RFC 3834 5
    ]
    message_id = _message_id(original)
    if message_id is not None:
        fields += [("In-Reply-To", Form.MESSAGE_IDS, [message_id]), ("References", Form.MESSAGE_IDS, [message_id])]
    try:
        return b"".join(compose([*fields, to], body, _boundaries()))
    except InvalidValue:  # an address or an id that cannot stand in a field; the envelope has the sender
        plain: _Field = ("To", Form.RAW, " undisclosed-recipients:;")
        return b"".join(compose([*fields[:5], plain], body, _boundaries()))


def _status(fate: Fate, action: str, own: str) -> RecipientStatus:
    outcome = fate.outcome
    reply = outcome.reply
    answer = None
    if reply is not None:
        answer = f"{reply.code} {reply.enhanced + ' ' if reply.enhanced else ''}{reply.text}"
    is_relayed = outcome.relayed_without_dsn and not outcome.arrived
    return RecipientStatus(
        outcome.address,
        "relayed" if action == "delivered" and is_relayed else action,
        outcome.status,
        original=fate.orcpt,
        remote_mta=outcome.hostname if outcome.hostname != own else None,
        diagnostic=answer,
        last_attempt=fate.attempted,
        will_retry_until=fate.until if action == "delayed" else None,
    )


async def _original(about: Reported, *, may_be_whole: bool) -> Original | None:
    """What of the message is returned; ``None`` if it cannot be read any more."""
    most = {"FULL": WANTED_WHOLE, "HDRS": -1}.get(about.ret or "", WHOLE)
    try:
        if may_be_whole and 0 < about.content.size <= most:
            whole = b"".join([piece async for piece in about.content.pieces()])
            return Original(_fields(whole), whole)
        begun = b""
        async for piece in about.content.pieces():
            begun += piece
            if len(begun) >= LONGEST_HEADER or b"\r\n\r\n" in begun:
                break
    except StalwartError:
        return None
    return Original(_fields(begun)) if begun else None


def _fields(message: bytes) -> bytes:
    """The header fields of a message, as many as are returned at most."""
    head = message[:LONGEST_HEADER].partition(b"\r\n\r\n")[0]
    if len(head) == LONGEST_HEADER:
        head = head[: head.rfind(b"\r\n") + 2]
    return head.rstrip(b"\r\n") + b"\r\n"


def _message_id(original: Original | None) -> str | None:
    if original is None:
        return None
    data = original.fields
    for name, begin, end in headers.fields(data, 0, len(data)):
        if name.lower() == "message-id":
            found = as_message_ids(headers.text(data[begin:end]))
            return found[0] if found else None
    return None


def _boundaries() -> Iterator[str]:
    while True:
        yield token_hex(16)
