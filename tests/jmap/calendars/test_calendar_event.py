"""CalendarEvent/get, set and copy, and the same events over CalDAV (jmap.md 16.2)."""

from __future__ import annotations

import json
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.codec.jscalendar import overrides
from stalwart.jmap.calendars import calendar_event, event_properties, event_refusals, event_source, event_view
from stalwart.telemetry.event import Level
from tests.jmap.calendars.event_case import EVENT, HOME, WEEKLY, EventCase

TESTED = calendar_event, event_properties, event_refusals, event_source, event_view


class EventTests(EventCase):
    def test_an_event_comes_back(self) -> None:
        answer = self.jmap("CalendarEvent/set", create={"k": {"calendarIds": {self.calendar: True}, **EVENT}})
        created = answer["created"]["k"]
        self.assertEqual(created["isDraft"], False)
        self.assertTrue(created["isOrigin"])
        self.assertIn("uid", created)
        self.assertEqual(created["updated"], created["created"])
        shown = self.shown(created["id"])
        self.assertEqual({name: shown[name] for name in EVENT}, EVENT)
        self.assertEqual((shown["calendarIds"], shown["baseEventId"]), ({self.calendar: True}, None))
        self.assertNotIn("utcStart", shown)
        self.assertIn("SUMMARY:Lunch\r\n", self.text())
        self.assertIn("DTSTART;TZID=Europe/Berlin:20270104T120000", self.text())

    def test_one_change_is_one_for_all(self) -> None:
        id = self.event(**EVENT)
        state = self.jmap("CalendarEvent/get", ids=[])["state"]
        self.change(id, {"title": "Dinner"})
        changes = self.jmap("CalendarEvent/changes", sinceState=state)
        self.assertEqual((changes["created"], changes["updated"], changes["destroyed"]), ([], [id], []))
        (path,) = self.texts()
        etag = self.ask("GET", path).headers["etag"]
        self.assertIn(b"SUMMARY:Dinner", self.ask("GET", path).body)
        body = self.text().replace("Dinner", "Supper").encode()
        self.expect(204, "PUT", path, body, content_type="text/calendar", if_match=etag)
        self.assertEqual(self.shown(id)["title"], "Supper")
        self.expect(204, "DELETE", path)
        self.assertEqual(self.jmap("CalendarEvent/changes", sinceState=changes["newState"])["destroyed"], [id])

    def test_lines_that_nobody_changes_stay(self) -> None:
        self.put("a", "DTSTART:20270101T100000Z", "X-ODD;A=b:c", "SUMMARY;LANGUAGE=de:Alt", "COMMENT:x")
        before = self.text()
        (id,) = self.found()
        self.change(id, {"priority": 3})
        kept = [line for line in before.splitlines() if not line.startswith(("DTSTAMP", "LAST-MOD"))]
        self.assertEqual([line for line in kept if line not in self.text().splitlines()], [])
        self.assertIn("PRIORITY:3", self.text())
        etag = self.ask("GET", f"{HOME}a.ics").headers["etag"]
        self.change(id, {"priority": 3})
        self.assertEqual(self.ask("GET", f"{HOME}a.ics").headers["etag"], etag)

    def test_what_is_refused(self) -> None:
        self.assertEqual(self.not_made(**EVENT, calendarIds={})["properties"], ["calendarIds"])
        self.assertEqual(self.not_made(**EVENT, calendarIds={"zzz": True})["properties"], ["calendarIds/zzz"])
        self.assertEqual(self.not_made(title="x")["properties"], ["start"])
        self.assertEqual(self.not_made(**{**EVENT, "timeZone": "Mars/Olympus"})["properties"], ["timeZone"])
        self.assertEqual(self.not_made(**EVENT, id="a")["type"], "invalidProperties")
        self.assertEqual(self.not_made(**EVENT, utcStart="2027-01-01T00:00:00Z")["properties"], ["utcStart", "utcEnd"])
        many = {str(number): {"calendarAddress": f"mailto:a{number}@x.test"} for number in range(21)}
        self.assertEqual(self.not_made(**EVENT, participants=many)["properties"], ["participants"])
        self.assertEqual(self.not_made(**EVENT, description="x" * 600_000)["type"], "tooLarge")
        id = self.event(**EVENT, uid="one")
        self.assertEqual(self.not_made(**EVENT, uid="one")["existingId"], id)
        self.assertEqual(self.refusal(id, {"uid": "two"}), "invalidProperties")
        self.assertEqual(self.refusal(id, {"locations/a/name": "x"}), "invalidPatch")
        self.assertEqual(self.refusal(id, {"calendarIds": {}}), "invalidProperties")
        self.assertEqual(self.refusal(id, {"isDraft": True}), "invalidProperties")
        self.assertEqual(self.refusal(id, {"method": "request"}), "invalidProperties")
        self.assertEqual(self.refusal(id, {"start": None}), "invalidProperties")

    def test_what_the_server_says_of_an_event_comes_from_nobody_else(self) -> None:
        """Neither a line of text nor an override has ids, memberships, or what is the server's otherwise."""
        spoof = {
            "id": "evil",
            "baseEventId": "evil",
            "calendarIds": {"zz": True},
            "isDraft": True,
            "isOrigin": False,
            "utcStart": "2020-01-01T00:00:00Z",
            "utcEnd": "2020-01-01T00:00:00Z",
            "myRights": {},
        }
        told = [f"JSPROP;JSPTR={name}:{json.dumps(value).replace(',', chr(92) + ',')}" for name, value in spoof.items()]
        times = ("DTSTART:20270301T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
        again = ["END:VEVENT", "BEGIN:VEVENT", "UID:spoof", "DTSTAMP:20270101T000000Z", "SUMMARY:Other", *told]
        self.put(
            "spoof", *times, "SUMMARY:Spam", *told, *again, "RECURRENCE-ID:20270302T100000Z", "DTSTART:20270302T110000Z"
        )
        (id,) = self.found(filter={"uid": "spoof"})
        for each, base in ((id, None), (f"{id}-20270302T100000", id)):
            for names in (None, ["id", *spoof]):
                shown = self.shown(each, properties=names)
                expected = (each, base, {self.calendar: True}, False, True)
                self.assertEqual(
                    tuple(shown[name] for name in ("id", "baseEventId", "calendarIds", "isDraft", "isOrigin")), expected
                )
                self.assertNotEqual(shown.get("utcStart"), spoof["utcStart"])
                self.assertNotIn("myRights", shown)
        for name, value in spoof.items():
            refused = self.not_made(**WEEKLY, recurrenceOverrides={"2027-01-11T12:00:00": {name: value}})
            self.assertEqual(refused["properties"], [f"recurrenceOverrides/2027-01-11T12:00:00/{name}"])

    def test_one_line_of_a_stranger_hides_no_event(self) -> None:
        times = ("DTSTART:20270301T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
        self.put("good", *times)
        lines = (
            'JSPROP;JSPTR="recurrenceRule":{"frequency":"daily"\\,"until":null}',
            'JSPROP;JSPTR="recurrenceRule":{"frequency":"daily"\\,"byDay":null}',
            'JSPROP;JSPTR="participants":{"a":null}',
            'JSPROP;JSPTR="recurrenceRule":null',
        )
        for at, line in enumerate(lines):
            self.put(f"odd{at}", *times, line)
        range = {"after": "2027-02-27T00:00:00", "before": "2027-03-10T00:00:00"}
        ids = self.found(filter=range, expandRecurrences=True)
        self.assertEqual(len(ids), 15)
        shown = self.jmap("CalendarEvent/get", ids=ids, reduceParticipants=True)
        self.assertEqual((len(shown["list"]), shown["notFound"]), (15, []))

    def test_an_event_that_cannot_be_shown_costs_no_other(self) -> None:
        first, second = self.event(**WEEKLY), self.event(**EVENT)

        def broken(event: object, key: str) -> bool:
            raise TypeError("broken")

        told: list[dict[str, Any]] = []
        self.addCleanup(self.telemetry.observe(lambda event, keys: told.append(keys), Level.ERROR))
        self.patch(overrides, "rule_makes", broken)
        wanted = [f"{first}-20270111T120000", second]
        answer = self.jmap("CalendarEvent/get", ids=wanted)
        self.assertEqual(([each["id"] for each in answer["list"]], answer["notFound"]), ([second], wanted[:1]))
        self.assertEqual(
            [(each["method"], each["reason"]) for each in told], [("CalendarEvent/get", "TypeError: broken")]
        )

    def test_times_in_utc(self) -> None:
        id = self.event(
            title="x", timeZone="Europe/Berlin", utcStart="2027-01-04T11:00:00Z", utcEnd="2027-01-04T12:30:00Z"
        )
        shown = self.shown(id, properties=["start", "duration", "utcStart", "utcEnd"])
        self.assertEqual(
            shown,
            {
                "id": id,
                "start": "2027-01-04T12:00:00",
                "duration": "PT1H30M",
                "utcStart": "2027-01-04T11:00:00Z",
                "utcEnd": "2027-01-04T12:30:00Z",
            },
        )
        self.change(id, {"utcStart": "2027-07-01T10:00:00Z", "utcEnd": "2027-07-01T11:00:00Z"})
        self.assertEqual(self.shown(id)["start"], "2027-07-01T12:00:00")

    def test_older_spellings(self) -> None:
        id = self.event(**EVENT, recurrenceRules=[{"@type": "RecurrenceRule", "frequency": "daily", "count": 2}])
        self.assertEqual(self.shown(id)["recurrenceRule"]["frequency"], "daily")
        self.change(id, {"recurrenceRules": None})
        self.assertNotIn("recurrenceRule", self.shown(id))
        people = {"a": {"sendTo": {"imip": "mailto:b@x.test"}, "roles": {"attendee": True}}}
        self.change(id, {"participants": people, "replyTo": {"imip": "mailto:alice@example.test"}})
        shown = self.shown(id)
        self.assertEqual(shown["organizerCalendarAddress"], "mailto:alice@example.test")
        self.assertIn("mailto:b@x.test", [each["calendarAddress"] for each in shown["participants"].values()])

    def test_unknown_members_are_kept(self) -> None:
        id = self.event(**EVENT, **{"example.com:odd": {"a": [1, None]}, "mayInviteSelf": True})
        shown = self.shown(id)
        self.assertEqual((shown["example.com:odd"], shown["mayInviteSelf"]), ({"a": [1, None]}, True))

    def test_an_organizer_is_made(self) -> None:
        id = self.event(
            **EVENT, participants={"a": {"calendarAddress": "mailto:b@x.test", "roles": {"attendee": True}}}
        )
        shown = self.shown(id)
        self.assertEqual(shown["organizerCalendarAddress"], "mailto:alice@example.test")
        self.assertTrue(shown["isOrigin"])
        self.assertEqual(self.change(id, {"start": "2027-01-05T12:00:00"})["sequence"], 1)

    def test_drafts_end(self) -> None:
        alerts = {"a": {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M"}}}
        id = self.event(**{**EVENT, "start": "2098-01-01T00:00:00"}, isDraft=True, alerts=alerts)
        self.assertIsNone(self.successResultOf(self.store.read(lambda tx: tx.collections.next_alarm())))
        self.assertTrue(self.shown(id)["isDraft"])
        self.change(id, {"isDraft": False})
        self.assertFalse(self.shown(id)["isDraft"])
        self.assertIsNotNone(self.successResultOf(self.store.read(lambda tx: tx.collections.next_alarm())))
        self.assertEqual(self.refusal(id, {"isDraft": True}), "invalidProperties")

    def test_several_calendars(self) -> None:
        work = self.made("Calendar", name="Work")
        id = self.event(**EVENT, calendarIds={self.calendar: True, work: True})
        self.assertEqual(self.shown(id)["calendarIds"], {self.calendar: True, work: True})
        self.change(id, {f"calendarIds/{self.calendar}": None})
        self.assertEqual(self.shown(id)["calendarIds"], {work: True})
        self.assertEqual(self.texts(), {})
        self.change(id, {"calendarIds": {self.calendar: True}, "title": "Moved"})
        self.assertIn("SUMMARY:Moved", self.text())
        self.assertIsNone(self.destroyed(id))
        self.assertEqual(self.texts(), {})
        self.assertEqual(self.destroyed(id), "notFound")

    def test_copies(self) -> None:
        self.share("bob", "mayReadItems")
        id = self.event(**EVENT, uid="u")
        (mine,) = (each["id"] for each in self.jmap("Calendar/get", "bob")["list"])
        create = {"k": {"id": id, "calendarIds": {mine: True}, "title": "Copy"}}
        answer = self.jmap("CalendarEvent/copy", "bob", fromAccountId=encode_id(self.alice), create=create)
        copied = self.shown(answer["created"]["k"]["id"], "bob")
        self.assertEqual((copied["title"], copied["uid"], copied["start"]), ("Copy", "u", EVENT["start"]))


class InstanceTests(EventCase):
    def setUp(self) -> None:
        super().setUp()
        self.base = self.event(**WEEKLY)
        self.second = f"{self.base}-20270111T120000"

    def test_an_instance_is_shown(self) -> None:
        shown = self.shown(self.second)
        self.assertEqual((shown["id"], shown["baseEventId"]), (self.second, self.base))
        self.assertEqual((shown["start"], shown["recurrenceId"]), ("2027-01-11T12:00:00",) * 2)
        self.assertEqual((shown["recurrenceRule"], shown["recurrenceOverrides"]), (None, None))
        self.assertEqual(shown["recurrenceIdTimeZone"], "Europe/Berlin")
        for other in (
            f"{self.base}-20270112T120000",
            f"{self.base}-20270111T1200",
            f"{self.base}-2027",
            "zz-20270111T120000",
        ):
            self.assertTrue(self.is_gone(other), other)

    def test_a_change_is_an_override(self) -> None:
        state = self.jmap("CalendarEvent/get", ids=[])["state"]
        self.change(self.second, {"title": "Other", "start": "2027-01-11T13:00:00"})
        base = self.shown(self.base)
        patch = {"title": "Other", "start": "2027-01-11T13:00:00"}
        ((key, found),) = base["recurrenceOverrides"].items()
        self.assertEqual(key, "2027-01-11T12:00:00")
        self.assertEqual({name: found[name] for name in patch}, patch)
        self.assertEqual(self.shown(self.second)["title"], "Other")
        self.assertIn("RECURRENCE-ID;TZID=Europe/Berlin:20270111T120000", self.text())
        self.assertEqual(self.jmap("CalendarEvent/changes", sinceState=state)["updated"], [self.base])
        self.assertEqual(
            self.refusal(self.second, {"calendarIds": {self.calendar: True, "zz": True}}), "invalidProperties"
        )
        self.assertEqual(self.refusal(self.second, {"recurrenceRule": {"frequency": "daily"}}), "invalidProperties")

    def test_overrides_of_what_goes_go_with_it(self) -> None:
        day, other = "2027-01-11T12:00:00", "2027-01-18T12:00:00"
        patches = {day: {"locations/l/name": "there"}, other: {"locations/l/name": "there", "title": "Other"}}
        id = self.event(**WEEKLY, locations={"l": {"name": "here"}}, recurrenceOverrides=patches)
        self.change(id, {"locations/l": None})
        self.assertEqual(self.shown(id)["recurrenceOverrides"], {other: {"title": "Other"}})
        again = self.unchanged("CalendarEvent", id, {f"recurrenceOverrides/{day}": {"locations/l/name": "x"}})
        self.assertEqual(again["properties"], [f"recurrenceOverrides/{day}/locations~1l~1name"])

    def test_an_instance_is_taken_out(self) -> None:
        self.assertIsNone(self.destroyed(self.second))
        self.assertTrue(self.is_gone(self.second))
        self.assertEqual(self.shown(self.base)["recurrenceOverrides"], {"2027-01-11T12:00:00": {"excluded": True}})
        self.assertIn("EXDATE;TZID=Europe/Berlin:20270111T120000", self.text())
        self.assertEqual(self.destroyed(self.second), "notFound")

    def test_overrides_are_trimmed(self) -> None:
        self.change(self.second, {"title": "Other"})
        for argument, is_there in (
            ({"recurrenceOverridesBefore": "2027-01-11T11:00:00Z"}, False),
            ({"recurrenceOverridesBefore": "2027-01-11T11:00:01Z"}, True),
            ({"recurrenceOverridesAfter": "2027-01-11T11:00:00Z"}, True),
            ({"recurrenceOverridesAfter": "2027-01-11T11:00:01Z"}, False),
        ):
            shown = self.shown(self.base, **argument)
            self.assertEqual(bool(shown.get("recurrenceOverrides")), is_there, argument)
        answer = self.jmap(
            "CalendarEvent/set", update={self.base: {"priority": 1}}, recurrenceOverridesBefore="2020-01-01T00:00:00Z"
        )
        self.assertIsNone(answer["notUpdated"])
        self.assertIn("RECURRENCE-ID", self.text())

    def test_instances_of_a_task_and_without_a_series(self) -> None:
        self.put("lone", "RECURRENCE-ID:20270201T100000Z", "DTSTART:20270201T110000Z", "SUMMARY:Lone")
        found = self.found(
            filter={"after": "2027-02-01T00:00:00", "before": "2027-02-02T00:00:00"}, expandRecurrences=True
        )
        lone = next(each for each in found if each.endswith("-20270201T100000"))
        self.assertEqual(self.shown(lone)["title"], "Lone")
        self.change(lone, {"title": "Still"})
        self.assertEqual(self.shown(lone)["title"], "Still")
        self.assertIsNone(self.destroyed(lone))
        self.assertTrue(self.is_gone(lone))
