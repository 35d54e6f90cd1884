"""The list of tables follows from the migrations."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.moving.tables import DOCUMENTS, EMAILS, QUEUE, newest_schema, tables_of
from stalwart.store.sql.dialect import POSTGRESQL, SQLITE
from stalwart.store.sql.migrate import load_migrations

_MADE = re.compile(r"(CREATE(?: UNLOGGED| VIRTUAL)? TABLE|DROP TABLE)\s+(\w+)")


class TablesTests(SynchronousTestCase):
    def test_both_dialects_make_the_same_tables_but_for_the_index_and_what_is_of_nodes(self) -> None:
        listed = {table.name for table in tables_of()}
        for dialect, others in ((SQLITE, {"mail_words"}), (POSTGRESQL, {"mail_words", "node", "writer"})):
            made: set[str] = set()
            for migration in load_migrations(dialect):
                for what, name in _MADE.findall("\n".join(migration.statements)):
                    made.symmetric_difference_update({name})
                    self.assertEqual(what.startswith("CREATE"), name in made, name)
            self.assertEqual(made - listed, others, dialect.name)
            self.assertEqual(listed - made, set(), dialect.name)

    def test_columns_have_the_types_of_both(self) -> None:
        for table in tables_of():
            self.assertLessEqual(
                {type for _, type in table.columns}, {"BIGINT", "SMALLINT", "TEXT", "BYTEA"}, table.name
            )

    def test_an_older_schema_has_its_own_tables(self) -> None:
        self.assertNotIn("queue_letter", {table.name for table in tables_of(9)})
        (email,) = [table for table in tables_of(4) if table.name == EMAILS]
        self.assertIn("preview", email.names)

    def test_what_is_named_is_there(self) -> None:
        self.assertLessEqual({DOCUMENTS, QUEUE, EMAILS}, {table.name for table in tables_of()})

    def test_the_newest_schema_is_that_of_any_dialect(self) -> None:
        newest = [max(step.number for step in load_migrations(dialect)) for dialect in (SQLITE, POSTGRESQL)]
        self.assertEqual(newest_schema(), max(newest))
