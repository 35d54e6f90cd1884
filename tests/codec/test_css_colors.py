"""Names of colours."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.css_colors import COLORS


class ColorTests(SynchronousTestCase):
    def test_there_are_as_many_as_css_has(self) -> None:
        self.assertEqual(len(COLORS), 148)
        self.assertTrue({"red", "rebeccapurple", "lightgrey", "lightgray"} <= COLORS)
        self.assertTrue(all(name.isalpha() and name.islower() for name in COLORS))
