"""What clients write in other words."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.checking import InvalidEvent, check
from stalwart.codec.jscalendar.older import translated
from stalwart.codec.jscalendar.series import calendar_of
from tests.codec.jscalendar.generated import ANY, events
from tests.codec.jscalendar.reading_of import made
from tests.codec.jscalendar.rfc_8984 import RFC_8984

RULE = {"@type": "RecurrenceRule", "frequency": "daily"}


class OlderTests(SynchronousTestCase):
    def test_rfc_8984(self) -> None:
        event = translated(RFC_8984["6.10"])
        self.assertEqual(check(event), [])
        self.assertEqual(event["organizerCalendarAddress"], "mailto:6489-4f14-a57f-c1@schedule.example.com")
        self.assertEqual(event["recurrenceRule"], {"@type": "RecurrenceRule", "frequency": "weekly"})
        tom, zoe = event["participants"].values()
        self.assertEqual(
            (tom["calendarAddress"], tom["roles"]), ("mailto:tom@calendar.example.com", {"required": True})
        )
        self.assertEqual(zoe["roles"], {"owner": True, "chair": True})
        self.assertFalse(event.keys() & {"replyTo", "recurrenceRules"})
        self.assertEqual(translated(RFC_8984["6.6"])["endTimeZone"], "Asia/Tokyo")

    def test_one_rule_only(self) -> None:
        self.assertNotIn("recurrenceRule", translated(made(recurrenceRules=[])))
        self.assertRaises(InvalidEvent, translated, made(recurrenceRules=[RULE, RULE]))
        self.assertRaises(InvalidEvent, translated, made(recurrenceRules=RULE))

    def test_rules_that_take_away(self) -> None:
        event = translated(made(recurrenceRule=RULE, excludedRecurrenceRules=[RULE | {"count": 2, "interval": 2}]))
        self.assertEqual(
            event["recurrenceOverrides"],
            {"2026-01-01T10:00:00": {"excluded": True}, "2026-01-03T10:00:00": {"excluded": True}},
        )
        for rules in ([RULE], RULE, [{}], [RULE | {"count": 1}] * 11):
            self.assertRaises(InvalidEvent, translated, made(recurrenceRule=RULE, excludedRecurrenceRules=rules))
        self.assertRaises(InvalidEvent, translated, made(start=None, excludedRecurrenceRules=[RULE | {"count": 1}]))

    def test_values_of_one_meaning(self) -> None:
        event = translated(
            made(
                duration="P1W", timeZone="UTC", keywords={}, alerts=None, showWithoutTime=False,
                descriptionContentType="text/plain", locations={"x": {"name": "Here"}}, useDefaultAlerts=True,
                recurrenceOverrides={},
            )
        )  # fmt: skip
        self.assertEqual(
            event,
            made(
                version="2.0", duration="P7D", locations={"x": {"@type": "Location", "name": "Here"}},
                mainLocationId="x", useDefaultAlerts=True,
            ),
        )  # fmt: skip

    def test_a_main_location_that_is_gone_is_none(self) -> None:
        self.assertNotIn("mainLocationId", translated(made(mainLocationId="x")))
        patch = {"locations": {"y": {"name": "There"}}}
        event = translated(made(locations={"x": {"name": "Here"}}, recurrenceOverrides={"2026-01-01T10:00:00": patch}))
        self.assertEqual(event["recurrenceOverrides"]["2026-01-01T10:00:00"]["mainLocationId"], "y")

    def test_patches_are_translated_too(self) -> None:
        patch = {
            "duration": "P1W", "excluded": False, "replyTo": {}, "participants/x": {"roles": {"attendee": True}},
            "alerts/a/trigger/offset": "-PT60M",
        }  # fmt: skip
        event = translated(made(recurrenceOverrides={"2026-01-01T10:00:00": patch}))
        self.assertEqual(
            event["recurrenceOverrides"]["2026-01-01T10:00:00"],
            {
                "duration": "P7D", "participants/x": {"@type": "Participant", "roles": {"required": True}},
                "alerts/a/trigger/offset": "-PT1H",
            },
        )  # fmt: skip

    @given(events())
    def test_what_is_translated_stays(self, event: dict[str, Any]) -> None:
        once = translated(event)
        self.assertEqual(translated(once), once)

    @settings(max_examples=200)
    @given(ANY)
    def test_anything_is_taken(self, event: dict[str, Any]) -> None:
        try:
            translated(event)
        except InvalidEvent as problem:
            self.assertTrue(problem.problems)

    def test_what_is_too_deep_is_refused(self) -> None:
        nested: Any = {}
        for _ in range(3000):
            nested = {"links": nested}
        self.assertRaises(InvalidEvent, translated, nested)

    def test_what_clients_write_needs_no_words_of_ours(self) -> None:
        for section in ("6.1", "6.2", "6.4", "6.5", "6.7"):
            self.assertNotIn("JSPROP", calendar_of(RFC_8984[section]).text(), section)
        owner = {"calendarAddress": "mailto:a@b.c", "roles": {"owner": True, "attendee": True}, "name": "A"}
        guest = {"sendTo": {"imip": "mailto:d@b.c"}, "roles": {"attendee": True, "optional": True}, "expectReply": True}
        meeting = made(
            organizerCalendarAddress="mailto:a@b.c", participants={"1": owner, "2": guest}, keywords={"work": True},
            duration="PT1H", alerts={"1": {"trigger": {"offset": "-PT10M"}}}, privacy="private", priority=0,
            locations={"1": {"name": "Room"}}, freeBusyStatus="busy", status="confirmed", color="#ff0000",
            description="x", descriptionContentType="text/plain", sequence=0, recurrenceRule=RULE | {"count": 3},
            recurrenceOverrides={"2026-01-02T10:00:00": {"title": "x"}}, links={"1": {"href": "https://x.y/z"}},
        )  # fmt: skip
        self.assertNotIn("JSPROP", calendar_of(meeting).text())
