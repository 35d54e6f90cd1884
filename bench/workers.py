"""Two workers beside one (``--workers``): what they read and write in a second, on the same requests, round by round.

The jobs are those of ``mail``: pages of an inbox (20 pages again and again; then another one each time), synchronising,
one keyword, arrival over LMTP, the session. Sixteen connections, all to the same account. Whoever asks takes part of a
core itself, so two cores are not free here for two workers: the note says what the workers alone would do, by their
processor time for each request.
"""

from __future__ import annotations

import argparse

from bench.mail import TITLES, Ours, Side
from bench.measure import Result, main, middle

READS, WRITES = ("W1", "W1.new", "W2", "W12"), ("W3", "W4")
AT_LEAST, NEVER_UNDER = 1.6, 0.95


def run(options: argparse.Namespace) -> list[Result]:
    """All workloads in turn on both."""
    one = Side(Ours(), quickack=True, connections=16)
    two = Side(Ours("--workers", "2"), quickack=True, connections=16)
    try:
        for side in (one, two):
            side.prepare(options.messages)
        for workload in (*READS, *WRITES):
            for _ in range(options.rounds):
                for side in (one, two):
                    side.run(workload, options.seconds)
        return [_result(one, two, workload) for workload in (*READS, *WRITES)]
    finally:
        for side in (one, two):
            side.target.stop()


def _result(one: Side, two: Side, workload: str) -> Result:
    shares = [theirs / its for its, theirs in zip(one.times[workload], two.times[workload], strict=True)]
    cost, costs = middle(one.costs[workload]), middle(two.costs[workload])
    note = (
        f"{1 / middle(shares):.2f} x ({1 / max(shares):.2f} .. {1 / min(shares):.2f}); one {one.texts[workload]},"
        f" {cost * 1e3:.2f} ms CPU; two {two.texts[workload]}, {costs * 1e3:.2f} ms CPU, alone on two cores"
        f" {2 * cost / costs:.2f} x"
    )
    limit = 1 / (AT_LEAST if workload in READS else NEVER_UNDER)
    title = f"{TITLES[workload][0]}: time of two workers' of one's"
    return Result(title, middle(shares), "", round(limit, 3), note)


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=3, seconds=4, messages=2000)
