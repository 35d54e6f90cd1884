"""The PostgreSQL engine: starting, sentences for what goes wrong, a server that comes back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import psycopg
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.errors import Invalid, Unavailable
from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.postgresql.connection import connect, fault
from stalwart.store.postgresql.engine import PostgreSqlEngine
from stalwart.store.threads.store import ThreadedStore
from stalwart.telemetry import Telemetry
from tests.postgresql import Server, programs, server

_ABSENT = "PostgreSQL is not installed" if programs() is None else ""


class EngineTests(SynchronousTestCase):
    if _ABSENT:
        skip = _ABSENT

    def database(self, *, empty: bool = False) -> str:
        address = server().empty() if empty else server().address()
        self.addCleanup(server().forget, address)
        return address

    def test_several_that_come_at_once_migrate_once(self) -> None:
        address, problems = self.database(empty=True), list[BaseException]()

        def prepare() -> None:
            try:
                PostgreSqlEngine(address).prepare(7)
            except BaseException as problem:
                problems.append(problem)

        threads = [threading.Thread(target=prepare) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        session = PostgreSqlEngine(address).open_reader()
        self.addCleanup(session.close)
        self.assertEqual(session.one("SELECT COUNT(*) - COUNT(DISTINCT number) FROM migration")[0], 0)

    def test_tables_of_others_are_left_alone(self) -> None:
        address = self.database(empty=True)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE theirs (id BIGINT)")
        problem = self.assertRaises(Invalid, PostgreSqlEngine(address).prepare, 0)
        self.assertIn("another program", problem.detail)

    def test_a_reader_cannot_write(self) -> None:
        session = PostgreSqlEngine(self.database()).open_reader()
        self.addCleanup(session.close)
        session.begin_read()
        problem = self.assertRaises(psycopg.Error, session.run, "INSERT INTO secret(name, value) VALUES ('a', 'b')")
        self.assertEqual(
            getattr(fault(problem), "detail", None),
            "The data store can only be read: it is a standby server, or recovering.",
        )

    def test_writers_take_turns(self) -> None:
        address = self.database()
        one, other = (PostgreSqlEngine(address).open_writer() for _ in range(2))
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        one.begin_write()
        began = threading.Event()
        ready = threading.Thread(target=lambda: (other.begin_write(), began.set()))
        ready.start()
        self.assertFalse(began.wait(0.2))
        one.commit()
        self.assertTrue(began.wait(20))
        ready.join()
        other.rollback()

    def test_sums_are_whole_numbers(self) -> None:
        session = PostgreSqlEngine(self.database()).open_reader()
        self.addCleanup(session.close)
        found = session.one("SELECT SUM(x) FROM (VALUES (CAST(-9 AS BIGINT)), (2)) AS t(x)")[0]
        self.assertEqual((found, type(found)), (-7, int))

    def test_what_cannot_be_reached(self) -> None:
        for address, sentence in (
            (server().to("no_such_database"), "The database of the data store is not there."),
            ("host=/nowhere/at/all dbname=x user=y", "The data store cannot be reached."),
        ):
            problem = self.assertRaises(Unavailable, connect, address, "")
            self.assertEqual(problem.detail, sentence)

    def test_bugs_are_no_faults(self) -> None:
        session = PostgreSqlEngine(self.database()).open_reader()
        self.addCleanup(session.close)
        problem = self.assertRaises(psycopg.Error, session.run, "SELECT nothing FROM nowhere")
        self.assertIsNone(fault(problem))
        self.assertIsNone(fault(ValueError()))


class ReturningTests(TestCase):
    """A server that stops in the middle and comes back."""

    timeout = 60
    if _ABSENT:
        skip = _ABSENT

    async def test_what_was_answered_is_there_and_it_goes_on(self) -> None:
        made: Server = await deferToThread(lambda: Server(quick=False))
        self.addCleanup(deferToThread, made.close)
        address = await deferToThread(made.empty)
        store: Any = ThreadedStore(PostgreSqlEngine(address), DiskBlobFiles(Path(self.mktemp())), reactor, Telemetry())
        await store.start()
        self.addCleanup(store.close)

        def put(number: int) -> Any:
            return store.write(lambda tx: tx.registry.insert("Domain", {"name": str(number)}, id=number))

        await put(1)
        waiting = [put(number) for number in range(2, 50)]
        await deferToThread(made.stop)
        answered = {1}
        for number, each in enumerate(waiting, 2):
            try:
                await each
                answered.add(number)
            except Unavailable:
                continue
        with self.assertRaises(Unavailable):
            await put(100)
        await deferToThread(made.start)
        await put(101)
        kept = await store.read(lambda tx: {number for number in range(1, 102) if tx.registry.get("Domain", number)})
        self.assertLessEqual(answered | {101}, kept)
        self.assertNotIn(100, kept)
