"""What every database must do whose rows are all read and written."""

from __future__ import annotations

from typing import Any

from stalwart.store.blob_files import MemoryBlobFiles
from stalwart.store.moving.bulk import Tally
from stalwart.store.moving.tables import RECORD, tables_of
from tests.store.moving.sample import fill, found, odd_row


class BulkContract:
    """``make`` gives a database without tables. A mixin for trial's test cases."""

    make: Any
    addCleanup: Any
    assertEqual: Any
    assertNotIn: Any
    assertIsNone: Any

    def opened(self, *, writes: bool = True) -> Any:
        database = self.make()
        database.prepare()
        database.open(writes=writes)
        self.addCleanup(database.close)
        return database

    def test_every_table_keeps_its_rows_as_they_were(self) -> None:
        database = self.opened()
        for table in tables_of():
            rows = [odd_row(table)]
            database.add(table, rows)
            self.assertEqual([tuple(row) for row in database.rows(table)], rows, table.name)

    def test_no_table_of_the_database_is_forgotten_but_the_index_and_what_is_of_the_moment(self) -> None:
        database = self.opened()
        there = {row[0] for row in database.session.all(database.session.dialect.list_tables)}
        others = {each for each in there if not each.startswith(("mail_words", "sqlite_"))} - {RECORD, "node", "writer"}
        self.assertEqual(others, {table.name for table in tables_of()})

    def test_nothing_stays_without_a_commit(self) -> None:
        database = self.opened()
        table = next(table for table in tables_of() if table.name == "secret")
        database.add(table, [odd_row(table)])
        database.close()
        database.open(writes=False)
        self.assertEqual(list(database.rows(table)), [])

    def test_a_reader_sees_one_moment(self) -> None:
        writer = self.opened()
        writer.commit()
        writer.close()
        reader = writer
        reader.open(writes=False)
        table = next(table for table in tables_of() if table.name == "secret")
        other = self.again(reader)
        other.open(writes=True)
        self.addCleanup(other.close)
        other.add(table, [odd_row(table)])
        other.commit()
        self.assertEqual(list(reader.rows(table)), [])
        reader.close()
        other.finish()

    again: Any

    def test_words_are_found(self) -> None:
        files = MemoryBlobFiles()
        database = self.opened()
        fill(database.session, files)
        self.assertEqual(found(database.session, files), 2)
        database.add_words([])
        self.assertEqual(found(database.session, files), 2)

    def test_sums_tell_rows_apart_and_not_their_order(self) -> None:
        def tally(*rows: Any) -> Any:
            made = Tally()
            self.assertEqual(list(made.over(rows)), list(rows))
            return made.value

        self.assertEqual(tally((1, "a"), (2, b"b")), tally((2, b"b"), (1, "a")))
        values = [tally(), tally((1,)), tally(("1",)), tally((b"1",)), tally((1,), (1,)), tally((None,)), tally((0,))]
        self.assertEqual(len(set(values)), len(values))
