"""`/metrics/prometheus` of several real processes: one server, whichever of them answers."""

from __future__ import annotations

import os
import re
import signal
import time

from tests.live.crew import Client
from tests.live.daemon import PATIENCE
from tests.live.test_workers import CrewCase

SAMPLE = re.compile(r"^([a-z_]+)(?:\{worker=\"(\w+)\"\})? ([0-9.e+-]+)$", re.M)


class CrewMetricsTests(CrewCase):
    def figures(self, client: Client) -> dict[tuple[str, str], float]:
        """Values by name and worker."""
        status, _, body = client.get("/metrics/prometheus")
        self.assertEqual(status, 200)
        return {(name, worker): float(value) for name, worker, value in SAMPLE.findall(body.decode())}

    def test_figures_of_all(self) -> None:
        here, there = self.clients
        self.assertEqual([client.get("/metrics/prometheus")[0] for client in self.clients], [404, 404])
        here.change("Metrics", {"prometheus": {"@type": "Enabled"}})
        wrong = {"Authorization": "Basic eDp5"}
        for client in (here, there, there):
            client.get("/api/account", wrong)
        both = [self.figures(client) for client in self.clients]
        self.assertEqual([each["auth_failed", ""] for each in both], [3, 3])
        self.assertEqual(len({each["user_count", ""] for each in both}), 1)
        self.assertGreaterEqual(both[0]["http_active_connections", ""], 2)
        memory = {worker for name, worker in both[1] if name == "process_resident_memory_bytes"}
        self.assertEqual(memory, {"parent", "1", "2"})

        os.kill(self.pids[0], signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while self.figures(there)["server_worker_ended", ""] < 1 and time.monotonic() < until:
            time.sleep(0.05)
        left = self.figures(there)
        self.assertEqual((left["server_worker_ended", ""], left["auth_failed", ""]), (1, 3))
        self.assert_clean()
