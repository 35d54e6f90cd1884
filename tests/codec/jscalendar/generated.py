"""Events that are good, of all kinds, and JSON that is none."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cc",)), min_size=1, max_size=8
)
IDS = st.text("abcXYZ019-_", min_size=1, max_size=6)
DAYS = st.dates(date(1971, 1, 2), date(2099, 12, 30))
CLOCKS = st.sampled_from(["00:00:00", "09:30:00", "02:30:00", "23:59:59", "12:00:00"])
LOCAL = st.builds(lambda day, clock: f"{day.isoformat()}T{clock}", DAYS, CLOCKS)
UTC = LOCAL.map(lambda text: f"{text}Z")
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Etc/UTC", "Asia/Kolkata", "Pacific/Apia", "US/Eastern"])
LENGTHS = st.sampled_from(["PT0S", "PT1H", "P1D", "P1DT1H", "PT24H", "P7D", "PT90M", "PT36000S", "P2W"])
ADDRESSES = st.sampled_from(["mailto:a@example.org", "mailto:B@example.org", "urn:uuid:1", "tel:+1-2", "mailto:c@x.y"])


def _some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


def _sets(keys: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, bool]]:
    return st.dictionaries(keys, st.just(True), max_size=3)


LINKS = st.fixed_dictionaries(
    {"href": st.sampled_from(["https://example.com/a,b", "data:text/plain;base64,aGFsbG8=", "cid:1@x", "file:///x"])},
    optional={
        "contentType": st.sampled_from(["text/plain", "image/png"]),
        "size": st.integers(0, 10**9),
        "rel": st.sampled_from(["enclosure", "icon", "describedby", "alternate"]),
        "title": TEXTS,
        "display": _sets(st.sampled_from(["badge", "fullsize"])),
    },
)
PARTICIPANTS = _some(
    name=TEXTS,
    email=st.just("a@b.example"),
    calendarAddress=ADDRESSES,
    kind=st.sampled_from(["individual", "group", "location", "resource", "x.example:y"]),
    roles=_sets(st.sampled_from(["owner", "attendee", "optional", "informational", "chair", "required", "x.y:z"])),
    participationStatus=st.sampled_from(["needs-action", "accepted", "declined", "tentative", "delegated"]),
    expectReply=st.booleans(),
    sentBy=st.just("s@b.example"),
    delegatedTo=_sets(ADDRESSES),
    memberOf=_sets(ADDRESSES),
    scheduleAgent=st.sampled_from(["server", "client", "none"]),
    scheduleStatus=st.just(["2.0", "1.2"]),
    language=st.just("de-AT"),
    description=TEXTS,
)
PLACES = st.fixed_dictionaries(
    {"name": TEXTS},
    optional={
        "coordinates": st.sampled_from(["geo:48.2,16.3", "geo:1,2;u=3"]),
        "locationTypes": _sets(st.just("cafe")),
        "description": TEXTS,
    },
)
ALERTS = st.fixed_dictionaries(
    {
        "trigger": st.one_of(
            st.fixed_dictionaries(
                {"offset": st.sampled_from(["-PT15M", "PT0S", "P1D", "-P1W"])},
                optional={"relativeTo": st.sampled_from(["start", "end"])},
            ),
            st.builds(lambda when: {"@type": "AbsoluteTrigger", "when": when}, UTC),
            st.just({"@type": "x.example:Trigger", "y": 1}),
        )
    },
    optional={"action": st.sampled_from(["display", "email", "x.y:z"]), "acknowledged": UTC},
)
RULES = st.fixed_dictionaries(
    {"frequency": st.sampled_from(["yearly", "monthly", "weekly", "daily"])},
    optional={
        "interval": st.integers(1, 9),
        "count": st.integers(1, 20),
        "byMonth": st.lists(st.sampled_from(["3", "12", "1"]), min_size=1, max_size=3, unique=True),
        "byMonthDay": st.lists(st.sampled_from([31, -1, 2]), min_size=1, max_size=3, unique=True),
        "byDay": st.lists(st.sampled_from([{"day": "we"}, {"day": "mo"}]), min_size=1, max_size=2),
        "firstDayOfWeek": st.sampled_from(["su", "mo"]),
        "rscale": st.sampled_from(["gregorian", "hebrew"]),
        "skip": st.sampled_from(["omit", "forward"]),
        "bySetPosition": st.just([-1, 1]),
    },
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**6) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXTS,
    "description": TEXTS,
    "descriptionContentType": st.sampled_from(["text/plain", "text/html", "text/markdown"]),
    "locale": st.sampled_from(["de", "en-US"]),
    "keywords": _sets(WORDS),
    "categories": _sets(st.sampled_from(["http://example.com/a,b", "urn:x:y"])),
    "color": st.sampled_from(["red", "#ff00AA"]),
    "priority": st.integers(0, 9),
    "sequence": st.integers(0, 99),
    "created": UTC,
    "privacy": st.sampled_from(["public", "private", "secret", "x.y:z"]),
    "freeBusyStatus": st.sampled_from(["free", "busy"]),
    "relatedTo": st.dictionaries(
        WORDS, _some(relation=_sets(st.sampled_from(["parent", "next", "x.y:Z"]))), max_size=2
    ),
    "links": st.dictionaries(IDS, LINKS, max_size=3),
    "locations": st.dictionaries(IDS, PLACES, max_size=3),
    "mainLocationId": IDS,
    "virtualLocations": st.dictionaries(
        IDS,
        st.fixed_dictionaries(
            {"uri": st.just("https://meet.example/1")},
            optional={"name": TEXTS, "features": _sets(st.sampled_from(["audio", "x.y:z"]))},
        ),
        max_size=2,
    ),
    "participants": st.dictionaries(IDS, PARTICIPANTS, max_size=3),
    "organizerCalendarAddress": ADDRESSES,
    "alerts": st.dictionaries(IDS, ALERTS, max_size=3),
    "useDefaultAlerts": st.booleans(),
    "requestStatus": st.just("2.0;Success"),
    "prodId": st.just("-//x//y"),
    "method": st.just("request"),
    "showWithoutTime": st.booleans(),
    "timeZone": ZONES,
    "example.com:x": VALUES,
}
PATCHES = st.one_of(
    st.just({}),
    st.just({"excluded": True}),
    _some(
        **{
            **{key: MEMBERS[key] for key in ("title", "keywords", "alerts", "participants", "locations", "priority")},
            "start": LOCAL,
            "timeZone": ZONES,
            "description": st.none(),
        }
    ),
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An Event or a Task."""
    is_task = draw(st.integers(0, 5)) == 0
    made = {"@type": "Task" if is_task else "Event", "uid": draw(WORDS), "updated": draw(UTC), "start": draw(LOCAL)}
    for key in draw(st.lists(st.sampled_from(sorted(MEMBERS)), unique=True, max_size=7)):
        made[key] = draw(MEMBERS[key])
    if is_task:
        made |= draw(_some(progress=st.sampled_from(["completed", "x.y:z"]), percentComplete=st.integers(0, 100)))
    else:
        made |= draw(_some(duration=LENGTHS, status=st.sampled_from(["confirmed", "cancelled", "tentative"])))
        if "timeZone" in made:
            made |= draw(_some(endTimeZone=ZONES))
    if draw(st.booleans()):
        made |= draw(_some(recurrenceRule=RULES, recurrenceOverrides=st.dictionaries(LOCAL, PATCHES, max_size=3)))
    elif draw(st.integers(0, 5)) == 0:
        made |= draw(st.fixed_dictionaries({"recurrenceId": LOCAL}, optional={"recurrenceIdTimeZone": ZONES}))
    return made


