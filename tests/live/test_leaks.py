"""Nothing is left behind by many diagnoses: descriptors, delayed calls, threads, Deferreds and sessions are counted.

A hundred runs by default, thousands in ``make soak``; a part of them is cancelled on the way.
"""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase

from stalwart.cli.demo_certificates import Authority
from stalwart.cli.demo_internet import DemoInternet
from stalwart.mail.delivery.diagnosis import Wishes, diagnose
from stalwart.mail.delivery.outgoing import Limits, Outgoing, OutgoingOptions, make_outgoing
from stalwart.mail.delivery.target import parse_target
from tests.live.hostile_smtp import Certificates
from tests.live.one_host import OneHost, pause

RUNS = 1000 if os.environ.get("SOAK") else 100
AT_ONCE = 10
WARM_UP = 30
HOSTILE = ("accept", "rcpt5xx", "garbage", "tlsclose", "drops", "closestls", "notnumeric", "endless", "wrongname")
ALLOWED_OBJECTS = 60
"""Deferreds that caches may keep."""


@frozen
class Count:
    """What a process holds."""

    descriptors: int
    delayed_calls: int
    threads: int
    deferreds: int

    @classmethod
    def now(cls) -> Count:
        """After collecting garbage."""
        gc.collect()
        deferreds = sum(isinstance(one, Deferred) for one in gc.get_objects())
        delayed = len(reactor.getDelayedCalls())  # type: ignore[attr-defined]
        return cls(len(os.listdir("/proc/self/fd")), delayed, threading.active_count(), deferreds)


class LeakTests(TestCase):
    """Counts before and after."""

    timeout = 280

    if not Path("/proc/self/fd").exists():
        skip = "counts descriptors in /proc"

    async def compare(self, run: Any) -> None:
        """Call ``run(number)`` often, several at once, and compare."""
        await self.many(run, WARM_UP)
        before = await settled()
        await self.many(run, RUNS)
        after = await settled()
        self.assertEqual(
            (after.descriptors, after.delayed_calls, after.threads),
            (before.descriptors, before.delayed_calls, before.threads),
        )
        self.assertLess(after.deferreds, before.deferreds + ALLOWED_OBJECTS)

    async def many(self, run: Any, count: int) -> None:
        for first in range(0, count, AT_ONCE):
            batch = [Deferred.fromCoroutine(run(number)) for number in range(first, first + AT_ONCE)]
            for one in batch:
                await one

    async def test_diagnoses_of_the_demo_domains_leave_nothing(self) -> None:
        demo = await DemoInternet.start(reactor)
        self.addCleanup(demo.stop)
        options = OutgoingOptions(
            resolvers=(demo.resolver,), allow_private=True, authorities=demo.authorities, policy_port=demo.policy_port
        )
        outgoing = make_outgoing(reactor, options)
        limits = Limits(ehlo_name="client.test", port=demo.smtp_port, allow_private=True)
        targets = [name if "@" in name else f"postmaster@{name}" for name in demo.domains]

        async def run(number: int) -> None:
            await run_or_cancel(outgoing, limits, targets[number % len(targets)], number)

        await self.compare(run)

    async def test_diagnoses_of_hostile_hosts_leave_nothing(self) -> None:
        certificates = Certificates(Authority("Test authority"))
        authorities = Path(self.mktemp())
        authorities.write_bytes(certificates.authority.pem)
        hosts = [OneHost.listening(name, certificates, str(authorities), reactor) for name in HOSTILE]
        for host in hosts:
            self.addCleanup(host.stop)

        async def run(number: int) -> None:
            running, _ = hosts[number % len(hosts)].diagnose(5.0)
            await ended(running, number)

        await self.compare(run)


async def run_or_cancel(outgoing: Outgoing, limits: Limits, target: str, number: int) -> None:
    """One diagnosis; every fifth is cancelled after some milliseconds."""
    work = diagnose(parse_target(target), outgoing, limits, Wishes(5.0), lambda _stage: None)
    await ended(Deferred.fromCoroutine(work), number)


async def ended(running: Deferred[Any], number: int) -> None:
    """Wait for the end, which every fifth run meets early."""
    if number % 5 == 0:
        await pause(reactor, (number % 7) / 1000)
        running.cancel()
    try:
        await running
    except CancelledError:
        return


async def settled() -> Count:
    """The count once it no longer falls: closing a connection takes some turns of the reactor."""
    count = Count.now()
    for _ in range(100):
        await pause(reactor, 0.05)
        again = Count.now()
        if again == count:
            return count
        count = again
    return count
