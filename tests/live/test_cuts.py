"""What goes between the machines of a cluster is dropped without a word: nodes, database, bucket, message bus.

Each client gets the documented refusal within bounds, of two nodes never both lead, and all goes on by itself once the
network is mended. The times of the program are shortened, but with SOAK.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import redis
from twisted.trial.unittest import SynchronousTestCase

from tests.cluster.apart import LEADS, LEADS_NO_MORE, PATIENCE, Apart, Node
from tests.cluster.network import missing as no_network
from tests.interop import bus_servers, s3proxy
from tests.live.daemon import TWISTD, USUAL, new_folder
from tests.postgresql import programs

SHORT = """
from stalwart.net import redis_bus
from stalwart.store.postgresql import address, neighbours
from stalwart.store.threads import holding
neighbours.BEAT, neighbours.LEASE, neighbours.STOP = 1.0, 9.0, 5.5
holding.LONGEST = 1.0
redis_bus.CHECK_EVERY, redis_bus.SILENCE = 1, 3
address._KEPT_ALIVE = "keepalives_idle=2 keepalives_interval=1 keepalives_count=3 tcp_user_timeout=3000"
"""
REAL = bool(os.environ.get("SOAK"))
WORDS = TWISTD if REAL else (sys.executable, "-c", SHORT + USUAL, *TWISTD[3:])
BOUND = 60.0
"""Seconds within which docs/operations.md promises an answer."""
READ: tuple[str, dict[str, Any]] = ("x:Domain/query", {"filter": {"name": "example.org"}})
LARGE = 200_000


def missing() -> str | None:
    """What is missing here, as a sentence."""
    return (
        no_network()
        or ("PostgreSQL is not installed" if programs() is None else None)
        or bus_servers.missing("redis-server")
        or s3proxy.missing()
    )


class Asking:
    """Requests that are under way, each in a thread; ``answers`` are statuses and seconds."""

    def __init__(self, *requests: Callable[[], tuple[int, bytes, float]]) -> None:
        self.answers: list[tuple[int, bytes, float]] = []
        self._threads = [Thread(target=lambda ask=ask: self.answers.append(ask())) for ask in requests]
        for thread in self._threads:
            thread.start()

    def wait(self) -> list[int]:
        """The statuses, when all are answered."""
        for thread in self._threads:
            thread.join()
        assert len(self.answers) == len(self._threads)
        return [status for status, _, _ in self.answers]


class CutTests(SynchronousTestCase):
    skip = missing()

    def setUp(self) -> None:
        folder = new_folder("stalwart-cuts-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.began = time.monotonic()
        self.world = Apart(folder, "redis-server", WORDS)
        self.addCleanup(self.world.close)
        self.network = self.world.network
        self.number = 70

    def test_each_way_is_cut_and_mended(self) -> None:
        self.tell("all of it runs")
        self.bus_and_bucket()
        leader, other = self.in_order()
        self.leader_and_database(leader, other)
        self.other_and_database(leader)
        self.assertNotIn("Traceback", "".join(node.log for node in self.world.nodes))

    def bus_and_bucket(self) -> None:
        one, two = self.world.nodes
        cut = [("two", "bus"), ("one", "two"), ("one", "bucket"), ("two", "bucket")]
        for way in cut:
            self.network.cut(*way)
        large = Asking(*[lambda: self.upload(one, LARGE)] * 4)  # as many as there are threads for values
        self.until(lambda: "The coordinator cannot be reached" in two.log, "the silence of the bus is noticed")
        self.tell("the silence of the bus is noticed")
        self.hears(one, two)
        self.assertTrue(self.is_ready(one))
        self.assertEqual(set(large.wait()), {503}, large.answers)
        self.assertEqual(self.upload(one, 1000)[0], 200)
        self.tell("large values are refused", large)
        for way in cut:
            self.network.mend(*way)
        self.assertEqual(self.upload(one, LARGE)[0], 200)
        self.until(lambda: self.subscribers() == 2, "the second node listens to the bus again")
        self.hears(one, two)
        self.tell("the bus is back")

    def leader_and_database(self, leader: Node, other: Node) -> None:
        """It leads no more before the other one does, says 503, and starts again by itself."""
        led = len(other.told(LEADS))
        self.network.cut(leader.name, "database")
        waiting = Asking(*[lambda: leader.call(*READ)] * 3, *[lambda: self.change(leader)] * 2)
        self.assertEqual(leader.asked("GET", "/healthz/ready")[0], 503)
        self.until(lambda: len(other.told(LEADS)) > led, "the other one leads")
        self.tell("the other one leads")
        self.assertLessEqual(leader.told(LEADS_NO_MORE)[-1], other.told(LEADS)[-1])
        self.assertEqual(other.call(*READ)[0], 200)
        self.assertEqual(self.change(other)[0], 200)
        self.assertEqual(set(waiting.wait()), {503}, waiting.answers)
        self.tell("clients of the one that led are refused", waiting)
        self.until(lambda: "It is tried again." in leader.log, "it tries to start anew")
        self.network.mend(leader.name, "database")
        self.until(lambda: self.is_ready(leader), "it serves again")
        self.tell("it serves again")
        self.hears(other, leader)

    def other_and_database(self, node: Node) -> None:
        """Who does not lead goes on, and refuses what it cannot do."""
        self.network.cut(node.name, "database")
        waiting = Asking(*[lambda: node.call(*READ)] * 6, *[lambda: self.change(node)] * 3)
        self.assertEqual(node.asked("GET", "/healthz/ready")[0], 503)
        while len(waiting.answers) < 9:
            status, _, took = node.asked("GET", "/healthz/live")
            self.assertEqual(status, 200)
            self.assertLess(took, 2)
            time.sleep(0.5)
        self.assertEqual(set(waiting.wait()), {503}, waiting.answers)
        self.tell("clients are refused", waiting)
        late = Asking(*[lambda: node.call(*READ)] * 6)
        self.assertEqual(set(late.wait()), {503}, late.answers)
        self.tell("and sooner the next time", late)
        self.network.mend(node.name, "database")
        self.until(lambda: self.is_ready(node), "it serves again")
        self.tell("it serves again")
        self.assertEqual((node.call(*READ)[0], self.change(node)[0]), (200, 200))

    def in_order(self) -> list[Node]:
        """The nodes, the one that leads first."""
        self.until(lambda: any(node.told(LEADS) for node in self.world.nodes), "one leads")
        return sorted(self.world.nodes, key=lambda node: node.told(LEADS)[-1:], reverse=True)

    def upload(self, node: Node, size: int) -> tuple[int, bytes, float]:
        session = json.loads(node.asked("GET", "/jmap/session", login=self.world.user)[1])
        (account,) = session["accounts"]
        return node.asked("POST", f"/jmap/upload/{account}/", os.urandom(size), self.world.user)

    def change(self, node: Node) -> tuple[int, bytes, float]:
        self.number += 1
        return node.call("x:Jmap/set", {"update": {"singleton": {"getMaxResults": self.number}}})

    def hears(self, one: Node, two: Node) -> None:
        """What is changed at one is known at the other."""
        self.assertEqual(self.change(one)[0], 200)
        core = "urn:ietf:params:jmap:core"

        def known() -> int:
            return int(json.loads(two.asked("GET", "/jmap/session")[1])["capabilities"][core]["maxObjectsInGet"])

        self.until(lambda: known() == self.number, "the setting is known")

    def subscribers(self) -> int:
        with self.network["bus"].inside(), redis.Redis.from_url(self.world.bus.url) as client:
            return sum(count for _, count in client.pubsub_numsub(*client.pubsub_channels()))

    def is_ready(self, node: Node) -> bool:
        self.assertTrue(node.runs)
        try:
            return node.asked("GET", "/healthz/ready")[0] == 200
        except OSError:
            return False

    def until(self, condition: Callable[[], object], what: str) -> None:
        late = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), late, f"{what}: it does not come")
            time.sleep(0.1)

    def tell(self, what: str, asking: Asking | None = None) -> None:
        """For who measures, with TELL; and no client waits for ever."""
        longest = max((seconds for _, _, seconds in asking.answers), default=0.0) if asking is not None else 0.0
        self.assertLess(longest, BOUND)
        if os.environ.get("TELL"):
            most = f", at most after {longest:.1f} s" if asking is not None else ""
            print(f"{time.monotonic() - self.began:6.1f} s {what}{most}")
