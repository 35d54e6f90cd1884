"""Principal/getAvailability as different people ask (draft-ietf-jmap-calendars 2.1)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.groupware.busy_times import Allowance
from stalwart.jmap.sharing import get_availability as get_availability_module
from stalwart.jmap.sharing.capability import AVAILABILITY, PRINCIPALS
from stalwart.jmap.sharing.get_availability import get_availability
from tests.jmap.sharing.both_faces import BothFacesCase

START, END = "2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z"


def event(uid: str, hour: int, *more: str) -> bytes:
    """An event of an hour."""
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20270101T000000Z"),
        *(f"DTSTART:20270301T{hour:02}0000Z", f"DTEND:20270301T{hour + 1:02}0000Z", "SUMMARY:S", *more),
        *("END:VEVENT", "END:VCALENDAR", ""),
    ]
    return "\r\n".join(lines).encode()


class AvailabilityTests(BothFacesCase):
    def setUp(self) -> None:
        super().setUp()
        self.calendar = self.made("Calendar", name="Work")
        (self.path,) = [
            href
            for href, each in self.properties("/dav/cal/alice%40example.test/", "D:displayname", depth="1").items()
            if "D:displayname" in each and each["D:displayname"].text == "Work"
        ]
        self.put("a", event("a", 9))

    def more_services(self) -> dict[str, Any]:
        return {"calendar_objects": self.tools.events, "placing": self.tools.placing}

    def put(self, name: str, octets: bytes) -> None:
        self.expect(201, "PUT", f"{self.path}{name}.ics", octets, content_type="text/calendar")

    def share(self, *rights: str) -> None:
        patch = {f"shareWith/{encode_id(self.bob)}": dict.fromkeys(rights, True)}
        self.changed("Calendar", self.calendar, patch)

    def busy(self, user: str = "bob", who: str = "alice", **given: Any) -> list[tuple[int, str]]:
        """The hour in which each time begins, and how busy he is."""
        arguments = {"id": encode_id(self.number(who)), "utcStart": START, "utcEnd": END, **given}
        found = self.jmap("Principal/getAvailability", user, **arguments)["list"]
        self.assertEqual([each["event"] for each in found], [None] * len(found))
        return [(int(each["utcStart"][11:13]), each["busyStatus"]) for each in found]

    def test_who_may_know_is_told(self) -> None:
        self.assertEqual(self.busy("alice"), [(9, "confirmed")])
        self.assertEqual(self.busy(), [])
        self.share("mayReadFreeBusy")
        self.assertEqual(self.busy(), [(9, "confirmed")])
        self.share("mayReadItems")
        self.assertEqual(self.busy(), [(9, "confirmed")])
        self.assertEqual(self.busy("carol"), [])

    def test_times_are_one_after_the_other(self) -> None:
        self.put("b", event("b", 10))
        self.put("c", event("c", 9, "STATUS:TENTATIVE"))
        self.put("d", event("d", 12, "STATUS:TENTATIVE"))
        self.put("e", event("e", 15, "TRANSP:TRANSPARENT"))
        self.put("f", event("f", 16, "STATUS:CANCELLED"))
        self.assertEqual(self.busy("alice"), [(9, "confirmed"), (12, "tentative")])

    def test_one_line_of_a_stranger_costs_no_details(self) -> None:
        odd = 'JSPROP;JSPTR="recurrenceRule":{"frequency":"daily"\\,"until":null}'
        self.put("b", event("b", 12, "RRULE:FREQ=DAILY;COUNT=3", odd))
        told = self.details("alice", eventProperties=["uid"])
        self.assertEqual([each["event"]["uid"] for each in told], ["a", "b"])

    def test_what_is_secret_is_nobodys_business(self) -> None:
        self.share("mayReadFreeBusy")
        self.put("b", event("b", 12, "CLASS:CONFIDENTIAL"))
        self.put("c", event("c", 14, "CLASS:PRIVATE"))
        self.assertEqual(self.busy(), [(9, "confirmed"), (14, "confirmed")])
        self.assertEqual(len(self.busy("alice")), 3)

    def test_a_calendar_counts_as_its_owner_says(self) -> None:
        attendee = "ATTENDEE;PARTSTAT={}:mailto:ALICE@example.test"
        organizer = "ORGANIZER:mailto:someone@else.test"
        self.put("b", event("b", 12, organizer, attendee.format("ACCEPTED")))
        self.put("c", event("c", 14, organizer, attendee.format("DECLINED")))
        for how, hours in (("all", [9, 12, 14]), ("attending", [12]), ("none", [])):
            self.changed("Calendar", self.calendar, {"includeInAvailability": how})
            self.assertEqual([hour for hour, _ in self.busy("alice")], hours, how)
        self.changed("Calendar", self.calendar, {"includeInAvailability": "all", "isSubscribed": False})
        self.assertEqual(self.busy("alice"), [])

    def test_calendars_of_others_count_for_who_has_said_so(self) -> None:
        self.share("mayReadItems")
        self.assertEqual(self.busy("bob", "bob"), [])
        patch = {"includeInAvailability": "all", "isSubscribed": True}
        self.changed("Calendar", self.calendar, patch, "bob", self.alice)
        self.assertEqual(self.busy("bob", "bob"), [(9, "confirmed")])
        self.assertEqual(self.busy("carol", "bob"), [])

    def details(self, user: str, **given: Any) -> list[dict[str, Any]]:
        """What somebody is told of alice, who may be told more."""
        arguments = {"id": encode_id(self.alice), "utcStart": START, "utcEnd": END, "showDetails": True, **given}
        return list(self.jmap("Principal/getAvailability", user, **arguments)["list"])

    def test_events_are_told_to_who_may_read_them(self) -> None:
        self.put("b", event("b", 9))
        self.put("c", event("c", 10, "STATUS:TENTATIVE", "RRULE:FREQ=HOURLY;COUNT=2"))
        merged = [("2027-03-01T09:00:00Z", "2027-03-01T10:00:00Z", "confirmed", None)]
        merged += [("2027-03-01T10:00:00Z", "2027-03-01T12:00:00Z", "tentative", None)]
        self.share("mayReadFreeBusy")
        self.assertEqual([tuple(each.values()) for each in self.details("bob")], merged)
        self.share("mayReadFreeBusy", "mayReadItems")
        told = self.details("bob", eventProperties=["title", "uid", "baseEventId", "start"])
        self.assertEqual([each["utcStart"][11:13] for each in told], ["09", "09", "10", "11"])
        first, _, third, last = (each["event"] for each in told)
        self.assertEqual(
            {**first, "id": None},
            {"id": None, "baseEventId": None, "uid": "a", "title": "S"} | {"start": "2027-03-01T09:00:00"},
        )
        self.assertEqual((third["uid"], last["start"]), ("c", "2027-03-01T11:00:00"))
        self.assertEqual(last["id"], f"{last['baseEventId']}-20270301T110000")
        (whole,) = self.jmap("CalendarEvent/get", "bob", self.alice, ids=[first["id"]])["list"]
        self.assertEqual(self.details("bob")[0]["event"], whole)
        self.assertEqual([each["event"] for each in self.details("bob", showDetails=False)], [None, None])

    def test_private_events_are_told_as_calendars_show_them(self) -> None:
        self.put("b", event("b", 12, "CLASS:PRIVATE"))
        self.put("c", event("c", 14, "CLASS:CONFIDENTIAL"))
        self.share("mayReadFreeBusy", "mayReadItems")
        told = self.details("bob")
        self.assertEqual([each["utcStart"][11:13] for each in told], ["09", "12"])
        self.assertNotIn("title", told[1]["event"])
        self.assertEqual(len(self.details("alice")), 3)

    def test_an_event_in_two_calendars_is_told_once(self) -> None:
        other = self.made("Calendar", name="Other")
        (id,) = self.jmap("CalendarEvent/query")["ids"]
        self.changed("CalendarEvent", id, {f"calendarIds/{other}": True})
        self.assertEqual([each["event"]["id"] for each in self.details("alice")], [id])

    def test_an_event_is_told_once_though_another_calendar_shows_its_times_only(self) -> None:
        other = self.made("Calendar", name="Aother")
        (id,) = self.jmap("CalendarEvent/query")["ids"]
        self.changed("CalendarEvent", id, {f"calendarIds/{other}": True})
        self.share("mayReadItems")
        self.changed("Calendar", other, {f"shareWith/{encode_id(self.bob)}": {"mayReadFreeBusy": True}})
        self.assertEqual([each["event"]["id"] for each in self.details("bob")], [id])

    def test_times_are_those_of_the_range(self) -> None:
        half = {"utcStart": "2027-03-01T09:30:00Z", "utcEnd": "2027-03-01T09:45:00Z"}
        (told,) = self.details("alice", **half)
        self.assertEqual((told["utcStart"], told["utcEnd"]), tuple(half.values()))
        self.assertEqual(told["event"]["start"], "2027-03-01T09:00:00")

    def test_what_is_told_of_events_is_bounded(self) -> None:
        self.put("b", event("b", 12, f"DESCRIPTION:{'x' * 2000}", "RRULE:FREQ=MINUTELY;COUNT=60"))
        self.patch(get_availability_module, "Allowance", lambda: Allowance(details=5000))
        told = self.details("alice")
        self.assertEqual(len([each for each in told if each["event"] is not None]), 3)
        self.assertEqual(told[-1]["utcEnd"], "2027-03-01T13:59:00Z")
        self.assertEqual(told[-1]["busyStatus"], "confirmed")

    def test_what_cannot_be_asked(self) -> None:
        own = encode_id(self.alice)
        given = {"id": own, "utcStart": START, "utcEnd": END}
        for wrong, kind in (
            ({"id": "zzz"}, "notFound"),
            ({"id": None}, "invalidArguments"),
            ({"utcStart": END}, "invalidArguments"),
            ({"utcEnd": "tomorrow"}, "invalidArguments"),
            ({"utcEnd": "2029-03-02T00:00:00Z"}, "tooLarge"),
            ({"showDetails": 5}, "invalidArguments"),
            ({"eventProperties": "title"}, "invalidArguments"),
            ({"showDetails": True, "eventProperties": ["no such"]}, "invalidArguments"),
        ):
            self.assertEqual(self.refused("Principal/getAvailability", **{**given, **wrong}), kind, wrong)

    def test_what_opens_it(self) -> None:
        self.assertEqual(get_availability.capabilities, (PRINCIPALS, AVAILABILITY))
        self.assertEqual(get_availability.needs, "jmapPrincipalGetAvailability")
