"""Events and a task as both protocols say them: the text of iCalendar, and the object of JSCalendar that it is."""

from __future__ import annotations

from typing import Any

from attrs import frozen

BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""
OWN_ZONE = """BEGIN:VTIMEZONE
TZID:Office Time
BEGIN:STANDARD
DTSTART:19700101T000000
TZNAME:OT
TZOFFSETFROM:+0545
TZOFFSETTO:+0545
END:STANDARD
END:VTIMEZONE
"""


@frozen
class Specimen:
    """``text`` has ``{uid}`` where the UID belongs. ``shown`` is what JMAP shows of it beside ids, stamps and what an
    event of an account always has. Of what JMAP has no word for a text that is made of ``shown`` has nothing: that is
    ``plainer``, the same as ``text`` by default.
    """

    name: str
    text: str
    shown: dict[str, Any]
    plainer: str = ""

    def octets(self, uid: str, is_plainer: bool = False) -> bytes:
        """The text for one UID, as clients put it."""
        text = self.plainer if is_plainer and self.plainer else self.text
        return text.replace("{uid}", uid).replace("\n", "\r\n").encode()


def _calendar(*components: str, zones: str = "") -> str:
    inner = "".join(components)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Client 1.0//EN\n{zones}{inner}END:VCALENDAR\n"


def _component(kind: str, lines: str) -> str:
    return f"BEGIN:{kind}\nUID:{{uid}}\nDTSTAMP:20260101T000000Z\n{lines.strip()}\nEND:{kind}\n"


