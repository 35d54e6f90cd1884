"""The scheduling message in a mail: the part of type text/calendar that names its method (RFC 6047 2.4), and who the
mail says that it is from.

Pure, for a thread. What is read of a mail is bounded; what is no message is None.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from stalwart.codec.icalendar.components import Component, read_calendars
from stalwart.codec.icalendar.lines import MalformedCalendar, has_controls, without_controls
from stalwart.codec.icalendar.values import calendar_address
from stalwart.codec.mime import charsets, headers, transfer
from stalwart.codec.mime.header_forms import as_addresses
from stalwart.codec.mime.parameters import parse
from stalwart.codec.mime.part import Part, walk

TYPE: Final = "text/calendar"
_LONGEST_FIELD: Final = 8 << 10
_MOST_PARTS: Final = 50


@frozen
class MailedMessage:
    """A scheduling message as it came. ``sender`` is the one address in From."""

    calendar: Component
    sender: str


def mailed_message(data: bytes, root: Part, most: int) -> MailedMessage | None:
    """The message in a mail, of fewer than ``most`` octets; None if there is none, or nobody who says it."""
    for part in _parts(root):
        method = _method(data, part)
        if not method or part.size >= most:
            continue
        sender = _author(data, root)
        octets = transfer.decode(data[part.body_begin : part.body_end], part.encoding)
        text, _ = charsets.decode(octets, part.charset or "utf-8")
        octets = text.encode("utf-8", "replace")
        try:
            if has_controls(octets):
                octets = without_controls(octets)
            calendars = read_calendars(octets, max_octets=most * 4, is_lenient=True)
        except MalformedCalendar:
            continue
        if len(calendars) != 1 or sender is None:
            continue
        (calendar,) = calendars
        said = (calendar.value("METHOD") or "").strip().upper()
        if said and said != method:  # RFC 6047 2.4: they are the same
            continue
        if not said:
            calendar.set("METHOD", method)
        return MailedMessage(calendar, sender)
    return None


def has_calendar(root: Part) -> bool:
    """Whether it is worth reading a mail for it."""
    return bool(_parts(root))


def _parts(root: Part) -> list[Part]:
    found = []
    for part in walk(root):
        if part.type == TYPE:
            found.append(part)
            if len(found) >= _MOST_PARTS:
                break
    return found


def _method(data: bytes, part: Part) -> str:
    """The parameter ``method`` of Content-Type, in upper case."""
    for name, begin, end in headers.fields(data, part.header_begin, part.header_end):
        if name.lower() == "content-type":
            return (parse(data[begin : min(end, begin + _LONGEST_FIELD)]).text("method") or "").strip().upper()
    return ""


def _author(data: bytes, root: Part) -> str | None:
    """The address in From, if there is exactly one."""
    found = []
    for name, begin, end in headers.fields(data, root.header_begin, root.header_end):
        if name.lower() == "from":
            found += as_addresses(headers.text(data[begin : min(end, begin + _LONGEST_FIELD)]))
    return calendar_address(found[0]["email"] or "") if len(found) == 1 else None
