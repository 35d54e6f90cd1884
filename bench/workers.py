"""Two workers beside one (``--workers``): what they read and write in a second, on the same requests, round by round.

The jobs are those of ``mail``: pages of an inbox (20 pages again and again; then another one each time), synchronising,
one keyword, arrival over LMTP, the session. Sixteen connections, all to the same account. Whoever asks takes part of a
core himself (``wrk``, twice with half of the connections; Python for arrivals, and for all where it is missing), so two
cores are not free for two workers, and rates tell what was left for them. So each workload has two lines: the processor
time of a request, by which two cores that are free give twice the rate divided by the ratio, and the time that passed.
For reads a third side tells what the machine makes of two busy processes: two daemons that share nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from attrs import define, field

from bench.mail import TITLES, Ours, Side
from bench.measure import Result, main, middle
from bench.peer import tree_cpu_seconds
from bench.wrk import drive, program

READS, WRITES = ("W1", "W1.new", "W2", "W12"), ("W3", "W4")
AT_LEAST, NEVER_UNDER = 1.6, 0.95
CONNECTIONS = 16
_QUIET, _LONGEST = 0.03, 60.0  # of a core, while there is nothing to do; seconds


@define
class Round:
    """One side in one round: requests per second, and by request the seconds of the daemons and of the driver."""

    rate: float
    cost: float
    driver: float | None
    text: str

    @property
    def shown(self) -> str:
        """Rate and times for people."""
        return f"{self.rate:.0f}/s, {self.text}"

    @property
    def cores(self) -> str:
        """How many were busy, with the daemons and with the driver."""
        taken = f"{self.rate * self.cost:.2f}"
        return taken if self.driver is None else f"{taken} + {self.rate * self.driver:.2f}"


@define
class Rounds:
    """The rounds of one workload."""

    one: list[Round] = field(factory=list)
    two: list[Round] = field(factory=list)
    apart: list[Round] = field(factory=list)


def run(options: argparse.Namespace) -> list[Result]:
    """All workloads in turn on all sides."""
    sides: list[Side] = []
    results: list[Result] = []
    try:
        for words in ((), ("--workers", "2"), ()):
            sides.append(Side(Ours(*words), quickack=True, connections=CONNECTIONS))
        one, two, other = sides
        for side in sides:
            side.prepare(options.messages)
            _rest(side)
        for workload in (*READS, *WRITES):
            rounds = Rounds()
            for _ in range(options.rounds):
                rounds.one.append(_round([one, one], workload, options.seconds))
                rounds.two.append(_round([two, two], workload, options.seconds))
                if workload in READS and program():
                    rounds.apart.append(_round([one, other], workload, options.seconds))
            results += _results(rounds, workload)
        return results
    finally:
        for side in sides:
            side.target.stop()


def _rest(side: Side) -> None:
    """Until what came with the messages is done: the index of their words."""
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        before = tree_cpu_seconds(side.target.pid)
        time.sleep(1)
        if tree_cpu_seconds(side.target.pid) - before < _QUIET:
            return


def _round(sides: Sequence[Side], workload: str, seconds: int) -> Round:
    """Half of the connections go to each of ``sides``, which may be the same twice."""
    if workload == "W4" or not program():
        side = sides[0]
        side.run(workload, seconds)
        times = side.texts[workload].partition(", ")[2]
        return Round(1 / side.times[workload][-1], side.costs[workload][-1], None, times)
    works = [(("127.0.0.1", side.target.port), side.jobs[workload][0]) for side in sides]
    pids = {side.target.pid for side in sides}
    before = sum(map(tree_cpu_seconds, pids))
    driven = drive(works, sides[0].jobs[workload][1], CONNECTIONS // len(sides), seconds)
    spent = sum(map(tree_cpu_seconds, pids)) - before
    count = sum(each.count for each in driven)
    return Round(
        sum(each.rate for each in driven), spent / count, sum(each.cpu for each in driven) / count, driven[0].shown()
    )


def _results(rounds: Rounds, workload: str) -> list[Result]:
    title = TITLES[workload][0].replace("eight connections", "sixteen connections")
    one, two, apart = rounds.one, rounds.two, rounds.apart
    costs = [theirs.cost / its.cost for its, theirs in zip(one, two, strict=True)]
    times = [its.rate / theirs.rate for its, theirs in zip(one, two, strict=True)]
    reads = workload in READS
    cost = f"{_middle(one) * 1e3:.3f} and {_middle(two) * 1e3:.3f} ms; two free cores give {2 / middle(costs):.2f} x"
    if apart:
        beside = middle([theirs.cost / its.cost for its, theirs in zip(one, apart, strict=True)])
        rates = middle([theirs.rate / its.rate for its, theirs in zip(one, apart, strict=True)])
        cost += f"; two daemons that share nothing {beside:.2f}, and {rates:.2f} x the rate"
    driver = "" if one[-1].driver is None else " + driver"
    passed = (
        f"{1 / middle(times):.2f} x the rate ({1 / max(times):.2f} .. {1 / min(times):.2f}); one {one[-1].shown},"
        f" two {two[-1].shown}; cores busy with daemon{driver} {one[-1].cores}, {two[-1].cores}"
    )
    most = round(2 / AT_LEAST, 3) if reads else None
    return [
        Result(f"{title}: CPU of two workers' of one's", middle(costs), "", most, cost),
        Result(f"{title}: time of two workers' of one's", middle(times), "", round(1 / NEVER_UNDER, 3), passed),
    ]


def _middle(rounds: Sequence[Round]) -> float:
    return middle([each.cost for each in rounds])


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=6, seconds=2, messages=2000)
