"""Full text: indexing a backlog, what that does to everybody else, and searches in 20,000 messages.

Messages of 8 KiB in 40,000 words, as often as Zipf says. They arrive while x:Search.indexEmail is off; then it is put
on, the backlog is worked off in the background while a second client asks for /healthz/live, and deliveries go on
with and without a backlog in turn. Searches are compared with a page of the inbox by structure; each is of 50 ids.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.client
import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.load import deliveries, requests
from bench.mail import Client, Ours
from bench.measure import Result, cpu_seconds, main, middle, quantile
from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.sqlite.engine import SqliteEngine

PATIENCE = 300.0
PING_EVERY = 0.005
COMMON, GROUPS = "quarterly", 100
LENGTH = 8192
DIFFERENT = 1000

_CHANCE = random.Random(8)
_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
_VOCABULARY = [
    "".join(_CHANCE.choice(_LETTERS[: _CHANCE.randint(6, 26)]) for _ in range(_CHANCE.randint(2, 11)))
    for _ in range(40_000)
]
_OFTEN = list(itertools.accumulate(1 / (place + 2) for place in range(len(_VOCABULARY))))


def message(number: int) -> bytes:
    """A message of 8 KiB, another one for every number; bodies differ in a word only after some hundreds."""
    subject, body = _content(number % DIFFERENT)
    head = (
        f"Received: from out.sender.test (out.sender.test [192.0.2.{number % 250}]) by mx.bench.test with ESMTPS"
        f" id {number * 0x9E3779B97F4A7C15 % (1 << 64):x}; Thu, 1 Jan 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{number}.{time.time_ns():x}@sender.test>\r\nDate: Thu, 1 Jan 2026 10:00:00 +0000\r\n"
        f"From: Sender {number % 50} <sender{number % 50}@sender.test>\r\nTo: One <one@bench.test>\r\n"
        f"Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"{COMMON} group{number % GROUPS} rare{number}\r\n"
    )
    return (head + body).encode()[:LENGTH].rstrip()


@functools.cache
def _content(number: int) -> tuple[str, str]:
    words = random.Random(number).choices(_VOCABULARY, cum_weights=_OFTEN, k=1300)
    return " ".join(words[:5]), "\r\n".join(" ".join(words[at : at + 11]) for at in range(5, len(words), 11))


class Archive:
    """A daemon with mail, and how much of it waits to be indexed."""

    def __init__(self) -> None:
        self.target = Ours()
        self._numbers = itertools.count()
        (self._file,) = self.target.data.glob("*.sqlite3")
        self._session = SqliteEngine(self._file).open_reader()
        blobs = DiskBlobFiles(Path(f"{self._file}.blobs"))
        self._tx = SqlTransaction(self._session, blobs)

    @property
    def waiting(self) -> int:
        """E-mails that are not indexed yet."""
        return self._tx.mail_text.waiting()

    @property
    def octets(self) -> int:
        """Of the database."""
        log = Path(f"{self._file}-wal")
        return self._file.stat().st_size + (log.stat().st_size if log.exists() else 0)

    def client(self) -> Client:
        """The user's, connected anew: the server hangs up on those that are silent."""
        return Client(self.target, *self.target.users[0])

    def index(self, on: bool) -> None:
        """Put the index on or off."""
        admin = Client(self.target, *self.target.admin)
        (answer,) = admin.calls([["x:Search/set", {"update": {"singleton": {"indexEmail": on}}}]])
        if answer.get("notUpdated"):
            raise RuntimeError(answer)

    def deliver(self, seconds: float) -> tuple[float, float]:
        """Deliver for so long; messages per second, and seconds of CPU of the daemon for each."""
        address, login = ("127.0.0.1", self.target.lmtp_port), self.target.users[0][0]
        spent = cpu_seconds(self.target.pid)
        load = deliveries(address, login, lambda _: message(next(self._numbers)), 4, seconds)
        return load.rate, (cpu_seconds(self.target.pid) - spent) / load.count

    def fill(self, count: int) -> int:
        """Deliver until there are so many; how many there are."""
        while (have := self.client().inbox()[1]) < count:
            self.deliver(min(5.0, (count - have) / 500 + 0.2))
        return have

    def settle(self) -> None:
        """Wait until nothing waits."""
        until = time.monotonic() + PATIENCE
        while self.waiting:
            if time.monotonic() > until:
                raise RuntimeError(f"{self.waiting} messages are still not indexed")
            time.sleep(0.02)

    def close(self) -> None:
        """End the daemon."""
        self._session.close()
        self.target.stop()


