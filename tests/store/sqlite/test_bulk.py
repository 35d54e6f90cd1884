"""All rows of an SQLite database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.store.moving.bulk_contract import BulkContract


class SqliteBulkTests(BulkContract, SynchronousTestCase):
    def make(self) -> SqliteBulk:
        self.path = Path(self.mktemp())
        return SqliteBulk(self.path)

    def again(self, _database: Any) -> SqliteBulk:
        return SqliteBulk(self.path)

    def test_a_file_that_is_not_there_is_said_and_not_made(self) -> None:
        path = Path(self.mktemp())
        with self.assertRaises(Invalid):
            SqliteBulk(path).open(writes=False)
        self.assertFalse(path.exists())
