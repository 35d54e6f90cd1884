"""What the system knows about a process: its memory, time and descriptors, read out of /proc (proc_pid_stat(5)).

Names and meanings are those by which clients of Prometheus tell of processes. Nothing is told of a process that is
gone, and on systems without /proc.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

PROC: Final = Path("/proc")


class ProcessFigure(NamedTuple):
    """One figure of one process."""

    name: str
    type: Literal["counter", "gauge"]
    doc: str
    value: float


def figures_of(pid: int, proc: Path = PROC) -> Iterator[ProcessFigure]:
    """All that can be read of it; what its user may not see is left out."""
    folder = proc / str(pid)
    try:
        since = _started_at(proc)
        stat = (folder / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    user, system, started, virtual, resident = (int(stat[place]) for place in (11, 12, 19, 20, 21))
    yield _gauge("virtual_memory_bytes", "Virtual memory size in bytes.", virtual)
    yield _gauge("resident_memory_bytes", "Resident memory size in bytes.", resident * page)
    born = since + started / ticks
    yield _gauge("start_time_seconds", "Start time of the process since unix epoch in seconds.", born)
    doc = "Total user and system CPU time spent in seconds."
    yield ProcessFigure("process_cpu_seconds", "counter", doc, (user + system) / ticks)
    try:
        descriptors, most = len(os.listdir(folder / "fd")), _most_descriptors(folder)
    except OSError:
        return
    yield _gauge("open_fds", "Number of open file descriptors.", descriptors)
    yield _gauge("max_fds", "Maximum number of open file descriptors.", most)


def _gauge(name: str, doc: str, value: float) -> ProcessFigure:
    return ProcessFigure(f"process_{name}", "gauge", doc, float(value))


def _started_at(proc: Path) -> float:
    """When the system was started, in seconds since 1970."""
    for line in (proc / "stat").read_bytes().splitlines():
        if line.startswith(b"btime "):
            return float(line.split()[1])
    raise OSError("no btime in stat")


def _most_descriptors(folder: Path) -> float:
    for line in (folder / "limits").read_bytes().splitlines():
        if line.startswith(b"Max open file"):
            return float(line.split()[3].replace(b"unlimited", b"inf"))
    raise OSError("no line about open files in limits")
