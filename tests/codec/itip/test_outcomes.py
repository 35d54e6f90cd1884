"""What scheduling comes to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip.deciding import on_change
from stalwart.codec.itip.outcomes import Options, Outcome, SchedulingRefused, TagStep
from stalwart.groupware.violations import Rule
from tests.codec.itip.scripts import NOW, calendar

EVENT = """BEGIN:VEVENT
UID:u
DTSTART:20270601T150000Z
ORGANIZER:mailto:o@example.com
ATTENDEE:mailto:a@example.com
ATTENDEE:mailto:b@example.com
END:VEVENT"""


class OutcomeTests(SynchronousTestCase):
    def test_all_recipients(self) -> None:
        outcome = on_change(None, calendar(EVENT), Options(frozenset({"o@example.com"}), NOW))
        self.assertEqual(outcome.recipients, ["a@example.com", "b@example.com"])
        self.assertEqual((Outcome().recipients, Outcome().tag), ([], TagStep.KEEP))

    def test_rules_have_the_names_that_faces_know(self) -> None:
        for name in ("WRONG_MESSAGE", "WRONG_ORGANIZER", "SEVERAL_ORGANIZERS", "ATTENDEE_CHANGE", "TOO_MANY_ATTENDEES"):
            self.assertIsInstance(Rule[name], Rule)

    def test_what_is_refused_says_why(self) -> None:
        options = Options(frozenset({"o@example.com"}), NOW, max_recipients=2)
        problem = self.assertRaises(SchedulingRefused, on_change, None, calendar(EVENT), options)
        self.assertEqual((problem.rule, str(problem)), ("TOO_MANY_ATTENDEES", "Fewer than 2 people can be invited."))
