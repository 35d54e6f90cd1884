"""What is read of a message when it is stored: the part table, the fragment, and what it is found and sorted by.

Pure, for a thread. Whatever the octets are, time and memory are bounded by the bounds of ``codec.mime``; long fields
are not taken apart, because what they say does not fit into a fragment anyway.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final
from unicodedata import normalize

import attrs

from stalwart.codec.feedback import Feedback, feedback_of
from stalwart.codec.mime import dates, header_forms, headers, message_ids, scanner
from stalwart.codec.mime.base_subject import thread_key
from stalwart.codec.mime.body_lists import body_lists
from stalwart.codec.mime.header_forms import CONVENIENCE
from stalwart.codec.mime.part import Part, pack
from stalwart.codec.mime.preview import preview
from stalwart.errors import Invalid
from stalwart.mail.messages import fragment

MOST_REFERENCES: Final = 200
LONGEST_KEY: Final = 120
_LONGEST_FIELD = 32 << 10
_FIRST_ADDRESS = 2 << 10
_MOST_RECEIVED = 10
_END_OF_FIELD = 200
_END_OF_IDS = 16 << 10
_NOTHING = "!"  # the thread key of a message without a subject
_FIELDS: Final = tuple((key, wanted.name, header_forms.reader_of(wanted.form)) for key, wanted in CONVENIENCE.items())

Places = dict[str, tuple[int, int]]


class NotAMessage(Invalid):
    """The octets are no message: there are none, or there is no header field."""

    default_detail = "The content is not a message: it has no header field."


@attrs.frozen
class ParsedMessage:
    """A message as ``store.mail_rows.NewEmail`` wants it. ``parts`` is ``root`` packed."""

    root: Part
    parts: bytes
    fragment: bytes
    received: tuple[str, ...]
    """The ends of the Received fields, the newest first."""
    sent_at: int | None
    has_attachment: bool
    from_key: str
    to_key: str
    subject_key: str
    subject_hash: int
    references: frozenset[int]
    feedback: Feedback | None = None
    """What it says of a message that was sent before, if it is a report."""

    @property
    def received_at(self) -> int | None:
        """When the last host took the message over: the topmost Received that has a date (RFC 5321 4.4)."""
        for text in self.received:
            date = dates.of_received(text)
            seconds = dates.instant(date) if date is not None else None
            if seconds is not None:
                return seconds
        return None


def parsed(data: bytes) -> ParsedMessage:
    """Read a message. Raises ``NotAMessage`` and nothing else."""
    root = scanner.scan(data)
    fields = headers.fields(data, root.header_begin, root.header_end)
    if not fields:
        raise NotAMessage
    last: Places = {}
    received: list[str] = []
    for name, begin, end in fields:
        name = name.lower()
        last[name] = (begin, end)
        if name == "received" and len(received) < _MOST_RECEIVED:
            received.append(headers.text(data[max(begin, end - _END_OF_FIELD) : end]))
    lists = body_lists(root)
    members = _members(data, last)
    key = thread_key(_subject(data, last, members))
    sent = members.get("sentAt")
    from_key, to_key = _person(data, last, members, "from"), _person(data, last, members, "to")
    references = _references(data, last, members)
    members["hasAttachment"] = lists.has_attachment
    members["preview"] = preview(data, lists.text)
    return ParsedMessage(
        root,
        pack(root),
        _written(members),
        tuple(received),
        dates.instant(sent) if sent else None,
        lists.has_attachment,
        from_key,
        to_key,
        "" if key == _NOTHING else _cut(key),
        _hash(key),
        references,
        feedback_of(data, root),
    )


def _members(data: bytes, last: Places) -> dict[str, Any]:
    """The convenience properties (RFC 8621 4.1.2.3), of the last field of each name, but for very long fields."""
    found: dict[str, Any] = {}
    for key, name, read in _FIELDS:
        place = last.get(name)
        if place is None:
            found[key] = None
        elif place[1] - place[0] <= _LONGEST_FIELD:
            found[key] = read(headers.text(data[place[0] : place[1]]))
    return found


def _subject(data: bytes, last: Places, members: dict[str, Any]) -> str | None:
    """Enough of the subject to compare it."""
    place = last.get("subject")
    if place is None or "subject" in members:
        return members.get("subject")
    return header_forms.as_text(headers.text(data[place[0] : place[0] + _LONGEST_FIELD]))


def _person(data: bytes, last: Places, members: dict[str, Any], key: str) -> str:
    """What a list is sorted by: the name or the address of the first one (RFC 8621 4.4.2)."""
    people = members.get(key)
    if people is None:
        place = last.get(key)
        if place is None:
            return ""
        people = header_forms.as_addresses(headers.text(data[place[0] : min(place[1], place[0] + _FIRST_ADDRESS)]))
    return _cut((people[0]["name"] or people[0]["email"] or "").casefold()) if people else ""


def _references(data: bytes, last: Places, members: dict[str, Any]) -> frozenset[int]:
    """Hashes of the ids of the message and of those that it answers; of too many, its own and the nearest."""
    found: dict[str, None] = {}
    for key in ("messageId", "inReplyTo", "references"):
        found.update(dict.fromkeys(members.get(key) or ()))
    for name in ("references", "resent-message-id"):
        place = last.get(name)
        if place is not None and name not in members:
            text = headers.text(data[max(place[0], place[1] - _END_OF_IDS) : place[1]])
            found.update(dict.fromkeys(message_ids.as_message_ids(text) or ()))
    identifiers = list(found)
    if len(identifiers) > MOST_REFERENCES:
        identifiers = [identifiers[0], *identifiers[1 - MOST_REFERENCES :]]
    return frozenset(map(reference_of, identifiers))


def _written(members: dict[str, Any]) -> bytes:
    ordered = {name: members[name] for name in fragment.FRAGMENT_NAMES if name in members}
    return fragment.write(ordered)


def _cut(text: str) -> str:
    """What is compared: letters beside their accents (RFC 5051 2), so that Ä stands by A and not behind Z."""
    begin = text[:LONGEST_KEY]
    return begin if begin.isascii() else normalize("NFKD", begin)[:LONGEST_KEY]


def reference_of(message_id: str) -> int:
    """The hash of a message id by which threads are found."""
    return _hash(message_id)


def _hash(text: str) -> int:
    """63 bits of it."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
