"""Cold start: CPU time from the start of the process to its first answer, and resident memory when idle.

The first start of a folder creates the store and its defaults; later starts find them. Modules are compiled before, as
pip does when it installs them.
"""

from __future__ import annotations

import argparse
import compileall
import shutil
import time
from pathlib import Path

from bench.get import drive, request
from bench.measure import ROOT, Result, cpu_seconds, main, middle, rss_kib, spread
from bench.server import daemon

SETTLED = 3.0


def started(data: Path | None) -> tuple[float, int, Path]:
    """CPU seconds to the first answer, resident KiB some seconds later, and the data folder, which stays."""
    server = daemon(data)
    drive(server.port, request("/healthz/live"), 8)
    cpu = cpu_seconds(server.pid)
    time.sleep(SETTLED)
    rss = rss_kib(server.pid)
    return cpu, rss, server.stop(keep=True)


def run(options: argparse.Namespace) -> list[Result]:
    """One first start and several later ones."""
    for package in ("stalwart", "twisted"):
        compileall.compile_dir(ROOT / package, quiet=1)
    first, rss, data = started(None)
    later = [started(data) for _ in range(options.rounds)]
    shutil.rmtree(data.parent)
    cpus, sizes = [one[0] for one in later], [rss / 1024, *(one[1] / 1024 for one in later)]
    return [
        Result("cold start to first answer: CPU", max(first, middle(cpus)), "s", 1.2, f"{_starts(first, cpus)}"),
        Result("idle: resident memory", max(sizes), "MiB", 80, spread(sizes, "MiB")),
    ]


def _starts(first: float, later: list[float]) -> str:
    return f"first start of a folder {first:.2f} s, later ones {spread(later, 's')}"


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=4)
