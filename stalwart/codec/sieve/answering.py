"""Automatic answers (RFC 3834): vacation responses (RFC 5230) and notes that a message was refused (RFC 5429).

Who is not to be answered is told by the message: lists, bulk mail, machines, oneself, and mail that was not sent to one
by name. Pure: dates, ids and boundaries come from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final

from attrs import frozen

from stalwart.codec import mdn
from stalwart.codec.mdn import Disposition, Notification
from stalwart.codec.mime import html_text
from stalwart.codec.mime.composer import Outline, compose, structure
from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.codec.mime.message_ids import as_message_ids
from stalwart.codec.sieve.actions import Answer
from stalwart.codec.sieve.compiling import is_address
from stalwart.codec.sieve.message import Message

NOTHING_TO_SAY: Final = "I am away."
LONGEST_SUBJECT: Final = 200
MOST_REFERENCES: Final = 20

_LISTS = ("list-id", "list-help", "list-subscribe", "list-unsubscribe", "list-post", "list-owner", "list-archive")
_NAMED = ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")
_BULK = frozenset(("bulk", "list", "junk"))
_MACHINES = re.compile(
    r"(?:mailer-daemon|listserv|majordomo|postmaster|uucp|no-?reply|do-?not-?reply|bounces?|.*-bounces?|owner-.*"
    r"|.*-owner|.*-request|.*-relay)\Z"
)
_UNWANTED = re.compile(r"\b(?:all|oof|autoreply)\b")
_DIGEST = 16


@frozen
class Person:
    """Who answers: his name, if any, and his addresses, of which the first one is used."""

    addresses: tuple[str, ...]
    name: str | None = None


@frozen
class Stamp:
    """What makes a message unique: its date as RFC 3339 has it, its id without brackets, what parts its parts."""

    date: str
    id: str
    boundary: str


def silence(message: Message, own: Collection[str]) -> str | None:
    """Why ``message`` is not to be answered automatically, None if it is; ``own`` are addresses of who would."""
    sender = message.envelope.sender.lower()
    mine = {address.lower() for address in own}
    if not sender or not is_address(sender):
        return "it has no sender"
    if _MACHINES.match(sender.rpartition("@")[0].partition("+")[0]):
        return "its sender is a machine"
    if sender in mine:
        return "it is one's own"
    submitted = message.texts(["auto-submitted"])
    if any(each.partition(";")[0].strip().lower() != "no" for each in submitted):
        return "it was sent by a machine"
    if any(message.has(name) for name in _LISTS):
        return "it comes from a list"
    if any(each.lower() in _BULK for each in message.texts(["precedence"])):
        return "it was sent to many"
    if any(_UNWANTED.search(each.lower()) for each in message.texts(["x-auto-response-suppress"])):
        return "its sender does not want it"
    if any(each.lower().startswith("multipart/report") for each in message.texts(["content-type"])):
        return "it is a report"
    if not any(address.lower() in mine for address in message.addresses(_NAMED)):
        return "it was not sent to one of the addresses"  # RFC 5230 4.5
    return None


def memory_key(answer: Answer, sender: str) -> bytes:
    """What the same answer to the same person has in common (RFC 5230 4.2)."""
    said = answer.handle
    if said is None:
        said = "\0".join((answer.subject or "", answer.sender or "", str(answer.is_mime), answer.reason))
    text = "\0".join((said, sender.lower()))
    return blake2b(text.encode("utf-8", "replace"), digest_size=_DIGEST).digest()


def answer_to(message: Message, answer: Answer, person: Person, stamp: Stamp, usual: tuple[str, str]) -> bytes:
    """The vacation response (RFC 5230 5). ``usual`` is what its subject begins with, and what it is without any.

    Raises ``ValueError`` where it cannot be written.
    """
    prefix, subject = usual
    original = next(iter(message.texts(["subject"])), "")
    if answer.subject is not None:
        subject = answer.subject
    elif original:
        subject = prefix + original
    fields: list[tuple[str, Form, Any]] = [
        ("Date", Form.DATE, stamp.date),
        ("From", Form.ADDRESSES, [_author(answer, person)]),
        ("To", Form.ADDRESSES, [{"name": None, "email": message.envelope.sender}]),
        ("Subject", Form.TEXT, " ".join(subject.split())[:LONGEST_SUBJECT]),
        *_threading(message, stamp),
        ("Auto-Submitted", Form.RAW, " auto-replied (vacation)"),
        ("X-Auto-Response-Suppress", Form.RAW, " All"),
        ("Precedence", Form.RAW, " bulk"),
    ]
    if answer.is_mime:
        return _of_mime(fields, answer.reason)
    return _written(fields, _body(answer), stamp)


def _author(answer: Answer, person: Person) -> dict[str, str | None]:
    """Who it is from: what the script says, if it is an address of his own (RFC 5230 4.3)."""
    if answer.sender is not None:
        name, bracket, address = answer.sender.rpartition("<")
        address = address.rstrip("> ").strip()
        if address.lower() in {each.lower() for each in person.addresses}:
            return {"name": name.strip().strip('"') or None if bracket else None, "email": address}
    return {"name": person.name, "email": person.addresses[0]}


def _body(answer: Answer) -> Outline:
    html = Outline("text/html", text=answer.html) if answer.html else None
    reason = answer.reason.strip()
    if not reason:
        reason = html_text.text_of(answer.html, len(answer.html)).strip() if answer.html else NOTHING_TO_SAY
    return structure(Outline(text=reason), html)


def _threading(message: Message, stamp: Stamp) -> Iterator[tuple[str, Form, Any]]:
    yield "Message-ID", Form.MESSAGE_IDS, [stamp.id]
    ids = _ids(message, "message-id")[:1]
    if ids:
        former = _ids(message, "references") or _ids(message, "in-reply-to")[:1]
        yield "In-Reply-To", Form.MESSAGE_IDS, ids
        yield "References", Form.MESSAGE_IDS, [*former[-MOST_REFERENCES:], *ids]


def _ids(message: Message, name: str) -> list[str]:
    raw = message.raw([name], 1)
    found = as_message_ids(raw[0]) if raw else None
    return [each for each in found or () if len(each) < 300 and each.isascii()]


def _of_mime(fields: list[tuple[str, Form, Any]], entity: str) -> bytes:
    """RFC 5230 4.4 (``:mime``): the text begins with the Content fields of a MIME entity."""
    head, _, body = entity.replace("\r", "").lstrip("\n").partition("\n\n")
    lines = [line for line in head.split("\n") if line.strip()]
    if not lines or not all(line[:1] in " \t" or line.lower().startswith("content-") for line in lines):
        raise ValueError("the text of a vacation with :mime has to begin with Content fields")
    if lines[0][:1] in " \t" or any(":" not in line for line in lines if line[:1] not in " \t"):
        raise ValueError("the text of a vacation with :mime has to begin with Content fields")
    octets = b"".join(_pieces(fields, Outline(text=""), ""))
    own, _, _ = octets.partition(b"\r\n\r\n")
    kept = [line for line in own.split(b"\r\n") if not line.lower().startswith(b"content-")]
    content = "\r\n".join([*lines, "", body.replace("\n", "\r\n")])
    return b"\r\n".join([*kept, content.encode("utf-8")])


def refused(message: Message, reason: str, person: Person, stamp: Stamp) -> bytes:
    """A note to the sender that his message was refused, as a disposition notification (RFC 5429 2.1, RFC 8098)."""
    subject = next(iter(message.texts(["subject"])), "")
    fields: list[tuple[str, Form, Any]] = [
        ("Date", Form.DATE, stamp.date),
        ("From", Form.ADDRESSES, [{"name": person.name, "email": person.addresses[0]}]),
        ("To", Form.ADDRESSES, [{"name": None, "email": message.envelope.sender}]),
        ("Subject", Form.TEXT, f"Refused: {subject}"[:LONGEST_SUBJECT]),
        *_threading(message, stamp),
        ("Auto-Submitted", Form.RAW, " auto-replied (rejected)"),
    ]
    ids = _ids(message, "message-id")
    notification = Notification(
        Disposition("automatic-action", "mdn-sent-automatically", "deleted"),
        final_recipient=f"rfc822; {message.envelope.recipient or person.addresses[0]}",
        original_message_id=f"<{ids[0]}>" if ids else None,
    )
    text = f"Your message was refused by its recipient, with these words:\n\n{reason.strip()}\n"
    return _written(fields, mdn.outline(text, mdn.write(notification), None), stamp)


def _written(fields: Iterable[tuple[str, Form, Any]], body: Outline, stamp: Stamp) -> bytes:
    return b"".join(_pieces(fields, body, stamp.boundary))


def _pieces(fields: Iterable[tuple[str, Form, Any]], body: Outline, boundary: str) -> Iterator[bytes]:
    try:
        return compose(fields, body, (f"{boundary}{number}" for number in range(20)))
    except InvalidValue as problem:
        raise ValueError(str(problem)) from None
