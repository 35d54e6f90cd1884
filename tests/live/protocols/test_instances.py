"""Single instances of a series, entries of journals, objects in several collections: each protocol in its own way."""

from __future__ import annotations

import re
from typing import Any

from tests.live.protocols import cards, events
from tests.live.protocols.content_lines import Component, read
from tests.live.protocols.people import ProtocolsCase
from tests.live.protocols.test_cards import CardCase
from tests.live.protocols.test_events import EventCase

MARCH = {"after": "2030-03-01T00:00:00", "before": "2030-04-01T00:00:00"}
OVERRIDE = """BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20300313T090000
DTSTART;TZID=Europe/Berlin:20300313T110000
DTEND;TZID=Europe/Berlin:20300313T120000
SUMMARY:Later
X-OF-IT:1
END:VEVENT
"""


class InstanceTests(EventCase):
    """The series of ``events.SERIES``: mo and we from 2030-03-04, ten times, without the 6th, the 11th moved."""

    def setUp(self) -> None:
        super().setUp()
        told = self.watch.step(lambda: self.somebody.put(f"{self.path}s.ics", events.SERIES.octets("s")))
        (self.series,), (self.event_path,) = told.created, told.there

    def instances(self) -> dict[str, dict[str, Any]]:
        """By when the series has them."""
        asked = self.somebody.jmap(
            "CalendarEvent/query", filter=MARCH, expandRecurrences=True, timeZone="Europe/Berlin"
        )
        found = self.somebody.jmap("CalendarEvent/get", ids=asked["ids"])["list"]
        return {each["recurrenceId"]: each for each in found}

    def by_caldav(self) -> dict[str, tuple[str, str]]:
        """What calendar-query expands: start and title, by when the series has them, on the clock of the series."""
        body = (
            '<A:calendar-query xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav"><D:prop><A:calendar-data>'
            '<A:expand start="20300228T230000Z" end="20300331T220000Z"/></A:calendar-data></D:prop><A:filter>'
            '<A:comp-filter name="VCALENDAR"><A:comp-filter name="VEVENT"><A:time-range start="20300228T230000Z" '
            'end="20300331T220000Z"/></A:comp-filter></A:comp-filter></A:filter></A:calendar-query>'
        )
        (response,) = self.somebody.multistatus("REPORT", self.path, body, depth="1").values()
        text = "".join(response.itertext())
        data = text[text.index("BEGIN:VCALENDAR") : text.index("END:VCALENDAR") + len("END:VCALENDAR")]
        calendar = read(re.sub("\r?\n", "\r\n", data + "\n").encode())
        return {
            self.local(each, "RECURRENCE-ID"): (self.local(each, "DTSTART"), each.values("SUMMARY")[0])
            for each in calendar.all("VEVENT")
        }

    def local(self, event: Component, name: str) -> str:
        """A time in UTC on the clock of Berlin: CET until the 31st of March."""
        (value,) = event.values(name)
        return f"{value[:4]}-{value[4:6]}-{value[6:8]}T{int(value[9:11]) + 1:02}:{value[11:13]}:00"

    def same_to_both(self) -> dict[str, tuple[str, str]]:
        found = {at: (each["start"], each["title"]) for at, each in self.instances().items()}
        self.assertEqual(found, self.by_caldav())
        return found

    def test_as_they_come(self) -> None:
        found = self.same_to_both()
        self.assertNotIn("2030-03-06T09:00:00", found)
        self.assertEqual(found["2030-03-11T09:00:00"], ("2030-03-11T14:00:00", "Stand-up after lunch"))
        self.assertIn("2030-03-15T09:00:00", found)

    def test_changed_by_caldav(self) -> None:
        octets = self.somebody.read(self.event_path)
        override = OVERRIDE.replace("{uid}", "s").replace("\n", "\r\n").encode()
        changed = octets.replace(b"END:VCALENDAR", override + b"END:VCALENDAR")
        told = self.watch.step(lambda: self.somebody.put(self.event_path, changed, 204))
        self.assertEqual((told.updated, told.there), ([self.series], {self.event_path}))
        self.assertEqual(self.same_to_both()["2030-03-13T09:00:00"], ("2030-03-13T11:00:00", "Later"))
        overrides = self.somebody.shown("CalendarEvent", self.series)["recurrenceOverrides"]
        self.assertEqual(overrides["2030-03-13T09:00:00"], {"start": "2030-03-13T11:00:00", "title": "Later"})
        # JMAP changes the text of the instance: what it knows nothing of stays.
        id = self.instances()["2030-03-13T09:00:00"]["id"]
        self.watch.step(lambda: self.somebody.patch("CalendarEvent", id, {"title": "Latest"}))
        wanted = changed.replace(b"SUMMARY:Later", b"SUMMARY:Latest")
        self.same(read(self.somebody.read(self.event_path)), read(wanted))

    def test_changed_by_jmap(self) -> None:
        id = self.instances()["2030-03-13T09:00:00"]["id"]
        before = read(self.somebody.read(self.event_path)).components
        told = self.watch.step(
            lambda: self.somebody.patch("CalendarEvent", id, {"title": "Later", "start": "2030-03-13T11:00:00"})
        )
        self.assertEqual((told.updated, told.there), ([self.series], {self.event_path}))
        self.assertEqual(self.same_to_both()["2030-03-13T09:00:00"], ("2030-03-13T11:00:00", "Later"))
        after = read(self.somebody.read(self.event_path)).components
        self.assertEqual([each for each in before if each not in after], [])
        self.assertEqual(len(after), len(before) + 1)

    def test_taken_out(self) -> None:
        id = self.instances()["2030-03-13T09:00:00"]["id"]
        told = self.watch.step(lambda: self.somebody.remove("CalendarEvent", id))
        self.assertEqual((told.updated, told.destroyed, told.there), ([self.series], [], {self.event_path}))
        self.assertNotIn("2030-03-13T09:00:00", self.same_to_both())
        octets = self.somebody.read(self.event_path).replace(b"EXDATE;TZID=Europe/Berlin:20300306T090000\r\n", b"")
        told = self.watch.step(lambda: self.somebody.put(self.event_path, octets, 204))
        self.assertEqual(told.updated, [self.series])
        self.assertIn("2030-03-06T09:00:00", self.same_to_both())


