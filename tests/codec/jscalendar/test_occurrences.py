"""Instances, UTC times, parts of events."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.timezones import iana_zone
from stalwart.codec.jscalendar.checking import InvalidEvent, check
from stalwart.codec.jscalendar.occurrences import (
    instance_of,
    reduced,
    utc_span,
    utc_times,
    with_instance,
    with_utc_times,
    zone_of,
)
from stalwart.codec.jscalendar.older import translated
from stalwart.codec.jscalendar.series import event_of
from stalwart.codec.jscalendar.values import utc_seconds
from tests.codec.jscalendar.exports import CUSTOM_ZONE, NEXTCLOUD, THUNDERBIRD, octets
from tests.codec.jscalendar.generated import events
from tests.codec.jscalendar.reading_of import made

MOVED = "2026-01-19T10:00:00"


def series() -> dict[str, Any]:
    return event_of(read_calendar(octets(THUNDERBIRD)))


class InstanceTests(SynchronousTestCase):
    def test_an_instance_that_nobody_changed(self) -> None:
        event = series()
        instance = instance_of(event, "2026-01-26T10:00:00")
        assert instance is not None
        self.assertEqual(
            {key: instance[key] for key in ("start", "recurrenceId", "recurrenceIdTimeZone", "title", "uid")},
            {
                "start": "2026-01-26T10:00:00", "recurrenceId": "2026-01-26T10:00:00",
                "recurrenceIdTimeZone": "Europe/Berlin", "title": event["title"], "uid": event["uid"],
            },
        )  # fmt: skip
        self.assertEqual((instance["recurrenceRule"], instance["recurrenceOverrides"]), (None, None))

    def test_an_instance_that_was_changed(self) -> None:
        instance = instance_of(series(), MOVED)
        assert instance is not None
        self.assertEqual((instance["start"], instance["recurrenceId"]), ("2026-01-19T14:00:00", MOVED))
        self.assertEqual(instance["locations"]["1"]["name"], "Room 2")

    def test_what_is_excluded_is_no_instance(self) -> None:
        self.assertIsNone(instance_of(series(), "2026-01-12T10:00:00"))

    def test_what_is_the_same_in_all_instances_is_not_patched(self) -> None:
        event = made(recurrenceOverrides={"2026-01-02T10:00:00": {"uid": "b", "title": "x"}})
        instance = instance_of(event, "2026-01-02T10:00:00")
        assert instance is not None
        self.assertEqual((instance["uid"], instance["title"]), ("a", "x"))

    def test_bad_names_and_patches(self) -> None:
        nowhere = made(recurrenceOverrides={"2026-01-02T10:00:00": {"a/b": 1, "title": "x"}})
        instance = instance_of(nowhere, "2026-01-02T10:00:00")
        self.assertEqual((instance or {})["title"], "x")
        event = made(recurrenceOverrides={"2026-01-02T10:00:00": {"a": {}, "a/b": 1}}, a={"b": 2})
        for key in ("2026-01-02T10:00:00", "tomorrow"):
            self.assertRaises(InvalidEvent, instance_of, event, key)
        self.assertRaises(InvalidEvent, with_instance, made(due="2026-01-01T11:00:00"), "tomorrow", {})

    def test_a_change_is_the_least_patch(self) -> None:
        event, key = series(), "2026-01-26T10:00:00"
        instance = instance_of(event, key)
        assert instance is not None
        after = with_instance(event, key, instance | {"title": "New"})
        self.assertEqual(after["recurrenceOverrides"][key], {"title": "New"})
        self.assertEqual(with_instance(after, key, instance), event)
        self.assertEqual(with_instance(event, key, None)["recurrenceOverrides"][key], {"excluded": True})

    def test_an_instance_that_no_rule_makes_stays(self) -> None:
        event, key = series(), "2026-01-27T10:00:00"
        instance = instance_of(event, key)
        self.assertEqual(with_instance(event, key, instance)["recurrenceOverrides"][key], {})

    def test_instances_have_no_uid_of_their_own(self) -> None:
        instance = instance_of(series(), MOVED)
        assert instance is not None
        error = self.assertRaises(InvalidEvent, with_instance, series(), MOVED, instance | {"uid": "other"})
        self.assertEqual(error.properties, ("uid",))

    @settings(max_examples=150)
    @given(events(), st.data())
    def test_what_is_written_back_is_what_is_seen_then(self, event: dict[str, Any], data: st.DataObject) -> None:
        event = translated(event)
        if check(event) or event.get("recurrenceId") is not None:
            return
        keys = [*(event.get("recurrenceOverrides") or {}), event["start"]]
        key = data.draw(st.sampled_from(keys))
        instance = instance_of(event, key)
        if instance is None:
            return
        self.assertEqual(instance_of(with_instance(event, key, instance), key), instance)
        changed = instance | {"title": "another"}
        self.assertEqual(instance_of(with_instance(event, key, changed), key), changed)


class UtcTests(SynchronousTestCase):
    def test_spans(self) -> None:
        event = made(timeZone="Europe/Berlin", start="2026-03-28T12:00:00", duration="P1D")
        self.assertEqual(utc_times(event), {"utcStart": "2026-03-28T11:00:00Z", "utcEnd": "2026-03-29T10:00:00Z"})
        event["duration"] = "PT24H"
        self.assertEqual(utc_times(event)["utcEnd"], "2026-03-29T11:00:00Z")
        self.assertEqual(utc_times({"@type": "Task", "due": "2026-01-01T00:00:00"})["utcEnd"], "2026-01-01T00:00:00Z")
        self.assertIsNone(utc_span({"@type": "Task"}))
        self.assertEqual(utc_times({"@type": "Task"}), {})

    def test_floating_times_are_where_the_reader_is(self) -> None:
        zone = iana_zone("America/New_York")
        assert zone is not None
        self.assertEqual(utc_times(made(timeZone=None), zone)["utcStart"], "2026-01-01T15:00:00Z")
        self.assertIs(zone_of(made(timeZone=None), zone), zone)

    def test_custom_zones(self) -> None:
        event = event_of(read_calendar(octets(CUSTOM_ZONE)))
        self.assertEqual(event["timeZone"], "/Ship")
        self.assertEqual(utc_times(event)["utcStart"], "2026-02-02T13:45:00Z")

    def test_times_are_set(self) -> None:
        event = with_utc_times(made(timeZone="Europe/Berlin"), "2026-07-01T08:00:00Z", "2026-07-01T09:30:00Z")
        self.assertEqual((event["start"], event["duration"]), ("2026-07-01T10:00:00", "PT1H30M"))
        event = with_utc_times(made(timeZone=None), "2026-07-01T08:00:00Z", "2026-07-01T09:30:00Z")
        self.assertEqual((event["start"], event["timeZone"]), ("2026-07-01T08:00:00", "Etc/UTC"))
        for start, end in (("x", "2026-07-01T09:30:00Z"), ("2026-07-01T09:30:00Z", "2026-07-01T09:30:00Z"), (None, 1)):
            self.assertRaises(InvalidEvent, with_utc_times, made(), start, end)


class ReducedTests(SynchronousTestCase):
    def test_overrides_of_a_range(self) -> None:
        event = event_of(read_calendar(octets(NEXTCLOUD)))
        middle = utc_seconds("2026-04-10T00:00:00Z")
        self.assertEqual([*reduced(event, before=middle)["recurrenceOverrides"]], ["2026-04-08T00:00:00"])
        self.assertEqual([*reduced(event, after=middle)["recurrenceOverrides"]], ["2026-04-15T00:00:00"])
        self.assertEqual(reduced(event), event)

    def test_owners_and_the_reader_are_left(self) -> None:
        event = series()
        event["participants"]["x"] = {"calendarAddress": "mailto:carol@example.org"}
        event["recurrenceOverrides"]["2026-02-02T10:00:00"] = {
            "participants/x/participationStatus": "accepted",
            "participants/y": {"calendarAddress": "mailto:eve@example.org"},
            "participants/z": {"calendarAddress": "mailto:bob@example.org"},
            "title": "x",
        }
        made = reduced(event, keeps=lambda address: address == "mailto:bob@example.org")
        self.assertEqual([each["name"] for each in made["participants"].values()], ["Alice", "Bob"])
        self.assertEqual({*made["recurrenceOverrides"]["2026-02-02T10:00:00"]}, {"participants/z", "title"})
        self.assertIn("x", event["participants"])
