"""The PostgreSQL engine: starting, sentences for what goes wrong, a server that comes back."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.errors import Invalid, Unavailable
from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.postgresql import engine
from stalwart.store.postgresql.connection import connect, fault, passes
from stalwart.store.postgresql.engine import PostgreSqlEngine
from stalwart.store.sql.dialect import POSTGRESQL, WRITERS
from stalwart.store.sql.migrate import Migration, load_migrations
from stalwart.store.threads import holding
from stalwart.store.threads import store as store_module
from stalwart.store.threads.store import ThreadedStore
from stalwart.telemetry import Telemetry
from tests.cluster.gate import Gate
from tests.interop.test_jmap_clients import free_port
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

    def test_a_node_that_hangs_in_a_write_is_cut_off(self) -> None:
        writer = PostgreSqlEngine(self.database()).open_writer()
        self.addCleanup(writer.close)
        (found,) = writer.one("SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'")
        self.assertEqual(int(found), engine.IDLE_LIMIT)

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


class NewerVersionTests(TestCase):
    """An older version goes on while a newer one comes to the same database."""

    if _ABSENT:
        skip = _ABSENT

    def setUp(self) -> None:
        self.address = server().address()
        self.addCleanup(server().forget, self.address)
        files = DiskBlobFiles(Path(self.mktemp()))
        self.store = ThreadedStore(PostgreSqlEngine(self.address), files, reactor, Telemetry())

    def newer(self, *statements: str) -> None:
        """The newer one starts, with one more step."""
        steps = load_migrations(POSTGRESQL)
        more = Migration(steps[-1].number + 1, "later", "", statements)
        self.patch(engine, "load_migrations", lambda *_, **__: (*steps, more))
        PostgreSqlEngine(self.address).prepare(0)
        self.patch(engine, "load_migrations", lambda *_, **__: steps)

    async def test_an_older_one_writes_nothing_more_and_says_why(self) -> None:
        await self.store.start()
        self.addCleanup(self.store.close)
        await self.store.write(lambda tx: tx.secrets.get_or_create("before", lambda: b"1"))
        await deferToThread(self.newer, "ALTER TABLE token RENAME TO tokens_of_later")
        problem = await self.assertFailure(
            self.store.write(lambda tx: tx.secrets.get_or_create("after", lambda: b"2")), Unavailable
        )
        self.assertIn("newer version", problem.detail)
        self.assertEqual(await self.store.read(lambda tx: tx.secrets.get("before")), b"1")
        self.assertIsNone(await self.store.read(lambda tx: tx.secrets.get("after")))

    async def test_tables_that_are_gone_are_no_bug(self) -> None:
        await self.store.start()
        self.addCleanup(self.store.close)
        await deferToThread(self.newer, "ALTER TABLE secret RENAME TO secrets_of_later")
        problem = await self.assertFailure(self.store.read(lambda tx: tx.secrets.get("before")), Unavailable)
        self.assertIn("newer version", problem.detail)

    async def test_an_older_one_does_not_start(self) -> None:
        await deferToThread(self.newer, "CREATE TABLE later (id BIGINT)")
        problem = await self.assertFailure(self.store.start(), Invalid)
        self.assertIn("written by a newer version. Install that version", problem.detail)

    async def test_a_newer_one_waits_for_writes_that_run(self) -> None:
        older = PostgreSqlEngine(self.address)
        writer = await deferToThread(older.open_writer)
        self.addCleanup(writer.close)
        writer.begin_write()
        newer = deferToThread(self.newer, "CREATE TABLE later (id BIGINT)")
        await deferLater(reactor, 0.2)  # type: ignore[arg-type]
        self.assertNoResult(newer)
        writer.commit()
        await newer


class PassingTests(SynchronousTestCase):
    def test_what_passes(self) -> None:
        for kind, expected in (
            (psycopg.errors.AdminShutdown, True),
            (psycopg.errors.CannotConnectNow, True),
            (psycopg.errors.ConnectionFailure, True),
            (psycopg.errors.SerializationFailure, True),
            (psycopg.errors.DeadlockDetected, True),
            (psycopg.errors.IdleInTransactionSessionTimeout, True),
            (psycopg.errors.TooManyConnections, True),
            (psycopg.OperationalError, True),
            (psycopg.InterfaceError, True),
            (psycopg.errors.ReadOnlySqlTransaction, False),
            (psycopg.errors.QueryCanceled, False),
            (psycopg.errors.DiskFull, False),
            (psycopg.errors.UniqueViolation, False),
            (psycopg.errors.InvalidPassword, False),
            (psycopg.errors.LockNotAvailable, False),
            (ValueError, False),
        ):
            self.assertEqual((kind, passes(kind())), (kind, expected))
        said = Unavailable("It cannot be reached.")
        self.assertFalse(passes(said))
        said.__cause__ = psycopg.OperationalError()
        self.assertTrue(passes(said))


class StoreCase(TestCase):
    """A server of the test's own, and a store on it."""

    timeout = 60
    if _ABSENT:
        skip = _ABSENT

    async def started(self, address: str) -> Any:
        own = PostgreSqlEngine(address)
        store: Any = ThreadedStore(own, DiskBlobFiles(Path(self.mktemp())), reactor, Telemetry())
        await store.start()
        self.addCleanup(store.close)
        self.engine: Any = own
        return store


