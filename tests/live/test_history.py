"""History of a real process: traces, also of what was cut short, and figures are there after a restart."""

from __future__ import annotations

import shutil
import signal
import time
from typing import Any

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.live.daemon import ENDED, PATIENCE, Daemon, new_folder
from tests.live.people import Administrator
from tests.live.small_world import SmallWorld
from tests.live.test_workers import CrewCase


class HistoryTests(TestCase):
    timeout = 60

    async def setUp(self) -> None:
        self.world = SmallWorld(reactor)
        self.world.start()
        self.addCleanup(self.world.stop)
        self.data = new_folder()
        self.addCleanup(shutil.rmtree, self.data, True)
        await self.world.prepare(self.data)

    def running(self) -> tuple[Daemon, Administrator]:
        daemon = Daemon.with_data(self.data, **self.world.environment)
        self.addCleanup(daemon.close)
        return daemon, Administrator(daemon)

    def traces(self, admin: Administrator, **wanted: Any) -> list[dict[str, Any]]:
        ids = admin.call("x:Trace/query", {"filter": wanted})["ids"]
        found: list[dict[str, Any]] = admin.call("x:Trace/get", {"ids": ids})["list"]
        return found

    async def test_what_was_kept_is_there_after_a_restart(self) -> None:
        await deferToThread(self.work)

    def work(self) -> None:
        daemon, admin = self.running()
        ended = daemon.stream("silent.test", "timeout=1")
        ended.read_until(b"completed")
        ended.close()
        left = daemon.stream("silent.test", "timeout=60")
        left.read_until(b"readGreetingStart")
        self.assertIn(daemon.terminate()[0], ENDED)
        left.close()

        again, admin = self.running()
        kept = self.traces(admin, event="delivery.diagnosis-start")
        self.assertEqual([each["to"] for each in kept], ["silent.test"] * 2)
        self.assertEqual(self.traces(admin, text="SILENT.test mx"), kept)
        for trace in kept:
            kinds = [event["event"] for event in trace["events"].values()]
            self.assertEqual((kinds[0], kinds[-1]), ("delivery.diagnosis-start", "delivery.diagnosis-end"))
            self.assertIn("delivery.connect", kinds)
        samples = admin.call("x:Metric/query", {"filter": {"metric": "server.memory"}, "calculateTotal": True})
        self.assertGreaterEqual(samples["total"], 2)  # each start reads once
        (newest,) = admin.call("x:Metric/get", {"ids": samples["ids"][:1]})["list"]
        self.assertEqual(newest["@type"], "Gauge")
        self.assertGreater(newest["count"], 10_000_000)
        again.signal(signal.SIGTERM)
        self.assertIn(again.wait(), ENDED)
        self.assertNotIn("Traceback", daemon.log + again.log)


class CrewHistoryTests(CrewCase):
    def test_every_worker_keeps_its_traces_and_one_of_them_the_figures(self) -> None:
        here, there = self.clients
        for client in self.clients:
            status, _, body = client.get("/api/live/delivery/nowhere.invalid?timeout=1")
            self.assertEqual((status, body.count(b"completed")), (200, 1))
        until = time.monotonic() + PATIENCE
        asked = {"filter": {"event": "delivery.diagnosis-end", "text": "nowhere.invalid"}}
        while len(there.call("x:Trace/query", asked)["ids"]) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        ids = here.call("x:Trace/query", asked)["ids"]
        self.assertEqual(len(ids), 2)
        memory = {"filter": {"metric": "server.memory"}, "calculateTotal": True}
        self.assertEqual([client.call("x:Metric/query", memory)["total"] for client in self.clients], [1, 1])
        here.change("TracingStore", {"@type": "Disabled"})
        there.get("/api/live/delivery/nowhere.invalid?timeout=1")
        time.sleep(1.5)
        self.assertEqual(here.call("x:Trace/query", asked)["ids"], ids)
        self.assert_clean()
