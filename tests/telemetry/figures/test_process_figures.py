"""Figures of processes: those that clients of Prometheus tell, and none of what cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import ProcessCollector
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.figures.process_figures import figures_of

STAT = "7 (odd ) name) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 1000 4096 3 0\n"


class ProcessFigureTests(SynchronousTestCase):
    """A folder that looks like /proc, and the real one."""

    def setUp(self) -> None:
        self.proc = Path(self.mktemp())
        (self.proc / "7" / "fd").mkdir(parents=True)
        (self.proc / "stat").write_text("cpu 1 2 3\nbtime 5000\n")
        (self.proc / "7" / "stat").write_text(STAT)
        (self.proc / "7" / "fd" / "0").touch()
        (self.proc / "7" / "limits").write_text("Limit  Soft  Hard  Units\nMax open files  64  128  files\n")

    def values(self) -> dict[str, float]:
        return {each.name.removeprefix("process_"): each.value for each in figures_of(7, self.proc)}

    def test_everything_that_is_read(self) -> None:
        ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        sizes = {"virtual_memory_bytes": 4096, "resident_memory_bytes": 3 * page, "open_fds": 1, "max_fds": 64}
        times = {"start_time_seconds": 5000 + 1000 / ticks, "cpu_seconds": 200 / ticks}
        self.assertEqual(self.values(), sizes | times)

    def test_no_limit_of_descriptors(self) -> None:
        (self.proc / "7" / "limits").write_text("Max open files  unlimited  unlimited  files\n")
        self.assertEqual(self.values()["max_fds"], float("inf"))

    def test_descriptors_that_nobody_may_see(self) -> None:
        (self.proc / "7" / "limits").unlink()
        self.assertNotIn("open_fds", self.values())
        self.assertIn("cpu_seconds", self.values())

    def test_a_process_that_is_gone(self) -> None:
        (self.proc / "7" / "stat").unlink()
        self.assertEqual(self.values(), {})

    def test_a_system_that_does_not_say_since_when_it_runs(self) -> None:
        (self.proc / "stat").write_text("cpu 1 2 3\n")
        self.assertEqual(self.values(), {})

    def test_the_same_as_clients_of_prometheus_tell(self) -> None:
        metrics = ProcessCollector(pid=os.getpid, registry=None).collect()
        expected = {(each.name, each.type, each.documentation) for each in metrics}
        self.assertTrue(expected)
        self.assertEqual({(each.name, each.type, each.doc) for each in figures_of(os.getpid())}, expected)
