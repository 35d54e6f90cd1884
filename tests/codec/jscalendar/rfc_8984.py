"""The examples of RFC 8984: section 6, and those in the text of sections 1 and 4."""

from __future__ import annotations

from typing import Any

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

RFC_8984["6.3"] = {
    "@type": "Group",
    "uid": "bf0ac22b-4989-4caf-9ebd-54301b4ee51a",
    "updated": "2020-01-15T18:00:00Z",
    "title": "A simple group",
    "entries": [
        RFC_8984["6.1"],
        {**RFC_8984["6.2"], "uid": "2a358cee-6489-4f14-a57f-c104db4dc343"},
    ],
}

_BASE: Json = {"@type": "Event", "uid": "a", "updated": "2020-01-02T18:23:04Z", "timeZone": "Etc/UTC"}
IN_TEXT: dict[str, Json] = {
    "4.3.5: an instance without an alert": {
        **_BASE,
        "title": "Birthday party",
        "start": "2018-01-08T14:00:00",
        "alerts": {"a": {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT1H"}}},
        "recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "weekly", "count": 3}],
        "recurrenceOverrides": {"2018-01-15T14:00:00": {"title": "Another party", "alerts": None}},
    },
    "4.5.1: default alerts": {**_BASE, "title": "x", "start": "2018-01-08T14:00:00", "useDefaultAlerts": True},
    "4.6.1: localizations": {
        **_BASE,
        "start": "2018-01-08T14:00:00",
        "title": "Conference",
        "locale": "en",
        "locations": {"loc1": {"@type": "Location", "name": "Hall"}},
        "localizations": {"de": {"title": "Konferenz", "locations/loc1": {"@type": "Location", "name": "Saal"}}},
    },
}
DURATIONS = (("P7D", "P7D"), ("P1W", "P7D"), ("PT1H30M", "PT1H30M"), ("P1DT12H", "P1DT12H"))
"""Durations (1.4.6), and how they are kept."""
