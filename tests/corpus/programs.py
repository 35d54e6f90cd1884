"""The calendar programs of the corpus."""

from __future__ import annotations

from typing import Final

from tests.corpus import zones
from tests.corpus.dialects import Dialect, Lines, minutes_text
from tests.corpus.meetings import Meeting
from tests.corpus.writing import by_characters, by_octets, eager_text, mid_character, text


def _hex(meeting: Meeting, form: str) -> str:
    """A UID with the number of the meeting in it."""
    return form.format(f"{meeting.number:012x}", f"{meeting.number:012X}", meeting.number)


def _alarms(meeting: Meeting, *lines: str, form: str = "-{}") -> Lines:
    """VALARMs of these lines; ``{t}`` is the trigger, ``{n}`` the title, ``{i}`` which one it is."""
    made: Lines = []
    for at, minutes in enumerate(meeting.alarms):
        trigger = form.format(minutes_text(minutes))
        values = {"t": trigger, "n": text(meeting.title), "i": f"{at}", "u": f"{meeting.number:012X}"}
        made += ["BEGIN:VALARM", *(line.format(**values) for line in lines), "END:VALARM"]
    return made


def _if_any(meeting: Meeting, *lines: str) -> Lines:
    return list(lines) if meeting.alarms else []


THUNDERBIRD: Final = Dialect(
    "Thunderbird",
    ("PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "VERSION:2.0"),
    "CREATED LAST-MODIFIED DTSTAMP UID SUMMARY ORGANIZER ATTENDEE STATUS RRULE EXDATE RDATE CATEGORIES RECURRENCE-ID "
    "DTSTART DTEND CLASS TRANSP LOCATION DESCRIPTION X-MOZ SEQUENCE VALARM",
    lambda meeting: _hex(meeting, "a1b2c3d4-5e6f-4789-abcd-{0}"),
    {
        "X-MOZ": lambda meeting: [
            *_if_any(meeting, "X-MOZ-LASTACK:20260105T080000Z", "X-MOZ-SNOOZE-TIME-1767600000000000:20260105T091500Z"),
            "X-MOZ-GENERATION:4",
        ],
        "DESCRIPTION": lambda meeting: (
            []
            if meeting.description is None
            else [
                'DESCRIPTION;ALTREP="data:text/html,%3Cbody%3EAgenda%20%3Cb%3Efollows%3C%2Fb%3E.%3C%2Fbody%3E":'
                + THUNDERBIRD.escape(meeting.description)
            ]
        ),
        "VALARM": lambda meeting: _alarms(
            meeting, "ACTION:DISPLAY", "TRIGGER:{t}", "DESCRIPTION:Default Mozilla Description"
        ),
    },
)
EVOLUTION: Final = Dialect(
    "Evolution",
    ("CALSCALE:GREGORIAN", "PRODID:-//Ximian//NONSGML Evolution Calendar//EN", "VERSION:2.0"),
    "UID DTSTAMP DTSTART DTEND SEQUENCE SUMMARY LOCATION DESCRIPTION CATEGORIES TRANSP CLASS STATUS RRULE EXDATE RDATE "
    "ORGANIZER ATTENDEE RECURRENCE-ID CREATED LAST-MODIFIED X-EVOLUTION-CALDAV-HREF:https://dav.example/x.ics VALARM",
    lambda meeting: _hex(meeting, "{0}4321-desk"),
    {
        "ATTENDEE": lambda meeting: [
            f"ATTENDEE;CUTYPE={each.kind};ROLE={each.role};PARTSTAT={each.answer};RSVP=TRUE;"
            f"CN={EVOLUTION.named(each.name)};LANGUAGE=en:MAILTO:{each.address}"
            for each in meeting.guests
        ],
        "VALARM": lambda meeting: _alarms(
            meeting, "X-EVOLUTION-ALARM-UID:{u}{i}", "ACTION:DISPLAY", "DESCRIPTION:{n}", "TRIGGER;RELATED=START:{t}"
        ),
    },
    block=zones.evolution,
    called="/freeassociation.sourceforge.net/{}".format,
)
_APPLE_ORDER: Final = (
    "CREATED UID DTEND TRANSP X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC SUMMARY LAST-MODIFIED DTSTAMP DTSTART "
    "LOCATION "
    "DESCRIPTION CATEGORIES CLASS STATUS RRULE EXDATE RDATE SEQUENCE RECURRENCE-ID ORGANIZER ATTENDEE X-APPLE VALARM"
)


def _apple_place(meeting: Meeting) -> Lines:
    if meeting.place is None:
        return []
    return [
        "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS=Linienstr. 5\\\\n10178 "
        "Berlin;X-APPLE-MAPKIT-HANDLE=CAESvAEIrk;"
        f'X-APPLE-RADIUS=141.17;X-TITLE="{meeting.place}":geo:52.527100,13.402600'
    ]


APPLE_CALENDAR: Final = Dialect(
    "Apple Calendar",
    ("CALSCALE:GREGORIAN", "PRODID:-//Apple Inc.//macOS 14.4.1//EN", "VERSION:2.0"),
    _APPLE_ORDER,
    lambda meeting: _hex(meeting, "0E5A3B1C-77F0-4C0E-9C55-{1}"),
    {
        "X-APPLE": _apple_place,
        "ATTENDEE": lambda meeting: [
            f"ATTENDEE;CN={APPLE_CALENDAR.named(each.name)};CUTYPE={each.kind};EMAIL={each.address};"
            f"PARTSTAT={each.answer};ROLE={each.role};SCHEDULE-STATUS=1.2:mailto:{each.address}"
            for each in meeting.guests
        ],
        "VALARM": lambda meeting: _alarms(
            meeting, "ACTION:DISPLAY", "DESCRIPTION:Reminder", "TRIGGER:{t}", "UID:5C0D4D4E-0000-4000-8000-{u}{i}",
            "X-WR-ALARMUID:5C0D4D4E-0000-4000-8000-{u}{i}", "X-APPLE-DEFAULT-ALARM:TRUE",
        ),
    },
    block=zones.apple,
)  # fmt: skip
IOS: Final = Dialect(
    "iOS",
    ("CALSCALE:GREGORIAN", "PRODID:-//Apple Inc.//iOS 17.5.1//EN", "VERSION:2.0"),
    "CREATED DESCRIPTION DTEND DTSTAMP DTSTART LAST-MODIFIED LOCATION RRULE EXDATE RDATE SEQUENCE STATUS SUMMARY "
    "TRANSP "
    "CATEGORIES CLASS UID RECURRENCE-ID ORGANIZER ATTENDEE X-APPLE-CREATOR-IDENTITY:com.apple.mobilecal "
    "X-APPLE-CREATOR-TEAM-IDENTITY:0000000000 VALARM",
    lambda meeting: _hex(meeting, "A4B5C6D7-1111-4222-8333-{1}"),
    {
        "VALARM": lambda meeting: _alarms(
            meeting, "ACTION:AUDIO", "ATTACH;VALUE=URI:Chord", "TRIGGER:{t}", "UID:6D0D4D4E-0000-4000-8000-{u}{i}",
            "X-WR-ALARMUID:6D0D4D4E-0000-4000-8000-{u}{i}", "ACKNOWLEDGED:20260105T080000Z",
        )
    },
    block=zones.apple,
)  # fmt: skip
GOOGLE: Final = Dialect(
    "Google Calendar",
    ("PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0", "CALSCALE:GREGORIAN",
     "X-WR-CALNAME:alice@example.org", "X-WR-TIMEZONE:Europe/Berlin"),
    "DTSTART DTEND RRULE EXDATE RDATE DTSTAMP ORGANIZER UID ATTENDEE "
    "X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij "
    "RECURRENCE-ID CLASS CREATED DESCRIPTION LAST-MODIFIED LOCATION SEQUENCE STATUS SUMMARY TRANSP CATEGORIES VALARM",
    lambda meeting: _hex(meeting, "{0}7kukuqrfedlm2f9t@google.com"),
    {
        "ATTENDEE": lambda meeting: [
            f"ATTENDEE;CUTYPE={each.kind.replace('ROOM', 'RESOURCE')};ROLE={each.role};PARTSTAT={each.answer};"
            f"CN={GOOGLE.named(each.name)};X-NUM-GUESTS=0:mailto:{each.address}"
            for each in meeting.guests
        ],
        "LOCATION": lambda meeting: [f"LOCATION:{GOOGLE.escape(meeting.place or '')}"],
        "VALARM": lambda meeting: _alarms(
            meeting, "ACTION:DISPLAY", "DESCRIPTION:This is an event reminder", "TRIGGER:{t}"
        ),
    },
    block=zones.libical,
    fold=by_characters(75),
)  # fmt: skip


def _microsoft(meeting: Meeting) -> Lines:
    busy = "FREE" if meeting.is_free else "TENTATIVE" if meeting.status == "TENTATIVE" else "BUSY"
    return [
        f"X-MICROSOFT-CDO-APPT-SEQUENCE:{meeting.sequence}",
        "X-MICROSOFT-CDO-OWNERAPPTID:2120437811",
        f"X-MICROSOFT-CDO-BUSYSTATUS:{busy}",
        "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
        f"X-MICROSOFT-CDO-ALLDAYEVENT:{str(meeting.is_day).upper()}",
        "X-MICROSOFT-CDO-IMPORTANCE:1",
        f"X-MICROSOFT-CDO-INSTTYPE:{1 if meeting.rule else 0}",
        "X-MICROSOFT-DONOTFORWARDMEETING:FALSE",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
    ]


def _spoken(name: str, text: str | None) -> Lines:
    return [] if text is None else [f"{name};LANGUAGE=de-DE:{EXCHANGE.escape(text)}"]


EXCHANGE: Final = Dialect(
    "Exchange",
    ("METHOD:PUBLISH", "PRODID:Microsoft Exchange Server 2010", "VERSION:2.0"),
    "ORGANIZER ATTENDEE DESCRIPTION UID RECURRENCE-ID RRULE EXDATE RDATE SUMMARY DTSTART DTEND CLASS PRIORITY:5 "
    "DTSTAMP "
    "TRANSP STATUS SEQUENCE LOCATION CATEGORIES X-MICROSOFT VALARM",
    lambda meeting: _hex(meeting, "040000008200E00074C5B7101A82E00800000000{1}010000000000000000100000009A{1}"),
    {
        "SUMMARY": lambda meeting: _spoken("SUMMARY", meeting.title),
        "DESCRIPTION": lambda meeting: _spoken("DESCRIPTION", meeting.description),
        "LOCATION": lambda meeting: _spoken("LOCATION", meeting.place),
        "CLASS": lambda meeting: [f"CLASS:{meeting.privacy or 'PUBLIC'}"],
        "ATTENDEE": lambda meeting: [
            f"ATTENDEE;ROLE={each.role};PARTSTAT={each.answer};RSVP=TRUE;CN={EXCHANGE.named(each.name)}:mailto:"
            f"{each.address}"
            for each in meeting.guests
        ],
        "X-MICROSOFT": _microsoft,
        "VALARM": lambda meeting: _alarms(
            meeting, "DESCRIPTION:REMINDER", "TRIGGER;RELATED=START:{t}", "ACTION:DISPLAY"
        ),
    },
    block=zones.microsoft,
    called=zones.windows_name,
)
OUTLOOK: Final = Dialect(
    "Outlook",
    ("PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN", "VERSION:2.0", "METHOD:PUBLISH",
     "X-MS-OLK-FORCEINSPECTOROPEN:TRUE"),
    "ATTENDEE CATEGORIES CLASS CREATED DESCRIPTION DTEND DTSTAMP DTSTART EXDATE LAST-MODIFIED LOCATION ORGANIZER "
    "PRIORITY:5 RDATE RECURRENCE-ID RRULE SEQUENCE SUMMARY TRANSP STATUS UID X-ALT-DESC X-MICROSOFT "
    "X-MICROSOFT-DISALLOW-COUNTER:FALSE X-MS-OLK-AUTOFILLLOCATION:FALSE X-MS-OLK-CONFTYPE:0 VALARM",
    lambda meeting: _hex(meeting, "040000008200E00074C5B7101A82E0080000000050{1}D901000000000000000010000000{1}"),
    {
        "SUMMARY": lambda meeting: [f"SUMMARY;LANGUAGE=en-us:{OUTLOOK.escape(meeting.title)}"],
        "CLASS": lambda meeting: [f"CLASS:{meeting.privacy or 'PUBLIC'}"],
        "ATTENDEE": lambda meeting: [
            f'ATTENDEE;CN="{each.name}";ROLE={each.role};PARTSTAT={each.answer};RSVP=TRUE:mailto:{each.address}'
            for each in meeting.guests
        ],
        "X-ALT-DESC": lambda meeting: (
            []
            if meeting.description is None
            else [
                'X-ALT-DESC;FMTTYPE=text/html:<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2//EN">\\n<HTML>\\n<BODY>\\n'
                + OUTLOOK.escape(meeting.description.replace("\n", "<BR>\n"))
                + "\\n</BODY>\\n</HTML>"
            ]
        ),
        "X-MICROSOFT": lambda meeting: _microsoft(meeting)[2:4],
        "VALARM": lambda meeting: _alarms(
            meeting, "TRIGGER:{t}", "ACTION:DISPLAY", "DESCRIPTION:Reminder", form="-{}"
        ),
    },
    block=zones.outlook_desktop,
    called=lambda name: f'"{zones.windows_name(name)}"',
    fold=by_octets(75, b"\t"),
)  # fmt: skip
OWA: Final = Dialect(
    "Outlook on the web",
    ("METHOD:PUBLISH", "PRODID:Microsoft Exchange Server 2010", "VERSION:2.0", "X-WR-CALNAME:Kalender"),
    "DESCRIPTION UID RECURRENCE-ID SUMMARY DTSTART DTEND CLASS PRIORITY:5 DTSTAMP TRANSP STATUS SEQUENCE LOCATION "
    "RRULE "
    "EXDATE RDATE ORGANIZER ATTENDEE CATEGORIES X-MICROSOFT X-MICROSOFT-LOCATIONS:[]",
    lambda meeting: _hex(meeting, "040000008200E00074C5B7101A82E0081000000000{1}FF"),
    {
        "DESCRIPTION": lambda meeting: [
            f"DESCRIPTION:{OWA.escape(meeting.description)}" if meeting.description else "DESCRIPTION:\\n"
        ],
        "X-MICROSOFT": _microsoft,
    },
    block=zones.microsoft,
    called=zones.windows_name,
    fold=mid_character(75),
    shown=lambda meeting: {"alarms": []} if meeting.description else {"alarms": [], "description": "\n"},
)
DAVX5: Final = Dialect(
    "DAVx5",
    ("VERSION:2.0", "PRODID:DAVx5/4.4.2-ose ical4j/3.2.19 (ws.xsoh.etar)"),
    "DTSTAMP UID RECURRENCE-ID SEQUENCE SUMMARY LOCATION DESCRIPTION DTSTART DTEND COLOR:darkseagreen RRULE RDATE "
    "EXDATE "
    "CLASS STATUS TRANSP ORGANIZER ATTENDEE CATEGORIES VALARM",
    lambda meeting: _hex(meeting, "6c0bfb1b-6f1d-4c1f-8a4d-{0}"),
    {
        "ORGANIZER": lambda meeting: [f"ORGANIZER:mailto:{meeting.organizer.address}"] if meeting.organizer else [],
        "ATTENDEE": lambda meeting: [
            f"ATTENDEE;CN={DAVX5.named(each.name)};CUTYPE={each.kind};ROLE={each.role};RSVP=TRUE;"
            f"PARTSTAT={each.answer}:mailto:{each.address}"
            for each in meeting.guests
        ],
        "VALARM": lambda meeting: _alarms(meeting, "TRIGGER:{t}", "ACTION:DISPLAY", "DESCRIPTION:{n}"),
    },
    block=zones.shortened,
    is_zone_last=True,
)
NEXTCLOUD: Final = Dialect(
    "Nextcloud",
    ("CALSCALE:GREGORIAN", "VERSION:2.0", "PRODID:-//IDN nextcloud.com//Calendar app 5.0.2//EN"),
    "CREATED DTSTAMP LAST-MODIFIED SEQUENCE UID DTSTART DTEND STATUS SUMMARY LOCATION DESCRIPTION CATEGORIES CLASS "
    "TRANSP "
    "RRULE EXDATE RDATE RECURRENCE-ID ORGANIZER ATTENDEE X-NC-GROUP-ID:1 VALARM",
    lambda meeting: _hex(meeting, "b7d2f4a0-95d8-4a36-90d5-{0}"),
    {
        "ATTENDEE": lambda meeting: [
            f"ATTENDEE;CN={NEXTCLOUD.named(each.name)};CUTYPE={each.kind};PARTSTAT={each.answer};ROLE={each.role};"
            f"RSVP=TRUE;LANGUAGE=de;SCHEDULE-STATUS=1.1:mailto:{each.address}"
            for each in meeting.guests
        ],
        "VALARM": lambda meeting: _alarms(meeting, "ACTION:DISPLAY", "TRIGGER;RELATED=START:{t}"),
    },
    fold=by_characters(75),
)
KORGANIZER: Final = Dialect(
    "KOrganizer",
    ("PRODID:-//K Desktop Environment//NONSGML KOrganizer 6.0.2 (24.02.2)//EN", "VERSION:2.0",
     "X-KDE-ICAL-IMPLEMENTATION-VERSION:1.0"),
    "ORGANIZER DTSTAMP ATTENDEE X-KDE-KCALCORE-ENABLED:TRUE CREATED UID RECURRENCE-ID SEQUENCE LAST-MODIFIED "
    "DESCRIPTION "
    "SUMMARY STATUS CLASS LOCATION CATEGORIES RRULE RDATE EXDATE DTSTART DTEND TRANSP VALARM",
    lambda meeting: _hex(meeting, "3f7f4f1e-0b7a-4c1f-b7d5-{0}"),
    {
        "DESCRIPTION": lambda meeting: (
            []
            if meeting.description is None
            else [f"DESCRIPTION;X-KDE-TEXTFORMAT=PLAIN:{KORGANIZER.escape(meeting.description)}"]
        ),
        "ATTENDEE": lambda meeting: [
            f"ATTENDEE;CN={KORGANIZER.named(each.name)};RSVP=TRUE;PARTSTAT={each.answer};ROLE={each.role};"
            f"CUTYPE={each.kind};X-UID={meeting.number + at}:mailto:{each.address}"
            for at, each in enumerate(meeting.guests)
        ],
        "VALARM": lambda meeting: _alarms(
            meeting, "DESCRIPTION:{n}", "ACTION:DISPLAY", "TRIGGER;VALUE=DURATION:{t}", "X-KDE-KCALCORE-ENABLED:TRUE"
        ),
    },
    block=zones.listed,
)  # fmt: skip
ZIMBRA: Final = Dialect(
    "Zimbra",
    ("PRODID:Zimbra-Calendar-Provider", "VERSION:2.0", "METHOD:PUBLISH"),
    "UID RRULE SUMMARY DESCRIPTION X-ALT LOCATION ATTENDEE ORGANIZER DTSTART DTEND STATUS CLASS CATEGORIES EXDATE "
    "RDATE "
    "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY TRANSP RECURRENCE-ID LAST-MODIFIED DTSTAMP SEQUENCE VALARM",
    lambda meeting: _hex(meeting, "7e1a9a0f-0000-41aa-9999-{0}"),
    {
        "X-ALT": lambda meeting: (
            [f"X-ALT-DESC;FMTTYPE=text/html:<html><body>{ZIMBRA.escape(meeting.description)}</body></html>"]
            if meeting.description
            else []
        ),
        "VALARM": lambda meeting: _alarms(
            meeting, "ACTION:DISPLAY", "TRIGGER;RELATED=START:{t}", "DESCRIPTION:Reminder", form="-{}"
        ),
    },
    block=zones.microsoft,
    called=zones.windows_name,
    quotes=lambda name: True,
)  # fmt: skip
FASTMAIL: Final = Dialect(
    "Fastmail",
    ("VERSION:2.0", "PRODID:-//CyrusIMAP.org/Cyrus 3.9.0-alpha0//EN", "CALSCALE:GREGORIAN"),
    "UID SEQUENCE DTSTAMP CREATED LAST-MODIFIED RECURRENCE-ID DTSTART DURATION RRULE EXDATE RDATE STATUS TRANSP CLASS "
    "SUMMARY DESCRIPTION LOCATION CATEGORIES ORGANIZER ATTENDEE X-JMAP-ID:x VALARM",
    lambda meeting: _hex(meeting, "{0}-fm@example.net"),
    {
        "ATTENDEE": lambda meeting: [
            f"ATTENDEE;X-JMAP-ID=p{at};CN={FASTMAIL.named(each.name)};EMAIL={each.address};CUTYPE={each.kind};"
            f"X-JMAP-ROLE=attendee;ROLE={each.role};PARTSTAT={each.answer};RSVP=TRUE:mailto:{each.address}"
            for at, each in enumerate(meeting.guests)
        ],
        "VALARM": lambda meeting: _alarms(
            meeting, "UID:{u}{i}", "TRIGGER;RELATED=START:{t}", "ACTION:DISPLAY", "DESCRIPTION:alarm"
        ),
    },
    block=zones.libical,
)
SOGO: Final = Dialect(
    "SOGo",
    ("PRODID:-//Inverse inc./SOGo 5.10.0//EN", "VERSION:2.0"),
    "UID SUMMARY LOCATION DESCRIPTION CLASS STATUS CATEGORIES CREATED DTSTAMP LAST-MODIFIED TRANSP RECURRENCE-ID "
    "DTSTART "
    "DTEND RRULE EXDATE RDATE ORGANIZER ATTENDEE SEQUENCE X-SOGO-SEND-APPOINTMENT-NOTIFICATIONS:NO VALARM",
    lambda meeting: _hex(meeting, "1A2B-{1}-3-50D3C400"),
    {"VALARM": lambda meeting: _alarms(meeting, "TRIGGER;VALUE=DURATION:{t}", "ACTION:DISPLAY", "DESCRIPTION:{n}")},
)
VOBJECT: Final = Dialect(
    "Radicale",
    ("VERSION:2.0", "PRODID:-//PYVOBJECT//NONSGML Version 0.9.6.1//EN"),
    "UID RECURRENCE-ID DTSTART DTEND ATTENDEE CATEGORIES CLASS DESCRIPTION DTSTAMP EXDATE LOCATION ORGANIZER RDATE "
    "RRULE "
    "STATUS SUMMARY TRANSP VALARM",
    lambda meeting: _hex(meeting, "20260105T081500Z-{2}@host"),
    block=zones.listed,
)
CALENDAR_SERVER: Final = Dialect(
    "iCal 4",
    ("VERSION:2.0", "PRODID:-//Apple Inc.//iCal 4.0.4//EN", "CALSCALE:GREGORIAN", "X-WR-CALNAME:Privat"),
    "CREATED UID DTEND RRULE EXDATE RDATE TRANSP SUMMARY DTSTART DTSTAMP LOCATION DESCRIPTION STATUS CLASS CATEGORIES "
    "SEQUENCE RECURRENCE-ID ORGANIZER ATTENDEE VALARM",
    lambda meeting: _hex(meeting, "{1}-B0DE-11DE-8A39-0800200C9A66"),
    {
        "VALARM": lambda meeting: _alarms(
            meeting, "X-WR-ALARMUID:{u}{i}", "ACTION:DISPLAY", "DESCRIPTION:Event reminder", "TRIGGER:{t}"
        )
    },
    block=zones.apple,
    line_break=b"\n",
    fold=by_octets(75, b" ", b"\n"),
    escape=eager_text,
)
SIMPLE: Final = Dialect(
    "Simple Calendar",
    ("PRODID:-//Simple Mobile Tools//NONSGML Event Calendar//EN", "VERSION:2.0"),
    "X-SMT-CATEGORY-COLOR:-14260753 SUMMARY DESCRIPTION LOCATION CATEGORIES UID DTSTAMP CLASS LAST-MODIFIED TRANSP "
    "RECURRENCE-ID DTSTART DTEND X-SMT-MISSING-YEAR:0 RRULE RDATE STATUS EXDATE ORGANIZER ATTENDEE VALARM",
    lambda meeting: _hex(meeting, "{0}{0}"),
    {"VALARM": lambda meeting: _alarms(meeting, "DESCRIPTION:Reminder", "ACTION:DISPLAY", "TRIGGER:{t}")},
    block=zones.none,
)
PROGRAMS: Final = (
    THUNDERBIRD, EVOLUTION, APPLE_CALENDAR, IOS, GOOGLE, EXCHANGE, OUTLOOK, OWA, DAVX5, NEXTCLOUD, KORGANIZER, ZIMBRA,
    FASTMAIL, SOGO, VOBJECT, CALENDAR_SERVER, SIMPLE,
)  # fmt: skip
