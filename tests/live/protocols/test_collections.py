"""Calendars and address books: made by WebDAV and by JMAP, each property set by the one and read by the other."""

from __future__ import annotations

from typing import Any

from tests.live.protocols.people import DECLARED, ProtocolsCase
from tests.live.protocols.watching import Told, Watch

ZONE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Asia/Tokyo\r\nBEGIN:STANDARD\r\n"
    "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "END:VCALENDAR\r\n"
)
ALERT = {"@type": "Alert", "action": "display", "trigger": {"@type": "OffsetTrigger", "offset": "-PT10M"}}
# by JMAP: member, value; by WebDAV: property, what is written, what is read
CALENDAR = (
    ("name", "Arbeit & „mehr“ <1>", "D:displayname", "Arbeit &amp; „mehr“ &lt;1&gt;", "Arbeit & „mehr“ <1>"),
    ("description", "Zeile 1\nZeile 2", "A:calendar-description", "Zeile 1\nZeile 2", "Zeile 1\nZeile 2"),
    ("color", "#ff8800", "I:calendar-color", "#ff8800", "#ff8800"),
    ("sortOrder", 7, "I:calendar-order", "7", "7"),
    ("timeZone", "Asia/Tokyo", "A:calendar-timezone-id", "Asia/Tokyo", "Asia/Tokyo"),
    ("includeInAvailability", "none", "A:schedule-calendar-transp", "<A:transparent/>", "transparent"),
)
BOOK = (
    ("name", "Leute & „mehr“ <1>", "D:displayname", "Leute &amp; „mehr“ &lt;1&gt;", "Leute & „mehr“ <1>"),
    ("description", "Zeile 1\nZeile 2", "B:addressbook-description", "Zeile 1\nZeile 2", "Zeile 1\nZeile 2"),
)


class CollectionCase(ProtocolsCase):
    """``watch`` follows the collections of somebody."""

    TYPE = SERVICE = ""
    TABLE: tuple[Any, ...] = ()
    EMPTY: dict[str, Any] = {}

    def setUp(self) -> None:
        super().setUp()
        self.somebody = self.person()
        self.somebody.all(self.TYPE)
        self.home = self.somebody.home(self.SERVICE)
        self.watch = Watch(self.somebody, self.TYPE, self.home)
        self.addCleanup(self.watch.close)
        self.watch.settled()

    def make(self) -> str:
        """The path that MKCOL has made."""
        raise NotImplementedError

    def is_told(self, told: Told, **wanted: Any) -> None:
        nothing: dict[str, Any] = {"created": [], "updated": [], "destroyed": [], "there": set(), "gone": set()}
        found = {name: getattr(told, name) for name in nothing}
        self.assertEqual(found, nothing | wanted)

    def round(self, maker: str, destroyer: str) -> None:
        told = self.watch.step(self.made_by_dav if maker == "dav" else self.made_by_jmap)
        (id,), (path,) = told.created, told.there
        self.is_told(told, created=[id], there={path})
        self.is_like(id, path, self.TABLE)
        for member, value, name, given, _ in self.TABLE:
            for by in ("dav", "jmap"):
                self.cleared(id, path, member, name)
                told = self.watch.step(
                    lambda by=by, m=member, v=value, n=name, g=given: (
                        self.somebody.set_property(path, n, g)
                        if by == "dav"
                        else self.somebody.patch(self.TYPE, id, {m: v})
                    )
                )
                self.is_told(told, updated=[id], there={path})
                self.is_like(id, path, self.TABLE)
        destroy = {
            "dav": lambda: self.somebody.expect(204, "DELETE", path),
            "jmap": lambda: self.somebody.remove(self.TYPE, id),
        }
        told = self.watch.step(destroy[destroyer])
        self.is_told(told, destroyed=[id], gone={path})
        self.somebody.expect(404, "PROPFIND", path, depth="0")
        self.assertEqual(self.somebody.jmap(f"{self.TYPE}/get", ids=[id])["notFound"], [id])

    def cleared(self, id: str, path: str, member: str, name: str) -> None:
        """Another value of a property."""
        self.somebody.patch(
            self.TYPE, id, {member: {"name": "Other", "sortOrder": 0, "includeInAvailability": "all"}.get(member)}
        )
        self.watch.note()

    def made_by_jmap(self) -> None:
        self.somebody.make(self.TYPE, {member: value for member, value, *_ in self.TABLE})

    def made_by_dav(self) -> None:
        properties = "".join(f"<{name}>{given}</{name}>" for _, _, name, given, _ in self.TABLE)
        self.somebody.expect(
            201, "MKCOL", f"{self.home}made%20by%20dav/", self.mkcol(properties), content_type="text/xml"
        )

    def mkcol(self, properties: str) -> str:
        raise NotImplementedError

    def is_like(self, id: str, path: str, table: Any) -> None:
        shown = self.somebody.shown(self.TYPE, id)
        for member, value, name, _, read in table:
            self.assertEqual(shown[member], value, member)
            self.assertEqual(self.somebody.property(path, name), read, name)

    def rounds(self) -> None:
        for maker in ("dav", "jmap"):
            for destroyer in ("dav", "jmap"):
                self.round(maker, destroyer)


