"""Zones, colours, what a calendar takes: what is set is shown, what is none is refused."""

from __future__ import annotations

from stalwart.dav.properties import appearance
from tests.dav.methods.test_proppatch import CALENDAR, removing, setting, update
from tests.dav.world import ALICE, DavWorld, statuses

ZONE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\n"
    "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR"
)


class AppearanceTests(DavWorld):
    def change(self, *instructions: str) -> dict[str, int]:
        return statuses(self.expect(207, "PROPPATCH", CALENDAR, update(*instructions)))[CALENDAR]

    def test_a_zone_has_a_name_or_a_description(self) -> None:
        self.assertEqual(appearance.calendar_timezone.spec, "RFC 4791 5.2.2")
        berlin = setting("<A:calendar-timezone-id>Europe/Berlin</A:calendar-timezone-id>")
        self.assertEqual(self.change(berlin), {"A:calendar-timezone-id": 200})
        self.assertEqual(self.text(CALENDAR, "A:calendar-timezone-id"), "Europe/Berlin")
        described = setting(f"<A:calendar-timezone>{ZONE}</A:calendar-timezone>")
        self.assertEqual(self.change(described), {"A:calendar-timezone": 200})
        self.assertIn("TZID:Own", self.text(CALENDAR, "A:calendar-timezone") or "")
        self.assertIsNone(self.text(CALENDAR, "A:calendar-timezone-id"))
        self.change(removing("<A:calendar-timezone/>"))
        self.assertIsNone(self.text(CALENDAR, "A:calendar-timezone"))

    def test_zones_that_are_none_are_refused(self) -> None:
        bad = setting("<A:calendar-timezone-id>Mars/Olympus</A:calendar-timezone-id>")
        answer = self.expect(207, "PROPPATCH", CALENDAR, update(bad))
        self.assertIn(b"<A:valid-timezone/>", answer.body)
        self.assertEqual(statuses(answer), {CALENDAR: {"A:calendar-timezone-id": 412}})
        for text in ("words", ZONE.replace("VTIMEZONE", "VEVENT"), ZONE + ZONE):
            bad = setting(f"<A:calendar-timezone>{text}</A:calendar-timezone>")
            self.assertEqual(self.change(bad), {"A:calendar-timezone": 412}, text)

    def test_colours_are_shown_as_apple_writes_them(self) -> None:
        for given, shown in (("#abc", "#aabbcc"), ("#0E61B9FF", "#0E61B9"), ("#0e61b9", "#0e61b9"), ("teal", "teal")):
            self.change(setting(f"<I:calendar-color>{given}</I:calendar-color>"))
            self.assertEqual(self.text(CALENDAR, "I:calendar-color"), shown)
        self.assertEqual(self.change(setting("<I:calendar-order>-1</I:calendar-order>")), {"I:calendar-order": 409})
        self.assertEqual(self.change(setting("<I:calendar-order>7</I:calendar-order>")), {"I:calendar-order": 200})
        self.assertEqual(self.text(CALENDAR, "I:calendar-order"), "7")

    def test_empty_values_change_nothing(self) -> None:
        self.change(setting("<A:calendar-description>Words</A:calendar-description>"))
        self.change(setting("<A:calendar-description/><D:displayname/><A:schedule-calendar-transp/>"))
        self.assertEqual(self.text(CALENDAR, "A:calendar-description"), "Words")
        self.assertEqual(self.text(CALENDAR, "D:displayname"), "Stalwart Calendar (alice@example.test)")

    def test_a_calendar_can_leave_its_owner_free(self) -> None:
        name = "A:schedule-calendar-transp"

        def shown() -> str:
            return str(self.properties(CALENDAR, name)[CALENDAR][name][0].tag.partition("}")[2])

        self.assertEqual(shown(), "opaque")
        self.change(setting(f"<{name}><A:transparent/></{name}>"))
        self.assertEqual(shown(), "transparent")
        self.change(setting(f"<{name}><A:opaque/></{name}>"))
        self.assertEqual(shown(), "opaque")

    def test_what_is_said_at_the_making_stays(self) -> None:
        body = setting("<A:supported-calendar-component-set/><D:resourcetype/>")
        self.assertEqual(self.change(body), {"A:supported-calendar-component-set": 412, "D:resourcetype": 403})
        self.assertEqual(self.change(removing("<D:displayname/>")), {"D:displayname": 409})

    def test_address_books_are_described(self) -> None:
        book = f"/dav/card/{ALICE}/default/"
        body = update(setting("<B:addressbook-description>Friends</B:addressbook-description>"))
        self.expect(207, "PROPPATCH", book, body)
        self.assertEqual(self.text(book, "B:addressbook-description"), "Friends")
