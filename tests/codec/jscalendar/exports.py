"""Calendar objects as programs write them, and events as RFC 8984 6 shows them."""

from __future__ import annotations

from typing import Any

BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""

THUNDERBIRD = f"""BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
{BERLIN}BEGIN:VEVENT
CREATED:20260101T100000Z
LAST-MODIFIED:20260102T100000Z
DTSTAMP:20260102T100000Z
UID:3f6e2d3c-7a5b-4d62-9a39-0bf5c11ad401
SUMMARY:Weekly\\, planning
RRULE:FREQ=WEEKLY;UNTIL=20260601T080000Z;BYDAY=MO
EXDATE:20260112T090000Z
DTSTART;TZID=Europe/Berlin:20260105T100000
DTEND;TZID=Europe/Berlin:20260105T110000
TRANSP:OPAQUE
LOCATION:Room 1
DESCRIPTION;ALTREP="data:text/html,%3Cbody%3EAgenda%3C%2Fbody%3E":Agenda\\n1.
  Budget
CATEGORIES:Work,Team
X-MOZ-GENERATION:4
X-MOZ-LASTACK:20260105T084512Z
ORGANIZER;PARTSTAT=ACCEPTED;CN=Alice;ROLE=CHAIR:mailto:alice@example.org
ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:alice@example.org
ATTENDEE;RSVP=TRUE;CN=Bob;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;X-NUM=1
 :mailto:bob@example.org
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;VALUE=DURATION:-PT15M
DESCRIPTION:Default Mozilla Description
END:VALARM
END:VEVENT
BEGIN:VEVENT
CREATED:20260101T100000Z
LAST-MODIFIED:20260105T100000Z
DTSTAMP:20260105T100000Z
UID:3f6e2d3c-7a5b-4d62-9a39-0bf5c11ad401
SUMMARY:Weekly\\, planning
RECURRENCE-ID;TZID=Europe/Berlin:20260119T100000
DTSTART;TZID=Europe/Berlin:20260119T140000
DTEND;TZID=Europe/Berlin:20260119T150000
TRANSP:OPAQUE
LOCATION:Room 2
DESCRIPTION;ALTREP="data:text/html,%3Cbody%3EAgenda%3C%2Fbody%3E":Agenda\\n1.
  Budget
CATEGORIES:Work,Team
SEQUENCE:1
X-MOZ-GENERATION:1
ORGANIZER;PARTSTAT=ACCEPTED;CN=Alice;ROLE=CHAIR:mailto:alice@example.org
ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:alice@example.org
ATTENDEE;RSVP=TRUE;CN=Bob;PARTSTAT=DECLINED;ROLE=REQ-PARTICIPANT;X-NUM=1:mai
 lto:bob@example.org
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;VALUE=DURATION:-PT15M
DESCRIPTION:Default Mozilla Description
END:VALARM
END:VEVENT
END:VCALENDAR
"""

APPLE = f"""BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 15.1//EN
VERSION:2.0
{BERLIN}BEGIN:VEVENT
CREATED:20260110T083011Z
DTEND;TZID=Europe/Berlin:20260115T200000
DTSTAMP:20260110T083112Z
DTSTART;TZID=Europe/Berlin:20260115T183000
LAST-MODIFIED:20260110T083112Z
LOCATION:Cafe Central\\nHerrengasse 14\\, 1010 Wien
SEQUENCE:0
SUMMARY:Dinner
TRANSP:OPAQUE
UID:5D8A1F0B-7C2E-4B9F-8F3A-21C0B1B7A3E1
URL;VALUE=URI:https://example.com/dinner
X-APPLE-CREATOR-IDENTITY:com.apple.calendar
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="Herrengasse 14, 1010 Wien";
 X-APPLE-RADIUS=70;X-TITLE=Cafe Central:geo:48.210441,16.365466
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
BEGIN:VALARM
ACKNOWLEDGED:20260115T163001Z
ACTION:AUDIO
ATTACH;VALUE=URI:Chord
TRIGGER:-PT1H
UID:2F8C6A5E-1111-4C1C-8A5B-0D6C3F3C9A77
X-WR-ALARMUID:2F8C6A5E-1111-4C1C-8A5B-0D6C3F3C9A77
END:VALARM
BEGIN:VALARM
ACTION:NONE
TRIGGER;VALUE=DATE-TIME:19760401T005545Z
END:VALARM
END:VEVENT
END:VCALENDAR
"""

