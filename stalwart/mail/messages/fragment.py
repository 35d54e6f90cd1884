"""The fragment: the properties of an e-mail that never change and that lists show, as ready JSON (RFC 8621 4.1.2.3).

It is written when the message is stored and sent as it is. A member that is very long is left out; it is read from the
message again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

FRAGMENT_NAMES: Final[tuple[str, ...]] = (
    *("messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo"),
    *("subject", "sentAt", "hasAttachment", "preview"),
)
"""The members, in their order."""

LONGEST_MEMBER: Final = 16 << 10

Member = Raw | UnsetType


class Fragment(
    msgspec.Struct,
    frozen=True,
    gc=False,
    rename={
        "message_id": "messageId",
        "in_reply_to": "inReplyTo",
        "from_": "from",
        "reply_to": "replyTo",
        "sent_at": "sentAt",
        "has_attachment": "hasAttachment",
    },
):
    """The members of a fragment as JSON; UNSET for what is left out."""

    message_id: Member = UNSET
    in_reply_to: Member = UNSET
    references: Member = UNSET
    sender: Member = UNSET
    from_: Member = UNSET
    to: Member = UNSET
    cc: Member = UNSET
    bcc: Member = UNSET
    reply_to: Member = UNSET
    subject: Member = UNSET
    sent_at: Member = UNSET
    has_attachment: Member = UNSET
    preview: Member = UNSET


_DECODER = msgspec.json.Decoder(Fragment)
_ENCODER = msgspec.json.Encoder()


def read(fragment: bytes) -> Fragment:
    """The members of a stored fragment."""
    return _DECODER.decode(fragment)


def write(members: Mapping[str, Any]) -> bytes:
    """A fragment of ``members``, in their order, without those that are too long."""
    whole = _ENCODER.encode(members)
    if len(whole) <= LONGEST_MEMBER:
        return whole
    encoded = {name: _ENCODER.encode(value) for name, value in members.items()}
    return _ENCODER.encode({name: Raw(text) for name, text in encoded.items() if len(text) <= LONGEST_MEMBER})