def add_one(tx: Any) -> int:
    return int(tx.counters.increment("written", 2_000_000_000))


class RepeatingTests(StoreCase):
    """What a lost connection broke off is done once, whatever it was in the middle of."""

    async def written(self, breaks: Any) -> tuple[int, int]:
        """What one write answers, and how often it was written, if the first commit is done by ``breaks``."""
        address = await deferToThread(server().address)
        self.addCleanup(deferToThread, server().forget, address)
        store = await self.started(address)
        commit, first = self.engine.commit, [True]

        def committing(session: Any) -> None:
            if first.pop() if first else False:
                breaks(session, commit)
            else:
                commit(session)

        self.engine.commit = committing
        answer = await store.write(add_one)
        return answer, await store.read(lambda tx: tx.counters.value("written"))

    async def test_a_commit_that_did_not_come_is_repeated(self) -> None:
        def lose(session: Any, commit: Any) -> None:
            session.interrupt()
            commit(session)

        self.assertEqual(await self.written(lose), (1, 1))

    async def test_a_commit_of_which_the_answer_got_lost_is_not_repeated(self) -> None:
        def lose(session: Any, commit: Any) -> None:
            commit(session)
            session.interrupt()
            session.begin_read()

        self.assertEqual(await self.written(lose), (1, 1))

    async def test_what_had_to_be_given_up_is_repeated(self) -> None:
        def give_up(session: Any, commit: Any) -> None:
            raise psycopg.errors.SerializationFailure

        self.assertEqual(await self.written(give_up), (1, 1))

    async def test_any_other_failure_is_not(self) -> None:
        def fill(session: Any, commit: Any) -> None:
            raise psycopg.errors.DiskFull

        with self.assertRaises(Unavailable):
            await self.written(fill)


class GateTests(StoreCase):
    """A server that is silent: neither does it answer, nor does its connection break."""

    def setUp(self) -> None:
        self.patch(engine, "LONGEST", 1.0)
        port, way = free_port(), free_port()
        self.server = Server(f"-c listen_addresses=127.0.0.1 -c port={port}")
        self.addCleanup(self.server.close)
        self.gate = Gate("127.0.0.1", way, ("127.0.0.1", port))
        self.addCleanup(self.gate.close)
        self.ways = f"host=127.0.0.1,127.0.0.1 port={way},{port} user=stalwart dbname=postgres connect_timeout=2"

    async def test_a_write_gets_through_by_another_way(self) -> None:
        store = await self.started(self.ways)
        self.assertEqual(await store.write(add_one), 1)
        self.gate.cut()
        self.assertEqual(await store.write(add_one), 2)
        self.assertEqual(await store.write(lambda tx: tx.counters.value("written")), 2)

    async def test_whoever_no_longer_wants_to_read_does_not_hold_up_the_reactor(self) -> None:
        store = await self.started(self.ways)
        self.assertEqual(await store.read(lambda tx: tx.counters.value("written")), 0)
        self.gate.cut()
        reading = store.read(lambda tx: tx.counters.value("written"))
        await deferToThread(time.sleep, 0.2)
        began = time.monotonic()
        reading.addErrback(lambda failure: None)
        reading.cancel()
        self.assertLess(time.monotonic() - began, 1.0)
        self.assertEqual(await store.read(lambda tx: tx.counters.value("written")), 0)


class CrowdTests(StoreCase):
    """Many who want something at once, and a server that lets few in."""

    async def test_five_hundred_share_the_connections_that_there_are(self) -> None:
        self.patch(holding, "LONGEST", 0.5)
        made: Server = await deferToThread(Server, "-c max_connections=4 -c superuser_reserved_connections=0")
        self.addCleanup(deferToThread, made.close)
        store = await self.started(await deferToThread(made.empty))
        works = [store.write(add_one) if number % 2 else store.read(count) for number in range(500)]
        refused, done = list[str](), list[int]()
        for number, work in enumerate(works):
            try:
                answer = await work
                if number % 2:
                    done.append(answer)
            except Unavailable as problem:
                refused.append(problem.detail)
        self.assertLessEqual(set(refused), {"The server of the data store has no connection left."})
        self.assertLess(len(refused), 50)
        self.assertEqual(sorted(done), list(range(1, len(done) + 1)))
        self.assertEqual(await store.write(count), len(done))

    async def test_a_write_that_waits_too_long_for_its_turn_is_refused(self) -> None:
        self.patch(engine, "LOCK_LIMIT", 300)
        address = server().address()
        self.addCleanup(server().forget, address)
        store = await self.started(address)
        with psycopg.connect(address) as other:
            other.execute(POSTGRESQL.begin_write.partition(";")[2].encode())
            problem = await self.assertFailure(store.write(add_one), Unavailable)
        self.assertEqual(problem.detail, "The data store is locked by another process.")
        self.assertEqual(await store.write(add_one), 1)

    async def test_a_store_whose_writes_wait_for_one_that_gets_on_is_ready(self) -> None:
        self.patch(store_module, "HESITATION", 0.05)
        address = server().address()
        self.addCleanup(server().forget, address)
        store = await self.started(address)
        with psycopg.connect(address) as other:
            other.execute(LOCK)
            for _ in range(2):  # the second one finds its write behind that of the first one
                await store.ping()
            self.patch(self.engine, "is_in_turn", lambda session: False)
            store._ping_timeout = 0.2
            await self.assertFailure(store.ping(), Unavailable)
        store._ping_timeout = 20.0
        self.assertEqual(await store.write(add_one), 1)
        await store.ping()


LOCK = f"SELECT pg_advisory_xact_lock({WRITERS})".encode()


def count(tx: Any) -> int:
    return int(tx.counters.value("written"))


class ReturningTests(StoreCase):
    """A server that stops in the middle and comes back."""

    async def test_what_comes_meanwhile_waits_and_is_done_once(self) -> None:
        made: Server = await deferToThread(lambda: Server(quick=False))
        self.addCleanup(deferToThread, made.close)
        store = await self.started(await deferToThread(made.empty))
        waiting = [store.write(add_one) for _ in range(20)]
        await deferToThread(made.stop)
        waiting += [store.write(add_one) for _ in range(20)]
        reading = store.read(lambda tx: tx.counters.value("written"))
        await deferToThread(made.start)
        self.assertEqual(sorted([await each for each in waiting]), list(range(1, 41)))
        self.assertLessEqual(await reading, 40)
        self.assertEqual(await store.read(lambda tx: tx.counters.value("written")), 40)

    async def test_who_closes_does_not_wait_for_it(self) -> None:
        made: Server = await deferToThread(lambda: Server(quick=False))
        self.addCleanup(deferToThread, made.close)
        store = await self.started(await deferToThread(made.empty))
        await deferToThread(made.stop)
        self.addCleanup(deferToThread, made.start)
        writing = store.write(add_one)
        await store.close()
        with self.assertRaises(Unavailable):
            await writing

    async def test_what_was_answered_is_there_and_it_goes_on(self) -> None:
        made: Server = await deferToThread(lambda: Server(quick=False))
        self.addCleanup(deferToThread, made.close)
        self.patch(holding, "LONGEST", 0.1)
        store = await self.started(await deferToThread(made.empty))

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


