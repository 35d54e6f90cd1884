"""Message disposition notifications (RFC 8098): ``message/disposition-notification`` and the report around it.

Pure. Reading never fails because of what a message contains; writing puts every value on one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import field, frozen

from stalwart.codec.mime import headers, scanner
from stalwart.codec.mime.composer import Contents, Outline
from stalwart.codec.mime.encoded_words import unfold
from stalwart.codec.mime.part import Part

ACTION_MODES: Final = ("manual-action", "automatic-action")
SENDING_MODES: Final = ("mdn-sent-manually", "mdn-sent-automatically")
TYPES: Final = ("deleted", "dispatched", "displayed", "processed")
TYPE: Final = "message/disposition-notification"
GLOBAL_TYPE: Final = "message/global-disposition-notification"  # RFC 6533 5
MOST_FIELDS: Final = 100
"""Errors and extension fields that are read."""

_DISPOSITION = re.compile(r"([a-z-]+)/([a-z-]+);([a-z-]+)(?:/.*)?", re.IGNORECASE)
_BLANK = re.compile(r"\s+")
_NAME = re.compile(r"[!-9;-~]{1,76}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_LONGEST = 900
_ORIGINALS = frozenset(("message/rfc822", "message/global"))
_OWN = frozenset(
    (
        *("reporting-ua", "mdn-gateway", "original-recipient", "final-recipient"),
        *("original-message-id", "disposition", "error"),
    )
)


@frozen
class Disposition:
    """What became of a message, and whether somebody or something has said so; RFC 9007 1.2 has the words."""

    action_mode: str
    sending_mode: str
    type: str


@frozen
class Notification:
    """The fields of a notification; recipients are written ``rfc822; jane@example.com``."""

    disposition: Disposition
    final_recipient: str | None = None
    original_recipient: str | None = None
    original_message_id: str | None = None
    reporting_ua: str | None = None
    gateway: str | None = None
    errors: tuple[str, ...] = ()
    extensions: Mapping[str, str] = field(factory=dict)


@frozen
class Report:
    """A notification in its message: the ``text`` part for people, and whether all of the original is there."""

    notification: Notification
    text: Part | None
    has_original: bool


def is_extension(name: str) -> bool:
    """Whether an extension field can be called that."""
    return _NAME.fullmatch(name) is not None and name.lower() not in _OWN


def write(notification: Notification) -> bytes:
    """The content of the part that machines read (RFC 8098 3.1)."""
    said = notification.disposition
    mode = said.sending_mode.replace("mdn-", "MDN-")
    lines = [
        ("Reporting-UA", notification.reporting_ua),
        ("MDN-Gateway", notification.gateway),
        ("Original-Recipient", notification.original_recipient),
        ("Final-Recipient", notification.final_recipient),
        ("Original-Message-ID", notification.original_message_id),
        ("Disposition", f"{said.action_mode}/{mode}; {said.type}"),
        *(("Error", error) for error in notification.errors),
        *notification.extensions.items(),
    ]
    return "".join(f"{name}: {_one_line(value)}\r\n" for name, value in lines if value is not None).encode()


def outline(text: str, content: bytes, original: Contents | None) -> Outline:
    """The body of the message that carries ``content`` (RFC 8098 3); ``original`` is the message that it is about."""
    type = TYPE if content.isascii() else GLOBAL_TYPE
    parts = [Outline("text/plain", text=text), Outline(type, contents=lambda: (content,))]
    if original is not None:
        parts.append(Outline("message/rfc822", contents=original))
    return Outline("multipart/report", parts=tuple(parts), parameters=(("report-type", "disposition-notification"),))


def read_report(data: bytes, root: Part | None = None) -> Report | None:
    """The notification that a message is, None if it is none; ``root`` says where its parts are, if that is known."""
    root = scanner.scan(data) if root is None else root
    parts = root.parts
    if root.type != "multipart/report" or len(parts) < 2 or parts[1].type not in (TYPE, GLOBAL_TYPE):
        return None
    notification = read(data[parts[1].body_begin : parts[1].body_end])
    if notification is None:
        return None
    text = parts[0] if parts[0].type.startswith("text/") else None
    return Report(notification, text, len(parts) > 2 and parts[2].type in _ORIGINALS)


def read(content: bytes) -> Notification | None:
    """The fields, None if they do not say what became of the message."""
    found = list(_fields(content))
    by_name = dict(reversed([(name.lower(), value) for name, value in found]))
    match = _DISPOSITION.fullmatch(_BLANK.sub("", by_name.get("disposition", "")))
    if match is None:
        return None
    action, sending, type = (each.lower() for each in match.groups())
    if action not in ACTION_MODES or sending not in SENDING_MODES or type not in TYPES:
        return None
    return Notification(
        Disposition(action, sending, type),
        final_recipient=by_name.get("final-recipient"),
        original_recipient=by_name.get("original-recipient"),
        original_message_id=by_name.get("original-message-id"),
        reporting_ua=by_name.get("reporting-ua"),
        gateway=by_name.get("mdn-gateway"),
        errors=tuple(value for name, value in found if name.lower() == "error")[:MOST_FIELDS],
        extensions=dict([(name, value) for name, value in found if name.lower() not in _OWN][:MOST_FIELDS]),
    )


def _fields(content: bytes) -> Iterator[tuple[str, str]]:
    for name, begin, end in headers.fields(content, 0, len(content)):
        yield name, unfold(headers.text(content[begin:end])).strip()


def _one_line(value: str) -> str:
    return _CONTROLS.sub(" ", value).strip()[:_LONGEST]
