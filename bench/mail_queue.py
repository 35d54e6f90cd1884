"""The queue: how fast messages leave, and what very many that wait cost.

Everything runs in this process, with a store on the disk that syncs each commit. Q1 messages a second that are put in
and leave to four destinations that take everything at once, so that what is measured is the queue and not the network;
Q2 from the start of a server with ``--waiting`` messages in its queue to the first attempt; Q3 memory then; Q4 reads of
the store per minute while nothing is due; Q5 how many messages to other destinations leave in a second while
``--dead`` wait for one that is not there; Q6 how fast ``--count`` messages that wait leave with
the real sender, over SMTP to four of Postfix's `smtp-sink`, and beside it Postfix with the same messages.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.threads import deferToThread

from bench.measure import Result, Skipped, main, rss_kib
from bench.postfix_queue import seconds_to_leave
from stalwart.codec.smtp_reply import Reply
from stalwart.config.defaults import ensure_defaults
from stalwart.config.mail.route import MtaRoute
from stalwart.config.mail.strategy import MtaOutboundStrategy
from stalwart.config.settings import Settings
from stalwart.mail.delivery.outgoing import Limits, OutgoingOptions, make_outgoing
from stalwart.mail.delivery.sending import Sender
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment
from stalwart.mail.expressions import ExpressionWorld
from stalwart.mail.queue.aging import Aging
from stalwart.mail.queue.attempts import Attempts
from stalwart.mail.queue.dispatcher import Dispatcher
from stalwart.mail.queue.intake import Intake
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.mail.queue.notices import Notices
from stalwart.mail.queue.queue import MailQueue
from stalwart.mail.queue.quotas import QueueQuotas
from stalwart.mail.queue.recording import Recording
from stalwart.mail.queue.senders import Senders
from stalwart.mail.queue.signatures import Signatures
from stalwart.mail.queue.strategies import Strategies
from stalwart.mail.queue.throttles import Throttles
from stalwart.store import open_store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level

MESSAGE = b"From: a@example.test\r\nSubject: Hello\r\n\r\n" + b"Text of a message.\r\n" * 200
DEAD = "dead.test"
CLIENTS = 32
TOGETHER = 500


class Sink:
    """Takes everything at once, except for the destination that is not there."""

    def __init__(self) -> None:
        self.sent = 0
        self.failed = 0
        self.began: float | None = None

    async def send(self, shipment: Shipment) -> list[RecipientOutcome]:
        """See ``Sender``."""
        self.began = self.began or time.perf_counter()
        if shipment.recipients[0].address.endswith(DEAD):
            self.failed += 1
            why = "No connection."
            return [
                RecipientOutcome(
                    each.address, "temporary", "4.4.1", error_type="connectionError", message=why, unreachable=True
                )
                for each in shipment.recipients
            ]
        self.sent += 1
        taken = Reply(250, "2.0.0", ("OK",))
        return [RecipientOutcome(each.address, "delivered", "2.0.0", "sink", taken) for each in shipment.recipients]


async def unsigned(_content: Any, _domain: str) -> bytes:
    """Nothing is signed here."""
    return b""


class Bench:
    """A queue over a store on the disk."""

    def __init__(self, reactor: Any, folder: Path, ports: tuple[int, ...] = ()) -> None:
        self.reactor = reactor
        self.ports = ports
        self.telemetry = Telemetry(threshold=Level.ERROR)
        self.store = open_store({"@type": "Sqlite", "path": str(folder / "queue.db")}, reactor, self.telemetry)
        self.sink = Sink()
        self.reads = 0

    async def open(self) -> None:
        """Open the store and build the queue over it."""
        store, telemetry, clock = self.store, self.telemetry, self.reactor
        await store.start()
        settings = Settings(store, telemetry, clock)
        await store.write(
            lambda tx: ensure_defaults(
                tx, hostname="mail.example.test", default_domain="example.test", listeners=(), now=time.time()
            )
        )
        await settings.load()
        io = ExpressionWorld(store, settings, telemetry, lambda: None, clock, "bench")  # type: ignore[arg-type,return-value]
        strategies = Strategies(settings, io, telemetry, store)
        sends: Any = self.sink
        if self.ports:
            sends = await self.over_smtp(settings)
        intake = Intake(store, strategies, QueueQuotas(settings, io, lambda reached: None))
        self.queue = MailQueue(store, intake, telemetry, clock)
        notices = Notices(store, intake, telemetry, hostname=lambda: "mail.test", domain=lambda: "example.test")
        tell, queued = self.queue.tell, self.queue.queued
        recording = Recording(store, intake, notices, telemetry, clock, tell=tell, queued=queued)
        throttles = Throttles(settings, io, clock)
        self.sends = sends
        senders = Senders(settings, clock)
        signatures = Signatures(unsigned)
        attempts = Attempts(
            *(store, strategies, senders, sends, sends, throttles, recording, telemetry, clock), signatures=signatures
        )
        aging = Aging(store, strategies, recording, telemetry, clock)
        self.queue.delivery = Dispatcher(store, attempts, aging, strategies.threads, telemetry, clock)

    async def over_smtp(self, settings: Settings) -> Sender:
        """A sender for which each of the four destinations is behind a port of its own."""
        cases = {}
        for n, port in enumerate(self.ports):
            await settings.create(MtaRoute, {"@type": "Relay", "name": f"r{n}", "address": "127.0.0.1", "port": port})
            cases[str(n)] = {"if": f"rcpt_domain == '{FOUR[n]}'", "then": f"'r{n}'"}
        await settings.change(MtaOutboundStrategy, {"route": {"match": cases, "else": "'mx'"}})
        outgoing = make_outgoing(self.reactor, OutgoingOptions(resolvers=("127.0.0.1",)))
        return Sender(lambda: outgoing, Limits, self.telemetry)

    async def until_empty(self) -> None:
        """Until nothing waits."""
        while await self.store.read(lambda tx: tx.queue.count()):
            await self.pause(0.02)

    async def fill(self, count: int, domains: tuple[str, ...], **members: Any) -> None:
        """Put letters in, many at a time."""
        for begin in range(0, count, TOGETHER):
            numbers = range(begin, min(begin + TOGETHER, count))
            letters = [letter(n, domains[n % len(domains)], **members) for n in numbers]

            def write(tx: Any, letters: list[Letter] = letters) -> None:
                for each in letters:
                    self.queue.add(tx, each, int(time.time()))

            await self.store.write(write)

    async def put(self, count: int, domains: tuple[str, ...]) -> None:
        """Put letters in one by one, from several clients at once."""
        numbers = iter(range(count))

        async def client() -> None:
            for n in numbers:
                await self.queue.put(letter(n, domains[n % len(domains)]))

        await DeferredList([Deferred.fromCoroutine(client()) for _ in range(CLIENTS)], fireOnOneErrback=True)

    async def until_sent(self, count: int) -> None:
        """Until so many have left."""
        while self.sink.sent < count:
            await self.pause(0.01)

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        waiting: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, waiting.callback, None)
        await waiting

    async def close(self) -> None:
        """Close everything."""
        await self.queue.close()
        if isinstance(self.sends, Sender):
            await self.sends.close()
        await self.store.close()


def letter(number: int, domain: str, **members: Any) -> Letter:
    """A letter of 4 KiB that no other is like."""
    recipients = (LetterRecipient(f"r{number}@{domain}"),)
    content = b"Message-ID: <%d@example.test>\r\n" % number + MESSAGE
    return Letter(content, "a@example.test", recipients, "authenticated", **members)


FOUR = tuple(f"d{n}.test" for n in range(4))
MANY = tuple(f"m{n}.test" for n in range(2000))


async def leave(reactor: Any, folder: Path, count: int) -> list[Result]:
    """Q1."""
    bench = Bench(reactor, folder)
    await bench.open()
    bench.queue.lead()
    began = time.perf_counter()
    await bench.put(count, FOUR)
    put = time.perf_counter() - began
    await bench.until_sent(count)
    taken = time.perf_counter() - began
    await bench.close()
    note = f"{count} messages of 4 KiB, {count / put:.0f} a second put in meanwhile"
    return [Result("messages that are put in and leave", round(count / taken), "1/s", None, note)]


async def wait(reactor: Any, folder: Path, count: int) -> list[Result]:
    """Q2 to Q4."""
    bench = Bench(reactor, folder)
    await bench.open()
    began = time.perf_counter()
    await bench.fill(count, MANY, hold_until=int(time.time()) + 86_400)
    filled = time.perf_counter() - began
    await bench.fill(1, FOUR)
    await bench.close()
    bench = Bench(reactor, folder)
    before = rss_kib(os.getpid())
    began = time.perf_counter()
    await bench.open()
    bench.queue.lead()
    await bench.until_sent(1)
    started = time.perf_counter() - began
    reads, bench.store = 0, bench.store
    read = bench.store.read

    def counted(work: Any) -> Any:
        nonlocal reads
        reads += 1
        return read(work)

    bench.store.read = counted  # type: ignore[method-assign]
    await bench.pause(5)
    memory = rss_kib(os.getpid())
    await bench.close()
    waiting = f"{count} messages wait"
    return [
        Result(
            "start to the first attempt", round(started, 2), "s", 2.0, f"{waiting}, put in at {count / filled:.0f}/s"
        ),
        Result("memory of the process", round(memory / 1024), "MiB", 200.0, f"{waiting}; {before // 1024} MiB before"),
        Result("reads of the store while nothing is due", reads * 12, "1/min", 60.0, waiting),
    ]


async def dead(reactor: Any, folder: Path, count: int, others: int) -> list[Result]:
    """Q5."""
    bench = Bench(reactor, folder)
    await bench.open()
    await bench.fill(count, (DEAD,))
    bench.queue.lead()
    began = time.perf_counter()
    await bench.put(others, FOUR)
    await bench.until_sent(others)
    taken = time.perf_counter() - began
    await bench.close()
    note = f"{count} messages wait for a dead host, which was tried {bench.sink.failed} times"
    return [Result("messages that leave meanwhile", round(others / taken), "1/s", None, note)]


def start_sinks(ports: tuple[int, ...]) -> list[subprocess.Popen[bytes]]:
    """Programs that take everything; none where there is no such program."""
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return []
    words = (program, *(("-u", "nobody") if os.geteuid() == 0 else ()))
    return [subprocess.Popen([*words, f"127.0.0.1:{port}", "100"]) for port in ports]


async def over_smtp(reactor: Any, folder: Path, count: int) -> list[Result]:
    """Q6."""
    ports = tuple(map(_free_port, range(4)))
    sinks = start_sinks(ports)
    if not sinks:
        return []
    try:
        bench = Bench(reactor, folder, ports)
        await bench.open()
        await bench.fill(count, FOUR)
        began = time.perf_counter()
        bench.queue.lead()
        await bench.until_empty()
        ours = count / (time.perf_counter() - began)
        await bench.close()
        found = [Result("messages that leave over SMTP", round(ours), "1/s", None, f"{count} messages of 4 KiB")]
        beside = Path(tempfile.mkdtemp())
        try:
            theirs = count / await deferToThread(seconds_to_leave, beside, FOUR, ports, count, len(MESSAGE))
            note = f"Postfix {theirs:.0f} 1/s; at least half of it is wanted"
            found.append(Result("Postfix, times as fast", round(theirs / ours, 2), "x", 2.0, note))
        except Skipped as reason:
            print(f"without Postfix: {reason}", file=sys.stderr)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return found
    finally:
        for sink in sinks:
            sink.terminate()
            sink.wait()


def _free_port(_number: int) -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def run(options: argparse.Namespace) -> list[Result]:
    """All of it."""
    from twisted.internet import reactor

    results: list[Result] = []
    failed: list[Any] = []

    async def work() -> None:
        for each in (
            lambda folder: leave(reactor, folder, options.count),
            lambda folder: wait(reactor, folder, options.waiting),
            lambda folder: dead(reactor, folder, options.dead, options.count),
            lambda folder: over_smtp(reactor, folder, options.count),
        ):
            with tempfile.TemporaryDirectory() as folder:
                results.extend(await each(Path(folder)))

    def begin() -> None:
        running = Deferred.fromCoroutine(work())
        running.addErrback(failed.append)
        running.addBoth(lambda _: reactor.stop())  # type: ignore[attr-defined]

    reactor.callWhenRunning(begin)  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]
    if failed:
        failed[0].raiseException()
    return results


if __name__ == "__main__":
    main(__doc__ or "", run, count=3000, waiting=100_000, dead=10_000)
