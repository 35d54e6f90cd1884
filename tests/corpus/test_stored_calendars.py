"""The calendar files of the corpus in a server: put over CalDAV, read byte for byte, shown and changed over JMAP."""

from __future__ import annotations

import re
from typing import Any

from stalwart.codec.icalendar.components import read_calendar
from tests.corpus import calendars
from tests.corpus.changes import differing, lines
from tests.corpus.seeing import seen
from tests.corpus.writing import File
from tests.jmap.calendars.event_case import HOME, EventCase

AT_ONCE = 100
STAMPS = {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"}
"""What the server says of each change."""
_MID_CHARACTER = re.compile(rb"\r?\n[ \t](?=[\x80-\xbf])")


def sent(file: File, number: int) -> bytes:
    """What is put: with a UID of its own, as those of odd files are alike."""
    return re.sub(rb"(?i)uid:odd@example.org", b"UID:odd%d@example.org" % number, file.octets)


def kept(octets: bytes) -> bytes:
    """What is to come back: without METHOD, which no stored object has (RFC 4791 4.1), and in characters."""
    octets = re.sub(rb"(?m)^METHOD:.*\r\n", b"", octets)
    return read_calendar(octets).octets() if _MID_CHARACTER.search(octets) else octets


class StoredTests(EventCase):
    def setUp(self) -> None:
        super().setUp()
        self.files = {
            number: file for number, file in enumerate(calendars.files()) if not {"count", "none"} & file.shown.keys()
        }

    def put_all(self) -> None:
        """Each as an object of its own; what each one is to be read as."""
        for number, file in self.files.items():
            answer = self.ask("PUT", f"{HOME}{number}.ics", sent(file, number), content_type="text/calendar")
            self.assertEqual(answer.status, 201, (file.label, answer.body))

    def read_all(self) -> dict[int, bytes]:
        """What CalDAV has."""
        self.clock.advance(60)  # so many requests are allowed in a minute
        return {number: self.ask("GET", f"{HOME}{number}.ics").body for number in self.files}

    def ids(self) -> dict[str, str]:
        """The ids of events by uid."""
        found = self.jmap("CalendarEvent/get", ids=None, properties=["id", "uid"])["list"]
        return {each["uid"]: each["id"] for each in found}

    def shown_all(self) -> dict[str, dict[str, Any]]:
        """What JMAP has, by uid."""
        ids = list(self.ids().values())
        made = {}
        for at in range(0, len(ids), AT_ONCE):
            for each in self.jmap("CalendarEvent/get", ids=ids[at : at + AT_ONCE])["list"]:
                made[each["uid"]] = each
        return made

    def test_each_is_kept_shown_and_changed_alone(self) -> None:
        self.put_all()
        before = self.read_all()
        for number, file in self.files.items():
            self.assertEqual(before[number], kept(sent(file, number)), file.label)
        shown = self.shown_all()
        uids = {}
        for number, octets in before.items():
            inner = [each for each in read_calendar(octets).components if each.name in ("VEVENT", "VTODO")]
            uids[number] = inner[0].value("UID") or ""
        for number, file in self.files.items():
            wanted = {key: value for key, value in file.shown.items() if key not in ("method", "recurrenceId")}
            self.assertEqual(seen(shown[uids[number]], wanted), wanted, file.label)
        self._retitle({uid: each["id"] for uid, each in shown.items()})
        for number, octets in self.read_all().items():
            label = self.files[number].label
            touched = differing(lines(read_calendar(before[number])), lines(read_calendar(octets)))
            self.assertIn("SUMMARY", touched, label)
            self.assertLessEqual(touched, {"SUMMARY"} | STAMPS, label)

    def _retitle(self, ids: dict[str, str]) -> None:
        given = list(ids.values())
        for at in range(0, len(given), AT_ONCE):
            patches = {id: {"title": "By JMAP"} for id in given[at : at + AT_ONCE]}
            answer = self.jmap("CalendarEvent/set", update=patches)
            self.assertIsNone(answer["notUpdated"], answer["notUpdated"])