class CalendarTests(CollectionCase):
    TYPE, SERVICE, TABLE = "Calendar", "cal", CALENDAR

    def mkcol(self, properties: str) -> str:
        return (
            f"<D:mkcol {DECLARED}><D:set><D:prop><D:resourcetype><D:collection/><A:calendar/></D:resourcetype>"
            f"{properties}</D:prop></D:set></D:mkcol>"
        )

    def test_made_changed_destroyed(self) -> None:
        self.rounds()

    def test_mkcalendar(self) -> None:
        body = (
            f"<A:mkcalendar {DECLARED}><D:set><D:prop><D:displayname>M</D:displayname></D:prop></D:set></A:mkcalendar>"
        )
        told = self.watch.step(
            lambda: self.somebody.expect(201, "MKCALENDAR", f"{self.home}m/", body, content_type="text/xml")
        )
        self.is_told(told, created=told.created, there={f"{self.home}m/"})
        self.assertEqual(self.somebody.shown("Calendar", told.created[0])["name"], "M")

    def test_zones(self) -> None:
        told = self.watch.step(lambda: self.somebody.make("Calendar", {"name": "Z"}))
        (id,), (path,) = told.created, told.there
        escaped = ZONE.replace("\r\n", "&#13;\n")
        told = self.watch.step(lambda: self.somebody.set_property(path, "A:calendar-timezone", escaped))
        self.is_told(told, updated=[id], there={path})
        self.assertEqual(self.somebody.shown("Calendar", id)["timeZone"], "Asia/Tokyo")
        told = self.watch.step(lambda: self.somebody.patch("Calendar", id, {"timeZone": "Europe/Paris"}))
        self.is_told(told, updated=[id], there={path})
        self.assertEqual(self.somebody.property(path, "A:calendar-timezone-id"), "Europe/Paris")
        own = ZONE.replace("Asia/Tokyo", "Office Time").replace("\r\n", "&#13;\n")
        self.watch.step(lambda: self.somebody.set_property(path, "A:calendar-timezone", own))
        self.assertIn("Office Time", self.somebody.property(path, "A:calendar-timezone") or "")
        self.assertIsNone(self.somebody.shown("Calendar", id)["timeZone"])  # JMAP knows those of the IANA only

    def test_alerts_are_for_clients_of_each_protocol(self) -> None:
        """What Apple's clients keep for themselves does not disturb the default alerts of JMAP, and the other way."""
        told = self.watch.step(
            lambda: self.somebody.make("Calendar", {"name": "A", "defaultAlertsWithTime": {"a": ALERT}})
        )
        (id,), (path,) = told.created, told.there
        shown = self.somebody.shown("Calendar", id)["defaultAlertsWithTime"]
        alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDESCRIPTION:x\nEND:VALARM"
        self.somebody.set_property(path, "A:default-alarm-vevent-datetime", alarm)
        self.assertEqual(self.somebody.shown("Calendar", id)["defaultAlertsWithTime"], shown)
        self.somebody.patch("Calendar", id, {"defaultAlertsWithTime": None})
        self.assertEqual(self.somebody.property(path, "A:default-alarm-vevent-datetime"), alarm)


class AddressBookTests(CollectionCase):
    TYPE, SERVICE, TABLE = "AddressBook", "card", BOOK

    def mkcol(self, properties: str) -> str:
        return (
            f"<D:mkcol {DECLARED}><D:set><D:prop><D:resourcetype><D:collection/><B:addressbook/></D:resourcetype>"
            f"{properties}</D:prop></D:set></D:mkcol>"
        )

    def test_made_changed_destroyed(self) -> None:
        self.rounds()
