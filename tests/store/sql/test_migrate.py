"""Migrations: each once, in order, all or nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.store.sql.dialect import SQLITE
from stalwart.store.sql.migrate import load_migrations, migrate
from stalwart.store.sqlite.connection import open_memory

TABLES = frozenset(
    [
        "account",
        "type_state",
        "obj",
        "container",
        "member",
        "email",
        "keyword",
        "thread_ref",
        "thread_count",
        "blob",
        "blob_bytes",
        "blob_link",
        "acl",
        "pref",
        "push_sub",
        "registry",
        "registry_key",
        "registry_link",
        "registry_index",
        "registry_index_form",
        "registry_sequence",
        "token",
        "ban",
        "counter",
        "secret",
        "mail_words",
        "migration",
    ]
)


class MigrateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.session = open_memory()
        self.addCleanup(self.session.close)
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def migrate(self) -> list[int]:
        return migrate(self.session, load_migrations(SQLITE, self.folder), now=7)

    def tables(self) -> set[str]:
        return {row[0] for row in self.session.all(SQLITE.list_tables)}

    def test_the_first_schema_has_all_tables(self) -> None:
        steps = load_migrations(SQLITE)
        self.assertEqual(migrate(self.session, steps, now=7), [step.number for step in steps])
        self.assertLessEqual(TABLES, self.tables())

    def test_hashes_are_kept_as_bytes(self) -> None:
        migrate(self.session, load_migrations(SQLITE), now=7)
        types = {row[1]: row[2] for row in self.session.all("PRAGMA table_info(blob)")}
        self.assertEqual(types["hash"], "BLOB")

    def test_letters_that_wait_are_given_their_accounts(self) -> None:
        steps = load_migrations(SQLITE)
        migrate(self.session, [step for step in steps if step.number < 14], now=7)
        for id, account in ((1, "5"), (2, "null")):
            row = (id, "", f'{{"account_id": {account}}}')
            self.session.run(
                "INSERT INTO queue_letter(id, due, return_path, size, blob, tried, data) VALUES (?, 0, ?, 0, '', 0, ?)",
                *row,
            )
        migrate(self.session, steps, now=7)
        self.assertEqual(self.session.all("SELECT id, account_id FROM queue_letter ORDER BY id"), [(1, 5), (2, None)])

    def test_full_text_takes_words_as_they_are(self) -> None:
        migrate(self.session, load_migrations(SQLITE), now=7)
        self.session.run("INSERT INTO mail_words(rowid, sender) VALUES (3, 'Jörg \ue000 東京')")
        for word, expected in (("jörg", [(3,)]), ("jorg", []), ("東京", [(3,)]), ("東", []), ("\ue000", [(3,)])):
            found = self.session.all("SELECT rowid FROM mail_words WHERE mail_words MATCH ?", f'{{sender}} : "{word}"')
            self.assertEqual(found, expected)

    def test_steps_are_applied_in_order_and_once(self) -> None:
        self.write("0002_more.sql", "ALTER TABLE t ADD COLUMN y TEXT;\n")
        self.write("0001_first.sql", "-- about it;\nCREATE TABLE t (x BIGINT);\nCREATE INDEX i ON t(x);\n")
        self.assertEqual(self.migrate(), [1, 2])
        self.assertEqual(self.migrate(), [])
        self.write("0003_last.sql", "CREATE TABLE u (x BIGINT)")
        self.assertEqual(self.migrate(), [3])
        recorded = self.session.all("SELECT number, name, applied_at FROM migration ORDER BY number")
        self.assertEqual(recorded, [(1, "first", 7), (2, "more", 7), (3, "last", 7)])

    def test_a_piece_for_another_database_is_left_out(self) -> None:
        self.write("0001_first.sql", "CREATE TABLE t (x BIGINT);\n")
        self.write("0001_first.sqlite.sql", "CREATE TABLE ours (x BIGINT);\n")
        self.write("0001_first.postgresql.sql", "CREATE TABLE theirs (x BIGINT);\n")
        self.assertEqual(self.migrate(), [1])
        self.assertEqual(self.tables(), {"migration", "t", "ours"})

    def test_a_failing_step_leaves_nothing(self) -> None:
        self.write("0001_first.sql", "CREATE TABLE t (x BIGINT);\nCREATE NONSENSE;\n")
        with self.assertRaises(Exception):  # noqa: B017
            self.migrate()
        self.assertEqual(self.tables(), set())

    def test_what_ended_the_transaction_is_said_and_not_that_it_is_over(self) -> None:
        self.write("0001_first.sql", "CREATE TABLE t (x BIGINT);\nROLLBACK;\nCREATE NONSENSE;\n")  # as a full disk does
        with self.assertRaisesRegex(sqlite3.OperationalError, "NONSENSE"):
            self.migrate()

    def test_a_failing_second_step_leaves_the_first(self) -> None:
        self.write("0001_first.sql", "CREATE TABLE t (x BIGINT);\n")
        self.migrate()
        self.write("0002_more.sql", "CREATE TABLE u (x BIGINT);\nCREATE NONSENSE;\n")
        with self.assertRaises(Exception):  # noqa: B017
            self.migrate()
        self.assertEqual(self.tables(), {"migration", "t"})

    def test_a_step_that_was_changed_afterwards_is_noticed(self) -> None:
        self.write("0001_first.sql", "CREATE TABLE t (x BIGINT);\n")
        self.migrate()
        self.write("0001_first.sql", "CREATE TABLE t (x BIGINT, y TEXT);\n")
        with self.assertRaisesRegex(Invalid, "Migration 1 of the database is not the one of this version"):
            self.migrate()

    def test_a_newer_database_is_refused(self) -> None:
        self.write("0001_first.sql", "CREATE TABLE t (x BIGINT);\n")
        self.write("0002_more.sql", "CREATE TABLE u (x BIGINT);\n")
        self.migrate()
        (self.folder / "0002_more.sql").unlink()
        with self.assertRaisesRegex(Invalid, "schema 2, but this version knows only 1"):
            self.migrate()

    def test_tables_of_another_program_are_not_touched(self) -> None:
        self.session.run("CREATE TABLE theirs (x BIGINT)")
        with self.assertRaisesRegex(Invalid, "another program"):
            migrate(self.session, load_migrations(SQLITE), now=7)
        self.assertEqual(self.tables(), {"theirs"})

    def test_events_that_are_here_already_are_looked_at_by_whoever_they_may_be_guarded_against(self) -> None:
        migrate(self.session, load_migrations(SQLITE, newest=19), now=7)
        for id, kind, octets in (
            (1, 12, b"\nclass:PRIVATE"),
            (2, 12, b"\nSUMMARY:x"),
            (3, 12, b"hideAttendees"),
            (4, 11, b"CLASS"),
        ):
            self.session.run(
                "INSERT INTO obj(account_id, id, type, created_seq, seq, prop_seq, created_at, modified_at)"
                " VALUES (7, ?, ?, ?, ?, 0, 0, 0)",
                *(id, kind, id, id),
            )
            self.session.run("INSERT INTO content(account_id, id, octets) VALUES (7, ?, ?)", id, octets)
        migrate(self.session, load_migrations(SQLITE), now=7)
        found = self.session.all("SELECT id, value FROM indexed_value WHERE property = 'guarded' ORDER BY id")
        self.assertEqual([tuple(each) for each in found], [(1, "unsure"), (3, "unsure")])
