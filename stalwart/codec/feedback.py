"""What a message says of another one that was sent: a delivery status notification (RFC 3464) or a disposition
notification (RFC 8098), as far as it concerns whoever sent that.

Pure, for a thread. Only a ``multipart/report`` is looked at (RFC 6522), and what is read of it is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from attrs import frozen

from stalwart.codec import delivery_status, mdn
from stalwart.codec.mime import headers, transfer
from stalwart.codec.mime.message_ids import LONGEST, as_message_ids
from stalwart.codec.mime.part import Part

MOST_OCTETS: Final = 1 << 20
"""Octets of the part for machines that are read."""
MOST_HEADER: Final = 256 << 10
"""Octets in which the header of the original must be complete."""

_ORIGINALS: Final = frozenset(
    ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
)
_EMBEDDED = re.compile(r"\\x\{(10[0-9A-F]{4}|[0-9A-F]{2,5})\}", re.IGNORECASE)  # RFC 6533 3


@frozen
class Feedback:
    """``kind`` is that of the report. The message is named by the ``env_id`` that its sender gave it, or by its
    ``message_id`` (without brackets).

    ``recipients`` are addresses, all that one of them may be known by, and what is said of each: an action of RFC 3464
    2.3.3, or a type of RFC 8098 3.2.6.2.
    """

    kind: Literal["dsn", "mdn"]
    env_id: str | None
    message_id: str | None
    recipients: tuple[tuple[frozenset[str], str], ...]


def feedback_of(data: bytes, root: Part) -> Feedback | None:
    """What a message says of another one; None if it says nothing, or does not say of which one."""
    if root.type != "multipart/report" or len(root.parts) < 2:
        return None
    kind = root.parts[1].type
    found = _status(data, root) if kind in delivery_status.TYPES else _disposition(data, root)
    if found is None or (found.env_id is None and found.message_id is None):
        return None
    return found


def _status(data: bytes, root: Part) -> Feedback:
    said = delivery_status.read(_content(data, root.parts[1]))
    recipients = tuple((_addresses(original, final), action) for original, final, action in said.recipients)
    return Feedback("dsn", said.env_id, _id_of_original(data, root), recipients)


def _disposition(data: bytes, root: Part) -> Feedback | None:
    report = mdn.read_report(data, root)
    if report is None:
        return None
    notification = report.notification
    recipients = _addresses(notification.original_recipient, notification.final_recipient)
    message_id = identifier(notification.original_message_id) or _id_of_original(data, root)
    return Feedback("mdn", None, message_id, ((recipients, notification.disposition.type),))


def identifier(value: str | None) -> str | None:
    """The first message id in the value of a field, without brackets."""
    found = as_message_ids(value) if value else None
    return found[0][:LONGEST] if found else None


def _content(data: bytes, part: Part) -> bytes:
    octets = data[part.body_begin : min(part.body_end, part.body_begin + MOST_OCTETS)]
    return transfer.decode(octets, part.encoding)


def _id_of_original(data: bytes, root: Part) -> str | None:
    """The Message-ID in what is returned of the message."""
    for part in root.parts[2:3]:
        if part.type in _ORIGINALS:
            octets = data[part.body_begin : min(part.body_end, part.body_begin + MOST_HEADER)]
            return message_id_of(transfer.decode(octets, part.encoding))
    return None


def message_id_of(content: bytes) -> str | None:
    """The Message-ID of a message, without brackets; ``content`` is the message, or its header."""
    end, _ = headers.block(content, 0, len(content))
    for name, first, last in headers.fields(content, 0, end):
        if name.lower() == "message-id":
            return identifier(headers.text(content[first:last]))
    return None


def _addresses(*typed: str | None) -> frozenset[str]:
    return frozenset(each for text in typed if text is not None for each in _forms(text))


def _forms(typed: str) -> Iterator[str]:
    """An address with its type before it (RFC 3464 2.1.2), in lower case, with and without what RFC 6533 3 encodes."""
    kind, semicolon, address = typed.rpartition(";")
    address = address.strip().strip("<>").lower()
    if address:
        yield address
        if semicolon and kind.strip().lower() == "utf-8":
            yield _EMBEDDED.sub(lambda match: chr(int(match[1], 16)), address).lower()
