"""Large events, and what clients send who mean no good: each gets its error, and the rest goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stalwart.jmap.calendars import event_preparing, event_writing
from tests.jmap.calendars.event_case import EVENT, WEEKLY, EventCase


def excluded(count: int) -> dict[str, Any]:
    """So many days of a daily series that are left out."""
    first = datetime.fromisoformat("2027-01-04T12:00:00")
    return {(first + timedelta(days=number)).isoformat(): {"excluded": True} for number in range(1, count + 1)}


DAILY = {**EVENT, "recurrenceRule": {"frequency": "daily"}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**40) | st.text(max_size=8) | st.just("2027-01-04T12:00:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
WORDS = """
    title start duration timeZone recurrenceRule recurrenceOverrides participants links locations alerts calendarIds
    utcStart utcEnd isDraft uid @type replyTo recurrenceRules recurrenceId timeZones keywords privacy iCalendar
    participants/a recurrenceOverrides/2027-01-11T12:00:00 links/a/blobId ~ a/b/c
"""
NAMES = st.sampled_from(WORDS.split())


class LargeTests(EventCase):
    def test_the_work_is_done_before(self) -> None:
        made: list[object] = []
        self.patch(event_writing, "object_of", self.counting(made, event_writing.object_of))
        id = self.event(**DAILY, recurrenceOverrides=excluded(1000))
        self.assertEqual(len(made), 1)
        self.change(id, {"title": "New"})
        self.assertEqual(len(made), 2)
        self.assertEqual(len(self.shown(id)["recurrenceOverrides"]), 1000)
        instance = f"{id}-20310104T120000"
        self.change(instance, {"title": "One"})
        self.assertEqual((len(made), self.shown(instance)["title"]), (3, "One"))
        self.assertIsNone(self.destroyed(instance))
        self.assertEqual(len(made), 4)
        self.assertEqual(self.shown(id)["title"], "New")
        self.assertEqual(self.refusal(id, {"timeZone": "Mars/Olympus"}), "invalidProperties")
        self.assertIsNone(self.destroyed(id))

    def counting(self, made: list[object], work: Any) -> Any:
        def counted(*given: Any) -> Any:
            made.append(given)
            return work(*given)

        return counted

    def test_there_are_bounds(self) -> None:
        event = {"calendarIds": {self.calendar: True}, **DAILY}
        answer = self.not_made(**DAILY, recurrenceOverrides=excluded(10_001))
        self.assertEqual((answer["type"], answer["properties"]), ("invalidProperties", ["recurrenceOverrides"]))
        self.patch(event_preparing, "_MOST", 100_000)
        given = {str(number): {**event, "recurrenceOverrides": excluded(1000)} for number in range(3)}
        answer = self.jmap("CalendarEvent/set", create=given)
        self.assertEqual((list(answer["created"]), list(answer["notCreated"])), (["0", "1"], ["2"]))
        self.assertEqual(answer["notCreated"]["2"]["type"], "tooLarge")

    def test_a_file_in_a_large_event(self) -> None:
        problem = self.not_made(**DAILY, recurrenceOverrides=excluded(1000), links={"a": {"blobId": "Bx"}})
        self.assertEqual(problem["properties"], ["links/a/blobId"])


class HostileTests(EventCase):
    def test_wrong_values(self) -> None:
        for members in (
            {"timeZone": {"a": 1}},
            {"timeZone": "/x", "timeZones": {"/x": {"tzId": "/x", "standard": [{"start": "x"}]}}},
            {"timeZone": "/x", "timeZones": {"/x": {"timeZones": {"/x": {}}}}},
            {"recurrenceOverrides": {"2027-02-30T00:00:00": {}}},
            {"recurrenceOverrides": {"2027-01-04T12:00:00": {"title/x": 1}}},
            {"recurrenceOverrides": {"2027-01-04T12:00:00": {"uid": "x"}}},
            {"recurrenceOverrides": {"2027-01-04T12:00:00": {"recurrenceRule": None, "locations/a/b": 1}}},
            {"recurrenceRule": {"frequency": "daily", "count": 0}},
            {"recurrenceRule": [1]},
            {"participants": [1]},
            {"participants": {"a": 1}},
            {"start": "2027-01-04T12:00:00Z"},
            {"start": "9999-12-31T23:00:00"},
            {"duration": "-PT1H"},
            {"utcStart": "2027-01-04T12:00:00Z", "utcEnd": "2027-01-04T11:00:00Z"},
            {"utcStart": 1, "utcEnd": 2},
            {"uid": ""},
            {"uid": "x" * 2000},
            {"@type": "Group", "entries": [{"@type": "Event", **EVENT, "uid": "a"}]},
            {"@type": "Mars"},
            {"links": {"a": {"blobId": 1}}},
            {"baseEventId": "x"},
            {"isOrigin": True},
        ):
            problem = self.not_made(**{**EVENT, **members})
            self.assertIn(problem["type"], ("invalidProperties", "invalidPatch"), members)

    def test_patches_into_the_void(self) -> None:
        id = self.event(**WEEKLY)
        for patch in (
            {"participants/a/name": "x"},
            {"recurrenceOverrides/2027-01-11T12:00:00/title": "x"},
            {"title/x": 1},
            {"title": "a", "title/x": 1},
            {"recurrenceRule/byDay/0": 1},
            {"~2": 1},
            {"": 1},
        ):
            self.assertIn(self.refusal(id, patch), ("invalidPatch", "invalidProperties"), patch)

    @settings(max_examples=60)
    @given(st.dictionaries(NAMES, JSON, max_size=4), st.dictionaries(NAMES, JSON, max_size=4))
    def test_anything(self, members: dict[str, Any], patch: dict[str, Any]) -> None:
        given = {"calendarIds": {self.calendar: True}, **WEEKLY, "recurrenceRule": {"frequency": "weekly"}, **members}
        answer = self.jmap("CalendarEvent/set", create={"k": given})
        problems = list((answer["notCreated"] or {}).values())
        if answer["created"]:
            id = answer["created"]["k"]["id"]
            for each in (id, f"{id}-20270111T120000"):
                told = self.jmap("CalendarEvent/set", update={each: patch})
                problems += (told["notUpdated"] or {}).values()
                self.jmap("CalendarEvent/get", ids=[each])
            self.jmap("CalendarEvent/set", destroy=[f"{id}-20270118T120000", id])
        known = {"invalidProperties", "invalidPatch", "notFound", "tooLarge", "forbidden"}
        self.assertLessEqual({each["type"] for each in problems}, known, problems)
