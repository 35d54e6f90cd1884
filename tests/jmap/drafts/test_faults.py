"""Faults of an e-mail are told at once."""

from __future__ import annotations

from unittest import TestCase

from stalwart.jmap.drafts.faults import Faults
from stalwart.jmap.errors import SetRefused


class FaultsTests(TestCase):
    """Collecting and refusing."""

    def refusal(self, faults: Faults) -> SetRefused:
        with self.assertRaises(SetRefused) as caught:
            faults.refuse()
        return caught.exception

    def test_nothing_is_refused_for_nothing(self) -> None:
        self.assertIsNone(Faults().refuse())

    def test_places_are_named_once(self) -> None:
        faults = Faults()
        faults.add(("a", "b/c"), "is wrong")
        faults.add(("a", "b/c"), "is worse")
        faults.take(SetRefused("invalidProperties", "No.", ("x", "y")))
        self.assertEqual([faults.within(name) for name in ("a", "b", "x")], [True, False, True])
        problem = self.refusal(faults)
        self.assertEqual(problem.properties, ("a/b~1c", "x", "y"))
        self.assertEqual(problem.description, '"a/b~1c" is wrong. No.')

    def test_there_is_an_end_to_it(self) -> None:
        faults = Faults()
        for number in range(100_000):
            faults.add((f"{number}" * 100,), "is wrong")
        problem = self.refusal(faults)
        self.assertEqual(len(problem.properties), 100)
        self.assertLess(len(problem.description or ""), 4000)