class TurnTests(SynchronousTestCase):
    """Who waits for its turn is told from who waits for nothing that will come."""

    if _ABSENT:
        skip = _ABSENT

    def setUp(self) -> None:
        self.address = server().address()
        self.addCleanup(server().forget, self.address)
        self.own = PostgreSqlEngine(self.address)
        self.looking, self.writing = self.own.open_reader(), self.own.open_writer()
        for each in (self.looking, self.writing):
            self.addCleanup(each.close)

    def connected(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(self.address, autocommit=True)
        self.addCleanup(connection.close)
        return connection

    def until(self, condition: Any) -> None:
        late = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), late)
            time.sleep(0.01)

    def in_background(self, work: Any, *arguments: Any) -> None:
        def run() -> None:
            with contextlib.suppress(psycopg.OperationalError):  # its connection is ended
                work(*arguments)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 30)

    def is_in_turn(self) -> bool:
        return self.own.is_in_turn(self.looking)

    def test_a_write_is_in_turn_behind_one_that_gets_on(self) -> None:
        holder, blocker, watcher = self.connected(), self.connected(), self.connected()
        holder.execute(b"BEGIN")
        holder.execute(LOCK)
        self.assertFalse(self.is_in_turn(), "it does not wait")
        self.in_background(self.writing.begin_write)
        self.until(self.is_in_turn)
        self.patch(engine, "IDLE_LIMIT", 0)
        self.assertFalse(self.is_in_turn(), "the one before has been silent for too long")
        blocker.execute(b"SELECT pg_advisory_lock(7)")
        self.in_background(holder.execute, b"SELECT pg_advisory_lock(7), pg_sleep(600)")
        waits = "SELECT wait_event_type = %s FROM pg_stat_activity WHERE pid = %s"
        holds = holder.info.backend_pid

        def is_waiting(kind: str) -> bool:
            row = watcher.execute(waits, (kind, holds)).fetchone()
            return bool(row and row[0])

        self.until(lambda: is_waiting("Lock"))
        self.assertFalse(self.is_in_turn(), "the one before waits for something else")
        blocker.execute(b"SELECT pg_advisory_unlock(7)")
        self.until(lambda: is_waiting("Timeout"))
        self.assertTrue(self.is_in_turn(), "the one before takes long")
        self.patch(engine, "IDLE_LIMIT", 600_000)
        watcher.execute("SELECT pg_terminate_backend(%s)", (holds,))
        held = "SELECT COUNT(*) FROM pg_locks WHERE objid = %s AND granted AND pid <> %s"
        self.until(lambda: watcher.execute(held, (WRITERS, holds)).fetchone() == (1,))
        self.assertTrue(self.is_in_turn(), "it is in the middle of a write itself")


class OthersTests(SynchronousTestCase):
    """What others have committed is seen by a look, and what was committed here is not."""

    if _ABSENT:
        skip = _ABSENT

    def test_only_commits_of_others_are_news(self) -> None:
        address = server().address()
        self.addCleanup(server().forget, address)
        own, other = PostgreSqlEngine(address), PostgreSqlEngine(address)
        reader, writer, foreign = own.open_reader(), own.open_writer(), other.open_writer()
        for each in (reader, writer, foreign):
            self.addCleanup(each.close)
        first = own.others(reader)
        writer.begin_write()
        own.commit(writer)
        self.assertEqual(own.others(reader), first)
        foreign.begin_write()
        self.assertEqual(own.others(reader), first)
        other.commit(foreign)
        second = own.others(reader)
        self.assertNotEqual(second, first)
        self.assertEqual(own.others(reader), second)