GOOGLE = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
X-WR-CALNAME:alice@example.org
X-WR-TIMEZONE:Europe/Vienna
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260504
DTEND;VALUE=DATE:20260507
RRULE:FREQ=YEARLY;COUNT=4
DTSTAMP:20260201T120000Z
ORGANIZER;CN=alice@example.org:mailto:alice@example.org
UID:7kukuqrfedlm2f9t0v4ic9c1u8@google.com
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=TENTATIVE;CN=bob@e
 xample.org;X-NUM-GUESTS=0:mailto:bob@example.org
ATTENDEE;CUTYPE=RESOURCE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN="Room 4 (
 12), Vienna";X-NUM-GUESTS=0:mailto:c_1@resource.calendar.google.com
X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij
CREATED:20260130T101010Z
DESCRIPTION:<b>Offsite</b><br>Bring shoes
LAST-MODIFIED:20260201T120000Z
LOCATION:
SEQUENCE:1
STATUS:CONFIRMED
SUMMARY:Offsite
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"""

OUTLOOK = """BEGIN:VCALENDAR
METHOD:REQUEST
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ORGANIZER;CN=Carol:mailto:carol@example.com
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Alice:mailt
 o:alice@example.org
ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Dan:mailto:
 dan@example.com
DESCRIPTION;LANGUAGE=de-DE:Hallo\\n\\n
X-ALT-DESC;FMTTYPE=text/html:<html><body>Hallo</body></html>
UID:040000008200E00074C5B7101A82E00800000000D0A1B2C3D4E5D901000000000000000
 010000000
SUMMARY;LANGUAGE=de-DE:Besprechung
DTSTART;TZID=W. Europe Standard Time:20260310T090000
DTEND;TZID=W. Europe Standard Time:20260310T093000
CLASS:PRIVATE
PRIORITY:5
DTSTAMP:20260301T070000Z
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:2
LOCATION;LANGUAGE=de-DE:Microsoft Teams-Besprechung
X-MICROSOFT-CDO-APPT-SEQUENCE:2
X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE
X-MICROSOFT-DISALLOW-COUNTER:FALSE
BEGIN:VALARM
DESCRIPTION:REMINDER
TRIGGER;RELATED=START:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
END:VCALENDAR
"""

EVOLUTION = """BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Ximian//NONSGML Evolution Calendar//EN
VERSION:2.0
BEGIN:VTIMEZONE
TZID:/freeassociation.sourceforge.net/Europe/Paris
X-LIC-LOCATION:Europe/Paris
BEGIN:STANDARD
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:20260207T090501Z-1234-1000-1-0@desk
DTSTAMP:20260207T090501Z
DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Paris:20260211T100000
DURATION:P1DT2H
SEQUENCE:3
SUMMARY:Visite
TRANSP:OPAQUE
CLASS:CONFIDENTIAL
CREATED:20260207T090600Z
LAST-MODIFIED:20260207T090700Z
ATTACH;FMTTYPE=text/plain;FILENAME=note.txt;SIZE=5;ENCODING=BASE64;VALUE=BIN
 ARY:aGFsbG8=
CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL="Join, please":https://meet.e
 xample/x
BEGIN:VALARM
X-EVOLUTION-ALARM-UID:20260207T090601Z-1234
ACTION:EMAIL
SUMMARY:Visite
DESCRIPTION:Visite
ATTENDEE:mailto:alice@example.org
TRIGGER;VALUE=DATE-TIME:20260211T080000Z
END:VALARM
END:VEVENT
END:VCALENDAR
"""

ETAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:DAVx5/4.4.2-ose ical4j/3.2.19 (ws.xsoh.etar)
BEGIN:VEVENT
DTSTAMP:20260301T101112Z
UID:6c0bfb1b-6f1d-4c1f-8a4d-7d4e5a6f0b1c
SUMMARY:Zahnarzt
LOCATION:Hauptplatz 1
DTSTART;TZID=Europe/Vienna:20260320T083000
DTEND;TZID=Europe/Vienna:20260320T091500
COLOR:darkseagreen
STATUS:TENTATIVE
BEGIN:VALARM
TRIGGER:-P1D
ACTION:DISPLAY
DESCRIPTION:Zahnarzt
END:VALARM
END:VEVENT
BEGIN:VTIMEZONE
TZID:Europe/Vienna
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
END:VCALENDAR
"""

