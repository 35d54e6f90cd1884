"""Alarms and alerts."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.alerts import ACTIONS
from tests.codec.jscalendar.reading_of import changed, made, read, written

ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER;X-A=1:-PT15M", "DESCRIPTION:x", "X-B:1", "END:VALARM")
SECOND = ("BEGIN:VALARM", "UID:second", "ACTION:EMAIL", "TRIGGER;RELATED=END:P1D", "END:VALARM")


class AlertTests(SynchronousTestCase):
    def test_triggers(self) -> None:
        for line, trigger in (
            ("TRIGGER:-PT15M", {"@type": "OffsetTrigger", "offset": "-PT15M"}),
            ("TRIGGER;RELATED=END:P1W", {"@type": "OffsetTrigger", "offset": "P7D", "relativeTo": "end"}),
            (
                "TRIGGER;VALUE=DATE-TIME:20260101T080000Z",
                {"@type": "AbsoluteTrigger", "when": "2026-01-01T08:00:00Z"},
            ),
        ):
            (alert,) = read("BEGIN:VALARM", line, "ACTION:AUDIO", "END:VALARM")["alerts"].values()
            self.assertEqual(alert, {"@type": "Alert", "trigger": trigger, "action": "display"})
        self.assertNotIn("alerts", read("BEGIN:VALARM", "TRIGGER:soon", "END:VALARM"))
        self.assertNotIn("alerts", read("BEGIN:VALARM", "TRIGGER:PT0S", "ACTION:NONE", "END:VALARM"))
        self.assertEqual(set(ACTIONS.values()), {"display", "email"})

    def test_acknowledged_and_snoozed(self) -> None:
        alert = read(
            "BEGIN:VALARM", "TRIGGER:PT0S", "ACKNOWLEDGED:20260101T000000Z", "RELATED-TO;RELTYPE=SNOOZE:second",
            "END:VALARM", *SECOND,
        )["alerts"].popitem()  # fmt: skip
        alerts = read(*SECOND)["alerts"]
        self.assertEqual(list(alerts), ["second"])
        self.assertEqual(alert[0], "second")

    def test_a_new_alert(self) -> None:
        self.assertEqual(
            written(alerts={"a": {"trigger": {"offset": "-PT15M"}}}, title="T")[1:],
            ["ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:T", "UID:a"],
        )

    def test_an_e_mail_has_what_it_needs(self) -> None:
        owner = {"calendarAddress": "mailto:a@b.c", "roles": {"owner": True}}
        lines = written(
            alerts={"a": {"trigger": {"offset": "PT0S"}, "action": "email"}},
            participants={"o": owner},
            organizerCalendarAddress="mailto:a@b.c",
        )
        self.assertEqual(
            lines[1:],
            [
                "ACTION:EMAIL",
                "TRIGGER:PT0S",
                "DESCRIPTION:Reminder",
                "SUMMARY:Reminder",
                "ATTENDEE:mailto:a@b.c",
                "UID:a",
            ],
        )

    def test_one_alert_is_changed(self) -> None:
        lines = (*ALARM, *SECOND)
        first = next(key for key in read(*lines)["alerts"] if key != "second")
        after = changed(lines, {f"alerts/{first}/acknowledged": "2026-01-01T09:00:00Z"})
        self.assertEqual(
            after,
            ["ACTION:DISPLAY", "TRIGGER;X-A=1:-PT15M", "DESCRIPTION:x", "X-B:1", "ACKNOWLEDGED:20260101T090000Z",
             "UID:second", "ACTION:EMAIL", "TRIGGER;RELATED=END:P1D"],
        )  # fmt: skip
        after = changed(lines, {f"alerts/{first}/trigger/offset": "-PT5M"})
        self.assertEqual(after[:5], ["ACTION:DISPLAY", "TRIGGER:-PT5M", "DESCRIPTION:x", "X-B:1", f"JSID:{first}"])
        self.assertEqual(changed(lines, {f"alerts/{first}": None})[0], "UID:second")

    def test_triggers_of_others_are_kept(self) -> None:
        alerts = {"a": {"@type": "Alert", "trigger": {"@type": "x.y:Trigger", "z": 1}, "action": "display"}}
        self.assertIn("JSPROP", written(alerts=alerts)[0])
        self.assertEqual(made(alerts=alerts)["alerts"], alerts)
