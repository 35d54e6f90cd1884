"""Calendar objects that are unusual, old or wrong in ways that programs are known for, one trait each."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

from tests.corpus.feeds import PLAIN, calendar
from tests.corpus.writing import File, by_octets, joined, mid_character, text, unfolded

BASE: Final = ("UID:odd@example.org", "DTSTAMP:20260105T081500Z")
BERLIN: Final = ("DTSTART;TZID=Europe/Berlin:20260310T090000", "DTEND;TZID=Europe/Berlin:20260310T100000")
MORNING: Final = {"start": "2026-03-10T09:00:00", "timeZone": "Europe/Berlin", "duration": "PT1H"}
PICTURE: Final = base64.b64encode(bytes(range(256)) * 700).decode()


def _odd(name: str, *lines: str, shown: dict[str, Any] | None = None, **how: Any) -> File:
    return File("Odd", name, calendar(*BASE, *lines, **how), shown or {})


def _at(name: str, *lines: str, **shown: Any) -> File:
    return _odd(name, *BERLIN, *lines, shown={**MORNING, **shown})


def _lines() -> Iterator[File]:
    long = "Große Straße – 東京 – " * 12
    yield _odd("mid-character", *BERLIN, f"SUMMARY:{long}", fold=mid_character(41), shown={"title": long})
    yield _odd("tab-folds", *BERLIN, f"SUMMARY:{long}", fold=by_octets(75, b"\t"), shown={"title": long})
    yield _odd("bare-lf", *BERLIN, f"SUMMARY:{long}", fold=by_octets(75, b" ", b"\n"), line_break=b"\n",
               shown={"title": long})  # fmt: skip
    yield _odd("bare-cr", *BERLIN, "SUMMARY:Old Mac", fold=unfolded, line_break=b"\r", shown={"title": "Old Mac"})
    yield _odd("unfolded", *BERLIN, f"SUMMARY:{long * 20}", fold=unfolded, shown={"title": long * 20})
    yield File("Odd", "byte-order-mark", b"\xef\xbb\xbf" + calendar(*BASE, *BERLIN, "SUMMARY:Bom"), {"title": "Bom"})
    yield File("Odd", "empty-lines", calendar(*BASE, *BERLIN, "SUMMARY:Gaps").replace(b"\r\n", b"\r\n\r\n"),
               {"title": "Gaps"})  # fmt: skip
    yield File("Odd", "lower-case", calendar(*BASE, *BERLIN, "SUMMARY:Small").lower().replace(b"small", b"Small"),
               {"title": "Small", "start": "2026-03-10T09:00:00", "timeZone": "Europe/Berlin"})  # fmt: skip
    yield File("Odd", "no-last-break", calendar(*BASE, *BERLIN, "SUMMARY:End").rstrip(), {"title": "End"})
    yield _odd("no-version", *BERLIN, "SUMMARY:Versionless", head=("PRODID:x",), shown={"title": "Versionless"})
    yield _odd("no-product", *BERLIN, "SUMMARY:Nameless", head=("VERSION:2.0",), shown={"title": "Nameless"})
    yield _odd("late-version", *BERLIN, "SUMMARY:Late", head=(), tail=PLAIN, shown={"title": "Late"})
    yield _at("escaped", r"SUMMARY:A\, B\; C\\ D\n\"E\" \: F\N\t", title='A, B; C\\ D\n"E" : F\nt')
    yield _at("unescaped", "SUMMARY:A, B; C: D", "LOCATION:1 Main St, Town; Country", title="A, B; C: D")
    yield _at(
        "parameter-carets", "ATTENDEE;CN=Say ^'Hi^'^nthere^^:mailto:a@example.com", guests={"a@example.com": None}
    )
    yield _at("quoted-everything", 'SUMMARY;LANGUAGE="en";X-A="b:c;d,e":Quoted', title="Quoted", locale="en")
    yield _at("empty-values", "SUMMARY:", "DESCRIPTION:", "LOCATION:", "CATEGORIES:", "URL:", "CLASS:", "STATUS:")
    yield _at("no-value-parameters", "SUMMARY;X-EMPTY=;LANGUAGE=:Params", "ATTENDEE;CN=;RSVP=:mailto:a@example.com",
              title="Params")  # fmt: skip
    yield _at("duplicates", "SUMMARY:First", "SUMMARY:Second", "DESCRIPTION:One", "DESCRIPTION:Two", "LOCATION:A",
              "LOCATION:B", "STATUS:CONFIRMED", "STATUS:TENTATIVE", title="First", status="confirmed")  # fmt: skip
    yield _at("alternative",
        'DESCRIPTION;ALTREP="cid:part3.msg@example.com":The Fall', 'LOCATION;ALTREP="http://x.y/":Hall',
              description="The Fall", place="Hall")  # fmt: skip
    yield _at("inline-attachment", f"ATTACH;FMTTYPE=image/png;ENCODING=BASE64;VALUE=BINARY;FILENAME=a.png:{PICTURE}")
    yield _at("a-hundred-guests", "ORGANIZER:mailto:o@example.com",
              *(f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Guest {at}:mailto:g{at}@example.com" for at in range(100)),
              guests={f"g{at}@example.com": "accepted" for at in range(100)})  # fmt: skip
    yield _at("emoji", "SUMMARY:👩‍👩‍👧‍👦 family 🇩🇪", "CATEGORIES:🎉,❤️", title="👩‍👩‍👧‍👦 family 🇩🇪")
    yield _at(
        "right-to-left", "SUMMARY:פגישה עם דנה \u200f(10:00)", "LOCATION:تل أبيب", title="פגישה עם דנה \u200f(10:00)"
    )


def _times() -> Iterator[File]:
    def one(name: str, *lines: str, **shown: Any) -> File:
        return _odd(name, *lines, f"SUMMARY:{name}", shown={"title": name, **shown})

    def zone(name: str, tzid: str, **shown: Any) -> File:
        return one(name, f"DTSTART;TZID={tzid}:20260310T090000", f"DTEND;TZID={tzid}:20260310T100000", **shown)

    yield one("end-before-start", "DTSTART:20260310T090000Z", "DTEND:20260310T080000Z", start="2026-03-10T09:00:00")
    yield one("end-is-start", "DTSTART:20260310T090000Z", "DTEND:20260310T090000Z", duration="PT0S")
    yield one("no-end", "DTSTART:20260310T090000Z", start="2026-03-10T09:00:00")
    yield one("negative-duration", "DTSTART:20260310T090000Z", "DURATION:-PT1H")
    yield one("weeks", "DTSTART;VALUE=DATE:20260310", "DURATION:P2W", duration="P14D")
    yield one("seconds", "DTSTART:20260310T090000Z", "DURATION:PT3600S", duration="PT1H")
    yield one("day-to-moment", "DTSTART;VALUE=DATE:20260310", "DTEND:20260311T000000Z", showWithoutTime=True)
    yield one(
        "day-without-value", "DTSTART:20260310", "DTEND:20260311", start="2026-03-10T00:00:00", showWithoutTime=True
    )
    yield one("day-of-no-length", "DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260310", showWithoutTime=True)
    yield one("midnights", "DTSTART;TZID=Europe/Berlin:20260310T000000", "DTEND;TZID=Europe/Berlin:20260311T000000",
              "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", duration="PT24H", timeZone="Europe/Berlin")  # fmt: skip
    yield one("explicit-type", "DTSTART;VALUE=DATE-TIME:20260310T090000Z", "DTEND;VALUE=DATE-TIME:20260310T100000Z",
              duration="PT1H", timeZone="Etc/UTC")  # fmt: skip
    yield one("zone-and-utc", "DTSTART;TZID=Europe/Berlin:20260310T080000Z",
        "DTEND;TZID=Europe/Berlin:20260310T090000Z",
              timeZone="Etc/UTC", duration="PT1H")  # fmt: skip
    yield one("gap", "DTSTART;TZID=Europe/Berlin:20260329T023000", "DURATION:PT1H", start="2026-03-29T02:30:00")
    yield one("overlap", "DTSTART;TZID=Europe/Berlin:20261025T023000", "DURATION:PT1H", start="2026-10-25T02:30:00")
    yield one("two-zones", "DTSTART;TZID=Asia/Tokyo:20260310T090000", "DTEND;TZID=America/New_York:20260310T080000",
              timeZone="Asia/Tokyo", endTimeZone="America/New_York", duration="PT12H")  # fmt: skip
    yield zone("mozilla-zone", "/mozilla.org/20050126_1/Europe/Berlin", timeZone="Europe/Berlin")
    yield zone("citadel-zone", "/citadel.org/20190914_1/America/New_York", timeZone="America/New_York")
    yield zone("olson-zone", "/softwarestudio.org/Olson_20011030_5/America/Argentina/Buenos_Aires",
               timeZone="America/Argentina/Buenos_Aires")  # fmt: skip
    yield zone("small-zone", "europe/berlin", timeZone="Europe/Berlin")
    yield zone("old-zone", "Asia/Calcutta", timeZone="Asia/Calcutta")
    yield zone("us-zone", "US/Eastern", timeZone="US/Eastern")
    yield zone("utc-zone", "UTC", timeZone="Etc/UTC")
    yield zone("gmt-zone", "GMT", timeZone="Etc/UTC")
    yield zone("offset-zone", "UTC+2", timeZone="Etc/GMT-2")
    yield zone("offset-with-minutes", "GMT-0500", timeZone="Etc/GMT+5")
    yield zone("offset-with-colon", '"UTC+01:00"', timeZone="Etc/GMT-1")
    yield zone("offset-alone", '"+09:00"', timeZone="Etc/GMT-9")
    yield zone("unknown-zone", "Middle-earth/Shire", start="2026-03-10T09:00:00", timeZone=None)
    yield zone(
        "display-name", '"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"', timeZone="Europe/Amsterdam"
    )
    yield zone("display-name-of-old", '"(GMT-05.00) Eastern Time (US & Canada)"', timeZone="America/New_York")
    yield zone("tzone-utc", "tzone://Microsoft/Utc", timeZone="Etc/UTC")
    custom = (
        "BEGIN:VTIMEZONE", "TZID:Customized Time Zone 1", "BEGIN:STANDARD", "DTSTART:16010101T000000",
        "TZOFFSETFROM:+0330", "TZOFFSETTO:+0330", "END:STANDARD", "END:VTIMEZONE",
    )  # fmt: skip
    yield _odd("customized-zone", "DTSTART;TZID=Customized Time Zone 1:20260310T090000", "DURATION:PT1H",
               head=(*PLAIN, *custom), shown={"timeZone": "/Customized Time Zone 1"})  # fmt: skip
    lisbon = ("BEGIN:VTIMEZONE", "TZID:home", "X-LIC-LOCATION:Europe/Lisbon", "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
              "TZOFFSETFROM:-003645", "TZOFFSETTO:+0000", "END:STANDARD", "END:VTIMEZONE")  # fmt: skip
    yield _odd("zone-with-location", "DTSTART;TZID=home:20260310T090000", "DURATION:PT1H", head=(*PLAIN, *lisbon),
               shown={"timeZone": "Europe/Lisbon"})  # fmt: skip


def _series() -> Iterator[File]:
    def of(name: str, *lines: str, **shown: Any) -> File:
        return _odd(name, *BERLIN, f"SUMMARY:{name}", *lines, shown={**MORNING, "title": name, **shown})

    yield of("extra-dates-with-length", "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260312T090000/PT3H,"
             "20260313T090000/20260313T093000", overrides=["2026-03-12T09:00:00", "2026-03-13T09:00:00"])  # fmt: skip
    yield of("excluding-rule", "RRULE:FREQ=DAILY;COUNT=20", "EXRULE:FREQ=WEEKLY;BYDAY=SA,SU", frequency="daily")
    yield of("two-rules", "RRULE:FREQ=WEEKLY;COUNT=4", "RRULE:FREQ=MONTHLY;COUNT=3", frequency="weekly")
    yield of("hebrew", "RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD", frequency="yearly")
    yield of("chinese", "RRULE:RSCALE=CHINESE;FREQ=YEARLY;COUNT=3", frequency="yearly")
    yield of("lower-case-rule", "RRULE:freq=weekly;byday=mo,we;count=5", frequency="weekly")
    yield of("rule-with-rest", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=SU;", frequency="weekly")
    yield of("until-a-day", "RRULE:FREQ=DAILY;UNTIL=20260401", frequency="daily")
    yield of("until-local", "RRULE:FREQ=DAILY;UNTIL=20260401T090000", frequency="daily")
    yield of("count-and-until", "RRULE:FREQ=DAILY;COUNT=5;UNTIL=20260401T000000Z",
             recurrenceRule={"@type": "RecurrenceRule", "frequency": "daily", "count": 5})  # fmt: skip
    yield of("until-and-count", "RRULE:FREQ=DAILY;UNTIL=20260312T080000Z;COUNT=50",
             recurrenceRule={"@type": "RecurrenceRule", "frequency": "daily",
             "until": "2026-03-12T09:00:00"})  # fmt: skip
    yield of("vendor-part", "RRULE:FREQ=DAILY;COUNT=3;X-FOO=1")
    yield of("excluded-list", "RRULE:FREQ=DAILY;COUNT=9", "EXDATE;TZID=Europe/Berlin:20260311T090000,20260312T090000",
             "EXDATE:20260313T080000Z",
             overrides=["2026-03-11T09:00:00", "2026-03-12T09:00:00", "2026-03-13T09:00:00"])  # fmt: skip
    yield of("excluded-days", "RRULE:FREQ=DAILY;COUNT=9", "EXDATE;VALUE=DATE:20260311", frequency="daily")
    instance = (
        "BEGIN:VEVENT", *BASE, "RECURRENCE-ID;TZID=Europe/Berlin:20260317T090000",
        "DTSTART;TZID=Europe/Berlin:20260317T110000", "DTEND;TZID=Europe/Berlin:20260317T120000", "SUMMARY:Later",
        "END:VEVENT",
    )  # fmt: skip
    series = (*BASE, *BERLIN, "SUMMARY:Series", "RRULE:FREQ=WEEKLY;COUNT=6")
    yield File("Odd", "instance", calendar(*series, tail=instance),
               {"title": "Series", "overrides": ["2026-03-17T09:00:00"]})  # fmt: skip
    ranged = [line.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;") for line in instance]
    yield File("Odd", "this-and-future", calendar(*series, tail=tuple(ranged)),
               {"title": "Series", "overrides": ["2026-03-17T09:00:00"]})  # fmt: skip
    in_utc = [line.replace("RECURRENCE-ID;TZID=Europe/Berlin:20260317T090000", "RECURRENCE-ID:20260317T080000Z")
              for line in instance]  # fmt: skip
    yield File("Odd", "instance-by-utc", calendar(*series, tail=tuple(in_utc)),
               {"title": "Series", "overrides": ["2026-03-17T09:00:00"]})  # fmt: skip
    yield File("Odd", "instance-before-series", joined(
        ["BEGIN:VCALENDAR", *PLAIN, *instance, "BEGIN:VEVENT", *series, "END:VEVENT", "END:VCALENDAR"], by_octets()
    ), {"title": "Series", "overrides": ["2026-03-17T09:00:00"]})  # fmt: skip
    yield File("Odd", "instance-alone", joined(["BEGIN:VCALENDAR", *PLAIN, *instance, "END:VCALENDAR"], by_octets()),
               {"title": "Later", "recurrenceId": "2026-03-17T09:00:00"})  # fmt: skip


def _parts() -> Iterator[File]:
    def alarm(name: str, *lines: str, **shown: Any) -> File:
        return _at(name, f"SUMMARY:{name}", "BEGIN:VALARM", *lines, "END:VALARM", title=name, **shown)

    yield alarm("proximity", "ACTION:DISPLAY", "TRIGGER;VALUE=DATE-TIME:19760401T005545Z", "X-APPLE-PROXIMITY:ARRIVE",
                "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Home:geo:52.5,13.4", "DESCRIPTION:Home")  # fmt: skip
    yield alarm("proximity-of-rfc-9074", "UID:77D80D14", "TRIGGER;VALUE=DATE-TIME:19760401T005545Z", "ACTION:DISPLAY",
                "PROXIMITY:DEPART", "BEGIN:VLOCATION", "UID:55", "NAME:Office", "URL:geo:40.443,-79.945;u=10",
                "END:VLOCATION")  # fmt: skip
    yield alarm(
        "silenced", "ACTION:NONE", "TRIGGER;VALUE=DATE-TIME:19760401T005545Z", "X-APPLE-LOCAL-DEFAULT-ALARM:TRUE"
    )
    yield alarm(
        "procedure", "ACTION:PROCEDURE", "TRIGGER:-PT5M", "ATTACH;FMTTYPE=application/binary:ftp://h.x/felt.exe"
    )
    yield alarm("repeated", "ACTION:AUDIO", "TRIGGER;RELATED=END:-PT5M", "DURATION:PT5M", "REPEAT:3",
                "ATTACH:ftp://host.com/bell.aud")  # fmt: skip
    yield alarm("by-mail", "ACTION:EMAIL", "TRIGGER:-P2D", "ATTENDEE:mailto:a@example.com", "SUMMARY:Soon",
                "DESCRIPTION:Really soon", "ATTACH;FMTTYPE=application/msword:http://example.com/a.doc")  # fmt: skip
    yield alarm("after-the-start", "ACTION:DISPLAY", "TRIGGER:PT9H", "DESCRIPTION:x")
    yield alarm("snoozed", "ACTION:DISPLAY", "TRIGGER:-PT0S", "UID:8297C37D", "ACKNOWLEDGED:20260302T151514Z",
                "DESCRIPTION:x", "RELATED-TO;RELTYPE=SNOOZE:DE7B5C34")  # fmt: skip
    yield alarm("without-trigger", "ACTION:DISPLAY", "DESCRIPTION:x")
    yield _at("rich", "SUMMARY:Rich", "GEO:52.5;13.4", "COLOR:turquoise", "CONCEPT:https://example.com/a", "PRIORITY:1",
              "IMAGE;VALUE=URI;DISPLAY=BADGE,THUMBNAIL;FMTTYPE=image/png:https://example.com/i.png",
              "CONFERENCE;VALUE=URI;FEATURE=PHONE,MODERATOR;LABEL=\"Call, now\":tel:+1-412-555-0123,,,654321",
              "LINK;LINKREL=SOURCE;LABEL=Venue;VALUE=URI:https://example.com/v", "RELATED-TO;RELTYPE=SIBLING:other@x",
              "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>Rich</b>", "DESCRIPTION;DERIVED=TRUE:Rich",
              "RESOURCES:EASEL,PROJECTOR", "CONTACT:Jim Dolittle\\, ABC", "COMMENT:One", "COMMENT:Two",
              "REQUEST-STATUS:2.8;Success\\, repeating event ignored;RRULE:FREQ=WEEKLY", "X-ANY;X-P=1:thing",
              title="Rich", color="turquoise", description="<b>Rich</b>",
              descriptionContentType="text/html")  # fmt: skip
    yield _at("participants", "SUMMARY:Concert", "BEGIN:PARTICIPANT", "UID:a", "PARTICIPANT-TYPE:SPONSOR",
              "STRUCTURED-DATA;VALUE=URI:http://example.com/s.vcf", "END:PARTICIPANT", "BEGIN:VRESOURCE", "UID:b",
              "NAME:Beamer", "RESOURCE-TYPE:PROJECTOR", "END:VRESOURCE", "BEGIN:VLOCATION", "UID:c", "NAME:Hall 2",
              "DESCRIPTION:On the left", "LOCATION-TYPE:hall", "END:VLOCATION", title="Concert")  # fmt: skip
    yield _at("guests", "SUMMARY:Guests", "ORGANIZER;SENT-BY=\"mailto:s@example.com\";CN=Boss:MAILTO:Boss@Example.com",
              'ATTENDEE;DELEGATED-TO="mailto:d@example.com","mailto:e@example.com";PARTSTAT=DELEGATED:'
              "mailto:c@example.com",
              'ATTENDEE;DELEGATED-FROM="mailto:c@example.com";MEMBER="mailto:l@example.com";RSVP=true:'
              "mailto:d@example.com",
              "ATTENDEE;PARTSTAT=X-MAYBE;ROLE=X-BOSS;CUTYPE=UNKNOWN:mailto:e@example.com", "ATTENDEE:invalid:nomail",
              "ATTENDEE;CN=No scheme:f@example.com", "ATTENDEE;CN=Twice:mailto:d@example.com",
              "ATTENDEE;CN=Phone:tel:+1-555-0100", title="Guests",
              organizerCalendarAddress="MAILTO:Boss@Example.com")  # fmt: skip


TODO: Final = (
    ("Tasks.org", ("CREATED:20260105T081500Z", "LAST-MODIFIED:20260105T081600Z", "SUMMARY:Taxes", "PRIORITY:1",
     "DUE;TZID=Europe/Berlin:20260331T180000", "STATUS:NEEDS-ACTION", "X-APPLE-SORT-ORDER:661",
     "RELATED-TO;RELTYPE=PARENT:1", "BEGIN:VALARM", "TRIGGER;RELATED=END:PT0S", "ACTION:DISPLAY",
     "DESCRIPTION:Default Tasks.org description", "END:VALARM"), {"due": "2026-03-31T18:00:00"}),
    ("Apple Reminders", ("CREATED:20260105T081500Z", "SUMMARY:Milk", "COMPLETED:20260106T100000Z",
        "PERCENT-COMPLETE:100",
     "STATUS:COMPLETED", "X-APPLE-SORT-ORDER:700000000", "DTSTART;VALUE=DATE:20260106", "DUE;VALUE=DATE:20260106",
     "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "TRIGGER;VALUE=DATE-TIME:20260106T080000Z",
     "X-WR-ALARMUID:1", "END:VALARM"), {"progress": "completed", "percentComplete": 100}),
    ("Nextcloud Tasks", ("SUMMARY:Paint; wall", "PERCENT-COMPLETE:30", "STATUS:IN-PROCESS", "X-OC-HIDESUBTASKS:1",
     "CATEGORIES:home,diy", "DUE:20260401T100000Z", "CLASS:PRIVATE"), {"title": "Paint; wall", "percentComplete": 30}),
    ("KOrganizer", ("SUMMARY:Wasser", "RRULE:FREQ=DAILY", "DTSTART;TZID=Europe/Berlin:20260401T080000",
     "DUE;TZID=Europe/Berlin:20260401T090000", "X-KDE-LIBKCAL-DTRECURRENCE:20260401T080000"), {"title": "Wasser"}),
    ("Thunderbird", ("SUMMARY:No dates", "X-MOZ-GENERATION:1", "STATUS:CANCELLED"), {"progress": "cancelled"}),
    ("Evolution", ("SUMMARY:Report", "DUE;VALUE=DATE:20260501", "PRIORITY:5", "URL:https://example.com/r", "SEQUENCE:2",
     "ESTIMATED-DURATION:PT2H"), {"title": "Report", "priority": 5}),
    ("Outlook", ("SUMMARY;LANGUAGE=en-us:Call Bob", "DTSTART;VALUE=DATE:20260301", "DUE;VALUE=DATE:20260305",
     "X-MICROSOFT-CDO-IMPORTANCE:2", "X-MS-OLK-FORCEINSPECTOROPEN:TRUE", "PERCENT-COMPLETE:0"), {"title": "Call Bob"}),
    ("jtx Board", ("SUMMARY:Build", "X-STATUS:blocked", "DURATION:P3D", "DTSTART:20260301T080000Z",
     "RELATED-TO;RELTYPE=CHILD:2", "ATTACH:https://example.com/plan.pdf"), {"title": "Build"}),
)  # fmt: skip


def _others() -> Iterator[File]:
    for program, lines, shown in TODO:
        yield File(program, "task", calendar(*BASE, *lines, kind="VTODO"), {"@type": "Task", **shown})
    yield File("jtx Board", "journal", calendar(
        *BASE, "DTSTART;VALUE=DATE:20260105", "SUMMARY:Diary", f"DESCRIPTION:{text('It rained; a lot,')}",
        "STATUS:FINAL",
        "CATEGORIES:weather", kind="VJOURNAL"), {"none": True})  # fmt: skip
    yield File(
        "Evolution", "memo", calendar(*BASE, "SUMMARY:Note", "DESCRIPTION:No date", kind="VJOURNAL"), {"none": True}
    )
    yield File("Apple Calendar", "availability", calendar(
        *BASE, "ORGANIZER:mailto:alice@example.org", "PRIORITY:0", "BEGIN:AVAILABLE", "UID:av1",
        "DTSTAMP:20260105T081500Z", "SUMMARY:Mo-Fr 9-17", "DTSTART;TZID=Europe/Berlin:20260105T090000",
        "DTEND;TZID=Europe/Berlin:20260105T170000", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "END:AVAILABLE",
        kind="VAVAILABILITY"), {"none": True})  # fmt: skip
    yield File("Evolution", "free-busy", calendar(
        *BASE, "ORGANIZER:mailto:alice@example.org", "DTSTART:20260105T000000Z", "DTEND:20260112T000000Z",
        "FREEBUSY;FBTYPE=BUSY:20260105T090000Z/20260105T100000Z,20260106T090000Z/PT1H", kind="VFREEBUSY"),
        {"none": True})  # fmt: skip


def files() -> list[File]:
    """All of them; those that are neither event nor task say ``none``."""
    return [*_lines(), *_times(), *_series(), *_parts(), *_others()]
