"""The interface of ``store.moving.bulk`` has its contract in ``bulk_contract``; here it is of both databases."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.moving.bulk import Bulk
from stalwart.store.postgresql.bulk import PostgreSqlBulk
from stalwart.store.sqlite.bulk import SqliteBulk


class BulkTests(SynchronousTestCase):
    def test_both_databases_have_all_of_it(self) -> None:
        wanted = {name for name in vars(Bulk) if not name.startswith("_")}
        for kind in (SqliteBulk, PostgreSqlBulk):
            self.assertLessEqual(wanted, set(dir(kind)))