NEXTCLOUD = """BEGIN:VCALENDAR
CALSCALE:GREGORIAN
VERSION:2.0
PRODID:-//IDN nextcloud.com//Calendar app 5.0.2//EN
BEGIN:VEVENT
CREATED:20260301T081500Z
DTSTAMP:20260301T081530Z
LAST-MODIFIED:20260301T081530Z
SEQUENCE:2
UID:b7d2f4a0-95d8-4a36-90d5-c0ffee123456
DTSTART;VALUE=DATE:20260401
DTEND;VALUE=DATE:20260402
STATUS:CONFIRMED
SUMMARY:Frei
RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=WE
EXDATE;VALUE=DATE:20260408
X-NC-HAS-CHANGED:1
END:VEVENT
BEGIN:VEVENT
CREATED:20260301T081500Z
DTSTAMP:20260301T081630Z
LAST-MODIFIED:20260301T081630Z
SEQUENCE:1
UID:b7d2f4a0-95d8-4a36-90d5-c0ffee123456
DTSTART;VALUE=DATE:20260416
DTEND;VALUE=DATE:20260417
STATUS:CONFIRMED
SUMMARY:Frei\\, verschoben
RECURRENCE-ID;VALUE=DATE:20260415
END:VEVENT
END:VCALENDAR
"""

TASK = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:+//IDN tasks.org//android-130801//EN
BEGIN:VTODO
DTSTAMP:20260301T081500Z
UID:4820913092832
CREATED:20260301T081500Z
LAST-MODIFIED:20260301T081600Z
SUMMARY:Steuern
DUE;TZID=Europe/Vienna:20260331T180000
PERCENT-COMPLETE:40
STATUS:IN-PROCESS
PRIORITY:1
RELATED-TO;RELTYPE=PARENT:4820913092000
X-APPLE-SORT-ORDER:661
END:VTODO
END:VCALENDAR
"""

INSTANCES = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:series@example.com
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260202T140000
DTSTART;TZID=Europe/Berlin:20260202T160000
SUMMARY:One
END:VEVENT
BEGIN:VEVENT
UID:series@example.com
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260209T140000
DTSTART;TZID=Europe/Berlin:20260209T140000
SUMMARY:Other
END:VEVENT
END:VCALENDAR
"""

