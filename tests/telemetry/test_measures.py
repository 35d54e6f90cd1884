"""What is measured: names that Prometheus likes, units that fit, no name twice."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.measures import Measure, declared_measures


class MeasuresTests(SynchronousTestCase):
    def test_names_are_one_each_and_of_the_right_form(self) -> None:
        names = [each.name for each in declared_measures()]
        self.assertEqual(sorted(set(names)), names)
        for each in declared_measures():
            self.assertRegex(each.name, r"^[a-z][a-z_]*[a-z]$")
            self.assertFalse(each.name.endswith(("_total", "_count", "_sum", "_bucket", "_info")), each.name)
            self.assertTrue(each.doc and not each.doc.endswith("."), each.name)

    def test_histograms_have_rising_bounds_and_a_unit(self) -> None:
        for each in declared_measures():
            self.assertEqual(each.kind == "histogram", bool(each.bounds), each.name)
            self.assertEqual(tuple(sorted(set(each.bounds))), each.bounds)
            if each.bounds:
                self.assertRegex(each.name, "_(seconds|bytes)$")

    def test_labels_are_names(self) -> None:
        for each in declared_measures():
            self.assertTrue(all(re.fullmatch("[a-z_]+", label) and label != "le" for label in each.labels))

    def test_size(self) -> None:
        self.assertEqual(Measure("x", "gauge", "X").size, 1)
        self.assertEqual(Measure("x_seconds", "histogram", "X", (), (1.0, 2.0)).size, 4)