@contextlib.contextmanager
def pinged(port: int) -> Iterator[list[float]]:
    """The times of /healthz/live over one connection meanwhile."""
    over = threading.Event()
    times: list[float] = []

    def run() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not over.wait(PING_EVERY):
            began = time.perf_counter()
            client.request("GET", "/healthz/live")
            client.getresponse().read()
            times.append(time.perf_counter() - began)
        client.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield times
    finally:
        over.set()
        thread.join()


def backlog(archive: Archive) -> list[Result]:
    """Index what waits, with a second client that looks whether the server is alive."""
    with pinged(archive.target.port) as idle:
        time.sleep(3)
    count, before = archive.waiting, archive.octets
    spent, began = cpu_seconds(archive.target.pid), time.perf_counter()
    with pinged(archive.target.port) as times:
        archive.index(True)
        archive.settle()
    seconds = time.perf_counter() - began
    spent = cpu_seconds(archive.target.pid) - spent
    grown = archive.octets - before
    note = f"{count} messages: {count / spent:.0f} per second of CPU, {count / seconds:.0f} per second that passed"
    answers = f"{len(times)} answers, p50 {quantile(times, 0.5) * 1e3:.2g} ms, longest {max(times) * 1e3:.2g} ms"
    answers += f"; with nothing to index p99 {quantile(idle, 0.99) * 1e3:.2g} ms"
    return [
        Result("Search: CPU to index a message of 8 KiB", spent / count * 1e3, "ms", 1.25, note),
        Result("/healthz/live while a backlog is indexed: p99", quantile(times, 0.99) * 1e3, "ms", 20, answers),
        Result("Search: disk that the index of a message takes", grown / count / 1024, "KiB", None, "texts and words"),
    ]


def arrival(archive: Archive, rounds: int, seconds: float) -> Result:
    """Deliveries with the index off, and while it works off what they left, in turn."""
    costs, shares, rates = [], [], []
    for _ in range(rounds):
        archive.index(False)
        alone, cost = archive.deliver(seconds)
        archive.deliver(seconds)
        archive.index(True)
        beside, cost_beside = archive.deliver(seconds)
        if not archive.waiting:
            raise RuntimeError("the backlog was too small")
        archive.settle()
        costs.append(cost_beside / cost)
        shares.append(alone / beside)
        rates.append(beside)
    note = f"{min(shares):.2f} .. {max(shares):.2f}; {middle(rates):.0f}/s by LMTP; {middle(costs):.2f} x the CPU"
    note += f" ({min(costs):.2f} .. {max(costs):.2f}), what is indexed meanwhile included"
    return Result("Search: time of a delivery beside the indexer, of one without", middle(shares), "", 1.2, note)


def searches(archive: Archive, rounds: int, seconds: float) -> list[Result]:
    """Words beside pages of the inbox."""
    client = archive.client()
    box, count = client.inbox()

    def asked(filter: dict[str, Any], position: int = 0) -> bytes:
        newest = [{"property": "receivedAt", "isAscending": False}]
        wanted = {"accountId": client.account, "filter": filter, "sort": newest, "position": position, "limit": 50}
        return client.request([["Email/query", wanted]])

    jobs: dict[str, Sequence[bytes]] = {
        "page": [asked({"inMailbox": box}, place) for place in range(0, 1000, 50)],
        "a word that one message has": [asked({"text": f"rare{n * 37 % 9000}"}) for n in range(50)],
        f"a word that all {count} have": [asked({"text": COMMON})],
        "two words, one that all have": [asked({"text": f"{COMMON} group{n}"}) for n in range(GROUPS)],
    }
    costs: dict[str, list[float]] = {name: [] for name in jobs}
    shown: dict[str, str] = {}
    for _ in range(rounds):
        for name, wanted in jobs.items():
            spent = cpu_seconds(archive.target.pid)
            load = requests(("127.0.0.1", archive.target.port), wanted, b'"queryState"', 1, seconds)
            costs[name].append((cpu_seconds(archive.target.pid) - spent) / load.count * 1e3)
            shown[name] = load.shown()
    page = costs.pop("page")
    return [
        Result(
            f"Search: {name}, CPU",
            middle(each),
            "ms",
            None,
            f"{middle([a / b for a, b in zip(each, page, strict=True)]):.1f} x a page by structure"
            f" ({middle(page):.2f} ms); {shown[name]}",
        )
        for name, each in costs.items()
    ]


def run(options: argparse.Namespace) -> list[Result]:
    """Half of the messages as a backlog, the deliveries beside it, then searches in all."""
    archive = Archive()
    try:
        archive.index(False)
        archive.fill(options.messages // 2)
        found = backlog(archive)
        found.append(arrival(archive, options.rounds, options.seconds))
        archive.fill(options.messages)
        archive.settle()
        return [*found, *searches(archive, options.rounds, options.seconds)]
    finally:
        archive.close()


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=3, seconds=3, messages=20_000)