CUSTOM_ZONE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VTIMEZONE
TZID:Ship
BEGIN:STANDARD
DTSTART:20260101T000000
TZOFFSETFROM:+0200
TZOFFSETTO:+0215
TZNAME:S
RDATE:20260301T000000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:ship@example.com
DTSTAMP:20260101T000000Z
DTSTART;TZID=Ship:20260202T160000
DTEND;TZID=Ship:20260202T170000
SUMMARY:Dinner
END:VEVENT
END:VCALENDAR
"""

EXPORTS = {
    "thunderbird": THUNDERBIRD,
    "apple": APPLE,
    "google": GOOGLE,
    "outlook": OUTLOOK,
    "evolution": EVOLUTION,
    "etar": ETAR,
    "nextcloud": NEXTCLOUD,
    "task": TASK,
    "instances": INSTANCES,
    "custom zone": CUSTOM_ZONE,
}

Json = dict[str, Any]

RFC_8984: dict[str, Json] = {
    "6.1": {
        "@type": "Event",
        "uid": "a8df6573-0474-496d-8496-033ad45d7fea",
        "updated": "2020-01-02T18:23:04Z",
        "title": "Some event",
        "start": "2020-01-15T13:00:00",
        "timeZone": "America/New_York",
        "duration": "PT1H",
    },
    "6.2": {
        "@type": "Task",
        "uid": "2a358cee-6489-4f14-a57f-c104db4dc2f2",
        "updated": "2020-01-09T14:32:01Z",
        "title": "Do something",
    },
    "6.4": {
        "@type": "Event",
        "uid": "a8df6573-0474-496d-8496-033ad45d7fea",
        "updated": "2020-01-02T18:23:04Z",
        "title": "April Fool's Day",
        "showWithoutTime": True,
        "start": "1900-04-01T00:00:00",
        "duration": "P1D",
        "recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "yearly"}],
    },
    "6.5": {
        "@type": "Task",
        "uid": "2a358cee-6489-4f14-a57f-c104db4dc2f2",
        "updated": "2020-01-09T14:32:01Z",
        "title": "Buy groceries",
        "due": "2020-01-19T18:00:00",
        "timeZone": "Europe/Vienna",
        "estimatedDuration": "PT1H",
    },
    "6.6": {
        "@type": "Event",
        "uid": "a8df6573-0474-496d-8496-033ad45d7fea",
        "updated": "2020-01-02T18:23:04Z",
        "title": "Flight XY51 to Tokyo",
        "start": "2020-04-01T09:00:00",
        "timeZone": "Europe/Berlin",
        "duration": "PT10H30M",
        "locations": {
            "418d0b9b-b656-4b3c-909f-5b149ca779c9": {
                "@type": "Location",
                "name": "Frankfurt Airport (FRA)",
                "rel": "start",
            },
            "c2c7ac67-dc13-411e-a7d4-0780fb61fb08": {
                "@type": "Location",
                "relativeTo": "end",
                "name": "Narita International Airport (NRT)",
                "timeZone": "Asia/Tokyo",
            },
        },
    },
    "6.7": {
        "@type": "Event",
        "uid": "a8df6573-0474-496d-8496-033ad45d7fea",
        "updated": "2020-01-02T18:23:04Z",
        "title": "Yoga",
        "start": "2020-01-01T07:00:00",
        "timeZone": None,
        "duration": "PT30M",
        "recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "daily"}],
    },
    "6.8": {
        "@type": "Event",
        "uid": "a8df6573-0474-496d-8496-033ad45d7fea",
        "updated": "2020-01-02T18:23:04Z",
        "title": "Live from Music Bowl: The Band",
        "description": "Go see the biggest music event ever!",
        "locale": "en",
        "start": "2020-07-04T17:00:00",
        "timeZone": "America/New_York",
        "duration": "PT3H",
        "locations": {
            "c0503d30-8c50-4372-87b5-7657e8e0fedd": {
                "@type": "Location",
                "name": "The Music Bowl",
                "description": "Music Bowl, Central Park, New York",
                "coordinates": "geo:40.7829,-73.9654",
            }
        },
        "virtualLocations": {
            "vloc1": {
                "@type": "VirtualLocation",
                "name": "Free live Stream from Music Bowl",
                "uri": "https://stream.example.com/the_band_2020",
            }
        },
        "localizations": {"de": {"title": "Live von der Music Bowl: The Band!"}},
    },
    "6.9": {
        "@type": "Event",
        "uid": "a8df6573-0474-496d-8496-033ad45d7fea",
        "updated": "2020-01-02T18:23:04Z",
        "title": "Calculus I",
        "start": "2020-01-08T09:00:00",
        "timeZone": "Europe/London",
        "duration": "PT1H30M",
        "locations": {"mlab": {"@type": "Location", "title": "Math lab room 1", "name": "Math lab room 1"}},
        "recurrenceRules": [
            {"@type": "RecurrenceRule", "frequency": "weekly", "until": "2020-06-24T09:00:00"},
        ],
        "recurrenceOverrides": {
            "2020-01-07T14:00:00": {"title": "Introduction to Calculus I (optional)"},
            "2020-04-01T09:00:00": {"excluded": True},
            "2020-06-25T09:00:00": {
                "title": "Calculus I Exam",
                "start": "2020-06-25T10:00:00",
                "duration": "PT2H",
                "locations": {"auditorium": {"@type": "Location", "name": "Big Auditorium"}},
            },
        },
    },
    "6.10": {
        "@type": "Event",
        "uid": "a8df6573-0474-496d-8496-033ad45d7fea",
        "updated": "2020-01-02T18:23:04Z",
        "title": "FooBar team meeting",
        "start": "2020-01-08T09:00:00",
        "timeZone": "Africa/Johannesburg",
        "duration": "PT1H",
        "replyTo": {"imip": "mailto:6489-4f14-a57f-c1@schedule.example.com"},
        "participants": {
            "dG9tQGZvb2Jhci5xlLmNvbQ": {
                "@type": "Participant",
                "name": "Tom Tool",
                "email": "tom@foobar.example.com",
                "sendTo": {"imip": "mailto:tom@calendar.example.com"},
                "participationStatus": "accepted",
                "roles": {"attendee": True},
            },
            "em9lQGZvb2GFtcGxlLmNvbQ": {
                "@type": "Participant",
                "name": "Zoe Zelda",
                "email": "zoe@foobar.example.com",
                "sendTo": {"imip": "mailto:zoe@foobar.example.com"},
                "participationStatus": "accepted",
                "roles": {"owner": True, "attendee": True, "chair": True},
            },
        },
        "virtualLocations": {
            "0": {
                "@type": "VirtualLocation",
                "name": "ChatMe meeting room",
                "uri": "https://chatme.example.com?id=1234567&pw=a8a24627b63d",
            }
        },
        "recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "weekly"}],
        "recurrenceOverrides": {
            "2020-03-04T09:00:00": {"participants/em9lQGZvb2GFtcGxlLmNvbQ/participationStatus": "declined"}
        },
    },
}


def octets(text: str) -> bytes:
    """As it comes over the wire."""
    return text.replace("\n", "\r\n").encode()


def event_text(*lines: str) -> str:
    """A calendar object of one event with these lines."""
    return "\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:x",
            "BEGIN:VEVENT",
            "UID:a",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )
