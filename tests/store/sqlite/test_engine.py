"""``SqliteEngine`` and its connections: durable settings, shared files, and what goes wrong said in a sentence."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from pathlib import Path

from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.errors import Invalid, StalwartError, Unavailable
from stalwart.store.sql.dialect import SQLITE
from stalwart.store.sql.migrate import load_migrations
from stalwart.store.sqlite.connection import fault
from stalwart.store.sqlite.engine import SqliteEngine
from tests.store.opened import opened

STEPS = [migration.number for migration in load_migrations(SQLITE)]


class EngineTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def refusal(self, path: Path | None = None) -> str:
        """The sentence that starting ends with."""
        with self.assertRaises(StalwartError) as raised:
            SqliteEngine(path or self.path, busy_timeout=0.1).prepare(0)
        self.assertIsInstance(raised.exception, Invalid | Unavailable)
        return raised.exception.detail

    def test_the_folder_is_made(self) -> None:
        path = self.path / "deep" / "db.sqlite3"
        SqliteEngine(path).prepare(0)
        self.assertTrue(path.exists())

    def test_nobody_else_may_read_the_file(self) -> None:
        SqliteEngine(self.path).prepare(0)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_preparing_twice_changes_nothing(self) -> None:
        SqliteEngine(self.path).prepare(5)
        SqliteEngine(self.path).prepare(9)
        session = SqliteEngine(self.path).open_reader()
        self.assertEqual(session.all("SELECT number, applied_at FROM migration"), [(number, 5) for number in STEPS])
        session.close()

    def test_a_path_with_special_characters_is_one_file(self) -> None:
        path = Path(self.mktemp() + " ä?mode=memory#%41.db")
        SqliteEngine(path).prepare(0)
        self.assertTrue(path.exists())

    def test_a_writer_syncs_every_commit_to_the_write_ahead_log(self) -> None:
        SqliteEngine(self.path).prepare(0)
        session = SqliteEngine(self.path).open_writer()
        self.assertEqual(session.one("PRAGMA journal_mode"), ("wal",))
        self.assertEqual(session.one("PRAGMA synchronous"), (2,))  # FULL
        self.assertEqual(session.one("PRAGMA foreign_keys"), (1,))
        session.close()

    def test_synchronous_is_a_choice(self) -> None:
        SqliteEngine(self.path).prepare(0)
        session = SqliteEngine(self.path, synchronous="NORMAL").open_writer()
        self.assertEqual(session.one("PRAGMA synchronous"), (1,))
        session.close()

    def test_commits_of_others_are_news_and_own_ones_are_not(self) -> None:
        here, there = SqliteEngine(self.path), SqliteEngine(self.path)
        here.prepare(0)
        own, other = here.open_writer(), there.open_writer()
        self.addCleanup(own.close)
        self.addCleanup(other.close)
        here.has_news()
        own.begin_write()
        own.commit()
        self.assertFalse(here.has_news())
        other.begin_write()
        self.assertFalse(here.has_news())
        other.commit()
        self.assertTrue(here.has_news())
        self.assertFalse(here.has_news())

    def test_a_reader_does_not_make_up_a_missing_file(self) -> None:
        with self.assertRaises(sqlite3.OperationalError):
            SqliteEngine(self.path).open_reader()
        self.assertFalse(self.path.exists())

    def test_a_file_that_is_no_database_is_refused(self) -> None:
        self.path.write_bytes(b"certainly not a database" * 100)
        self.assertEqual(self.refusal(), f"The data store is not an SQLite database, or it is damaged. ({self.path})")

    def test_a_damaged_database_is_refused(self) -> None:
        SqliteEngine(self.path).prepare(0)
        content = self.path.read_bytes()
        self.path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
        self.assertIn("damaged", self.refusal())

    def test_a_folder_is_refused(self) -> None:
        self.path.mkdir()
        self.assertEqual(self.refusal(), f"The data store is a folder; name a file. ({self.path})")

    def test_a_folder_that_cannot_be_made_is_refused(self) -> None:
        self.path.write_text("a file")
        inside = self.path / "db.sqlite3"
        self.assertIn(f"The data store {inside} cannot be used: ", self.refusal(inside))

    def test_a_folder_that_cannot_be_written_is_refused(self) -> None:
        self.assertIn("The data store /proc/db.sqlite3 cannot be used: ", self.refusal(Path("/proc/db.sqlite3")))

    def test_a_file_that_may_not_be_read_is_refused(self) -> None:
        if os.getuid() == 0:
            self.skipTest("root may read everything")
        self.path.touch(mode=0o000)
        self.assertIn("cannot be opened", self.refusal())

    def test_the_database_of_another_program_is_refused(self) -> None:
        connection = sqlite3.connect(self.path)
        connection.execute("CREATE TABLE b (k BLOB, v BLOB)")
        connection.close()
        self.assertIn("tables of another program", self.refusal())

    def test_a_newer_database_is_refused(self) -> None:
        SqliteEngine(self.path).prepare(0)
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("INSERT INTO migration VALUES (?, 'later', '', 0)", (STEPS[-1] + 1,))
        connection.close()
        told = f"The database has schema {STEPS[-1] + 1}, but this version knows only {STEPS[-1]}"
        self.assertIn(told, self.refusal())

    def test_a_database_that_another_process_holds_is_unavailable(self) -> None:
        holder = sqlite3.connect(self.path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        self.assertIn("locked by another process", self.refusal())
        holder.close()


class FaultTests(SynchronousTestCase):
    def test_a_mistake_of_ours_is_no_fault(self) -> None:
        with self.assertRaises(sqlite3.OperationalError) as raised:
            sqlite3.connect(":memory:").execute("SELECT 1 FROM nowhere")
        self.assertIsNone(fault(raised.exception))
        self.assertIsNone(fault(KeyError("x")))

    def test_an_extended_code_counts_as_its_kind(self) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        found = fault(error)
        assert found is not None
        self.assertEqual(found.detail, "The disk of the data store reports an error.")


class SharedFileTests(TestCase):
    timeout = 20

    async def test_many_who_start_at_once_migrate_once(self) -> None:
        path = self.mktemp()
        together = threading.Barrier(4, timeout=10)

        def start() -> None:
            together.wait()
            SqliteEngine(path).prepare(0)

        await gatherResults([deferToThread(start) for _ in range(4)])
        session = SqliteEngine(path).open_reader()
        self.assertEqual(session.one("SELECT COUNT(*) FROM migration"), (len(STEPS),))
        session.close()

    async def test_two_stores_on_one_file_see_each_other(self) -> None:
        path = self.mktemp()
        one, other = await opened(self, path), await opened(self, path)
        counts = await gatherResults(
            [store.write(lambda tx: tx.counters.increment("b", 1)) for _ in range(50) for store in (one, other)]
        )
        self.assertEqual(sorted(counts), list(range(1, 101)))
        self.assertEqual(await other.read(lambda tx: tx.counters.value("b")), 100)

    async def test_a_write_that_waits_too_long_for_another_process_is_unavailable(self) -> None:
        path = self.mktemp()
        store = await opened(self, path, busy_timeout=0.05)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        error = await self.assertFailure(store.write(lambda tx: tx.counters.increment("b", 1)), Unavailable)
        self.assertEqual(error.detail, "The data store is locked by another process.")
        self.assertEqual(await store.read(lambda tx: tx.counters.value("b")), 0)
        holder.execute("ROLLBACK")
        holder.close()
        self.assertEqual(await store.write(lambda tx: tx.counters.increment("b", 1)), 1)

    async def test_damage_met_while_running_is_said(self) -> None:
        path = self.mktemp()
        store = await opened(self, path)
        await store.write(lambda tx: [tx.registry.insert("Domain", {"x": "y" * 3000}, id=id) for id in range(200)])
        await store.close()
        spoil_second_half(path)
        store = await opened(self, path)
        error = await self.assertFailure(store.read(lambda tx: tx.registry.list("Domain")), Unavailable)
        self.assertEqual(error.detail, "The data store is damaged; restore a backup.")


def spoil_second_half(path: str) -> None:
    """Overwrite whole pages."""
    content = Path(path).read_bytes()
    half = len(content) // 2 // 4096 * 4096
    Path(path).write_bytes(content[:half] + b"\xff" * (len(content) - half))
