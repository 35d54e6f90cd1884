"""The meetings that every calendar program of the corpus writes in its own way, and what JMAP has to show of each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from attrs import frozen

UTC: Final = "Etc/UTC"


@frozen
class Guest:
    """Somebody who is invited."""

    name: str
    address: str
    answer: str = "NEEDS-ACTION"
    role: str = "REQ-PARTICIPANT"
    kind: str = "INDIVIDUAL"


@frozen
class Moved:
    """An instance that is at another time, with a title of its own."""

    recurrence: datetime
    start: datetime
    title: str


@frozen
class Meeting:
    """What somebody has entered. ``zone`` is a name of the IANA database, ``Etc/UTC``, or None where it is floating."""

    key: str
    title: str
    start: datetime
    length: timedelta
    zone: str | None = None
    is_day: bool = False
    description: str | None = None
    place: str | None = None
    keywords: tuple[str, ...] = ()
    rule: str | None = None
    left_out: tuple[datetime, ...] = ()
    more: tuple[datetime, ...] = ()
    moved: tuple[Moved, ...] = ()
    organizer: Guest | None = None
    guests: tuple[Guest, ...] = ()
    alarms: tuple[int, ...] = ()
    """Minutes before the start."""
    status: str = "CONFIRMED"
    privacy: str | None = None
    is_free: bool = False
    sequence: int = 0

    @property
    def end(self) -> datetime:
        """The first moment after it, on the clock of the zone."""
        return self.start + self.length

    @property
    def number(self) -> int:
        """One that UIDs are made of."""
        return sum(ord(each) * (at + 7) for at, each in enumerate(self.key)) * 2_654_435_761 % 2**40

    def _offsets(self) -> list[tuple[int, str]]:
        return [(each, "P1D" if each == 1440 else f"PT{each}M" if each else "PT0S") for each in self.alarms]

    def shown(self) -> dict[str, Any]:
        """The members of an Event that any program's file has to have."""
        made: dict[str, Any] = {
            "@type": "Event",
            "title": self.title,
            "start": self.start.isoformat(),
            "timeZone": self.zone,
            "showWithoutTime": True if self.is_day else None,
            "status": self.status.lower(),
            "freeBusyStatus": "free" if self.is_free else "busy",
            "keywords": dict.fromkeys(self.keywords, True) or None,
            "alarms": sorted(f"-{offset}" if minutes else offset for minutes, offset in self._offsets()),
        }
        if self.privacy is not None:
            made["privacy"] = self.privacy.lower()
        if self.description is not None:
            made["description"] = self.description
        if self.organizer is not None:
            made["organizerCalendarAddress"] = f"mailto:{self.organizer.address}"
            made["guests"] = {each.address: each.answer.lower() for each in self.guests}
        if self.rule is not None:
            made["frequency"] = self.rule.partition(";")[0].removeprefix("FREQ=").lower()
        dates = {each.isoformat() for each in self.left_out + self.more}
        dates |= {each.recurrence.isoformat() for each in self.moved}
        made["overrides"] = sorted(dates)
        if self.place is not None:
            made["place"] = self.place
        return made


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _days(start: date, count: int) -> dict[str, Any]:
    return {"start": datetime(start.year, start.month, start.day), "length": timedelta(days=count), "is_day": True}


HOUR: Final = timedelta(hours=1)
ALICE: Final = Guest("Alice Adler", "alice@example.org", "ACCEPTED", "CHAIR")
BOB: Final = Guest("Bob Brown", "bob@example.com", "TENTATIVE")
CLARA: Final = Guest("Clara Ångström", "clara@example.se", "DECLINED", "OPT-PARTICIPANT")
ROOM: Final = Guest("Room 4, North", "room4@example.org", "ACCEPTED", "NON-PARTICIPANT", "ROOM")
LONG: Final = (
    "Bring: paper, pens; and a ruler.\n\n1. Überblick über das Quartal\n2. C:\\temp\\plans \u2014 «naïve» façade\n"
    'She said: "maybe".\n' + "Ein sehr langer Satz über Grüße aus Łódź und 東京の天気 🙂 " * 6
)
MEETINGS: Final = (
    Meeting("simple", "Lunch", _at("2026-03-10T12:00"), HOUR, "Europe/Berlin", place="Café Größenwahn, Linienstr. 5"),
    Meeting("day", "Pay day", **_days(date(2026, 5, 29), 1), is_free=True),
    Meeting("days", "Conference; Vienna", **_days(date(2026, 9, 28), 4), place="Vienna"),
    Meeting(
        "weekly", "Jour fixe", _at("2026-01-06T09:30"), timedelta(minutes=45), "America/New_York",
        rule="FREQ=WEEKLY;UNTIL=20260630T133000Z;BYDAY=TU", left_out=(_at("2026-02-17T09:30"),),
        moved=(Moved(_at("2026-03-03T09:30"), _at("2026-03-04T15:00"), "Jour fixe (moved)"),), sequence=2,
    ),
    Meeting(
        "monthly", "Rent & bills", _at("2026-01-30T18:15"), timedelta(minutes=15), "Asia/Kolkata",
        rule="FREQ=MONTHLY;COUNT=12;BYDAY=-1FR", alarms=(0,),
    ),
    Meeting(
        "invited", "Quarterly review", _at("2026-04-02T14:00"), timedelta(minutes=90), "Europe/London",
        description="Agenda follows.", place="Room 4, North", organizer=ALICE, guests=(ALICE, BOB, CLARA, ROOM),
        alarms=(15,), sequence=3,
    ),
    Meeting("universal", "Maintenance", _at("2026-06-01T22:00"), timedelta(hours=4), UTC, status="TENTATIVE"),
    Meeting("floating", "Take pills", _at("2026-02-01T07:00"), timedelta(minutes=5), None, rule="FREQ=DAILY;COUNT=30"),
    Meeting(
        "long", "Besprechung: Entwürfe, Pläne; Größe \\ Maß", _at("2026-07-20T10:00"), timedelta(hours=2),
        "Europe/Berlin", description=LONG, alarms=(10, 1440),
    ),
    Meeting(
        "cancelled", "Dentist", _at("2026-08-11T08:00"), timedelta(minutes=30), "Europe/London", status="CANCELLED",
        privacy="PRIVATE", is_free=True, keywords=("Health", "Personal, own"),
    ),
    Meeting("birthday", "🎂 Zoë’s birthday", **_days(date(1987, 2, 28), 1), rule="FREQ=YEARLY", is_free=True),
    Meeting("night", "Night train", _at("2026-03-28T22:30"), timedelta(hours=9), "Europe/Berlin", place="Berlin Hbf"),
    Meeting("half", "Fog watch", _at("2026-11-01T00:30"), HOUR, "America/St_Johns", keywords=("weather",)),
    Meeting(
        "dates", "Pick-up", _at("2026-01-12T06:00"), timedelta(minutes=10), "Australia/Lord_Howe",
        more=(_at("2026-01-26T06:00"), _at("2026-02-09T06:00")),
    ),
)  # fmt: skip