ANY = st.dictionaries(
    st.sampled_from(
        [*MEMBERS, "@type", "start", "duration", "recurrenceRule", "recurrenceOverrides", "recurrenceRules"]
    )
    | WORDS,
    VALUES
    | st.dictionaries(LOCAL | WORDS, VALUES, max_size=2)
    | st.sampled_from(["Event", "Task", "PT1H", "P1D"])
    | LOCAL,
    max_size=6,
)


_NAMES = [
    "DTSTART",
    "DTEND",
    "DURATION",
    "DUE",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "ATTENDEE",
    "ORGANIZER",
    "LOCATION",
    "GEO",
    "CATEGORIES",
    "SUMMARY",
    "DESCRIPTION",
    "STATUS",
    "CLASS",
    "TRANSP",
    "URL",
    "ATTACH",
    "CONFERENCE",
    "RELATED-TO",
    "UID",
    "DTSTAMP",
    "SEQUENCE",
    "PRIORITY",
    "JSPROP",
    "EXRULE",
    "STYLED-DESCRIPTION",
    "SHOW-WITHOUT-TIME",
    "ESTIMATED-DURATION",
    "REQUEST-STATUS",
    "IMAGE",
    "LINK",
]
_PARAMETERS = (
    "",
    "",
    ";TZID=Europe/Berlin",
    ";TZID=Custom",
    ";VALUE=DATE",
    ";TZID=Pacific/Apia",
    ";JSID=a",
    ";JSPTR=title",
    ";JSPTR=start",
    ";JSPTR=participants/x",
    ";RANGE=THISANDFUTURE",
    ";CN=x",
    ";VALUE=BINARY",
    ";PARTSTAT=ACCEPTED",
    ";RSVP=",
    ";RELTYPE=",
)
_WRITTEN = (
    "20260105T100000",
    "20260105",
    "20260105T100000Z",
    "PT1H",
    "P1D",
    "-PT1H",
    "FREQ=DAILY",
    "00010101",
    "99991231",
    "FREQ=WEEKLY;COUNT=3;BYDAY=MO,1TU",
    "FREQ=DAILY;UNTIL=20260201",
    "20260105T100000Z/PT1H",
    "99991231T235959",
    "mailto:a@b.c",
    "",
    "x",
    "1",
    "CONFIRMED",
    "1;2",
    "TRUE",
    "P99999D",
    "http://a/b",
    '{"a":1}',
    "5",
    "null",
    "[]",
)
_LINES = st.builds(
    "{}{}:{}".format,
    st.sampled_from(_NAMES),
    st.sampled_from(_PARAMETERS),
    st.sampled_from(_WRITTEN)
    | st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=9),
)
_ALARM = ["BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM"]
_COMPONENTS = st.builds(
    lambda kind, lines, has_alarm: [f"BEGIN:{kind}", "UID:a", *lines, *(_ALARM if has_alarm else []), f"END:{kind}"],
    st.sampled_from(["VEVENT", "VEVENT", "VTODO"]),
    st.lists(_LINES, max_size=12),
    st.booleans(),
)
CALENDARS: st.SearchStrategy[str] = st.lists(_COMPONENTS, min_size=1, max_size=4).map(
    lambda parts: "\n".join(["BEGIN:VCALENDAR", *(line for part in parts for line in part), "END:VCALENDAR", ""])
)
"""Calendar objects of any lines, most of them in the wrong place."""