PLAIN = Specimen(
    "plain",
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART:20300107T100000Z
DTEND:20300107T113000Z
SUMMARY:Frühstück\\, spät
DESCRIPTION:Line one\\nline two\\; with “quotes” and an emoji 🥐
LOCATION:Kitchen
STATUS:TENTATIVE
CLASS:PRIVATE
TRANSP:TRANSPARENT
PRIORITY:3
CATEGORIES:food,morning
COLOR:tomato
URL:https://example.com/breakfast
""",
        )
    ),
    {
        "@type": "Event",
        "title": "Frühstück, spät",
        "description": "Line one\nline two; with “quotes” and an emoji 🥐",
        "start": "2030-01-07T10:00:00",
        "timeZone": "Etc/UTC",
        "duration": "PT1H30M",
        "locations": {"1": {"@type": "Location", "name": "Kitchen"}},
        "status": "tentative",
        "privacy": "private",
        "freeBusyStatus": "free",
        "priority": 3,
        "keywords": {"food": True, "morning": True},
        "color": "tomato",
        "links": {"1": {"@type": "Link", "href": "https://example.com/breakfast"}},
    },
)
ALL_DAY = Specimen(
    "all day",
    _calendar(
        _component("VEVENT", "DTSTART;VALUE=DATE:20300501\nDTEND;VALUE=DATE:20300503\nSUMMARY:Feast\nTRANSP:OPAQUE")
    ),
    {
        "@type": "Event",
        "title": "Feast",
        "start": "2030-05-01T00:00:00",
        "timeZone": None,
        "showWithoutTime": True,
        "duration": "P2D",
        "freeBusyStatus": "busy",
    },
)
FLOATING = Specimen(
    "floating",
    _calendar(_component("VEVENT", "DTSTART:20300601T070000\nDURATION:PT45M\nSUMMARY:Run")),
    {"@type": "Event", "title": "Run", "start": "2030-06-01T07:00:00", "timeZone": None, "duration": "PT45M"},
)
SERIES = Specimen(
    "series",
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART;TZID=Europe/Berlin:20300304T090000
DTEND;TZID=Europe/Berlin:20300304T100000
RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10
EXDATE;TZID=Europe/Berlin:20300306T090000
RDATE;TZID=Europe/Berlin:20300315T090000
SUMMARY:Stand-up
""",
        ),
        _component(
            "VEVENT",
            """
RECURRENCE-ID;TZID=Europe/Berlin:20300311T090000
DTSTART;TZID=Europe/Berlin:20300311T140000
DTEND;TZID=Europe/Berlin:20300311T150000
SUMMARY:Stand-up after lunch
""",
        ),
        zones=BERLIN,
    ),
    {
        "@type": "Event",
        "title": "Stand-up",
        "start": "2030-03-04T09:00:00",
        "timeZone": "Europe/Berlin",
        "duration": "PT1H",
        "recurrenceRule": {
            "@type": "RecurrenceRule",
            "frequency": "weekly",
            "byDay": [{"@type": "NDay", "day": "mo"}, {"@type": "NDay", "day": "we"}],
            "count": 10,
        },
        "recurrenceOverrides": {
            "2030-03-06T09:00:00": {"excluded": True},
            "2030-03-11T09:00:00": {"start": "2030-03-11T14:00:00", "title": "Stand-up after lunch"},
            "2030-03-15T09:00:00": {},
        },
    },
)
OWN = Specimen(
    "own zone",
    _calendar(
        _component("VEVENT", "DTSTART;TZID=Office Time:20300704T090000\nDURATION:PT1H\nSUMMARY:Office"), zones=OWN_ZONE
    ),
    {
        "@type": "Event",
        "title": "Office",
        "start": "2030-07-04T09:00:00",
        "timeZone": "/Office Time",
        "duration": "PT1H",
        "timeZones": {
            "/Office Time": {
                "@type": "TimeZone",
                "tzId": "Office Time",
                "standard": [
                    {
                        "@type": "TimeZoneRule",
                        "start": "1970-01-01T00:00:00",
                        "offsetFrom": "+05:45",
                        "offsetTo": "+05:45",
                        "names": {"OT": True},
                    }
                ],
            }
        },
    },
)
ALARMS = Specimen(
    "alarms",
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART:20300808T080000Z
DTEND:20300808T090000Z
SUMMARY:Dentist
BEGIN:VALARM
UID:alarm-1
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:Soon
X-APPLE-DEFAULT-ALARM:TRUE
END:VALARM
BEGIN:VALARM
UID:alarm-2
ACTION:EMAIL
TRIGGER;RELATED=END:PT5M
SUMMARY:After
DESCRIPTION:How was it?
ATTENDEE:mailto:friend@elsewhere.test
END:VALARM
BEGIN:VALARM
UID:alarm-3
ACTION:AUDIO
TRIGGER;VALUE=DATE-TIME:20300808T060000Z
ATTACH;FMTTYPE=audio/basic:https://example.com/bell.aud
REPEAT:4
DURATION:PT5M
END:VALARM
""",
        )
    ),
    {
        "@type": "Event",
        "title": "Dentist",
        "start": "2030-08-08T08:00:00",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "alerts": {
            "alarm-1": {
                "@type": "Alert",
                "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"},
                "action": "display",
            },
            "alarm-2": {
                "@type": "Alert",
                "action": "email",
                "trigger": {"@type": "OffsetTrigger", "offset": "PT5M", "relativeTo": "end"},
            },
            "alarm-3": {
                "@type": "Alert",
                "trigger": {"@type": "AbsoluteTrigger", "when": "2030-08-08T06:00:00Z"},
                "action": "display",
            },
        },
    },
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART:20300808T080000Z
DTEND:20300808T090000Z
SUMMARY:Dentist
BEGIN:VALARM
UID:alarm-1
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:Dentist
END:VALARM
BEGIN:VALARM
UID:alarm-2
ACTION:EMAIL
TRIGGER;RELATED=END:PT5M
SUMMARY:Dentist
DESCRIPTION:Dentist
END:VALARM
BEGIN:VALARM
UID:alarm-3
ACTION:DISPLAY
TRIGGER;VALUE=DATE-TIME:20300808T060000Z
DESCRIPTION:Dentist
END:VALARM
""",
        )
    ),
)
MEETING = Specimen(
    "meeting",
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART:20300909T150000Z
DTEND:20300909T160000Z
SUMMARY:Quarter
ORGANIZER;CN=Olga:mailto:olga@elsewhere.test
ATTENDEE;CN="Olga, the chair";ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:olga@elsewhere.test
ATTENDEE;CN=Room 5;CUTYPE=ROOM;PARTSTAT=TENTATIVE;X-KEPT=yes:mailto:room5@elsewhere.test
ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ivan@elsewhere.test
""",
        )
    ),
    {
        "@type": "Event",
        "title": "Quarter",
        "start": "2030-09-09T15:00:00",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "organizerCalendarAddress": "mailto:olga@elsewhere.test",
        "participants": {
            "1": {
                "@type": "Participant",
                "calendarAddress": "mailto:olga@elsewhere.test",
                "name": "Olga, the chair",
                "roles": {"owner": True, "chair": True},
                "participationStatus": "accepted",
            },
            "2": {
                "@type": "Participant",
                "calendarAddress": "mailto:room5@elsewhere.test",
                "name": "Room 5",
                "kind": "location",
                "participationStatus": "tentative",
            },
            "3": {
                "@type": "Participant",
                "calendarAddress": "mailto:ivan@elsewhere.test",
                "roles": {"optional": True},
                "participationStatus": "needs-action",
                "expectReply": True,
            },
        },
    },
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART:20300909T150000Z
DTEND:20300909T160000Z
SUMMARY:Quarter
ORGANIZER:mailto:olga@elsewhere.test
ATTENDEE;CN="Olga, the chair";ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:olga@elsewhere.test
ATTENDEE;CN=Room 5;CUTYPE=ROOM;PARTSTAT=TENTATIVE:mailto:room5@elsewhere.test
ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ivan@elsewhere.test
""",
        )
    ),
)
ATTACHED = Specimen(
    "attached",
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART:20301010T150000Z
DURATION:PT1H
SUMMARY:Papers
ATTACH;FMTTYPE=application/pdf;FILENAME=plan.pdf:https://example.com/plan.pdf
ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:aGVsbG8=
""",
        )
    ),
    {
        "@type": "Event",
        "title": "Papers",
        "start": "2030-10-10T15:00:00",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "links": {
            "1": {
                "@type": "Link",
                "href": "https://example.com/plan.pdf",
                "contentType": "application/pdf",
                "rel": "enclosure",
                "title": "plan.pdf",
            },
            "2": {
                "@type": "Link",
                "href": "data:text/plain;base64,aGVsbG8=",
                "contentType": "text/plain",
                "rel": "enclosure",
            },
        },
    },
)
STRANGE = Specimen(
    "strange",
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART:20301111T110000Z
DTEND:20301111T120000Z
SUMMARY;LANGUAGE=de;X-NOTE="a:b;c":Elfter Elfter
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
X-MICROSOFT-CDO-BUSYSTATUS;X-P=1:OOF
X-Multi;VALUE=TEXT:a\\,b,c
IANA-TOKEN-NOBODY-KNOWS:1
GEO:48.2;16.37
COMMENT:Nobody\\nreads this
RESOURCES:beamer,chairs
CONTACT:Jim\\, +1 555
RELATED-TO;RELTYPE=PARENT:other@example.com
X-EMPTY:
BEGIN:X-COMPONENT
X-INNER;X-P=1:value
BEGIN:X-DEEPER
X-MORE:1
END:X-DEEPER
END:X-COMPONENT
""",
        )
    ),
    {
        "@type": "Event",
        "title": "Elfter Elfter",
        "locale": "de",
        "start": "2030-11-11T11:00:00",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "relatedTo": {"other@example.com": {"@type": "Relation", "relation": {"parent": True}}},
        "locations": {"1": {"@type": "Location", "coordinates": "geo:48.2,16.37"}},
    },
    _calendar(
        _component(
            "VEVENT",
            """
DTSTART:20301111T110000Z
DTEND:20301111T120000Z
SUMMARY;LANGUAGE=de:Elfter Elfter
GEO:48.2;16.37
RELATED-TO;RELTYPE=PARENT:other@example.com
""",
        )
    ),
)
TASK = Specimen(
    "task",
    _calendar(
        _component(
            "VTODO",
            """
DTSTART;TZID=Europe/Berlin:20301201T090000
DUE;TZID=Europe/Berlin:20301224T180000
SUMMARY:Presents
STATUS:IN-PROCESS
PERCENT-COMPLETE:40
PRIORITY:1
""",
        ),
        zones=BERLIN,
    ),
    {
        "@type": "Task",
        "title": "Presents",
        "start": "2030-12-01T09:00:00",
        "timeZone": "Europe/Berlin",
        "due": "2030-12-24T18:00:00",
        "progress": "in-process",
        "percentComplete": 40,
        "priority": 1,
    },
)
ALL = (PLAIN, ALL_DAY, FLOATING, SERIES, OWN, ALARMS, MEETING, ATTACHED, STRANGE, TASK)
