"""The MDN object (RFC 9007 1.2) and its capability: what clients give, what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stalwart.codec.mdn import ACTION_MODES, SENDING_MODES, TYPES, Disposition, Notification, is_extension
from stalwart.jmap.capabilities import Capability
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.containers import ListOf, MapOf, Member, Struct
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.scalars import Boolean, Id, Nullable, String

MDN: Final = "urn:ietf:params:jmap:mdn"
MOST_EXTENSIONS: Final = 50
_LONGEST: Final = 900
_LONGEST_TEXT: Final = 256 << 10

mdn = Capability(MDN, permission="jmapEmailSubmissionCreate")

_LINE = Nullable(String(most=_LONGEST))
_SERVER_SET = Property(_LINE, None, server_set=True)

PROPERTIES: Final[Mapping[str, Property]] = {
    "forEmailId": Property(Id()),
    "subject": Property(_LINE, None),
    "textBody": Property(Nullable(String(most=_LONGEST_TEXT)), None),
    "includeOriginalMessage": Property(Boolean(), False),
    "reportingUA": Property(_LINE, None),
    "disposition": Property(
        Struct(
            {
                "actionMode": Member(String(choices=frozenset(ACTION_MODES))),
                "sendingMode": Member(String(choices=frozenset(SENDING_MODES))),
                "type": Member(String(choices=frozenset(TYPES))),
            }
        )
    ),
    "mdnGateway": _SERVER_SET,
    "originalRecipient": _SERVER_SET,
    "finalRecipient": Property(_LINE, None),
    "originalMessageId": _SERVER_SET,
    "error": Property(Nullable(ListOf(String())), None, server_set=True),
    "extensionFields": Property(Nullable(MapOf(String(1, most=76), String(most=_LONGEST), MOST_EXTENSIONS)), None),
}
"""What clients may give, with defaults, and what the server says."""


def notification_of(given: Mapping[str, Any]) -> Notification:
    """What the machine-readable part says, of an object that was read by ``PROPERTIES``; raises ``SetRefused``."""
    extensions = given["extensionFields"] or {}
    wrong = [name for name in extensions if not is_extension(name)]
    if wrong:
        raise SetRefused("invalidProperties", f'"{wrong[0]}" is no extension field.', ("extensionFields",))
    said = given["disposition"]
    return Notification(
        Disposition(said["actionMode"], said["sendingMode"], said["type"]),
        final_recipient=given["finalRecipient"],
        original_recipient=given["originalRecipient"],
        original_message_id=given["originalMessageId"],
        reporting_ua=given["reportingUA"],
        extensions=extensions,
    )


def wire_of(notification: Notification, *, subject: str | None, text: str | None, has_original: bool) -> dict[str, Any]:
    """A notification that has come, as it is shown, but for which e-mail of the account it is about."""
    said = notification.disposition
    return {
        "forEmailId": None,
        "subject": subject,
        "textBody": text,
        "includeOriginalMessage": has_original,
        "reportingUA": notification.reporting_ua,
        "disposition": {"actionMode": said.action_mode, "sendingMode": said.sending_mode, "type": said.type},
        "mdnGateway": notification.gateway,
        "originalRecipient": notification.original_recipient,
        "finalRecipient": notification.final_recipient,
        "originalMessageId": notification.original_message_id,
        "error": list(notification.errors) or None,
        "extensionFields": dict(notification.extensions) or None,
    }
