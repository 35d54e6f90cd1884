"""Invitations, their changes and their answers as mail, one for each recipient (RFC 6047, RFC 5546; spec/dav.md 8.5).

Programs find the object in the message and beside it as a file; people find what it says, what has changed, and links
to answer by. Who takes it automatically must not answer it (RFC 3834 5); failures of delivery are reported to the
sender, who is the return path of the letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

from stalwart.codec.itip.outcomes import ItipMessage
from stalwart.codec.markup import plain
from stalwart.codec.mime.composer import Outline
from stalwart.codec.mime.header_forms import Form
from stalwart.groupware.scheduling.described import Described, described
from stalwart.groupware.scheduling.mail_page import (
    Field,
    Link,
    Page,
    date_field,
    message,
    message_id_field,
    rows_of,
    written,
)
from stalwart.groupware.scheduling.wording import Wording, wording

ASKING: Final = frozenset({"REQUEST", "ADD"})
"""Methods that want an answer."""
LONGEST_SUBJECT: Final = 300
FILE_NAME: Final = "event.ics"


@frozen
class Sender:
    """In whose name it is sent."""

    name: str
    address: str


def invitation(
    sender: Sender,
    recipient: str,
    told: ItipMessage,
    octets: bytes,
    links: Mapping[str, str] | None,
    language: str,
    *,
    hostname: str,
    now: int,
) -> bytes:
    """The message, unsigned. ``octets`` are those of ``told.calendar``. ``links`` lead to the page of answers, by
    ACCEPTED, DECLINED and TENTATIVE; None where nobody is to answer by them. Raises InvalidValue for an address that no
    header can hold.
    """
    method = told.method
    words = wording(language)
    sender = _named(sender, told)
    event = described(told.facts, words)
    fields = _fields(sender, recipient, subject(told, event, words), hostname, now)
    page = _page(sender, recipient, told, event, words, links if method in ASKING else None)
    text = octets.decode("utf-8", "replace")
    object_ = Outline("text/calendar", text=text, parameters=(("method", method),))
    file = Outline(
        "application/ics",
        contents=lambda: (octets,),
        disposition="attachment",
        name=FILE_NAME,
        parameters=(("name", FILE_NAME),),
    )
    body = Outline("multipart/mixed", parts=(message(page, language, words, object_), file))
    return written(fields, body)


def _named(sender: Sender, told: ItipMessage) -> Sender:
    """With the name that the event has of who sends it, if the account has none."""
    if plain(sender.name):
        return sender
    facts = told.facts
    people = (*((facts.organizer,) if facts.organizer is not None else ()), *facts.guests)
    name = next((each.name for each in people if each.address == sender.address and each.name), "")
    return evolve(sender, name=name)


def subject(told: ItipMessage, event: Described, words: Wording) -> str:
    """What is in the list of messages: ``Invitation: Lunch @ Mon Jan 5, 2026 12:00pm (Europe/Berlin)``."""
    summary = event.summary or words.untitled
    when = f" @ {event.when}" if event.when else ""
    return plain(f"{_said(told, words)[0]} {summary}{when}", LONGEST_SUBJECT)


def _said(told: ItipMessage, words: Wording) -> tuple[str, str]:
    """What a message is, as a heading and as a sentence."""
    method = told.method
    if method == "CANCEL":
        return words.cancelled, words.cancels
    if method in ASKING:
        is_known = told.facts.before is not None
        return (words.updated, words.changes) if is_known else (words.invitation, words.invites)
    return {
        "ACCEPTED": (words.accepted, words.accepts),
        "DECLINED": (words.declined, words.declines),
        "TENTATIVE": (words.tentative, words.hesitates),
        "DELEGATED": (words.delegated, words.delegates),
    }.get(told.facts.participation.upper() if method == "REPLY" else "", (words.reply, words.answers))


def _fields(sender: Sender, recipient: str, subject_: str, hostname: str, now: int) -> list[Field]:
    return [
        ("From", Form.ADDRESSES, [{"name": plain(sender.name) or None, "email": sender.address}]),
        ("To", Form.ADDRESSES, [{"name": None, "email": recipient}]),
        ("Reply-To", Form.ADDRESSES, [{"name": None, "email": sender.address}]),
        ("Subject", Form.TEXT, subject_),
        date_field(now),
        message_id_field(hostname),
        ("Auto-Submitted", Form.RAW, " auto-generated"),  # RFC 3834 5
    ]


def _page(
    sender: Sender,
    recipient: str,
    told: ItipMessage,
    event: Described,
    words: Wording,
    links: Mapping[str, str] | None,
) -> Page:
    who = plain(sender.name) or plain(sender.address, 320)
    to_guest = told.method in ASKING or told.method == "CANCEL"
    footer = [(words.to_guest if to_guest else words.to_organizer).replace("{address}", plain(recipient, 320))]
    buttons: list[Link] = []
    if links:
        names = (("ACCEPTED", words.yes), ("DECLINED", words.no), ("TENTATIVE", words.maybe))
        buttons = [Link(text, links[answer]) for answer, text in names if answer in links]
        footer.append(words.forwarding)
    before = described(told.facts.before, words) if told.facts.before is not None else None
    return Page(
        event.summary or words.untitled,
        _said(told, words)[1].replace("{who}", who),
        rows_of(event, words, before),
        buttons,
        words.question,
        f"{words.question} {words.by_link}",
        footer,
    )
