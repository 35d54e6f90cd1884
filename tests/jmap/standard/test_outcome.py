"""What came of a ``/set``, as it goes over the wire."""

from __future__ import annotations

from unittest import TestCase

from stalwart.jmap.standard.outcome import SetOutcome, StatelessOutcome

MEMBERS = ["created", "updated", "destroyed", "notCreated", "notUpdated", "notDestroyed"]


class OutcomeTests(TestCase):
    def test_nothing_is_null(self) -> None:
        outcome = StatelessOutcome()
        self.assertEqual(outcome.wire(), dict.fromkeys(MEMBERS))
        self.assertFalse(outcome.has_changed)

    def test_an_account_and_its_states_come_first(self) -> None:
        outcome = SetOutcome(1, old_state="s1", new_state="s2", destroyed=["c"])
        head = {"accountId": "b", "oldState": "s1", "newState": "s2"}
        self.assertEqual(outcome.wire(), {**head, **dict.fromkeys(MEMBERS), "destroyed": ["c"]})
        self.assertEqual(list(outcome.wire()), [*head, *MEMBERS])
        self.assertTrue(outcome.has_changed)

    def test_an_update_that_tells_nothing_is_a_change(self) -> None:
        self.assertTrue(StatelessOutcome(updated={"b": None}).has_changed)
        self.assertFalse(StatelessOutcome(not_updated={"b": {"type": "notFound"}}).has_changed)

    def test_ids_of_what_was_created(self) -> None:
        self.assertEqual(StatelessOutcome(created={"k": {"id": "b", "size": 1}}).created_ids, {"k": "b"})
