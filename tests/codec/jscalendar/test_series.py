"""Calendar objects as events and back: laws, and what programs write."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.icalendar.lines import MAX_OCTETS
from stalwart.codec.jscalendar.checking import InvalidEvent, check, shifted
from stalwart.codec.jscalendar.older import translated
from stalwart.codec.jscalendar.patches import patched
from stalwart.codec.jscalendar.series import PER_USER, NoEvent, calendar_of, event_of, events_of
from stalwart.codec.jscalendar.values import Json
from tests.codec.jscalendar.exports import EXPORTS, INSTANCES, NEXTCLOUD, OUTLOOK, THUNDERBIRD, octets
from tests.codec.jscalendar.generated import ANY, CALENDARS, events
from tests.codec.jscalendar.rfc_8984 import DURATIONS, IN_TEXT, RFC_8984

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def meaning(event: Json) -> Json:
    """An event with its overrides as the instances that they make."""
    made = dict(event)
    made["recurrenceOverrides"] = {
        key: patch if patch == {"excluded": True} else patched(shifted(event, key), patch)
        for key, patch in (event.get("recurrenceOverrides") or {}).items()
    }
    return made


def reread(calendar: Component) -> Json:
    """What is read of what is written."""
    return event_of(read_calendar(calendar.octets()))


class LawTests(SynchronousTestCase):
    @settings(max_examples=250, suppress_health_check=_SLOW)
    @given(events())
    def test_a_good_event_comes_back(self, event: Json) -> None:
        kept = translated(event)
        if check(kept):
            self.assertRaises(InvalidEvent, calendar_of, event)
            return
        calendar = calendar_of(event)
        again = reread(calendar)
        self.assertEqual(meaning(again), meaning(kept), calendar.text())
        self.assertEqual(calendar_of(again, calendar).octets(), calendar.octets())
        self.assertEqual(translated(again), again | {})

    @settings(max_examples=120, suppress_health_check=_SLOW)
    @given(events(), events())
    def test_any_change_is_what_is_read_then(self, one: Json, other: Json) -> None:
        first, second = translated(one), translated(other | {"@type": one["@type"]})
        if check(first) or check(second):
            return
        calendar = calendar_of(first)
        changed = calendar_of(second, calendar)
        self.assertEqual(meaning(reread(changed)), meaning(second), changed.text())

    @settings(max_examples=250, suppress_health_check=_SLOW)
    @given(ANY)
    def test_anything_is_kept_or_refused_with_reasons(self, event: Any) -> None:
        try:
            calendar = calendar_of(event)
        except InvalidEvent as problem:
            self.assertTrue(problem.problems)
        else:
            reread(calendar)

    @settings(max_examples=300, suppress_health_check=_SLOW)
    @given(CALENDARS)
    def test_whatever_is_read_comes_back_byte_for_byte(self, text: str) -> None:
        calendar = read_calendar(octets(text))
        event = json.loads(json.dumps(event_of(calendar)))
        self.assertEqual(calendar_of(event, calendar).octets(), octets(text))
        try:
            alone = calendar_of(event)
        except InvalidEvent:
            return
        if event["@type"] != "Group":
            again = translated(reread(alone))
            self.assertEqual(again, {"updated": again["updated"], **translated(event)}, alone.text())

    def test_exports_come_back_byte_for_byte(self) -> None:
        for name, text in EXPORTS.items():
            for has_leftovers in (False, True):
                calendar = read_calendar(octets(text))
                event = json.loads(json.dumps(event_of(calendar, has_leftovers=has_leftovers)))
                self.assertEqual(calendar_of(event, calendar).octets(), octets(text), name)

    def test_exports_are_the_same_events_without_their_lines(self) -> None:
        for name, text in EXPORTS.items():
            event = event_of(read_calendar(octets(text)), has_leftovers=True)
            again = event_of(read_calendar(calendar_of(event).octets()), has_leftovers=True)
            self.assertEqual(again, event, name)

    def test_examples_of_rfc_8984(self) -> None:
        for section, event in {**RFC_8984, **IN_TEXT}.items():
            again = reread(calendar_of(event))
            if event["@type"] == "Group":
                self.assertEqual(again["entries"], [translated(each) for each in event["entries"]])
            else:
                self.assertEqual(meaning(again), meaning(translated(event)), section)

    def test_durations_of_rfc_8984(self) -> None:
        for text, kept in DURATIONS:
            event = {**RFC_8984["6.1"], "duration": text}
            self.assertEqual(reread(calendar_of(event))["duration"], kept)


class ReadingTests(SynchronousTestCase):
    def test_a_series_with_its_overrides_is_one_event(self) -> None:
        event = event_of(read_calendar(octets(THUNDERBIRD)))
        self.assertEqual(
            event["recurrenceOverrides"],
            {
                "2026-01-12T10:00:00": {"excluded": True},
                "2026-01-19T10:00:00": {
                    "start": "2026-01-19T14:00:00",
                    "updated": "2026-01-05T10:00:00Z",
                    "sequence": 1,
                    "locations/1/name": "Room 2",
                    "participants/k9f5faf2136e2/participationStatus": "declined",
                },
            },
        )

    def test_overrides_of_days(self) -> None:
        event = event_of(read_calendar(octets(NEXTCLOUD)))
        self.assertEqual(event["recurrenceOverrides"]["2026-04-08T00:00:00"], {"excluded": True})
        self.assertEqual(event["recurrenceOverrides"]["2026-04-15T00:00:00"]["start"], "2026-04-16T00:00:00")

    def test_instances_without_a_series_are_each_their_own(self) -> None:
        group = event_of(read_calendar(octets(INSTANCES)))
        self.assertEqual((group["@type"], group["uid"]), ("Group", "series@example.com"))
        self.assertEqual(
            [(each["recurrenceId"], each["recurrenceIdTimeZone"], each["title"]) for each in group["entries"]],
            [("2026-02-02T14:00:00", "Europe/Berlin", "One"), ("2026-02-09T14:00:00", "Europe/Berlin", "Other")],
        )

    def test_messages_have_their_method(self) -> None:
        event = event_of(read_calendar(octets(OUTLOOK)))
        self.assertEqual((event["method"], event["prodId"]), ("request", "Microsoft Exchange Server 2010"))

    def test_many_events_are_read_apart(self) -> None:
        calendar = read_calendar(octets(THUNDERBIRD))
        calendar.components += read_calendar(octets(NEXTCLOUD)).components
        self.assertEqual(len(events_of(calendar)), 2)

    def test_the_newer_of_two_overrides_counts(self) -> None:
        text = NEXTCLOUD.replace("END:VCALENDAR", NEXTCLOUD[NEXTCLOUD.rindex("BEGIN:VEVENT") :])
        text = text.replace("Frei\\, verschoben", "older", 1).replace("SEQUENCE:1", "SEQUENCE:0", 1)
        event = event_of(read_calendar(octets(text)))
        self.assertEqual(event["recurrenceOverrides"]["2026-04-15T00:00:00"]["title"], "Frei, verschoben")

    def test_what_has_neither_event_nor_task(self) -> None:
        calendar = read_calendar(b"BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n")
        self.assertRaises(NoEvent, event_of, calendar)
        self.assertEqual(events_of(calendar), [])

    def test_members_of_each_user_are_members(self) -> None:
        self.assertLess(PER_USER, {"keywords", "color", "freeBusyStatus", "useDefaultAlerts", "alerts", "title"})


class WritingTests(SynchronousTestCase):
    def change(self, text: str, patch: Json) -> tuple[list[str], list[str]]:
        """The lines that an edit takes away and adds."""
        calendar = read_calendar(octets(text))
        event = patched(event_of(calendar), patch)
        made = calendar_of(event, calendar)
        self.assertEqual(reread(made), event)
        before, after = calendar.lines(), made.lines()
        gone = [line for line in before if line not in after or before.count(line) > after.count(line)]
        return gone, [line for line in after if line not in before or after.count(line) > before.count(line)]

    def test_an_edit_changes_its_lines_only(self) -> None:
        patch = {"recurrenceOverrides/2026-01-19T10:00:00/title": "Moved"}
        old = "SUMMARY:Weekly\\, planning"
        self.assertEqual(self.change(THUNDERBIRD, patch), ([old, old], ["SUMMARY:Moved"]))

    def test_a_title_is_one_line_of_any_program(self) -> None:
        for name, text in EXPORTS.items():
            if name != "instances":
                gone, added = self.change(text, {"title": "New"})
                self.assertEqual({line.partition(":")[0].partition(";")[0] for line in added}, {"SUMMARY"}, name)
                self.assertTrue(all(line.startswith("SUMMARY") for line in gone), name)

    def test_an_instance_that_is_taken_away(self) -> None:
        self.assertEqual(
            self.change(THUNDERBIRD, {"recurrenceOverrides/2026-02-02T10:00:00": {"excluded": True}}),
            ([], ["EXDATE;TZID=Europe/Berlin:20260202T100000"]),
        )

    def test_an_answer_changes_one_parameter(self) -> None:
        event = event_of(read_calendar(octets(OUTLOOK)))
        key = next(key for key, each in event["participants"].items() if each["name"] == "Alice")
        gone, (line,) = self.change(OUTLOOK, {f"participants/{key}/participationStatus": "accepted"})
        self.assertEqual(len(gone), 1)
        self.assertEqual(
            line.replace("\n ", ""),
            "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE;CN=Alice:mailto:alice@example.org",
        )

    def test_a_series_in_another_zone_has_all_its_times_there(self) -> None:
        gone, added = self.change(THUNDERBIRD, {"timeZone": "America/New_York"})
        self.assertIn("TZID:Europe/Berlin", gone)
        self.assertIn("RECURRENCE-ID;TZID=America/New_York:20260119T100000", added)
        self.assertIn("EXDATE;TZID=America/New_York:20260112T100000", added)
        self.assertIn("TZID:America/New_York", added)

    def test_a_zone_keeps_the_name_that_it_had(self) -> None:
        _, added = self.change(OUTLOOK, {"start": "2026-03-11T09:00:00"})
        self.assertIn("DTSTART;TZID=W. Europe Standard Time:20260311T090000", added)

    def test_an_instance_of_a_group_is_changed_alone(self) -> None:
        calendar = read_calendar(octets(INSTANCES))
        group = event_of(calendar)
        group["entries"][1]["title"] = "New"
        self.assertEqual(
            calendar_of(group, calendar).octets(), octets(INSTANCES.replace("SUMMARY:Other", "SUMMARY:New"))
        )
        group["entries"].pop(0)
        self.assertEqual(len(calendar_of(group, calendar).components), 1)

    def test_what_was_odd_before_does_not_hinder_a_change(self) -> None:
        text = OUTLOOK.replace("mailto:dan@example.com", "dan").replace("o:\n dan@example.com", "o:\n  dan ")
        text = text.replace("CN=Dan:mailto:\n dan@example.com", "CN=Dan:Dan without address")
        calendar = read_calendar(octets(text))
        event = event_of(calendar)
        self.assertTrue(check(event))
        self.assertEqual(reread(calendar_of(event | {"title": "New"}, calendar))["title"], "New")

    def test_the_uid_is_written_first(self) -> None:
        calendar = calendar_of(RFC_8984["6.1"])
        self.assertEqual(calendar.components[-1].properties[0].line, "UID:a8df6573-0474-496d-8496-033ad45d7fea")
        self.assertEqual([each.name for each in calendar.components], ["VTIMEZONE", "VEVENT"])

    def test_problems_are_told(self) -> None:
        problem = self.assertRaises(InvalidEvent, calendar_of, RFC_8984["6.1"] | {"start": "2020-01-15"})
        self.assertEqual(problem.properties, ("start",))
        for wrong in ([], "x", None, {"@type": "Group"}, {"@type": "Group", "entries": []}, {"entries": [1]}):
            self.assertRaises(InvalidEvent, calendar_of, wrong)

    def test_what_is_too_large_is_refused(self) -> None:
        event = RFC_8984["6.1"] | {"description": "x" * MAX_OCTETS}
        self.assertRaises(InvalidEvent, calendar_of, event)
        days = {
            f"{2000 + day // 300:04}-01-01T{day % 24:02}:{day % 300 // 24:02}:{day % 60:02}": {} for day in range(9999)
        }
        many = RFC_8984["6.1"] | {"recurrenceOverrides": days}
        self.assertLess(len(calendar_of(many).octets()), MAX_OCTETS)
        changed = RFC_8984["6.1"] | {"recurrenceOverrides": {key: {"title": key} for key in days}}
        self.assertRaises(InvalidEvent, calendar_of, changed)
