"""What web sites and services give: invitations, tickets, timetables, holidays. Some are of many events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.corpus.writing import File, by_octets, joined, mid_character, text, unfolded

PLAIN: Final = ("VERSION:2.0", "PRODID:-//Example//EN")


def calendar(
    *lines: str,
    head: tuple[str, ...] = PLAIN,
    kind: str = "VEVENT",
    tail: tuple[str, ...] = (),
    fold: Any = None,
    line_break: bytes = b"\r\n",
) -> bytes:
    """A calendar object of one component with these lines."""
    body = ["BEGIN:VCALENDAR", *head, f"BEGIN:{kind}", *lines, f"END:{kind}", *tail, "END:VCALENDAR"]
    return joined(body, fold or by_octets(), line_break)


def _many(program: str, name: str, head: tuple[str, ...], events: list[list[str]], fold: Any, **shown: Any) -> File:
    lines = [line for each in events for line in ("BEGIN:VEVENT", *each, "END:VEVENT")]
    octets = joined(["BEGIN:VCALENDAR", *head, *lines, "END:VCALENDAR"], fold)
    return File(program, name, octets, {"count": len(events), **shown})


ZOOM_TEXT: Final = (
    "Alice Adler is inviting you to a scheduled Zoom meeting.\n\nJoin Zoom Meeting\n"
    "https://us02web.zoom.us/j/89012345678?pwd=QkFTRTY0LnRleHQ\n\nMeeting ID: 890 1234 5678\nPasscode: 123456\n"
    "One tap mobile\n+13052241968,,89012345678#,,,,*123456# US\n"
)
TEAMS_TEXT: Final = (
    "\n________________________________________________________________________________\n"
    "Microsoft Teams Need help?<https://aka.ms/JoinTeamsMeeting?omkt=de-DE>\n"
    "Jetzt an der Besprechung teilnehmen<https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zm%40thread.v2/0>\n"
    "Besprechungs-ID: 321 654 987\nPasscode: aBcD\n"
)


def _meetings() -> Iterator[File]:
    yield File(
        "Zoom", "invitation",
        calendar(
            "DTSTAMP:20260105T081500Z", "DTSTART;TZID=America/New_York:20260122T140000",
            "DTEND;TZID=America/New_York:20260122T144000", "SUMMARY:Weekly sync",
            "UID:20260105T081500Z-89012345678@fe80:0:0:0:31:49ff:fec6:dccens5",
            f"DESCRIPTION:{text(ZOOM_TEXT)}", "LOCATION:https://us02web.zoom.us/j/89012345678?pwd=QkFTRTY0LnRleHQ",
            "BEGIN:VALARM", "TRIGGER:-PT10M", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "END:VALARM",
            head=("PRODID:-//zoom.us//iCalendar Event//EN", "VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
                  "CLASS:PUBLIC"),
        ),
        {"title": "Weekly sync", "start": "2026-01-22T14:00:00", "timeZone": "America/New_York",
         "description": ZOOM_TEXT, "duration": "PT40M"},
    )  # fmt: skip
    yield File(
        "Teams", "meeting",
        calendar(
            "ORGANIZER;CN=Carol Chen:mailto:carol@example.com",
            "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=alice@example.org:mailto:"
            "alice@example.org",
            f"DESCRIPTION;LANGUAGE=de-DE:{text(TEAMS_TEXT)}", "UID:040000008200E00074C5B7101A82E00800000000C0FFEE",
            "SUMMARY;LANGUAGE=de-DE:Projektstart", "DTSTART;TZID=W. Europe Standard Time:20260311T133000",
            "DTEND;TZID=W. Europe Standard Time:20260311T143000", "CLASS:PUBLIC", "PRIORITY:5",
            "DTSTAMP:20260105T081500Z", "TRANSP:OPAQUE", "STATUS:CONFIRMED", "SEQUENCE:0",
            "LOCATION;LANGUAGE=de-DE:Microsoft Teams-Besprechung", "X-MICROSOFT-CDO-APPT-SEQUENCE:0",
            "X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zm%40thread.v2/0",
            "X-MICROSOFT-ONLINEMEETINGCONFLINK:conf:sip:carol@example.com\\;gruu\\;opaque=app:conf:focus:id:teams:2",
            'X-MICROSOFT-ONLINEMEETINGINFORMATION:{"OnlineMeetingChannelId":null\\,"OnlineMeetingProvider":3}',
            "X-MICROSOFT-LOCATIONS:[{\"DisplayName\":\"Microsoft Teams-Besprechung\"\\,\"LocationAnnotation\":\"\"}]",
            "BEGIN:VALARM", "DESCRIPTION:REMINDER", "TRIGGER;RELATED=START:-PT15M", "ACTION:DISPLAY", "END:VALARM",
            head=("METHOD:REQUEST", "PRODID:Microsoft Exchange Server 2010", "VERSION:2.0"), fold=mid_character(),
        ),
        {"title": "Projektstart", "start": "2026-03-11T13:30:00", "timeZone": "Europe/Berlin", "method": "request",
         "locale": "de-DE", "place": "Microsoft Teams-Besprechung", "description": TEAMS_TEXT},
    )  # fmt: skip
    yield File(
        "Webex", "meeting",
        calendar(
            "DTSTART;TZID=Pacific Standard Time:20260415T090000", "DTEND;TZID=Pacific Standard Time:20260415T100000",
            "LOCATION:https://example.webex.com/example/j.php?MTID=m01", "TRANSP:OPAQUE", "SEQUENCE:1767600000",
            "UID:11111111-2222-3333-4444-webex", "DTSTAMP:20260105T081500Z", "DESCRIPTION:Join\\n\\n\\n",
            'X-ALT-DESC;FMTTYPE=text/html:<FONT SIZE="1" FACE="ARIAL">Join</FONT>', "SUMMARY:Design review",
            "PRIORITY:5", "CLASS:PUBLIC",
            head=("PRODID:-//Microsoft Corporation//Outlook 10.0 MIMEDIR//EN", "VERSION:2.0", "METHOD:REQUEST"),
            fold=unfolded,
        ),
        {"title": "Design review", "start": "2026-04-15T09:00:00", "timeZone": "America/Los_Angeles",
         "sequence": 1767600000},
    )  # fmt: skip
    yield File(
        "Doodle", "poll",
        calendar(
            "UID:doodle-abcdef-1@doodle.com", "DTSTAMP:20260105T081500Z", "SUMMARY:Team dinner",
            "DTSTART:20260219T180000Z", "DTEND:20260219T210000Z", "STATUS:TENTATIVE", "TRANSP:TRANSPARENT",
            "URL:https://doodle.com/meeting/participate/id/abcdef", "ORGANIZER:mailto:mailer@doodle.com",
            head=("VERSION:2.0", "PRODID:-//Doodle AG//Doodle//EN", "X-WR-CALNAME:Doodle"),
        ),
        {"title": "Team dinner", "status": "tentative", "freeBusyStatus": "free", "timeZone": "Etc/UTC"},
    )  # fmt: skip
    yield File(
        "Calendly", "booking",
        calendar(
            "UID:calendly-GBGBDCAADAEDCRZ2", "DTSTAMP:20260105T081500Z", "SUMMARY:Bob and Alice: 30 min",
            "DTSTART:20260210T150000Z", "DTEND:20260210T153000Z", "LOCATION:+1 555-010-0100", "CLASS:PRIVATE",
            "DESCRIPTION:Event Name\\n30 min\\n\\nNeed to make changes?\\nhttps://calendly.com/cancellations/x",
            "ORGANIZER;CN=Bob:mailto:bob@example.com", "ATTENDEE;CN=Alice;RSVP=FALSE:mailto:alice@example.org",
            head=("VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:REQUEST", "PRODID:-//Calendly//EN"),
        ),
        {"title": "Bob and Alice: 30 min", "privacy": "private", "place": "+1 555-010-0100"},
    )  # fmt: skip


def _journeys() -> Iterator[File]:
    yield File(
        "Airline", "flight",
        calendar(
            "UID:LH454-20260704-XYZ123@airline.example", "DTSTAMP:20260105T081500Z",
            "DTSTART;TZID=Europe/Berlin:20260704T101500", "DTEND;TZID=America/Los_Angeles:20260704T123500",
            "SUMMARY:Flight LH 454 FRA\u2013SFO", "LOCATION:Frankfurt (FRA)\\, Terminal 1", "GEO:50.0379;8.5622",
            "DESCRIPTION:Booking code: XYZ123\\nSeat: 34A\\nAircraft: 747-8", "CATEGORIES:TRAVEL,FLIGHT",
            "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT23H", "DESCRIPTION:Check in", "END:VALARM",
            head=("VERSION:2.0", "PRODID:-//Airline//Booking 3.1//EN", "METHOD:PUBLISH"), fold=unfolded,
        ),
        {"title": "Flight LH 454 FRA–SFO", "timeZone": "Europe/Berlin", "endTimeZone": "America/Los_Angeles",
         "duration": "PT11H20M", "place": "Frankfurt (FRA), Terminal 1"},
    )  # fmt: skip
    yield File(
        "TripIt", "trip",
        calendar(
            "UID:i12345@tripit.com", "DTSTAMP:20260105T081500Z", "DTSTART;VALUE=DATE:20260704",
            "DTEND;VALUE=DATE:20260719", "SUMMARY:San Francisco\\, CA\\, July 2026", "LOCATION:San Francisco\\, CA",
            "TRANSP:TRANSPARENT", "GEO:37.774929;-122.419416",
            "DESCRIPTION:Alice is in San Francisco\\, CA from Jul 4 to Jul 18\\, 2026\\n"
            "View and/or edit details in TripIt : https://www.tripit.com/trip/show/id/1",
            head=("VERSION:2.0", "PRODID:-//TripIt//TripIt//EN", "METHOD:PUBLISH", "X-PUBLISHED-TTL:PT15M"),
        ),
        {"title": "San Francisco, CA, July 2026", "showWithoutTime": True, "duration": "P15D"},
    )  # fmt: skip
    yield File(
        "Hotel", "stay",
        calendar(
            "DTSTART:20260704T150000", "DTEND:20260719T110000", "DTSTAMP:20260105T081500", "UID:3456789012",
            "SUMMARY:Stay at Hôtel de l’Étoile", "DESCRIPTION:Confirmation number: 3456.789.012\\nPIN code: 1234",
            "LOCATION:12 Rue de l’Étoile\\, 75017 Paris\\, France", "STATUS:CONFIRMED",
            head=("PRODID:-//Booking//Hotel//EN", "VERSION:2.0"), fold=mid_character(),
        ),
        {"title": "Stay at Hôtel de l’Étoile", "timeZone": None, "start": "2026-07-04T15:00:00",
         "duration": "PT356H"},
    )  # fmt: skip
    yield File(
        "Railway", "train",
        calendar(
            "UID:bahn2026-01-22161500", "CLASS:PUBLIC", "SUMMARY:Berlin Hbf -> München Hbf",
            "DTSTART;TZID=Europe/Berlin:20260122T161500", "DTEND;TZID=Europe/Berlin:20260122T201300",
            "DTSTAMP:20260105T081500Z",
            "DESCRIPTION:ICE 1005\\nGleis 3\\, Wagen 21\\, Platz 36\\n\\nhttps://bahn.example",
            "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Abfahrt", "TRIGGER:-PT1H", "END:VALARM",
            head=("VERSION:2.0", "PRODID:www.bahn.example", "METHOD:PUBLISH"),
        ),
        {"title": "Berlin Hbf -> München Hbf", "duration": "PT3H58M"},
    )  # fmt: skip
    yield File(
        "Airbnb", "blocked",
        calendar("DTEND;VALUE=DATE:20260803", "DTSTART;VALUE=DATE:20260801", "UID:1418fb94e984-ab12@airbnb.com",
                 "SUMMARY:Airbnb (Not available)", "DTSTAMP:20260105T081500Z",
                 head=("PRODID;X-RICAL-TZSOURCE=TZINFO:-//Airbnb Inc//Hosting Calendar 0.8.8//EN",
                       "CALSCALE:GREGORIAN", "VERSION:2.0")),
        {"title": "Airbnb (Not available)", "duration": "P2D"},
    )  # fmt: skip


def _timetables() -> Iterator[File]:
    courses = [
        [f"UID:{code}-2026@uni.example", "DTSTAMP:20260105T081500Z",
         f"DTSTART;TZID=Europe/Berlin:2026041{day}T{hour:02}1500",
         f"DTEND;TZID=Europe/Berlin:2026041{day}T{hour + 1:02}4500",
         f"RRULE:FREQ=WEEKLY;UNTIL=20260717T215959Z;BYDAY={weekday}", "EXDATE;TZID=Europe/Berlin:20260525T101500,"
         "20260526T101500", f"SUMMARY:{title}", f"LOCATION:Hörsaal {code}", "CATEGORIES:Vorlesung,Pflicht"]
        for code, day, hour, weekday, title in (
            ("MA1", 3, 10, "MO", "Analysis I\\; Übung"), ("PH2", 4, 8, "TU", "Physik II"), ("CH3", 5, 14, "WE",
                "Chemie"))
    ]  # fmt: skip
    yield _many("University", "timetable", ("VERSION:2.0", "PRODID:-//HIS eG//QIS//DE", "METHOD:PUBLISH"), courses,
                mid_character(), titles=["Analysis I; Übung", "Physik II", "Chemie"])  # fmt: skip
    holidays = [
        [f"DTSTART;VALUE=DATE:2026{day}", f"UID:2026{day}-de@holidays.example", "DTSTAMP:20260105T081500Z",
         f"SUMMARY:{title}", "CLASS:PUBLIC", "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"]
        for day, title in (("0101", "Neujahr"), ("0403", "Karfreitag"), ("0501", "Tag der Arbeit"),
                           ("1003", "Tag der Deutschen Einheit"), ("1225", "1. Weihnachtstag"))
    ]  # fmt: skip
    yield _many("Holidays", "germany", ("PRODID:-//Ferien//DE", "VERSION:2.0", "X-WR-CALNAME:Feiertage",
        "NAME:Feiertage",
                "REFRESH-INTERVAL;VALUE=DURATION:P1W", "X-PUBLISHED-TTL:P1W"), holidays, by_octets(),
                titles=["Neujahr", "Karfreitag", "Tag der Arbeit", "Tag der Deutschen Einheit", "1. Weihnachtstag"],
                durations=["P1D"] * 5)  # fmt: skip
    matches = [
        [f"UID:match{at}@league.example", f"DTSTART:202608{14 + 7 * at}T183000Z", f"DTEND:202608{14 + 7 * at}T201500Z",
         "DTSTAMP:20260105T081500Z", f"SUMMARY:⚽ 1. FC {home} – FC {guest}", f"LOCATION:Stadion\\, {home}",
         f"SEQUENCE:{at}", "STATUS:CONFIRMED"]
        for at, (home, guest) in enumerate((("Köln", "Mainz"), ("Union", "Köln")))
    ]  # fmt: skip
    yield _many("League", "fixtures", ("VERSION:2.0", "PRODID:-//ECAL//EN", "X-WR-TIMEZONE:Europe/Berlin"), matches,
                unfolded, titles=["⚽ 1. FC Köln – FC Mainz", "⚽ 1. FC Union – FC Köln"])  # fmt: skip
    bins = [
        [f"UID:awb-{at}", f"DTSTART;VALUE=DATE:202601{day:02}", f"DTEND;VALUE=DATE:202601{day + 1:02}",
         f"SUMMARY:{kind}", "DTSTAMP:20260105T081500Z", "BEGIN:VALARM", "TRIGGER:-PT6H", "ACTION:DISPLAY",
         f"DESCRIPTION:{kind}", "END:VALARM"]
        for at, (day, kind) in enumerate(((7, "Restmüll"), (14, "Papiertonne"), (21, "Bioabfall"), (28, "Gelber Sack")))
    ]  # fmt: skip
    yield _many("Waste", "collection", ("VERSION:2.0", "PRODID:AbfallApp", "METHOD:PUBLISH"), bins, by_octets(),
                titles=["Restmüll", "Papiertonne", "Bioabfall", "Gelber Sack"])  # fmt: skip
    birthdays = [
        [f"DTSTART:2026{day}", "SUMMARY:" + name + "'s birthday", "RRULE:FREQ=YEARLY", "DURATION:P1D",
         f"UID:b{day}@facebook.com"] for day, name in (("0314", "Ada"), ("0623", "Alan"))
    ]  # fmt: skip
    yield _many("Facebook", "birthdays", ("PRODID:-//Facebook//NONSGML Facebook Events V1.0//EN", "VERSION:2.0",
                "X-WR-CALNAME:Friends' birthdays", "X-ORIGINAL-URL:https://www.facebook.com/events/birthdays/"),
                birthdays,
                by_octets(), titles=["Ada's birthday", "Alan's birthday"], days=[True, True])  # fmt: skip
    lessons = [
        [f"UID:untis-{at}", "DTSTAMP:20260105T081500Z", f"DTSTART:202601{day}T0{hour}4000Z",
            f"DTEND:202601{day}T0{hour}4500Z",
         f"SUMMARY:{subject}", "LOCATION:R 2.17", "TRANSP:OPAQUE", f"STATUS:{state}", f"DESCRIPTION:{subject} 7b Mü"]
        for at, (day, hour, subject, state) in enumerate((("12", 7, "M", "CONFIRMED"), ("12", 8, "D", "CANCELLED")))
    ]  # fmt: skip
    yield _many("Untis", "school", ("VERSION:2.0", "PRODID:-//Gruber & Petters//WebUntis//DE"), lessons, by_octets(),
                titles=["M", "D"])  # fmt: skip


def _sites() -> Iterator[File]:
    yield File(
        "Meetup", "event",
        calendar(
            "DTSTAMP:20260105T081500Z", "DTSTART;TZID=Europe/Berlin:20260505T190000",
            "DTEND;TZID=Europe/Berlin:20260505T210000", "STATUS:CONFIRMED", "SUMMARY:Python User Group",
            "DESCRIPTION:Python UG\\nTuesday\\, May 5 at 7:00 PM\\n\\nhttps://www.meetup.com/x/events/1/",
            "CLASS:PUBLIC", "CREATED:20260101T000000Z", "GEO:52.50;13.41",
            "LOCATION:c-base (Rungestr. 20\\, Berlin\\, de)",
            "URL;VALUE=URI:https://www.meetup.com/x/events/1/", "LAST-MODIFIED:20260101T000000Z",
            "UID:event_1@meetup.com",
            head=("VERSION:2.0", "PRODID:-//Meetup Inc//RemoteApi//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"),
        ),
        {"title": "Python User Group", "place": "c-base (Rungestr. 20, Berlin, de)",
        "url": "https://www.meetup.com/x/events/1/"},
    )  # fmt: skip
    yield File(
        "Eventbrite", "ticket",
        calendar(
            "DTSTART:20260612T170000Z", "DTEND:20260612T200000Z", "DTSTAMP:20260105T081500Z",
            "UID:98765@eventbrite.com",
            "SUMMARY:Open-Air-Kino: „Metropolis“", "LOCATION:Freiluftkino - Am Park 1\\, 10249 Berlin",
            "URL:https://www.eventbrite.de/e/98765", "CATEGORIES:film",
            head=("BEGIN:X-HEAD", "X-A:1", "END:X-HEAD", "VERSION:2.0", "PRODID:-//Eventbrite//EN"),
        ),
        {"title": "Open-Air-Kino: „Metropolis“"},
    )  # fmt: skip
    yield File(
        "Moodle", "assignment",
        calendar(
            "UID:34567@moodle.example", "SUMMARY:Essay is due",
            "DESCRIPTION:Write 2\\,000 words.\\n\\n * cite\\n * spell",
            "CLASS:PUBLIC", "LAST-MODIFIED:20260101T000000Z", "DTSTAMP:20260105T081500Z", "DTSTART:20260315T225900Z",
            "DTEND:20260315T225900Z", "CATEGORIES:ENG 101",
            head=("METHOD:PUBLISH", "PRODID:-//Moodle Pty Ltd//NONSGML Moodle Version 2023100900//EN", "VERSION:2.0"),
        ),
        {"title": "Essay is due", "duration": "PT0S", "keywords": {"ENG 101": True}},
    )  # fmt: skip
    yield File(
        "Trello", "card",
        calendar(
            "UID:5f0c@trello.com", "DTSTAMP:20260105T081500Z", "SUMMARY:Ship it", "DTSTART:20260120T160000Z",
            "DTEND:20260120T170000Z", "URL:https://trello.com/c/abc/1-ship-it",
            "DESCRIPTION:Card URL: https://trello.com/c/abc",
            "SEQUENCE:0", "X-TRELLO-CLIENT:web",
            head=("VERSION:2.0", "PRODID:-//trello.com//ical//EN", "X-WR-CALNAME:Board (Trello)", "CALSCALE:GREGORIAN"),
            fold=by_octets(60),
        ),
        {"title": "Ship it", "url": "https://trello.com/c/abc/1-ship-it"},
    )  # fmt: skip
    yield File(
        "Confluence", "leave",
        calendar(
            "DTSTAMP:20260105T081500Z", "DTSTART;VALUE=DATE:20260720", "DTEND;VALUE=DATE:20260801", "SUMMARY:Urlaub",
            "UID:20260105-0815@confluence", "ATTENDEE;X-CONFLUENCE-USER-KEY=ff80;CN=Alice;CUTYPE=INDIVIDUAL:mailto:"
            "alice@example.org", "ORGANIZER;X-CONFLUENCE-USER-KEY=ff80;CN=Alice:mailto:alice@example.org",
            "X-CONFLUENCE-SUBCALENDAR-TYPE:leaves", "CATEGORIES:leaves", "SEQUENCE:1",
            head=("PRODID:-//Atlassian Confluence//Calendar Plugin 1.0//EN", "VERSION:2.0", "CALSCALE:GREGORIAN"),
        ),
        {"title": "Urlaub", "duration": "P12D"},
    )  # fmt: skip
    yield File(
        "WordPress", "the-events-calendar",
        calendar(
            "DTSTART;TZID=UTC+2:20260501T100000", "DTEND;TZID=UTC+2:20260501T120000", "DTSTAMP:20260105T081500",
            "CREATED:20260101T000000Z", "LAST-MODIFIED:20260101T000000Z", "UID:77-1777629600-1777636800@site.example",
            "SUMMARY:Maifest &#8211; Eintritt frei", "DESCRIPTION:<p>Kommt alle!</p>",
            "URL:https://site.example/maifest/",
            "ATTACH;FMTTYPE=image/jpeg:https://site.example/fest.jpg",
            'ORGANIZER;CN="Verein%20e.V.":MAILTO:info@site.example',
            head=("VERSION:2.0", "PRODID:-//Verein - ECPv6.3.1//NONSGML v1.0//EN", "X-WR-CALDESC:Termine"),
        ),
        {"title": "Maifest &#8211; Eintritt frei", "start": "2026-05-01T10:00:00"},
    )  # fmt: skip
    yield File(
        "Home Assistant", "local",
        calendar(
            "DTSTAMP:20260105T081500", "UID:5f0c7d2e-1dd2-11b2-8000-080027b246c3", "DTSTART:20260120T060000",
            "DTEND:20260120T063000", "SUMMARY:Heizung", "RRULE:FREQ=DAILY", "CREATED:20260105T081500", "SEQUENCE:0",
            head=("PRODID:-//homeassistant.io//local_calendar 1.0//EN", "VERSION:2.0"),
        ),
        {"title": "Heizung", "timeZone": None, "frequency": "daily"},
    )  # fmt: skip


def files() -> list[File]:
    """All of them."""
    return [*_meetings(), *_journeys(), *_timetables(), *_sites()]