JOURNAL = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VJOURNAL\r\nUID:j\r\nDTSTAMP:20260101T000000Z\r\n"
    b"DTSTART;VALUE=DATE:20300101\r\nSUMMARY:Day one\r\nDESCRIPTION:All is new\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n"
)


class PlaceTests(EventCase):
    """Where objects are."""

    def test_a_journal_is_for_caldav(self) -> None:
        """JMAP has no type for it, and is told of none that there would be."""
        path = f"{self.path}j.ics"
        told = self.watch.step(lambda: self.somebody.put(path, JOURNAL))
        self.assertEqual((told.created, told.updated, told.added, told.there), ([], [], [], {path}))
        self.assertEqual(self.somebody.read(path), JOURNAL)
        self.assertEqual(self.somebody.all("CalendarEvent"), [])
        told = self.watch.step(lambda: self.somebody.expect(204, "DELETE", path))
        self.assertEqual((told.updated, told.gone), ([], {path}))

    def test_two_calendars(self) -> None:
        """COPY of CalDAV puts an event into one more calendar, as ``calendarIds`` does; DELETE takes it out of one."""
        self.watch.is_one_of_several = True
        other = self.somebody.make("Calendar", {"name": "Other"})
        path = self.somebody.path_named("cal", "Other")
        told = self.watch.step(lambda: self.somebody.put(f"{self.path}a.ics", events.PLAIN.octets("a")))
        (id,) = told.created
        destination = {"destination": f"{self.daemon.url}{path}b.ics"}
        told = self.watch.step(lambda: self.somebody.expect(201, "COPY", f"{self.path}a.ics", **destination))
        self.assertEqual(told.updated, [id])
        both = {self.collection: True, other: True}
        self.assertEqual(self.somebody.shown("CalendarEvent", id)["calendarIds"], both)
        self.assertEqual(self.somebody.read(f"{path}b.ics"), events.PLAIN.octets("a"))
        told = self.watch.step(
            lambda: self.somebody.patch("CalendarEvent", id, {f"calendarIds/{self.collection}": None})
        )
        self.assertEqual((told.updated, told.gone, told.removed), ([id], {f"{self.path}a.ics"}, [id]))
        self.assertEqual(self.somebody.read(f"{path}b.ics"), events.PLAIN.octets("a"))
        told = self.watch.step(lambda: self.somebody.patch("CalendarEvent", id, {"calendarIds": both}))
        (back,) = told.there
        self.assertEqual((told.updated, told.added), ([id], [id]))
        self.assertEqual(self.somebody.read(back), events.PLAIN.octets("a"))
        told = self.watch.step(lambda: self.somebody.expect(204, "DELETE", f"{path}b.ics"))
        self.assertEqual((told.updated, told.destroyed), ([id], []))
        destination = {"destination": f"{self.daemon.url}{path}c.ics"}
        told = self.watch.step(lambda: self.somebody.expect(201, "MOVE", back, **destination))
        self.assertEqual((told.updated, told.destroyed, told.gone), ([id], [], {back}))
        self.assertEqual(self.somebody.shown("CalendarEvent", id)["calendarIds"], {other: True})
        told = self.watch.step(lambda: self.somebody.expect(204, "DELETE", f"{path}c.ics"))
        self.assertEqual(told.destroyed, [id])


class VersionTests(CardCase):
    """A card that JMAP has written is 4.0; who asks for 3.0 is given what that version has for it."""

    def test_as_apple_reads_it(self) -> None:
        for specimen in (cards.APPLE_GROUP, cards.THIRD):
            path = f"{self.path}{specimen.name.replace(' ', '')}.vcf"
            told = self.watch.step(lambda path=path, s=specimen: self.somebody.put(path, s.octets(s.name)))
            (id,) = told.created
            self.somebody.patch("ContactCard", id, {"name/full": "Changed"})
            self.assertIn(b"VERSION:4.0", self.somebody.read(path))
            older = self.somebody.expect(200, "GET", path, accept="text/vcard; version=3.0")
            self.assertIn(b"VERSION:3.0", older)
            wanted = {(name, value) for _, name, _, value in read(specimen.octets(specimen.name)).properties}
            found = {(name, value) for _, name, _, value in read(older).properties}
            missing = {each for each in wanted - found if each[0] not in ("FN", "VERSION")}
            self.assertEqual(missing, set())


del EventCase, CardCase, ProtocolsCase
