"""``marks``: as many as there are values."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.sql.marks import marks


class MarkTests(SynchronousTestCase):
    def test_rows_and_columns(self) -> None:
        self.assertEqual([marks(1), marks(3), marks(2, 2)], ["(?)", "(?, ?, ?)", "(?, ?), (?, ?)"])
