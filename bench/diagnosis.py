"""W15, the delivery diagnosis in the test network: wall time against posttls-finger, CPU time, delay of the stages.

``postmaster@good.test`` (Postfix, DANE, MTA-STS, TLS-RPT: all stages) with DNS and policy cached, in turn with
``posttls-finger -c`` on the same target, both started inside the network. Then many diagnoses at once of a server
that notes when each RCPT came in: from then to the arrival of the stage at the client is the delay, the work of the
server and of this program included. Needs root and the packages of docs/interop.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.measure import ROOT, Result, Skipped, cpu_seconds, main, middle, quantile, spread

TARGET = "postmaster@good.test"
CROWD_DOMAIN = "sts.test"
SEQUENTIAL = 50
LIMITS = {"ratio": 1.0, "cpu": 12.0, "delay": 250.0}


def run(options: argparse.Namespace) -> list[Result]:
    """Bring the network and the daemon up and measure from inside."""
    from tests.interop.daemon import Daemon
    from tests.interop.internet import Internet, missing

    reason = missing(("posttls-finger",))
    if reason:
        raise Skipped(reason)
    with Internet() as internet:
        daemon = Daemon(internet, maxPerAccount=1000)
        try:
            words = [sys.executable, "-m", "bench.diagnosis", "inside", str(daemon.port), str(daemon.process.pid)]
            words += [str(internet.folder), str(options.rounds), str(options.crowd)]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = internet.run(*words, env=environment, timeout=300)
        finally:
            daemon.close()
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])
    return _results(json.loads(done.stdout))


def _results(figures: dict[str, Any]) -> list[Result]:
    ours, theirs, delays = figures["ours"], figures["theirs"], figures["delays"]
    ratios = [mine / peer for mine, peer in zip(ours, theirs, strict=True)]
    wall = f"{figures['stages']} stages in {spread(ours, 'ms', 1e3)}, posttls-finger -c {spread(theirs, 'ms', 1e3)}; "
    wall += f"ratio {spread(ratios, 'x')}; first run, nothing cached, {figures['first'] * 1e3:.0f} ms"
    crowd = f"{len(delays)} at once, all over after {figures['crowd']:.2f} s: p50 {middle(delays) * 1e3:.0f} ms, "
    crowd += f"p99 {quantile(delays, 0.99) * 1e3:.0f} ms, most {max(delays) * 1e3:.0f} ms"
    return [
        Result("diagnosis: wall time against posttls-finger -c", middle(ratios), "x", LIMITS["ratio"], wall),
        Result("diagnosis: CPU", figures["cpu"] * 1e3, "ms", LIMITS["cpu"], f"{SEQUENTIAL} one after the other"),
        Result("many diagnoses: delay of a stage, p99", quantile(delays, 0.99) * 1e3, "ms", LIMITS["delay"], crowd),
    ]


async def diagnose(port: int, target: str) -> list[tuple[float, str]]:
    """When each stage came, by ``time.time``, and its type."""
    from tests.interop.daemon import AUTHORIZATION

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _diagnose(reader, writer, target, AUTHORIZATION["Authorization"])
    finally:
        writer.close()


async def _diagnose(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, authorization: str
) -> list[tuple[float, str]]:
    head = f"GET /api/live/delivery/{target}?timeout=120 HTTP/1.1\r\nHost: localhost\r\n"
    writer.write(f"{head}Authorization: {authorization}\r\nConnection: close\r\n\r\n".encode("ascii"))
    status = await reader.readline()
    if b" 200 " not in status:
        raise RuntimeError(status.decode("latin-1"))
    came = []
    while line := await reader.readline():
        if line.startswith(b"data: "):
            came.append((time.time(), line.split(b'"', 4)[3].decode("ascii")))
            if came[-1][1] == "completed":
                break
    return came


async def timed(port: int) -> tuple[float, int]:
    """Seconds from the request to the last stage, and the number of stages."""
    began = time.time()
    came = await diagnose(port, TARGET)
    if "rcptToSuccess" not in (kind for _, kind in came):
        raise RuntimeError(f"not a healthy domain: {[kind for _, kind in came]}")
    return came[-1][0] - began, len(came)


def finger(folder: Path) -> float:
    """Seconds of one run of posttls-finger.

    :raises RuntimeError: it did not get a verified connection.
    """
    environment = {**os.environ, "MAIL_CONFIG": f"{folder}/postfix"}
    words = ["posttls-finger", "-c", TARGET.partition("@")[2]]
    began = time.time()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    seconds = time.time() - began
    if "Verified TLS connection" not in done.stdout + done.stderr:
        raise RuntimeError(done.stdout + done.stderr)
    return seconds


async def crowd(port: int, folder: Path, count: int) -> tuple[list[float], float]:
    """For each of ``count`` diagnoses at once: seconds from RCPT at the exchange to the stage at the client; and the
    seconds until all were over.
    """
    targets = [f"user{number}@{CROWD_DOMAIN}" for number in range(count)]
    began = time.time()
    came = await asyncio.gather(*(diagnose(port, target) for target in targets))
    over = time.time() - began
    asked = _asked(folder)
    arrived = {t: next(at for at, kind in one if kind == "rcptToSuccess") for t, one in zip(targets, came, strict=True)}
    return [arrived[target] - asked[target] for target in targets], over


def _asked(folder: Path) -> dict[str, float]:
    """When the exchange heard each RCPT."""
    heard = {}
    for line in (folder / "smtp.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"].startswith("RCPT TO:<"):
            heard[event["event"].removeprefix("RCPT TO:<").rstrip(">")] = event["at"]
    return heard


async def inside(port: int, pid: int, folder: Path, rounds: int, count: int) -> dict[str, Any]:
    """All figures."""
    first, _ = await timed(port)
    for _ in range(3):
        await timed(port)
        finger(folder)
    pairs = []
    for _ in range(rounds):
        seconds, stages = await timed(port)
        pairs.append((seconds, finger(folder)))
    before = cpu_seconds(pid)
    for _ in range(SEQUENTIAL):
        await timed(port)
    cpu = (cpu_seconds(pid) - before) / SEQUENTIAL
    delays, over = await crowd(port, folder, count)
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    figures = {"first": first, "stages": stages, "ours": ours, "theirs": theirs}
    return {**figures, "cpu": cpu, "delays": delays, "crowd": over}


def main_inside(words: Sequence[str]) -> None:
    """The part that runs in the network."""
    port, pid, folder, rounds, count = words
    print(json.dumps(asyncio.run(inside(int(port), int(pid), Path(folder), int(rounds), int(count)))))


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        main_inside(sys.argv[2:])
    else:
        main(__doc__ or "", run, rounds=15, crowd=200)
