"""Running diagnoses as a whole: how many may run, what happens when a client leaves and when the daemon is stopped."""

from __future__ import annotations

import json
import time
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.daemon import Daemon, Stream
from tests.interop.shared import network, skip_reason


class LifecycleTests(SynchronousTestCase):
    """A daemon of its own with the default limits."""

    def setUp(self) -> None:
        reason = skip_reason()
        if reason:
            raise SkipTest(reason)
        self.daemon = Daemon(network())
        self.addCleanup(self.daemon.close)

    def open_stream(self, target: str, query: str = "timeout=60") -> Stream:
        stream = self.daemon.open_stream(target, query)
        self.addCleanup(stream.close)
        return stream

    def read_until(self, stream: Stream, wanted: str) -> None:
        for stage in stream:
            if stage["type"] == wanted:
                return
        self.fail(f"{wanted} did not come")

    def events(self, host: str) -> list[dict[str, Any]]:
        lines = (network().folder / "smtp.jsonl").read_text().splitlines()
        return [one for one in map(json.loads, lines) if one["host"] == host]

    def test_fifth_of_ten_at_once_is_refused_and_a_free_place_is_taken(self) -> None:
        streams = [self.open_stream("silent.test") for _ in range(10)]
        self.assertEqual([stream.status for stream in streams], [200] * 4 + [429] * 6)
        refused = streams[4]
        self.assertEqual(refused.headers["content-type"], "application/problem+json")
        self.assertGreater(int(refused.headers["retry-after"]), 0)
        self.assertEqual(json.loads(refused.body())["status"], 429)
        streams[0].close()
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            again = self.open_stream("silent.test")
            if again.status == 200:
                return
            again.close()
            time.sleep(0.02)
        self.fail("the place was not freed")

    def test_connection_to_the_exchange_ends_within_100_ms_of_the_client_leaving(self) -> None:
        stream = self.open_stream("hangsehlo.test")
        self.read_until(stream, "ehloStart")
        time.sleep(0.1)
        left = time.time()
        stream.close()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            closed = [one["at"] for one in self.events("mx.hangsehlo.test") if one["event"] == "closed"]
            if closed and closed[-1] >= left - 0.001:
                self.assertLess(closed[-1] - left, 0.1)
                return
            time.sleep(0.01)
        self.fail("the connection was not closed")

    def test_end_of_the_lifetime_ends_the_stream_with_a_summary(self) -> None:
        began = time.monotonic()
        stages = list(self.open_stream("silent.test", "timeout=1"))
        self.assertLess(time.monotonic() - began, 2.0)
        self.assertEqual([stage["type"] for stage in stages[-2:]], ["summary", "completed"])
        failed = next(stage for stage in stages if stage["type"] == "readGreetingError")
        self.assertEqual(failed["reason"], "time-out")

    def test_sigterm_with_open_streams_ends_the_daemon_cleanly(self) -> None:
        for _ in range(4):
            self.read_until(self.open_stream("silent.test"), "readGreetingStart")
        status, seconds = self.daemon.terminate()
        self.assertIn(status, (0, -15))
        self.assertLess(seconds, 10.5)
        self.assertNotIn("Traceback", self.daemon.log.read_text(errors="replace"))

    def test_stages_arrive_as_they_happen(self) -> None:
        arrived = {}
        for stage in self.open_stream("slow.test"):
            arrived.setdefault(stage["type"], time.monotonic())
        self.assertGreater(arrived["readGreetingSuccess"] - arrived["readGreetingStart"], 2.5)
