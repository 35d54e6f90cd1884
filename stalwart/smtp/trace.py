"""What is put before a message that is taken: Received, Date, Message-ID, Return-Path, by the rules of x:MtaStageData
(RFC 5321 4.4, RFC 6409 8).
"""

from __future__ import annotations

from uuid import uuid4

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.codec.smtp.message_head import MessageHead
from stalwart.codec.smtp.received import date, received
from stalwart.config.mail.session_stages import MtaStageData
from stalwart.smtp.envelope import Envelope, Peer
from stalwart.smtp.inbound_rules import SessionRules, Variable
from stalwart.telemetry.spans import new_span


@frozen
class Additions:
    """What the rules want to have added."""

    received: bool = True
    return_path: bool = True
    date: bool = False
    message_id: bool = False
    results: bool = False
    spf: bool = False


async def additions(rules: SessionRules, stage: MtaStageData, variable: Variable, peer: Peer) -> Additions:
    """What is added to a message. What comes from next door gets its trace fields always, and nothing else; mail of
    people here gets what it lacks (RFC 6409 8.2, 8.3), and a Return-Path where it stays.
    """
    if peer.role.is_lmtp:
        return Additions()
    is_ours = peer.login is not None
    return Additions(
        await rules.flag(stage.add_received_header, variable, True, "addReceivedHeader"),
        is_ours or await rules.flag(stage.add_return_path_header, variable, True, "addReturnPathHeader"),
        is_ours or await rules.flag(stage.add_date_header, variable, False, "addDateHeader"),
        is_ours or await rules.flag(stage.add_message_id_header, variable, False, "addMessageIdHeader"),
        await rules.flag(stage.add_auth_results_header, variable, False, "addAuthResultsHeader"),
        await rules.flag(stage.add_received_spf_header, variable, False, "addReceivedSpfHeader"),
    )


def received_field(envelope: Envelope, moment: float) -> bytes:
    """The field Received for a message that comes now."""
    alone = envelope.recipients[0].path if len(envelope.recipients) == 1 else None
    by = envelope.peer.hostname or "localhost"
    return received(envelope.transmission(), by, encode_id(new_span()), alone, moment)


def completing_fields(envelope: Envelope, head: MessageHead, wanted: Additions, moment: float) -> bytes:
    """Date and Message-ID, as far as they are wanted and lacking (RFC 6409 8.2, 8.3)."""
    fields = b""
    if wanted.date and not head.has_date:
        fields += f"Date: {date(moment)}\r\n".encode()
    if wanted.message_id and not head.has_message_id:
        fields += f"Message-ID: <{uuid4().hex}@{envelope.peer.hostname or 'localhost'}>\r\n".encode()
    return fields
