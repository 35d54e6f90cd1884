"""Live diagnoses of a real daemon: frames as they happen, places, leaving, and its end under open streams.

The last class counts what many streams leave behind, in memory, over the real front; sockets are the business of
``test_leaks``. ``SOAK`` in the environment asks for ten times as many.
"""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import socket
import threading
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, TestCase

from stalwart.mail.delivery.outgoing import Outgoing
from stalwart.net.dns import LookupFailed
from stalwart.net.smtp_dialogue import SmtpFailed
from tests.api.diagnosing import GOOD, SILENT, ZONE, DiagnosingCase
from tests.live.daemon import ENDED, Daemon, RawStream, new_folder
from tests.live.small_world import SmallWorld, pause
from tests.mail.delivery.scripted import HEALTHY, SELF_SIGNED, ScriptedConnection
from tests.net.fake_dns import FakeResolver

PROMPT = 2.0


class StreamCase(TestCase):
    """A daemon that asks the test's name server and connects to the test's mail server."""

    timeout = 60
    delay: float | None = None

    async def setUp(self) -> None:
        self.world = SmallWorld(reactor, self.delay)
        self.world.start()
        self.addCleanup(self.world.stop)
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, True)
        await self.world.prepare(data)
        self.daemon = await deferToThread(Daemon.with_data, data, **self.world.environment)
        self.addCleanup(self.daemon.close)

    async def open(self, query: str = "timeout=60") -> RawStream:
        """A diagnosis of the silent domain."""
        stream = await deferToThread(self.daemon.stream, "silent.test", query)
        self.addCleanup(stream.close)
        return stream

    async def open_until(self, wanted: bytes, query: str = "timeout=60") -> RawStream:
        """The same, once ``wanted`` has come."""
        stream = await self.open(query)
        await deferToThread(stream.read_until, wanted)
        return stream

    async def clients(self, count: int) -> None:
        """Wait until the mail server has this many."""
        for _ in range(500):
            if len(self.world.mail.clients) == count:
                return
            await pause(reactor, 0.01)
        self.fail(f"{len(self.world.mail.clients)} clients instead of {count}")


class SlowTests(StreamCase):
    """A mail server that thinks for a while."""

    delay = 2.0

    async def test_frames_are_sent_as_they_happen(self) -> None:
        stream = await self.open_until(b'"readGreetingStart"')
        self.assertNotIn(b"readGreetingError", stream.received)
        text = await deferToThread(stream.read_until, b'"completed"')
        told = re.search(rb'event: event\ndata: \[\{"type":"readGreetingError","elapsed":(\d+)', text)
        assert told is not None, text
        self.assertGreaterEqual(int(told[1]), 1000 * self.delay)


class SilentTests(StreamCase):
    """A mail server that never says a word."""

    async def test_client_that_leaves_closes_the_connection_to_the_mail_server_at_once(self) -> None:
        stream = await self.open_until(b'"readGreetingStart"')
        await self.clients(1)
        left = reactor.seconds()  # type: ignore[attr-defined]
        stream.close()
        await self.clients(0)
        self.assertLess(self.world.mail.left[0] - left, PROMPT)

    async def test_ten_at_once_of_one_account_are_four_and_six_refusals(self) -> None:
        streams = [await one for one in [Deferred.fromCoroutine(self.open()) for _ in range(10)]]
        self.assertEqual(sorted(stream.status for stream in streams), [200] * 4 + [429] * 6)
        await self.clients(4)
        next(stream for stream in streams if stream.status == 200).close()
        await self.clients(3)
        self.assertEqual((await self.open()).status, 200)

    async def test_sigterm_with_open_streams_ends_in_good_order(self) -> None:
        streams = [await self.open_until(b'"readGreetingStart"') for _ in range(4)]
        status, seconds = await deferToThread(self.daemon.terminate)
        self.assertIn(status, ENDED)
        self.assertLess(seconds, 10)
        for stream in streams:
            rest = await deferToThread(stream.rest)
            self.assertTrue(rest.endswith(b"\r\n0\r\n\r\n"), rest[-200:])
        await self.clients(0)
        said = self.daemon.log + self.daemon.errors
        self.assertNotIn("Traceback", said)
        self.assertIn("server.shutdown", said)

    async def test_end_of_the_lifetime_ends_the_stream_and_the_connection(self) -> None:
        stream = await self.open("timeout=1")
        text = (await deferToThread(stream.read_until, b'"completed"')).decode()
        self.assertIn('"reason":"time-out"', text)
        await self.clients(0)
        last = [json.loads(line[6:])[0] for line in text.splitlines() if line.startswith("data: ")][-2:]
        self.assertEqual([stage["type"] for stage in last], ["summary", "completed"])

    async def test_client_that_sends_garbage_after_its_request_hurts_nobody(self) -> None:
        with socket.create_connection(("127.0.0.1", self.daemon.port)) as client:
            client.sendall(b"GET /api/live/delivery/x HTTP/1.1\r\n\x00\xff\r\n\r\n" + b"\x00" * 1000)
        self.assertEqual((await deferToThread(self.daemon.get, "/healthz/live", {}))[0], 200)
        self.assertNotIn("Traceback", self.daemon.log)


