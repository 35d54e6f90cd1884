"""How calendar programs write a meeting: what a dialect is made of, and one writer for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

from tests.corpus import zones
from tests.corpus.meetings import UTC, Guest, Meeting, Moved
from tests.corpus.writing import File, Fold, by_octets, joined, text

Lines: TypeAlias = list[str]
STAMP: Final = "20260105T081500Z"
FOLD: Final = by_octets()


@frozen
class Dialect:
    """A program. ``order`` are the properties of an event as it writes them; what it writes in its own way is in
    ``own``, by the name in ``order``: a function of the meeting that gives lines.
    """

    program: str
    head: Sequence[str]
    order: str
    uid: Callable[[Meeting], str]
    own: dict[str, Callable[[Meeting], Lines]] = field(factory=dict)
    block: zones.Block = zones.libical
    called: Callable[[str], str] = str
    """The TZID of a zone."""
    is_zone_last: bool = False
    fold: Fold = FOLD
    line_break: bytes = b"\r\n"
    escape: Callable[[str], str] = text
    quotes: Callable[[str], bool] = lambda name: any(each in name for each in ",;:")
    """Whether a name is in quotes."""
    writes: Callable[[Meeting], bool] = lambda meeting: True
    """Whether it can write that at all."""
    shown: Callable[[Meeting], dict[str, Any]] = lambda meeting: {}
    """What is otherwise than ``Meeting.shown`` says."""
    has_duration: bool = False

    def moment(self, name: str, given: datetime, meeting: Meeting, parameters: str = "") -> str:
        """A line with a time."""
        if meeting.is_day:
            return f"{name};VALUE=DATE{parameters}:{given:%Y%m%d}"
        if meeting.zone == UTC:
            return f"{name}{parameters}:{given:%Y%m%dT%H%M%S}Z"
        zone = f";TZID={self.called(meeting.zone)}" if meeting.zone else ""
        return f"{name}{zone}{parameters}:{given:%Y%m%dT%H%M%S}"

    def named(self, name: str) -> str:
        """CN and its like."""
        return f'"{name}"' if self.quotes(name) else name

    def lines(self, meeting: Meeting, moved: Moved | None = None) -> Iterator[str]:
        """The lines of one component, without BEGIN and END."""
        for name in self.order.split():
            if moved is not None and name in ("RRULE", "RDATE", "EXDATE"):
                continue
            if name == "RECURRENCE-ID":
                if moved is not None:
                    yield self.moment(name, moved.recurrence, meeting)
                continue
            write = self.own.get(name) or getattr(self, "_" + name.lower().replace("-", "_"), None)
            if write is not None:
                yield from write(_at_its_time(meeting, moved))
            else:
                yield name  # a line as it is: NAME:VALUE

    def component(self, meeting: Meeting, moved: Moved | None = None) -> Lines:
        """BEGIN:VEVENT to END:VEVENT."""
        return ["BEGIN:VEVENT", *self.lines(meeting, moved), "END:VEVENT"]

    def octets(self, meeting: Meeting) -> bytes:
        """The file."""
        zone = [] if meeting.zone in (None, UTC) or meeting.is_day else self.block(str(meeting.zone))
        events = self.component(meeting)
        for each in meeting.moved:
            events += self.component(meeting, each)
        body = [*events, *zone] if self.is_zone_last else [*zone, *events]
        return joined(["BEGIN:VCALENDAR", *self.head, *body, "END:VCALENDAR"], self.fold, self.line_break)

    def file(self, meeting: Meeting) -> File:
        """The file and what it means."""
        return File(self.program, meeting.key, self.octets(meeting), {**meeting.shown(), **self.shown(meeting)})

    # What most programs write alike

    def _uid(self, meeting: Meeting) -> Lines:
        return [f"UID:{self.uid(meeting)}"]

    def _dtstart(self, meeting: Meeting) -> Lines:
        return [self.moment("DTSTART", meeting.start, meeting)]

    def _dtend(self, meeting: Meeting) -> Lines:
        return [self.moment("DTEND", meeting.end, meeting)]

    def _duration(self, meeting: Meeting) -> Lines:
        seconds = int(meeting.length.total_seconds())
        if meeting.is_day:
            return [f"DURATION:P{seconds // 86400}D"]
        hours, minutes = divmod(seconds // 60, 60)
        return ["DURATION:PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")]

    def _dtstamp(self, meeting: Meeting) -> Lines:
        return [f"DTSTAMP:{STAMP}"]

    def _created(self, meeting: Meeting) -> Lines:
        return ["CREATED:20260104T120000Z"]

    def _last_modified(self, meeting: Meeting) -> Lines:
        return [f"LAST-MODIFIED:{STAMP}"]

    def _sequence(self, meeting: Meeting) -> Lines:
        return [f"SEQUENCE:{meeting.sequence}"]

    def _summary(self, meeting: Meeting) -> Lines:
        return [f"SUMMARY:{self.escape(meeting.title)}"]

    def _description(self, meeting: Meeting) -> Lines:
        return [] if meeting.description is None else [f"DESCRIPTION:{self.escape(meeting.description)}"]

    def _location(self, meeting: Meeting) -> Lines:
        return [] if meeting.place is None else [f"LOCATION:{self.escape(meeting.place)}"]

    def _status(self, meeting: Meeting) -> Lines:
        return [f"STATUS:{meeting.status}"]

    def _class(self, meeting: Meeting) -> Lines:
        return [f"CLASS:{meeting.privacy}"] if meeting.privacy else []

    def _transp(self, meeting: Meeting) -> Lines:
        return ["TRANSP:TRANSPARENT" if meeting.is_free else "TRANSP:OPAQUE"]

    def _categories(self, meeting: Meeting) -> Lines:
        return ["CATEGORIES:" + ",".join(map(self.escape, meeting.keywords))] if meeting.keywords else []

    def _rrule(self, meeting: Meeting) -> Lines:
        return [f"RRULE:{meeting.rule}"] if meeting.rule else []

    def _rdate(self, meeting: Meeting) -> Lines:
        return [self.moment("RDATE", each, meeting) for each in meeting.more]

    def _exdate(self, meeting: Meeting) -> Lines:
        return [self.moment("EXDATE", each, meeting) for each in meeting.left_out]

    def _organizer(self, meeting: Meeting) -> Lines:
        who = meeting.organizer
        return [] if who is None else [f"ORGANIZER;CN={self.named(who.name)}:mailto:{who.address}"]

    def _attendee(self, meeting: Meeting) -> Lines:
        return [f"ATTENDEE;{self.answers(each)};CN={self.named(each.name)}:mailto:{each.address}" for each in
                meeting.guests]  # fmt: skip

    def answers(self, guest: Guest) -> str:
        """The parameters of somebody who is invited."""
        return f"CUTYPE={guest.kind};ROLE={guest.role};PARTSTAT={guest.answer};RSVP=TRUE"

    def _valarm(self, meeting: Meeting) -> Lines:
        return [
            line
            for minutes in meeting.alarms
            for line in ("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:-{minutes_text(minutes)}",
                         f"DESCRIPTION:{self.escape(meeting.title)}", "END:VALARM")
        ]  # fmt: skip


def _at_its_time(meeting: Meeting, moved: Moved | None) -> Meeting:
    if moved is None:
        return meeting
    return evolve(meeting, start=moved.start, title=moved.title, sequence=meeting.sequence + 1)


def minutes_text(minutes: int) -> str:
    """A duration as most write it."""
    if minutes and minutes % 1440 == 0:
        return f"P{minutes // 1440}D"
    return f"PT{minutes}M"
