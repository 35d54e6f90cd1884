"""Reads calendars and cards with the libraries icalendar and vobject, and writes some of its own.

``reader.py read``: on standard input a list of texts as JSON; on standard output for each what it says, or null where
the library does not read it. ``reader.py write``: what the libraries write of meetings and people, as a list of texts.
"""

import json
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import vobject

SINGLE = ("UID", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "CLASS", "TRANSP", "PRIORITY", "SEQUENCE", "COLOR")


def instant(value):
    """A time as text; in UTC where it is not floating."""
    if isinstance(value, tuple):
        return [instant(each) for each in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    return value.isoformat()


def later(start, lasts):
    """RFC 5545 3.3.6: days are days of the calendar, hours are exact."""
    if not isinstance(start, datetime) or start.tzinfo is None or lasts.seconds == 0:
        return start + lasts
    return (start + timedelta(days=lasts.days)).astimezone(UTC) + timedelta(seconds=lasts.seconds)


def event(component):
    """What an event or a task says."""
    texts = {name: component[name] for name in SINGLE if name in component}
    made = {name: str(text) for name, text in texts.items() if not isinstance(text, list) and str(text)}
    start, end, lasts = (
        component.get("DTSTART"),
        component.get("DTEND", component.get("DUE")),
        component.get("DURATION"),
    )
    if start is not None:
        made["start"] = instant(start.dt)
    if end is not None:
        made["end"] = instant(end.dt)
    elif start is not None and lasts is not None:
        made["end"] = instant(later(start.dt, lasts.dt))
    elif start is not None and not isinstance(start.dt, datetime) and component.name == "VEVENT":
        made["end"] = instant(start.dt + timedelta(days=1))
    if "RRULE" in component and not isinstance(component["RRULE"], list):
        rule = {name: [str(each) for each in values] for name, values in component["RRULE"].items() if name != "UNTIL"}
        made["rule"] = {name: values for name, values in rule.items() if not name.startswith("X-")}
    for name in ("EXDATE", "RDATE"):
        items = component.get(name, [])
        items = items if isinstance(items, list) else [items]
        made[name] = sorted(str(instant(each.dt)) for item in items for each in item.dts)
    people = component.get("ATTENDEE", [])
    people = people if isinstance(people, list) else [people]
    made["guests"] = sorted(str(each).lower().removeprefix("mailto:") for each in people)
    made["alarms"] = len([each for each in component.walk("VALARM") if "TRIGGER" in each])
    return made


def calendar(text):
    try:
        read = icalendar.Calendar.from_ical(text)
        parts = [each for each in read.walk() if each.name in ("VEVENT", "VTODO")]
        return [event(each) for each in parts if "RECURRENCE-ID" not in each]
    except Exception as problem:
        return str(problem)


def card(text):
    try:
        contents = vobject.readOne(text).contents
        kinds = ("email", "fn", "nickname", "title")
        found = {name: sorted(str(each.value) for each in contents.get(name, ()) if each.value) for name in kinds}
        found["org"] = sorted(";".join(map(str, each.value)) for each in contents.get("org", ()) if any(each.value))
        numbers = [str(each.value).removeprefix("tel:") for each in contents.get("tel", ())]
        found["tel"] = sorted(filter(None, numbers))
        names = [each.value for each in contents.get("n", ())][:1]
        parts = [[each.family, each.given, each.prefix, each.suffix] for each in names]
        found["n"] = [each for each in parts if any(each)]
        return found
    except Exception as problem:
        return str(problem)


def written():
    """By the libraries themselves."""
    made = []
    zones = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", None)
    for number in range(24):
        zone = zones[number % 4]
        start = datetime(2026, 3, 1 + number, 9, 30, tzinfo=ZoneInfo(zone) if zone else None)
        event = icalendar.Event()
        event.add("uid", f"made-{number}@example.org")
        event.add("dtstamp", datetime(2026, 1, 1, tzinfo=UTC))
        event.add("summary", f"Größe {number}; a, b\\c\nnext")
        event.add("dtstart", date(2026, 3, 1 + number) if number % 5 == 0 else start)
        event.add("dtend", date(2026, 3, 3 + number) if number % 5 == 0 else start + timedelta(minutes=45))
        event.add("location", "Straße 1, Łódź")
        event.add("categories", ["one", "two, three"])
        if number % 3 == 0:
            event.add("rrule", {"freq": "weekly", "count": 4, "byday": ["mo", "we"]})
        if number % 4 == 1:
            guest = icalendar.vCalAddress("mailto:guest@example.com")
            guest.params["cn"] = icalendar.vText("Guest; the first")
            guest.params["partstat"] = icalendar.vText("ACCEPTED")
            event.add("attendee", guest)
            event["organizer"] = icalendar.vCalAddress("mailto:boss@example.com")
        if number % 2:
            alarm = icalendar.Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("trigger", timedelta(minutes=-15))
            alarm.add("description", "soon")
            event.add_component(alarm)
        whole = icalendar.Calendar()
        whole.add("prodid", "-//icalendar//EN")
        whole.add("version", "2.0")
        whole.add_component(event)
        made.append(["icalendar", whole.to_ical().decode()])
    for number in range(12):
        whole = vobject.iCalendar()
        event = whole.add("vevent")
        event.add("uid").value = f"vobject-{number}@example.org"
        event.add("summary").value = f"Größe {number}; a, b\\c\nnext"
        event.add("dtstart").value = datetime(2026, 3, 1 + number, 9, 30, tzinfo=vobject.icalendar.utc)
        event.add("dtend").value = datetime(2026, 3, 1 + number, 10, 15, tzinfo=vobject.icalendar.utc)
        if number % 2:
            event.add("rrule").value = "FREQ=DAILY;COUNT=3"
        made.append(["vobject", whole.serialize()])
    for number in range(12):
        person = vobject.vCard()
        person.add("n").value = vobject.vcard.Name(family="Müller; M", given=f"Jörg {number}", prefix="Dr.")
        person.add("fn").value = f"Dr. Jörg {number} Müller, M"
        mail = person.add("email")
        mail.value, mail.type_param = f"joerg{number}@example.de", "HOME"
        person.add("org").value = ["Firma, AG", "Abt; 1"]
        person.add("note").value = "eins\nzwei, drei; vier \\ fünf " * 9
        made.append(["vcard", person.serialize()])
    return made


if sys.argv[1] == "read":
    given = json.load(sys.stdin)
    json.dump([card(each) if "BEGIN:VCARD" in each[:40].upper() else calendar(each) for each in given], sys.stdout)
else:
    json.dump(written(), sys.stdout)
