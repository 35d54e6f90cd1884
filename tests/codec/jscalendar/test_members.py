"""Judges of members."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.members import EVENT, LENGTH, TASK, URI, Problems


class JudgeTests(SynchronousTestCase):
    def test_a_judge_notes_what_is_wrong_and_where(self) -> None:
        problems = Problems()
        URI(problems, "links/1/href", "no uri")
        LENGTH(problems, "duration", "+PT1H")
        self.assertEqual([pointer for pointer, _ in problems.found], ["links/1/href", "duration"])

    def test_there_is_a_bound(self) -> None:
        problems = Problems()
        for number in range(1000):
            URI(problems, str(number), None)
        self.assertTrue(problems.is_full)
        self.assertLess(len(problems.found), 100)

    def test_events_and_tasks_have_members_of_their_own(self) -> None:
        self.assertEqual(EVENT.keys() - TASK.keys(), {"duration", "endTimeZone", "status"})
        self.assertEqual(TASK.keys() - EVENT.keys(), {"due", "estimatedDuration", "percentComplete", "progress"})
