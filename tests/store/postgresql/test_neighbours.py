"""Nodes of one database: what they tell each other, and that at most one leads, whatever happens."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from stalwart.store.neighbours import Neighbours
from stalwart.store.postgresql import neighbours
from stalwart.store.postgresql.engine import PostgreSqlEngine
from stalwart.store.postgresql.neighbours import PostgreSqlNeighbours
from stalwart.store.sql.dialect import POSTGRESQL
from stalwart.store.sql.migrate import load_migrations
from tests.cluster.gate import Gate
from tests.interop.test_jmap_clients import free_port
from tests.postgresql import Server, programs, server

NEWEST = max(migration.number for migration in load_migrations(POSTGRESQL))


class Node:
    """One, with what it heard and whether it leads; by default by the address of the test."""

    def __init__(self, case: NodeCase, name: str, address: str | None = None) -> None:
        self.heard: list[Any] = []
        self.leads = False
        self.losses = 0
        self.problems: list[str] = []
        self.neighbours = PostgreSqlNeighbours(
            address or case.address, reactor, name, self.problems.append, lambda: NEWEST
        )
        self.ends = 0
        listening: Neighbours = self.neighbours
        listening.listen(self.heard.append)
        listening.superseded(self._ended)
        self.neighbours.start()
        self._thread = threading.Thread(target=self.neighbours.run, daemon=True)
        self._thread.start()
        case.addCleanup(self.close)

    def close(self) -> Any:
        self.neighbours.close()
        return deferToThread(self._thread.join, 20)

    def lead(self) -> None:
        self.neighbours.lead(self._began, self._lost)

    def _ended(self) -> None:
        self.ends += 1

    def _began(self) -> None:
        self.leads = True

    def _lost(self) -> None:
        self.leads = False
        self.losses += 1
        self.lead()


class NodeCase(TestCase):
    timeout = 60
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def setUp(self) -> None:
        self.patch(neighbours, "BEAT", 0.1)
        self.patch(neighbours, "LEASE", 1.2)
        self.patch(neighbours, "STOP", 0.6)
        self.address = server().address()
        self.addCleanup(server().forget, self.address)

    def do(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.address, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    async def until(self, condition: Callable[[], object], seconds: float = 30.0) -> None:
        late = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), late, "it does not come")
            await deferLater(reactor, 0.01)  # type: ignore[arg-type]


class WordTests(NodeCase):
    async def test_others_hear_and_the_speaker_does_not(self) -> None:
        one, two, three = (Node(self, name) for name in ("one", "two", "three"))
        await self.until(lambda: len(self.do("SELECT id FROM node")) == 3)
        one.neighbours.tell(["account", 5])
        one.neighbours.tell(["account", 5])
        one.neighbours.tell(["settings", 0])
        for node in (two, three):
            await self.until(lambda node=node: ["settings", 0] in node.heard)
            self.assertIn(["account", 5], node.heard)
        self.assertEqual(one.heard, [])

    async def test_many_words_come_whole_and_in_order(self) -> None:
        one, two = Node(self, "one"), Node(self, "two")
        await self.until(lambda: len(self.do("SELECT id FROM node")) == 2)
        words = [["account", number] for number in range(3000)]
        for word in words:
            one.neighbours.tell(word)
        await self.until(lambda: len(two.heard) >= len(words))
        self.assertEqual(two.heard, words)

    async def test_others_are_those_that_live(self) -> None:
        one, two, three = (Node(self, name) for name in ("one", "two", "three"))
        await self.until(lambda: len(self.do("SELECT id FROM node")) == 3)
        ids = {each.neighbours.id for each in (two, three)}
        self.assertEqual(await one.neighbours.others(), ids)
        await three.close()
        self.assertEqual(await one.neighbours.others(), {two.neighbours.id})

    async def test_who_dies_is_no_other_at_once_but_after_a_fail_over_all_are_for_a_while(self) -> None:
        self.patch(neighbours, "LEASE", 30)
        one = Node(self, "one")
        await self.until(lambda: self.do("SELECT id FROM node"))
        self.do("INSERT INTO node(id, name, pid, leads, seen_at) VALUES (7, 'gone', 1, FALSE, now()) RETURNING id")
        self.assertEqual(await one.neighbours.others(), {7})
        one.neighbours._connected_at -= 31
        self.assertEqual(await one.neighbours.others(), set())

    async def test_who_starts_does_not_wait_for_a_node_that_died_before_unless_the_server_is_new(self) -> None:
        self.patch(neighbours, "LEASE", 30)
        gone = "INSERT INTO node(id, name, pid, leads, seen_at) VALUES (7, 'gone', 1, FALSE, now()) RETURNING id"
        self.do(gone)
        for taken_over_within, others in ((600.0, {7}), (0.0, set())):
            self.patch(neighbours, "LONG_AGO", taken_over_within)
            one = Node(self, "one")
            self.assertEqual(await one.neighbours.others(), others)
            await one.close()
        one = Node(self, "one")
        self.assertEqual(await one.neighbours.others(), set())
        self.do("SELECT pg_terminate_backend(pid::int) FROM node WHERE name = 'one'")
        await self.until(lambda: None in one.heard)
        self.assertEqual(await one.neighbours.others(), {7})

    async def test_who_has_closed_writes_nowhere(self) -> None:
        one = Node(self, "one")
        await self.until(lambda: self.do("SELECT id FROM node"))
        await one.close()
        ends = [os.pipe() for _ in range(8)]  # get the numbers that the closed ones had
        one.neighbours.tell(["account", 5])
        for read, write in ends:
            os.close(write)
            self.assertEqual(os.read(read, 10), b"")
            os.close(read)

    async def test_who_was_away_is_told_so(self) -> None:
        one = Node(self, "one")
        await self.until(lambda: self.do("SELECT id FROM node"))
        self.do("SELECT pg_terminate_backend(pid::int) FROM node")
        await self.until(lambda: None in one.heard)


class SupersededTests(NodeCase):
    async def test_who_does_not_know_the_schema_is_told_once(self) -> None:
        one = Node(self, "one")
        await self.until(lambda: self.do("SELECT id FROM node"))
        self.assertEqual(one.ends, 0)
        self.do(
            f"INSERT INTO migration(number, name, checksum, applied_at) VALUES ({NEWEST + 1}, 'later', '', 0)"
            " RETURNING number"
        )
        await self.until(lambda: one.ends)
        await deferLater(reactor, 5 * neighbours.BEAT)  # type: ignore[arg-type]
        self.assertEqual(one.ends, 1)


class LeaderTests(NodeCase):
    async def test_one_leads_and_the_next_when_it_goes(self) -> None:
        one, two = Node(self, "one"), Node(self, "two")
        one.lead()
        await self.until(lambda: one.leads)
        two.lead()
        await deferLater(reactor, 0.5)  # type: ignore[arg-type]
        self.assertFalse(two.leads)
        await one.close()
        await self.until(lambda: two.leads)
        self.assertEqual(self.do("SELECT name FROM node WHERE leads"), [("two",)])

    async def test_a_short_break_is_none(self) -> None:
        one, two = Node(self, "one"), Node(self, "two")
        one.lead()
        await self.until(lambda: one.leads)
        two.lead()
        self.do("SELECT pg_terminate_backend(pid::int) FROM node WHERE leads")
        await self.until(lambda: None in one.heard)
        await deferLater(reactor, 2)  # type: ignore[arg-type]
        await self.until(lambda: one.leads + two.leads == 1)
        self.assertEqual(one.losses == 0, one.leads)

    async def test_who_hangs_is_taken_over_and_hears_of_it(self) -> None:
        one, two = Node(self, "one"), Node(self, "two")
        one.lead()
        await self.until(lambda: one.leads)
        two.lead()
        beating = one.neighbours._beating
        beating.cancel()
        one.neighbours._looked_in = 0.0
        await self.until(lambda: two.leads)
        one.neighbours._look_in()
        await self.until(lambda: one.losses)
        self.assertFalse(one.leads)

    async def test_never_two_at_a_time(self) -> None:
        nodes = [Node(self, str(number)) for number in range(4)]
        for node in nodes:
            node.lead()
        for _ in range(5):
            await self.until(lambda: any(node.leads for node in nodes))
            self.do("SELECT pg_terminate_backend(pid::int) FROM node WHERE random() < 0.5 OR leads")
            late = time.monotonic() + 0.7
            while time.monotonic() < late:
                self.assertLessEqual(sum(node.leads for node in nodes), 1)
                await deferLater(reactor, 0.01)  # type: ignore[arg-type]

    async def test_a_server_that_is_away_ends_it_and_is_reported(self) -> None:
        one = Node(self, "one")
        one.lead()
        await self.until(lambda: one.leads)
        address, one.neighbours._address = one.neighbours._address, "host=/nowhere dbname=x user=x"
        self.do("SELECT pg_terminate_backend(pid::int) FROM node")
        await self.until(lambda: one.losses)
        self.assertEqual(len(one.problems), 1)
        one.neighbours._address = address
        await self.until(lambda: one.leads)

    async def test_clocks_of_servers_may_differ(self) -> None:
        one, two = Node(self, "one"), Node(self, "two")
        one.lead()
        await self.until(lambda: one.leads)
        shown = neighbours._SHOW
        self.patch(neighbours, "_SHOW", shown.replace("now()", "now() - interval '1 minute'"))
        two.lead()
        await deferLater(reactor, 3)  # type: ignore[arg-type]
        self.assertEqual((one.leads, two.leads, one.losses), (True, False, 0))
        self.patch(neighbours, "_SHOW", shown.replace("now()", "now() + interval '1 minute'"))
        await self.until(lambda: self.do("SELECT id FROM node WHERE seen_at > now() + interval '50 seconds' AND leads"))
        one.neighbours._beating.cancel()
        one.neighbours._looked_in = 0.0
        await self.until(lambda: two.leads)


class SilenceTests(NodeCase):
    """A database that one node cannot reach any more, though no connection breaks."""

    async def test_who_is_cut_off_leads_no_more_before_another_one_begins(self) -> None:
        port, way = free_port(), free_port()
        made: Server = await deferToThread(Server, f"-c listen_addresses=127.0.0.1 -c port={port}")
        self.addCleanup(deferToThread, made.close)
        gate = Gate("127.0.0.1", way, ("127.0.0.1", port))
        self.addCleanup(gate.close)
        self.address = f"host=127.0.0.1 port={port} user=stalwart dbname=postgres connect_timeout=2"
        await deferToThread(PostgreSqlEngine(self.address).prepare, 0)
        one = Node(self, "one", self.address.replace(f"port={port}", f"port={way}"))
        one.lead()
        await self.until(lambda: one.leads)
        two = Node(self, "two")
        two.lead()
        gate.cut()
        await self.until(lambda: one.losses)
        self.assertFalse(two.leads)
        await self.until(lambda: two.leads)
        gate.mend()
        await self.until(lambda: None in one.heard)
        self.assertFalse(one.leads)
