"""Tests ``stalwart.jmap.calendars.older_spellings``: patches in the words of RFC 8984."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.calendars.older_spellings import respelt

RULE = {"frequency": "daily"}


class SpellingTests(SynchronousTestCase):
    def check(self, given: dict[str, Any], expected: dict[str, Any]) -> None:
        respelt(given)
        self.assertEqual(given, expected)

    def test_rules(self) -> None:
        self.check({"recurrenceRules": [RULE]}, {"recurrenceRule": RULE})
        self.check({"recurrenceRules": None}, {"recurrenceRule": None})
        self.check({"recurrenceRules": []}, {"recurrenceRule": None})
        self.check({"recurrenceRules": [RULE, RULE]}, {"recurrenceRules": [RULE, RULE]})
        self.check({"recurrenceRules": "x"}, {"recurrenceRules": "x"})

    def test_addresses(self) -> None:
        self.check({"replyTo": {"imip": "mailto:a@b.test"}}, {"organizerCalendarAddress": "mailto:a@b.test"})
        self.check({"replyTo": None}, {"organizerCalendarAddress": None})
        given: dict[str, Any] = {"participants/a/sendTo": {"imip": "mailto:a@b.test"}}
        self.check(given, {"participants/a/calendarAddress": "mailto:a@b.test"})
        self.check({"participants/a/sendTo": 1}, {"participants/a/sendTo": 1})
