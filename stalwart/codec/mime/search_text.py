"""The text of a message that is searched, field by field (RFC 8621 4.4.1), bounded."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import attrs

from stalwart.codec.mime import addresses, headers, html_text, scanner, transfer
from stalwart.codec.mime.body_lists import BodyLists, body_lists
from stalwart.codec.mime.body_values import beginning
from stalwart.codec.mime.encoded_words import composed, decode, unfold
from stalwart.codec.mime.headers import Field
from stalwart.codec.mime.part import Part, walk

MOST_BODY = 100 << 10
MOST_FIELD = 32 << 10
_READ_MARKUP = 1 << 20
_MESSAGES = ("message/rfc822", "message/global")
_MOST_MESSAGES = 10


@attrs.frozen
class SearchText:
    """What each condition of Email/query looks into. ``sender`` is From; ``names`` are those of attachments."""

    subject: str
    sender: str
    to: str
    cc: str
    bcc: str
    body: str
    names: str


def search_text(data: bytes, root: Part, fields: tuple[Field, ...], lists: BodyLists) -> SearchText:
    """The words of a message. Text and HTML that say the same count once; of messages within it, subject and body."""
    listed = [*lists.text, *(part for part in lists.html if part not in lists.text and not _has_text(lists))]
    listed += [part for part in lists.attachments if part.type in ("text/plain", "text/html")]
    names = (part.filename for part in walk(root) if part.filename)
    return SearchText(
        _subject(data, fields),
        _people(data, fields, "from"),
        _people(data, fields, "to"),
        _people(data, fields, "cc"),
        _people(data, fields, "bcc"),
        _body(data, listed) + _within(data, lists.attachments),
        "\n".join(names)[:MOST_FIELD],
    )


def _within(data: bytes, attachments: Iterable[Part]) -> str:
    """What is said in attached messages, but not in those that they hold themselves."""
    found: list[str] = []
    messages = (part for part in attachments if part.type in _MESSAGES and part.encoding in transfer.IDENTITY)
    for message in islice(messages, _MOST_MESSAGES):
        root = scanner.scan(data, begin=message.body_begin, end=message.body_end)
        fields = headers.fields(data, root.header_begin, root.header_end)
        found += ["\n", _subject(data, fields), "\n", _body(data, body_lists(root).text, MOST_BODY // _MOST_MESSAGES)]
    return "".join(found)


def _has_text(lists: BodyLists) -> bool:
    return any(part.type == "text/plain" and part.size for part in lists.text)


def _values(data: bytes, fields: tuple[Field, ...], name: str) -> Iterable[str]:
    for field in fields:
        if field.name.lower() == name:
            yield headers.text(data[field.begin : min(field.end, field.begin + MOST_FIELD)])


def _subject(data: bytes, fields: tuple[Field, ...]) -> str:
    shown = (composed(decode(unfold(value), lenient=True)).strip() for value in _values(data, fields, "subject"))
    return "\n".join(shown)[:MOST_FIELD]


def _people(data: bytes, fields: tuple[Field, ...], name: str) -> str:
    lines = []
    for value in _values(data, fields, name):
        for group in addresses.parse(value, lenient=True):
            if group.name:
                lines.append(group.name)
            lines.extend(f"{each.name} {each.email}" if each.name else each.email for each in group.addresses)
    return "\n".join(lines)[:MOST_FIELD]


def _body(data: bytes, parts: Iterable[Part], left: int = MOST_BODY) -> str:
    found: list[str] = []
    for part in parts:
        if left <= 0:
            break
        if part.type == "text/plain":
            text = beginning(data, part, 4 * left)
        elif part.type == "text/html":
            text = html_text.text_of(beginning(data, part, _READ_MARKUP), left)
        else:
            continue
        found.append(text[:left])
        left -= len(text)
    return "\n".join(found)
