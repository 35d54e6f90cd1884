"""Markers: equal for equal values, and of no use without the key."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.external.markers import marker_of

KEY = b"k" * 32


class MarkerTests(SynchronousTestCase):
    def test_order_does_not_count(self) -> None:
        self.assertEqual(marker_of(KEY, (b"a", b"b")), marker_of(KEY, (b"b", b"a")))

    def test_values_and_their_borders_count(self) -> None:
        markers = [marker_of(KEY, values) for values in ((b"a",), (b"b",), (b"a", b"b"), (b"ab",), (b"",))]
        self.assertEqual(len(set(markers)), 5)

    def test_key_counts(self) -> None:
        self.assertNotEqual(marker_of(KEY, (b"a",)), marker_of(b"x" * 32, (b"a",)))

    def test_nothing_has_no_marker(self) -> None:
        self.assertIsNone(marker_of(KEY, ()))
