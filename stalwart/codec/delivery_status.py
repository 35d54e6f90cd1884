"""Delivery status notifications (RFC 3464): ``message/delivery-status`` and the report around it (RFC 6522).

Pure. Reading never fails because of what a message contains. What is written has every value on one line, folded where
it is long. With addresses beyond ASCII the forms of RFC 6533 are written: ``message/global-delivery-status``, the
original as ``message/global`` or its fields as ``message/global-headers``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from attrs import frozen

from stalwart.codec.mime import headers
from stalwart.codec.mime.composer import Outline
from stalwart.codec.mime.encoded_words import unfold
from stalwart.codec.smtp.envelope_commands import to_utf8_xtext

ACTIONS: Final = ("failed", "delayed", "delivered", "relayed", "expanded")
TYPES: Final = frozenset(("message/delivery-status", "message/global-delivery-status"))  # RFC 6533 3
LONGEST: Final = 1000
"""Characters of a value."""
MOST: Final = 1000
"""Recipients that are read."""

_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LINE: Final = 76
_LONGEST_FIELD: Final = 8 << 10


@frozen
class MessageStatus:
    """What is said of the message: who reports, when it came (Unix seconds), the name that the sender gave it."""

    reporting_mta: str
    arrival: int | None = None
    env_id: str | None = None


@frozen
class RecipientStatus:
    """What is said of one recipient. ``original`` is the type of an address and the address; ``diagnostic`` the answer
    of a host, as it came; times are Unix seconds."""

    final: str
    action: str
    status: str
    original: str | None = None
    remote_mta: str | None = None
    diagnostic: str | None = None
    last_attempt: int | None = None
    will_retry_until: int | None = None


@frozen
class Original:
    """The message that the report is about: its header ``fields``, or all of it in ``message``."""

    fields: bytes = b""
    message: bytes | None = None


@frozen
class Said:
    """What a status that has come says: the name that the sender gave the message, and the action for each recipient,
    who is named by the address that the sender used and by the last one."""

    env_id: str | None
    recipients: tuple[tuple[str | None, str | None, str], ...]


def read(content: bytes) -> Said:
    """What the part for machines says (RFC 3464 2.1); recipients of whom nothing is said are left out."""
    groups = _groups(content)
    message = next(groups, {})
    found: list[tuple[str | None, str | None, str]] = []
    for group in groups:
        action = group.get("action", "").partition("(")[0].strip().lower()
        if action in ACTIONS and len(found) < MOST:
            found.append((group.get("original-recipient"), group.get("final-recipient"), action))
    return Said(message.get("original-envelope-id") or None, tuple(found))


def _groups(content: bytes) -> Iterator[Mapping[str, str]]:
    """The fields of each group, the first of each name, names in lower case."""
    begin, count = 0, 0
    while begin < len(content) and count <= MOST:
        end, after = headers.block(content, begin, len(content))
        fields = headers.fields(content, begin, end)
        if fields:
            count += 1
            yield {name.lower(): _value(content[first:last]) for name, first, last in reversed(fields)}
        begin = max(after, begin + 1)


def _value(raw: bytes) -> str:
    return unfold(headers.text(raw[:_LONGEST_FIELD])).strip()[:LONGEST]


def write(message: MessageStatus, recipients: Sequence[RecipientStatus], *, utf8: bool = False) -> bytes:
    """The content of the part that machines read (RFC 3464 2.1); ASCII unless ``utf8``."""
    groups = [_message_fields(message), *(_recipient_fields(each, utf8) for each in recipients)]
    text = "\r\n".join("".join(_line(name, value) for name, value in group if value) for group in groups)
    return text.encode() if utf8 else text.encode("ascii", "replace")


def outline(
    text: str,
    message: MessageStatus,
    recipients: Sequence[RecipientStatus],
    original: Original | None,
    *,
    utf8: bool = False,
) -> Outline:
    """The body of the report: ``text`` for people, the status for machines, the original as far as it is returned."""
    content = write(message, recipients, utf8=utf8)
    kind = "message/global-delivery-status" if utf8 else "message/delivery-status"
    parts = [Outline("text/plain", text=text), Outline(kind, contents=lambda: (content,))]
    if original is not None and original.message is not None:
        whole = original.message
        parts.append(Outline("message/global" if utf8 else "message/rfc822", contents=lambda: (whole,)))
    elif original is not None and original.fields:
        parts.append(_header(original.fields, utf8))
    return Outline("multipart/report", parts=tuple(parts), parameters=(("report-type", "delivery-status"),))


def _header(fields: bytes, utf8: bool) -> Outline:
    if utf8:
        return Outline("message/global-headers", contents=lambda: (fields,))
    return Outline("text/rfc822-headers", text=fields.decode("utf-8", "replace"))


def _message_fields(message: MessageStatus) -> list[tuple[str, str | None]]:
    return [
        ("Original-Envelope-Id", message.env_id),
        ("Reporting-MTA", f"dns; {message.reporting_mta}"),
        ("Arrival-Date", _date(message.arrival)),
    ]


def _recipient_fields(recipient: RecipientStatus, utf8: bool) -> list[tuple[str, str | None]]:
    status = recipient.status if _STATUS.fullmatch(recipient.status) else _general(recipient.action)
    return [
        ("Original-Recipient", recipient.original and _original(recipient.original, utf8)),
        ("Final-Recipient", _address(recipient.final, utf8)),
        ("Action", recipient.action),
        ("Status", status),
        ("Remote-MTA", recipient.remote_mta and f"dns; {recipient.remote_mta}"),
        ("Diagnostic-Code", recipient.diagnostic and f"smtp; {recipient.diagnostic}"),
        ("Last-Attempt-Date", _date(recipient.last_attempt)),
        ("Will-Retry-Until", _date(recipient.will_retry_until)),
    ]


def _general(action: str) -> str:
    return {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0")


def _address(address: str, utf8: bool) -> str:
    if address.isascii():
        return f"rfc822; {address}"
    return f"utf-8; {address if utf8 else to_utf8_xtext(address)}"  # RFC 6533 3


def _original(text: str, utf8: bool) -> str:
    kind, separator, address = text.partition(";")
    if not separator:
        return _address(text, utf8)
    return f"{kind}; {address.strip() if utf8 or address.isascii() else to_utf8_xtext(address.strip())}"


def _date(moment: int | None) -> str | None:
    return None if moment is None else format_datetime(datetime.fromtimestamp(moment, UTC))


def _line(name: str, value: str) -> str:
    """A field, folded at blanks."""
    words = _CONTROLS.sub(" ", value)[:LONGEST].split()
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and not lines[-1].endswith(":"):
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"
