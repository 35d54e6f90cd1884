"""What the benchmarks share: the cost of a process by /proc, and the small tables that they print."""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

ROOT = Path(__file__).resolve().parents[1]


@frozen
class Result:
    """One line of the table. ``limit`` is the most that ``value`` may be; ``note`` has the figures behind it."""

    name: str
    value: float
    unit: str
    limit: float | None
    note: str

    @property
    def holds(self) -> bool:
        """Whether the value is within its limit."""
        return self.limit is None or self.value <= self.limit


class Skipped(Exception):
    """The machine lacks something; the text says what."""


def cpu_seconds(pid: int) -> float:
    """CPU time of a process with all its living threads, in seconds."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((thread / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread has ended meanwhile
    return total / 1e9


def rss_kib(pid: int) -> int:
    """Resident memory of a process in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(statistics.median(values))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float], unit: str, scale: float = 1.0) -> str:
    """``median (least .. most) unit``."""
    ordered = sorted(value * scale for value in values)
    return f"{middle(ordered):.3g} ({ordered[0]:.3g} .. {ordered[-1]:.3g}) {unit}"


def check_platform() -> None:
    """:raises Skipped: not Linux."""
    if not os.path.exists("/proc/self/schedstat"):
        raise Skipped("CPU time is read from /proc/PID/task/*/schedstat, which this system lacks")


def show(results: Sequence[Result]) -> str:
    """The table in Markdown."""
    lines = ["| what | measured | at most | figures |", "| --- | --- | --- | --- |"]
    for one in results:
        limit = "" if one.limit is None else f"{one.limit:g} {one.unit}"
        mark = "" if one.holds else " **missed**"
        lines.append(f"| {one.name} | {one.value:.3g} {one.unit}{mark} | {limit} | {one.note} |")
    return "\n".join(lines)


def main(doc: str, run: Callable[[argparse.Namespace], list[Result]], **options: int) -> None:
    """The command line of one benchmark: its whole-number ``options`` with their defaults, and ``--json``."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"[{default}]")
    chosen = parser.parse_args()
    answer: dict[str, Any] = {"results": [], "skipped": None}
    try:
        check_platform()
        answer["results"] = [asdict(one) for one in run(chosen)]
    except Skipped as reason:
        answer["skipped"] = str(reason)
    if chosen.json:
        print(json.dumps(answer))
    elif answer["skipped"]:
        print(f"skipped: {answer['skipped']}")
    else:
        print(show([Result(**one) for one in answer["results"]]))
