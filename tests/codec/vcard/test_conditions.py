"""Conditions are values: equal, and usable as keys of what was compiled of them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.conditions import AddressData, Filter, ParamFilter, PropFilter, PropSelection, TextMatch


class ConditionTests(SynchronousTestCase):
    def test_what_asks_the_same_is_the_same(self) -> None:
        def asked() -> Filter:
            return Filter((PropFilter("FN", text_matches=(TextMatch("a"),), params=(ParamFilter("TYPE"),)),), "allof")

        self.assertEqual(asked(), asked())
        self.assertEqual(len({asked(), asked(), Filter()}), 2)

    def test_nothing_said_means_everything(self) -> None:
        self.assertEqual((Filter().test, PropFilter("FN").test), ("anyof", "anyof"))
        self.assertEqual((AddressData().props, PropSelection("FN").novalue), ((), False))
