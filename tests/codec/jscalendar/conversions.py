"""The examples of draft-ietf-calext-jscalendar-icalendar: lines of an event, and the members that they are.

Values are those of the draft, in the form of draft-ietf-calext-jscalendarbis: one ``recurrenceRule``, the role
``required``, ``name`` of locations, ``endTimeZone``, and relations of links. Ids are given with JSID, as examples do
not say which they have. What the draft keeps in ``iCalComponent`` stays in lines (decision 22), like the components
PARTICIPANT and VRESOURCE.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]
FOO, BAR = "mailto:foo@example.com", "mailto:bar@example.com"
PIXEL: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAAAmJLR0QAAd2KE6QAAAAKSURBVAjXY2gAAACCAIHdQ2r0AAAAAElFTkSuQmCC"
)
STARTS = ("DTSTART:20230101T130000Z",)
MONTHLY = {"@type": "RecurrenceRule", "frequency": "monthly"}
PANCAKES = "The pancakes there are delicious; they are fluffy and sweet."

PAIRS: dict[str, tuple[tuple[str, ...], Json]] = {
    "ATTACH, a URI": (
        ("ATTACH;JSID=a:https://example.com/foo.pdf",),
        {"links": {"a": {"@type": "Link", "href": "https://example.com/foo.pdf", "rel": "enclosure"}}},
    ),
    "ATTACH, octets": (
        (f"ATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=image/png;JSID=a:{PIXEL}",),
        {
            "links": {
                "a": {
                    "@type": "Link",
                    "href": f"data:image/png;base64,{PIXEL}",
                    "contentType": "image/png",
                    "rel": "enclosure",
                }
            }
        },
    ),
    "ATTENDEE": (
        ("ATTENDEE;PARTSTAT=TENTATIVE;CN=Henry Cabot;JSID=p3:mailto:hcabot@example.com", f"ORGANIZER:{FOO}"),
        {
            "organizerCalendarAddress": FOO,
            "participants": {
                "p3": {
                    "@type": "Participant",
                    "calendarAddress": "mailto:hcabot@example.com",
                    "name": "Henry Cabot",
                    "participationStatus": "tentative",
                }
            },
        },
    ),
    "CATEGORIES": (
        ("CATEGORIES:APPOINTMENT,EDUCATION", "CATEGORIES:meeting"),
        {"keywords": {"APPOINTMENT": True, "EDUCATION": True, "meeting": True}},
    ),
    "CLASS": (("CLASS:PRIVATE",), {"privacy": "private"}),
    "COLOR, a name": (("COLOR:maroon",), {"color": "maroon"}),
    "COLOR, a number": (("COLOR:#ffa07a",), {"color": "#ffa07a"}),
    "CONCEPT": (
        (
            "CONCEPT:https://example.com/event-types/arts/music",
            "CONCEPT:https://example.com/event-types/arts/literature",
        ),
        {
            "categories": {
                "https://example.com/event-types/arts/music": True,
                "https://example.com/event-types/arts/literature": True,
            }
        },
    ),
    "CONFERENCE": (
        (
            "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=Attendee dial-in;JSID=b2:https://chat.example.com/audio"
            "?id=123456",
        ),
        {
            "virtualLocations": {
                "b2": {
                    "@type": "VirtualLocation",
                    "name": "Attendee dial-in",
                    "uri": "https://chat.example.com/audio?id=123456",
                    "features": {"audio": True, "video": True},
                }
            }
        },
    ),
    "CREATED": (("CREATED:20240329T133000Z",), {"created": "2024-03-29T13:30:00Z"}),
    "DESCRIPTION": ((f"DESCRIPTION:{PANCAKES.replace(';', chr(92) + ';')}",), {"description": PANCAKES}),
    "DTEND, the same zone": (
        ("DTSTART;TZID=Australia/Melbourne:20241002T130000", "DTEND;TZID=Australia/Melbourne:20241002T140000"),
        {"start": "2024-10-02T13:00:00", "timeZone": "Australia/Melbourne", "duration": "PT1H"},
    ),
    # the draft reckons 9h 20m; from 13:00:05+02:00 to 02:03:25+07:00 it is 8h 3m 20s
    "DTEND, another zone": (
        ("DTSTART;TZID=Europe/Berlin:20241017T130005", "DTEND;TZID=Asia/Bangkok:20241018T020325"),
        {
            "start": "2024-10-17T13:00:05",
            "timeZone": "Europe/Berlin",
            "duration": "PT8H3M20S",
            "endTimeZone": "Asia/Bangkok",
        },
    ),
    "DTEND, days": (
        ("DTSTART;VALUE=DATE:20240102", "DTEND;VALUE=DATE:20240112"),
        {"start": "2024-01-02T00:00:00", "duration": "P10D", "showWithoutTime": True},
    ),
    "DTSTART, a zone": (
        ("DTSTART;TZID=Europe/Berlin:20240921T105302",),
        {"start": "2024-09-21T10:53:02", "timeZone": "Europe/Berlin"},
    ),
    "DTSTART, UTC": (("DTSTART:20240921T105302Z",), {"start": "2024-09-21T10:53:02", "timeZone": "Etc/UTC"}),
    "DTSTART, floating": (("DTSTART:20240921T105302",), {"start": "2024-09-21T10:53:02"}),
    "DTSTART, a day": (
        ("DTSTART;VALUE=DATE:20240921",),
        {"start": "2024-09-21T00:00:00", "showWithoutTime": True, "duration": "P1D"},
    ),
    "DURATION": ((*STARTS, "DURATION:PT1H"), {"duration": "PT1H"}),
    "EXDATE": (
        (*STARTS, "RRULE:FREQ=MONTHLY", "EXDATE:20230801T130000Z"),
        {"recurrenceRule": MONTHLY, "recurrenceOverrides": {"2023-08-01T13:00:00": {"excluded": True}}},
    ),
    "GEO, of the event": (
        ("LOCATION;JSID=d4:Somewhere", "GEO:+45.5;-93.3"),
        {
            "locations": {"d4": {"@type": "Location", "name": "Somewhere", "coordinates": "geo:45.5,-93.3"}},
            "mainLocationId": "d4",
        },
    ),
    "GEO, of a VLOCATION": (
        ("BEGIN:VLOCATION", "UID:p2", "NAME:Eiffel Tower", "GEO:48.858222;2.2945", "END:VLOCATION"),
        {"locations": {"p2": {"@type": "Location", "name": "Eiffel Tower", "coordinates": "geo:48.858222,2.2945"}}},
    ),
    "IMAGE": (
        ("IMAGE;VALUE=URI;DISPLAY=BADGE;FMTTYPE=image/png;JSID=p4:https://example.com/images/party.png",),
        {
            "links": {
                "p4": {
                    "@type": "Link",
                    "href": "https://example.com/images/party.png",
                    "display": {"badge": True},
                    "rel": "icon",
                    "contentType": "image/png",
                }
            }
        },
    ),
    "LAST-MODIFIED": (("LAST-MODIFIED:20240914T231257Z",), {"updated": "2024-09-14T23:12:57Z"}),
    "LINK": (
        ("LINK;LABEL=Venue;VALUE=URI;LINKREL=related;JSID=l1:https://example.com/events",),
        {"links": {"l1": {"@type": "Link", "href": "https://example.com/events", "title": "Venue", "rel": "related"}}},
    ),
    "LOCATION": (
        ("LOCATION;JSID=f45:Conference Room - F123\\, Bldg. 002",),
        {
            "locations": {"f45": {"@type": "Location", "name": "Conference Room - F123, Bldg. 002"}},
            "mainLocationId": "f45",
        },
    ),
    "LOCATION-TYPE": (
        ("BEGIN:VLOCATION", "UID:p1", "LOCATION-TYPE:hotel,restaurant", "END:VLOCATION"),
        {"locations": {"p1": {"@type": "Location", "locationTypes": {"hotel": True, "restaurant": True}}}},
    ),
    "ORGANIZER": (
        (f"ORGANIZER:{FOO}", f"ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION;JSID=b:{BAR}"),
        {
            "organizerCalendarAddress": FOO,
            "participants": {
                "b": {
                    "@type": "Participant",
                    "calendarAddress": BAR,
                    "expectReply": True,
                    "participationStatus": "needs-action",
                }
            },
        },
    ),
    "ORGANIZER, who attends": (
        (f"ORGANIZER:{FOO}", f'ATTENDEE;RSVP=FALSE;PARTSTAT=ACCEPTED;CN="Jane Doe";JSID=a:{FOO}'),
        {
            "organizerCalendarAddress": FOO,
            "participants": {
                "a": {
                    "@type": "Participant",
                    "calendarAddress": FOO,
                    "name": "Jane Doe",
                    "participationStatus": "accepted",
                    "expectReply": False,
                    "roles": {"owner": True},
                }
            },
        },
    ),
    "PRIORITY": (("PRIORITY:3",), {"priority": 3}),
    "RDATE": (
        (*STARTS, "RRULE:FREQ=MONTHLY", "RDATE:20230805T170000Z"),
        {"recurrenceRule": MONTHLY, "recurrenceOverrides": {"2023-08-05T17:00:00": {}}},
    ),
    "RELATED-TO": (
        (
            "RELATED-TO;RELTYPE=PARENT:4E05861C-A0C9-46AC-9A66-760FC1E0E167",
            "RELATED-TO:4120A9B1-1133-4AC0-9185-C4C8396048ED",
        ),
        {
            "relatedTo": {
                "4E05861C-A0C9-46AC-9A66-760FC1E0E167": {"@type": "Relation", "relation": {"parent": True}},
                "4120A9B1-1133-4AC0-9185-C4C8396048ED": {"@type": "Relation", "relation": {}},
            }
        },
    ),
    "RELATED-TO, of an alarm": (
        (
            "BEGIN:VALARM",
            "UID:8297C37D-BA2D-4476-91AE-C1EAA364F8E1",
            "TRIGGER:-PT15M",
            "DESCRIPTION:Event reminder",
            "ACTION:DISPLAY",
            "ACKNOWLEDGED:20210302T151514Z",
            "END:VALARM",
            "BEGIN:VALARM",
            "UID:DE7B5C34-83FF-47FE-BE9E-FF41AE6DD097",
            "TRIGGER;VALUE=DATE-TIME:20210302T152000Z",
            "RELATED-TO;RELTYPE=SNOOZE:8297C37D-BA2D-4476-91AE-C1EAA364F8E1",
            "DESCRIPTION:Event reminder",
            "ACTION:DISPLAY",
            "END:VALARM",
        ),
        {
            "alerts": {
                "8297C37D-BA2D-4476-91AE-C1EAA364F8E1": {
                    "@type": "Alert",
                    "action": "display",
                    "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"},
                    "acknowledged": "2021-03-02T15:15:14Z",
                },
                "DE7B5C34-83FF-47FE-BE9E-FF41AE6DD097": {
                    "@type": "Alert",
                    "action": "display",
                    "trigger": {"@type": "AbsoluteTrigger", "when": "2021-03-02T15:20:00Z"},
                    "relatedTo": {
                        "8297C37D-BA2D-4476-91AE-C1EAA364F8E1": {"@type": "Relation", "relation": {"snooze": True}}
                    },
                },
            }
        },
    ),
    "REQUEST-STATUS": (("REQUEST-STATUS:2.0;Success",), {"requestStatus": "2.0;Success"}),
    "RRULE": (
        (
            "DTSTART;TZID=Europe/Berlin:20240101T010000",
            "RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30;UNTIL=20240930T120000Z",
        ),
        {
            "start": "2024-01-01T01:00:00",
            "timeZone": "Europe/Berlin",
            "recurrenceRule": {
                "@type": "RecurrenceRule",
                "frequency": "yearly",
                "interval": 2,
                "byMonth": ["1"],
                "byDay": [{"@type": "NDay", "day": "su"}],
                "byHour": [8, 9],
                "byMinute": [30],
                "until": "2024-09-30T14:00:00",
            },
        },
    ),
    "SEQUENCE": (("SEQUENCE:3",), {"sequence": 3}),
    "STATUS": (("STATUS:TENTATIVE",), {"status": "tentative"}),
    "STYLED-DESCRIPTION": (
        (
            "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<!DOCTYPE html><html><body>hello\\,<b>world</b>"
            "</body></html>",
        ),
        {
            "description": "<!DOCTYPE html><html><body>hello,<b>world</b></body></html>",
            "descriptionContentType": "text/html",
        },
    ),
    "SUMMARY": (("SUMMARY:Birthday Party",), {"title": "Birthday Party"}),
    "TRANSP": (("TRANSP:TRANSPARENT",), {"freeBusyStatus": "free"}),
    "TRIGGER, an offset": (
        ("BEGIN:VALARM", "UID:d2", "TRIGGER;RELATED=END:PT5M", "ACTION:DISPLAY", "DESCRIPTION:x", "END:VALARM"),
        {
            "alerts": {
                "d2": {
                    "@type": "Alert",
                    "action": "display",
                    "trigger": {"@type": "OffsetTrigger", "offset": "PT5M", "relativeTo": "end"},
                }
            }
        },
    ),
    "TRIGGER, a time": (
        ("BEGIN:VALARM", "UID:d3", "TRIGGER;VALUE=DATE-TIME:20250302T010203Z", "ACTION:DISPLAY", "END:VALARM"),
        {
            "alerts": {
                "d3": {
                    "@type": "Alert",
                    "action": "display",
                    "trigger": {"@type": "AbsoluteTrigger", "when": "2025-03-02T01:02:03Z"},
                }
            }
        },
    ),
    "UID": (("UID:5ACEA86F-40CF-47EE-9CCA-7C85588A589F",), {"uid": "5ACEA86F-40CF-47EE-9CCA-7C85588A589F"}),
    "URL": (
        ("URL;JSID=p3:https://example.com/calendar/birtdays.ics",),
        {"links": {"p3": {"@type": "Link", "href": "https://example.com/calendar/birtdays.ics"}}},
    ),
}

TASKS: dict[str, tuple[tuple[str, ...], Json]] = {
    "DUE, a zone": (
        ("DUE;TZID=Europe/Berlin:20240921T105302",),
        {"due": "2024-09-21T10:53:02", "timeZone": "Europe/Berlin"},
    ),
    "DUE, UTC": (("DUE:20240921T105302Z",), {"due": "2024-09-21T10:53:02", "timeZone": "Etc/UTC"}),
    "DUE, floating": (("DUE:20240921T105302",), {"due": "2024-09-21T10:53:02"}),
    "DUE, a day": (("DUE;VALUE=DATE:20240921",), {"due": "2024-09-21T00:00:00", "showWithoutTime": True}),
    "PERCENT-COMPLETE": (("PERCENT-COMPLETE:53",), {"percentComplete": 53}),
    "STATUS": (("STATUS:IN-PROCESS",), {"progress": "in-process"}),
}

WHOLE: dict[str, tuple[tuple[str, ...], Json]] = {
    "METHOD": (("METHOD:REQUEST",), {"method": "request"}),
    "PRODID": (("PRODID:-//BAZ//bam//EN",), {"prodId": "-//BAZ//bam//EN"}),
}
"""Lines of the calendar object."""

SPELT = frozenset(
    (
        *("CATEGORIES", "DURATION", "GEO, of the event", "GEO, of a VLOCATION", "LAST-MODIFIED", "LOCATION-TYPE"),
        *("RELATED-TO, of an alarm", "RRULE", "TRIGGER, an offset"),
    )
)
"""Those that are written anew in other words: keywords in one line, an end instead of hours, no plus signs, the only
location as LOCATION, DTSTAMP for both, other texts of alarms, parts of rules in another order.
"""
