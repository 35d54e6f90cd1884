"""Values that are kept while nothing changes, within bounds."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.known_states import KnownStates
from stalwart.web.recent_values import RecentValues

ME, THINGS, OTHERS = 1, 5, 6


class RecentValuesTests(SynchronousTestCase):
    """One account."""

    def setUp(self) -> None:
        self.known = KnownStates()
        self.values = RecentValues(self.known, most=10_000, largest=3_000)

    def keep(self, key: str, value: str = "value", octets: int = 100, **states: int) -> None:
        """As of these states."""
        at = ((THINGS, states.get("things", 1)), (OTHERS, states.get("others", 1)))
        self.values.keep(key, ME, at, self.values.moment(), value, octets)

    def standing(self, key: str) -> str | None:
        """The value, if it is still good."""
        kept = self.values.find(key)
        if kept is None or not self.successResultOf(Deferred.fromCoroutine(self.values.stands(kept))):
            return None
        return kept.value

    def test_a_value_stands_until_one_of_its_states_is_another(self) -> None:
        self.keep("a")
        self.assertEqual(self.standing("a"), "value")
        self.known.note({ME: {7: 9}, 2: {THINGS: 9}})
        self.assertEqual(self.standing("a"), "value")
        self.known.note({ME: {OTHERS: 2}})
        self.assertIsNone(self.standing("a"))
        self.keep("a", "new", others=2)
        self.assertEqual(self.standing("a"), "new")
        self.known.forget()
        self.assertIsNone(self.standing("a"))

    def test_the_oldest_go_first(self) -> None:
        for number in range(12):
            self.keep(str(number), octets=1_000)
            self.values.find("0")
        self.assertIn("0", self.values)
        self.assertNotIn("1", self.values)
        self.assertIn("11", self.values)

    def test_large_ones_are_not_kept(self) -> None:
        self.keep("a", octets=2_900)
        self.keep("k" * 3_000)
        self.keep("b", octets=2_000)
        self.assertEqual([key in self.values for key in ("a", "k" * 3_000, "b")], [False, False, True])
