"""All rows into another database: from each kind into each, in one piece or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Conflict, Invalid
from stalwart.store.blob_files import MemoryBlobFiles
from stalwart.store.moving.bulk import Bulk
from stalwart.store.moving.copying import copy_rows, refuse_data
from stalwart.store.moving.tables import DOCUMENTS, QUEUE, tables_of
from stalwart.store.postgresql.bulk import PostgreSqlBulk
from stalwart.store.sql.migrate import schema_of
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.postgresql import programs, server
from tests.store.moving.sample import filled, found, odd_row, silent, waiting


class CopyRowsTests(SynchronousTestCase):
    def empty(self) -> Bulk:
        return SqliteBulk(Path(self.mktemp()))

    def source(self, database: Any) -> Any:
        database.open(writes=False)
        self.addCleanup(database.close)
        return database

    def target(self, schema: int | None = None) -> Any:
        database = self.empty()
        database.prepare(schema)
        database.open(writes=True)
        self.addCleanup(database.close)
        return database

    def test_everything_is_there_and_mail_waits_to_be_indexed(self) -> None:
        source = self.source(filled(Path(self.mktemp()))[0])
        target = self.target()
        tallies = copy_rows(source, schema_of(source.session), target, silent)
        for table in tables_of():
            if table.name not in (DOCUMENTS, QUEUE):
                rows = list(source.rows(table))
                self.assertEqual(sorted(map(repr, target.rows(table))), sorted(map(repr, rows)), table.name)
                self.assertEqual(tallies[table.name][0], len(rows))
        files = MemoryBlobFiles()
        self.assertEqual((found(target.session, files), waiting(target.session, files)), (0, 2))

    def test_mail_is_indexed_at_once_if_that_is_wished(self) -> None:
        source = self.source(filled(Path(self.mktemp()))[0])
        source.close()
        source.open(writes=True)
        source.session.run("UPDATE mail_text SET document = ? WHERE email_id = (SELECT MAX(id) FROM email)", b"odd")
        target, files = self.target(), MemoryBlobFiles()
        copy_rows(source, schema_of(source.session), target, silent, indexes=True)
        self.assertEqual((found(target.session, files), waiting(target.session, files)), (1, 1), "one is unreadable")

    def test_a_database_that_holds_data_is_refused(self) -> None:
        source = self.source(filled(Path(self.mktemp()))[0])
        for table in tables_of():
            target = self.target() if table.name in ("acl", "trace") else None
            if target is not None:
                target.add(table, [odd_row(table)])
                with self.assertRaises(Conflict):
                    copy_rows(source, schema_of(source.session), target, silent)
        refuse_data(self.target(), tables_of())

    def test_a_row_that_is_not_kept_is_noticed(self) -> None:
        source = self.source(filled(Path(self.mktemp()))[0])
        target = self.target()
        add = target.add

        def loses(table: Any, rows: Any) -> None:
            add(table, list(rows)[table.name == "blob_link" :])

        self.patch(target, "add", loses)
        with self.assertRaises(Invalid) as raised:
            copy_rows(source, schema_of(source.session), target, silent)
        self.assertIn("blob_link", raised.exception.detail)

    def test_an_older_schema_is_copied_and_brought_up_to_date(self) -> None:
        source = self.source(filled(Path(self.mktemp()), schema=9)[0])
        target = self.target(9)
        copy_rows(source, schema_of(source.session), target, silent)
        target.commit()
        target.close()
        target.prepare()
        target.open(writes=False)
        self.assertEqual(len(target.session.all("SELECT * FROM secret")), 1)
        self.assertEqual(target.session.all("SELECT * FROM queue_letter"), [])

    def test_what_postgresql_has_no_room_for_comes_along(self) -> None:
        """Paths beyond the limit of its indexes are kept, characters 0 have to be others."""
        source = self.source(filled(Path(self.mktemp()))[0])
        source.close()
        source.open(writes=True)
        path = "/".join(secrets.token_hex(100) for _ in range(40))
        item = (5, 3, path, 15, 1, 0, 0, 0, None, None, None)
        for table in tables_of():
            if table.name == "archived_item":
                source.add(table, [item])
            if table.name == "indexed_value":
                source.add(table, [(5, "uid", 7, 0, "a\0b\0"), (5, "uid", 8, 0, "ab")])
        told: dict[str, int] = {}
        target = self.target()
        copy_rows(source, schema_of(source.session), target, lambda step, count: told.update({step: count}))
        self.assertEqual(target.session.all("SELECT path FROM archived_item"), [(path,)])
        fit = target.fit(("a\0b\0",))
        found = target.session.all("SELECT value FROM indexed_value WHERE property = 'uid' ORDER BY id")
        self.assertEqual(found, [fit, ("ab",)])
        self.assertEqual([count for step, count in told.items() if "U+FFFD" in step], [] if "\0" in fit[0] else [1])

    def test_progress_is_told(self) -> None:
        told: dict[str, int] = {}
        source = self.source(filled(Path(self.mktemp()))[0])
        copy_rows(source, schema_of(source.session), self.target(), lambda step, count: told.update({step: count}))
        self.assertEqual((told["email"], told["check of email"]), (2, 2))


class CopyRowsToPostgreSqlTests(CopyRowsTests):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def empty(self) -> Bulk:
        address = server().empty()
        self.addCleanup(server().forget, address)
        return PostgreSqlBulk(address)

    def test_there_and_back_again(self) -> None:
        source = self.source(filled(Path(self.mktemp()))[0])
        there = self.target()
        first = copy_rows(source, schema_of(source.session), there, silent)
        there.commit()
        there.close()
        back = SqliteBulk(Path(self.mktemp()))
        back.prepare()
        back.open(writes=True)
        self.addCleanup(back.close)
        there.open(writes=False)
        self.assertEqual(copy_rows(there, schema_of(there.session), back, silent), first)
