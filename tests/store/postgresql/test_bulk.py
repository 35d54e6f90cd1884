"""All rows of a PostgreSQL database."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Conflict, Invalid, Unavailable
from stalwart.store.moving.tables import tables_of
from stalwart.store.postgresql.bulk import PostgreSqlBulk
from tests.postgresql import programs, server
from tests.store.moving.bulk_contract import BulkContract


class PostgreSqlBulkTests(BulkContract, SynchronousTestCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def make(self) -> PostgreSqlBulk:
        self.address = server().address()
        self.addCleanup(server().forget, self.address)
        return PostgreSqlBulk(self.address)

    def again(self, _database: Any) -> PostgreSqlBulk:
        return PostgreSqlBulk(self.address)

    def test_a_text_that_postgresql_cannot_keep_is_said(self) -> None:
        database = self.opened()
        table = next(table for table in tables_of() if table.name == "secret")
        with self.assertRaises(Invalid) as raised:
            database.add(table, [("a\0b", b"")])
        self.assertIn("secret", raised.exception.detail)

    def test_a_value_that_is_too_long_for_an_index_is_said(self) -> None:
        database = self.opened()
        table = next(table for table in tables_of() if table.name == "secret")
        with self.assertRaisesRegex(Invalid, "secret has a value that is too long for PostgreSQL"):
            database.add(table, [(secrets.token_hex(5000), b"")])

    def test_nodes_that_live_use_it(self) -> None:
        database = self.opened()
        database.refuse_others()
        node = "INSERT INTO node(id, name, pid, leads, seen_at) VALUES (?, ?, pg_backend_pid(), FALSE, now())"
        database.session.run(node, 5, "one")
        with self.assertRaisesRegex(Conflict, "is in use by one. Stop it first"):
            database.refuse_others()
        database.session.run("UPDATE node SET seen_at = now() - interval '1 minute'")
        database.refuse_others()

    def test_faults_are_explained(self) -> None:
        self.assertIsInstance(self.make().fault(psycopg.OperationalError()), Unavailable)