RUNS = 10_000 if os.environ.get("SOAK") else 1000

FAULTS: dict[str, Any] = {  # first label of the domain -> what its exchange does
    "healthy": HEALTHY,
    "refused": SmtpFailed("I/O error: Connection refused (os error 111)", "io"),
    "busy": HEALTHY | {"greeting": "421 busy"},
    "closes": HEALTHY | {"greeting": SmtpFailed("Connection closed", "io")},
    "noehlo": HEALTHY | {"EHLO": "502 what"},
    "notls": HEALTHY | {"EHLO": "250 mx"},
    "tlsrefused": HEALTHY | {"STARTTLS": "454 no"},
    "tlsfails": HEALTHY | {"STARTTLS": SmtpFailed("TLS error: handshake failed", "tls")},
    "selfsigned": (HEALTHY, SELF_SIGNED),
    "mailrefused": HEALTHY | {"MAIL": "550 no"},
    "rcptrefused": HEALTHY | {"RCPT": "550 no"},
}
NAMES: dict[str, Any] = {
    "nxdomain": LookupFailed("nxdomain", "no"),
    "servfail": LookupFailed("servfail", "no"),
    "late": LookupFailed("timeout", "late"),
}


class LeakTests(DiagnosingCase):
    """Counts before and after."""

    def setUp(self) -> None:
        if not Path("/proc/self/fd").exists():
            raise SkipTest("counts descriptors in /proc")
        super().setUp()
        self.change(maxPerAccount=RUNS)
        self.targets = [f"a%40{name}.test" for name in (*FAULTS, *NAMES)] + ["silent.test", "silent.test?timeout=1"]
        self.zone = dict(ZONE)
        for number, name in enumerate(FAULTS):
            self.zone |= {(f"{name}.test", "A"): [f"198.51.100.{number}"]}
        self.zone |= {(f"{name}.test", "MX"): failed for name, failed in NAMES.items()}

    def _world(self) -> Outgoing:
        world = super()._world()
        object.__setattr__(world, "resolver", FakeResolver(self.zone))
        return world

    async def _connect(self, _reactor: Any, ip: str, port: int, *, timeout: float) -> Any:
        if ip in (SILENT, GOOD):
            return await super()._connect(_reactor, ip, port, timeout=timeout)
        does = list(FAULTS.values())[int(ip.rpartition(".")[2])]
        if isinstance(does, Exception):
            raise does
        script, report = does if isinstance(does, tuple) else (does, None)
        return ScriptedConnection(script, report) if report else ScriptedConnection(script)

    def many(self, count: int) -> None:
        """Open streams; every third client leaves at once, the others read to the end."""
        for number in range(count):
            connected = self.server.connect()
            target = self.targets[number % len(self.targets)]
            connected.send(b"GET /api/live/delivery/%b HTTP/1.1\r\nHost: x\r\n" % target.encode())
            connected.send(b"Authorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n")
            if number % 3:
                self.server.clock.pump([1] * 2)
            assert b" 200 " in connected.received()[:20], target
            connected.lose()
        self.server.clock.pump([1] * 61)
        self.opened.clear()
        self.ports.clear()
        self.server.events.clear()

    def count(self) -> tuple[int, int, int, int]:
        """Descriptors, threads, delayed calls, Deferreds."""
        gc.collect()
        deferreds = sum(type(one) is Deferred for one in gc.get_objects())
        delayed = len(self.server.clock.getDelayedCalls())
        return len(os.listdir("/proc/self/fd")), threading.active_count(), delayed, deferreds

    def test_streams_to_servers_with_every_fault_leave_nothing(self) -> None:
        self.many(len(self.targets) * 3)
        before = self.count()
        self.many(RUNS)
        after = self.count()
        self.assertEqual(after, before)
        self.assertEqual((self.diagnoses._places._taken, len(self.server.site.channels)), ({}, 0))
        self.assertEqual(self.flushLoggedErrors(), [])
