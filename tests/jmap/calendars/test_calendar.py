"""Calendar/get and set, and the same calendars over CalDAV (draft-ietf-jmap-calendars 4)."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.calendars.calendar import CALENDAR
from tests.jmap.sharing.both_faces import BothFacesCase

RIGHTS = "mayReadFreeBusy mayReadItems mayWriteAll mayWriteOwn mayUpdatePrivate mayRSVP mayShare mayDelete"
HOME = "/dav/cal/alice%40example.test"
EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20270101T000000Z\r\n"
    b"DTSTART:20270101T000000Z\r\nSUMMARY:A\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
ZONE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n"
    "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "END:VCALENDAR\r\n"
)


class CalendarTests(BothFacesCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = self.made("Calendar", name="Work")
        found = self.properties(f"{HOME}/", "D:displayname", depth="1")
        (self.path,) = [
            href for href, each in found.items() if "D:displayname" in each and each["D:displayname"].text == "Work"
        ]

    def calendar(self) -> dict[str, Any]:
        return self.listed("Calendar")["Work"]

    def test_names_are_lines_and_descriptions_have_an_end(self) -> None:
        for patch in ({"name": "a\0b"}, {"name": "a\nb"}, {"description": "x" * 255}):
            self.assertEqual(self.unchanged("Calendar", self.work, patch)["properties"], list(patch))
        self.changed("Calendar", self.work, {"description": "x" * 254})
        self.changed("Calendar", self.work, {"name": "Größe"})

    def patch_dav(self, name: str, value: str | None) -> None:
        """Set or remove a property over CalDAV."""
        verb = "remove" if value is None else "set"
        inner = f"<{name}/>" if value is None else f"<{name}>{value}</{name}>"
        body = f"<D:propertyupdate><D:{verb}><D:prop>{inner}</D:prop></D:{verb}></D:propertyupdate>"
        answer = self.expect(207, "PROPPATCH", self.path, body)
        self.assertIn(b" 200 " if value is not None else b" 20", answer.body)

    def test_everything_is_there_by_default(self) -> None:
        self.assertEqual(
            self.calendar(),
            {
                "id": self.work,
                "name": "Work",
                "description": None,
                "color": None,
                "sortOrder": 0,
                "isSubscribed": True,
                "isVisible": True,
                "isDefault": False,
                "includeInAvailability": "all",
                "defaultAlertsWithTime": None,
                "defaultAlertsWithoutTime": None,
                "timeZone": None,
                "myRights": dict.fromkeys(RIGHTS.split(), True),
                "shareWith": None,
            },
        )
        self.assertEqual(list(CALENDAR.declared.properties), list(self.calendar())[1:])

    def test_the_first_one_is_the_default(self) -> None:
        first = self.listed("Calendar")["Stalwart Calendar (alice@example.test)"]
        self.assertTrue(first["isDefault"])

    def test_what_is_set_here_is_shown_there(self) -> None:
        for patch, name, value in (
            ({"name": "Works"}, "D:displayname", "Works"),
            ({"name": "Work"}, "D:displayname", "Work"),
            ({"description": "Hard"}, "A:calendar-description", "Hard"),
            ({"description": None}, "A:calendar-description", None),
            ({"color": "#FF0000"}, "I:calendar-color", "#FF0000"),
            ({"color": "Tomato"}, "I:calendar-color", "tomato"),
            ({"color": None}, "I:calendar-color", None),
            ({"sortOrder": 3}, "I:calendar-order", "3"),
            ({"timeZone": "Europe/Paris"}, "A:calendar-timezone-id", "Europe/Paris"),
            ({"timeZone": None}, "A:calendar-timezone-id", None),
        ):
            self.changed("Calendar", self.work, patch)
            self.assertEqual(self.text(self.path, name), value, patch)

    def test_what_is_set_there_is_shown_here(self) -> None:
        for name, value, member, shown in (
            ("A:calendar-description", "Hard", "description", "Hard"),
            ("I:calendar-color", "#00ff00ff", "color", "#00ff00"),
            ("I:calendar-order", "5", "sortOrder", 5),
            ("I:calendar-order", None, "sortOrder", 0),
            ("A:calendar-timezone-id", "Asia/Tokyo", "timeZone", "Asia/Tokyo"),
            ("A:calendar-timezone", ZONE, "timeZone", "Europe/Berlin"),
            ("A:calendar-timezone", None, "timeZone", None),
            ("A:schedule-calendar-transp", "<A:transparent/>", "includeInAvailability", "none"),
            ("A:schedule-calendar-transp", "<A:opaque/>", "includeInAvailability", "all"),
        ):
            self.patch_dav(name, value)
            self.assertEqual(self.calendar()[member], shown, (name, value))

    def test_a_zone_gives_way_to_another(self) -> None:
        self.patch_dav("A:calendar-timezone", ZONE)
        self.changed("Calendar", self.work, {"timeZone": "Asia/Tokyo"})
        self.assertIsNone(self.text(self.path, "A:calendar-timezone"))
        self.assertEqual(self.text(self.path, "A:calendar-timezone-id"), "Asia/Tokyo")

    def test_availability_is_transparency(self) -> None:
        names = "A:schedule-calendar-transp"
        for value, child in (("none", "transparent"), ("all", "opaque"), ("attending", "opaque")):
            self.changed("Calendar", self.work, {"includeInAvailability": value})
            (of_one,) = self.properties(self.path, names).values()
            self.assertTrue(of_one[names][0].tag.endswith(child), value)
            self.assertEqual(self.calendar()["includeInAvailability"], value)

    def test_alerts(self) -> None:
        alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}
        answer = self.changed("Calendar", self.work, {"defaultAlertsWithTime": {"1": alert}})
        full = {"@type": "Alert", "action": "display", "trigger": {**alert["trigger"], "relativeTo": "start"}}
        self.assertEqual(self.calendar()["defaultAlertsWithTime"], {"1": full})
        self.assertEqual(answer, {"defaultAlertsWithTime": {"1": full}})
        self.changed("Calendar", self.work, {"defaultAlertsWithTime/1": None})
        self.assertIsNone(self.calendar()["defaultAlertsWithTime"])

    def test_one_with_events_goes_only_if_that_is_meant(self) -> None:
        self.expect(201, "PUT", f"{self.path}a.ics", EVENT, content_type="text/calendar")
        answer = self.jmap("Calendar/set", destroy=[self.work])
        self.assertEqual(answer["notDestroyed"][self.work]["type"], "calendarHasEvent")
        answer = self.jmap("Calendar/set", destroy=[self.work], onDestroyRemoveEvents=True)
        self.assertEqual(answer["destroyed"], [self.work])
        self.expect(404, "PROPFIND", self.path)

    def test_invitations_need_a_calendar(self) -> None:
        first = self.listed("Calendar")["Stalwart Calendar (alice@example.test)"]["id"]
        inbox = "/dav/itip/alice%40example.test/inbox/"
        answer = self.jmap("Calendar/set", destroy=[first])
        self.assertEqual(answer["notDestroyed"][first]["type"], "forbidden")
        self.jmap("Calendar/set", onSuccessSetIsDefault=self.work)
        (of_one,) = self.properties(inbox, "A:schedule-default-calendar-URL").values()
        self.assertEqual(of_one["A:schedule-default-calendar-URL"][0].text, self.path)
        self.assertEqual(self.ask("DELETE", self.path).status, 403)
        self.assertEqual(self.jmap("Calendar/set", destroy=[first])["destroyed"], [first])

    def test_what_is_removed_over_dav_is_gone(self) -> None:
        state = self.jmap("Calendar/get", ids=[])["state"]
        self.expect(204, "DELETE", self.path)
        changes = self.jmap("Calendar/changes", sinceState=state)
        self.assertEqual((changes["updated"], changes["destroyed"]), ([], [self.work]))
