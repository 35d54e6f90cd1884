"""The live trace and the live figures of a real daemon: curl, a reader that never reads, several workers."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.codec.event_stream import EventStreamParser
from tests.live.crew import Client
from tests.live.daemon import ADMIN, PATIENCE, Daemon, RawStream, basic, new_folder
from tests.live.test_workers import CrewCase

ROUNDS, BLOCK = 40, 100
URL = "/healthz/live?" + "x" * 3000
QUICK = 0.1
TRACE = "/api/live/tracing?events=http.request-url&url="


def ask_many(port: int, path: str, count: int) -> list[float]:
    """Requests one after the other on one connection; how long each took."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    times = []
    for _ in range(count):
        began = time.monotonic()
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        times.append(time.monotonic() - began)
        assert answer.status == 200, answer.status
    client.close()
    return times


def memory(pid: int) -> int:
    """Resident, in KiB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


class DaemonCase(SynchronousTestCase):
    """A daemon without a rate limit for anonymous requests."""

    def setUp(self) -> None:
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, True)
        self.daemon = Daemon.with_data(data)
        self.addCleanup(self.daemon.close)
        self.addCleanup(self.assert_clean)
        client = Client(self.daemon.port)
        client.change("Http", {"rateLimitAnonymous": None})
        client.close()

    def assert_clean(self) -> None:
        self.assertNotIn("Traceback", self.daemon.log + self.daemon.errors)


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class CurlTests(DaemonCase):
    """What ``curl -N`` shows."""

    def curl(self, path: str, *options: str) -> subprocess.Popen[bytes]:
        asked = ["curl", "-sSN", "-m", str(int(PATIENCE)), *options, self.daemon.url + path]
        process = subprocess.Popen(asked, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def read(self, process: subprocess.Popen[bytes], lines: int) -> list[str]:
        assert process.stdout is not None
        return [process.stdout.readline().decode() for _ in range(lines)]

    def test_trace_with_a_token(self) -> None:
        status, headers, token = self.daemon.get("/api/token/tracing")
        self.assertEqual((status, headers["content-type"]), (200, "text/plain"))
        process = self.curl(f"/api/live/tracing?token={token.decode()}&events=http.*&url=needle")
        ping = self.read(process, 3)
        self.assertEqual(ping, ["event: ping\n", 'data: {"interval": 30000}\n', "\n"])
        ask_many(self.daemon.port, "/healthz/live?hay", 1)
        ask_many(self.daemon.port, "/healthz/live?needle", 1)
        name, data, _ = self.read(process, 3)
        self.assertEqual(name, "event: trace\n")
        events = json.loads(data.removeprefix("data: "))
        values = {each["key"]: each["value"] for each in events[0]["keyValues"].values()}
        self.assertEqual(events[0]["event"], "http.request-url")
        self.assertEqual(values["url"], {"@type": "String", "value": "/healthz/live?needle"})
        self.assertEqual(values["remoteIp"], {"@type": "IpAddr", "value": "127.0.0.1"})
        self.assertEqual(values["spanId"]["@type"], "UnsignedInt")

    def test_trace_with_a_password(self) -> None:
        process = self.curl("/api/live/tracing", "-u", ":".join(ADMIN))
        self.assertEqual(self.read(process, 1), ["event: ping\n"])

    def test_figures(self) -> None:
        process = self.curl("/api/live/metrics?interval=1&metrics=http.request-url", "-u", ":".join(ADMIN))
        frames = [self.read(process, 3) for _ in range(2)]
        self.assertEqual([frame[0] for frame in frames], ["event: metrics\n"] * 2)
        for frame in frames:
            figures = json.loads(frame[1].removeprefix("data: "))
            found = {each["metric"]: each for each in figures}
            self.assertEqual(found["http.active-connections"]["@type"], "Gauge")
            self.assertGreaterEqual(found["http.active-connections"]["count"], 1)

    def test_the_end_of_the_daemon_is_the_end_of_the_stream(self) -> None:
        process = self.curl("/api/live/tracing", "-u", ":".join(ADMIN))
        self.read(process, 3)
        self.daemon.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)


class SlowReaderTests(DaemonCase):
    """A client that opens the stream and never reads."""

    def setUp(self) -> None:
        if not Path("/proc/self/status").exists():
            raise SkipTest("memory is read in /proc")
        super().setUp()

    def open(self) -> socket.socket:
        client = socket.socket()
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", self.daemon.port))
        login = "".join(f"{name}: {value}\r\n" for name, value in basic(*ADMIN).items())
        client.sendall(f"GET /api/live/tracing?events=http.request-url&url=%78%78%78 HTTP/1.0\r\n{login}\r\n".encode())
        return client

    def test_it_loses_counted_events_and_nobody_else_notices(self) -> None:
        readers = [self.open() for _ in range(3)]
        for reader in readers:
            self.read(reader, 0)
        before = memory(self.daemon.process.pid)
        times: list[float] = []
        for _ in range(ROUNDS):
            ask_many(self.daemon.port, URL, BLOCK)
            times += ask_many(self.daemon.port, "/healthz/live", 1)
        self.assertLess(sorted(times)[len(times) // 2], QUICK)
        self.assertLess(memory(self.daemon.process.pid) - before, 40 << 10)
        events, dropped = self.read(readers[0], ROUNDS * BLOCK)
        self.assertGreater(dropped, 0)
        self.assertGreater(events, 1000)

    def read(self, client: socket.socket, total: int) -> tuple[int, int]:
        """Events and lost events, once they are ``total`` together; 0 reads the head and the first ping."""
        parser, events, dropped = EventStreamParser(), 0, 0
        received = b""
        while not total and not received.endswith(b"\n\n"):
            received += client.recv(4096)
        until = time.monotonic() + PATIENCE
        while events + dropped < total and time.monotonic() < until:
            for event in parser.feed(client.recv(1 << 20)):
                if event.name == "trace":
                    events += len(json.loads(event.data))
                elif event.name == "ping":
                    dropped = json.loads(event.data).get("dropped", 0)
        self.assertEqual(events + dropped, total)
        return events, dropped


class CrewTests(CrewCase):
    """Readers at one worker, events at all of them."""

    def stream(self, pid: int, path: str) -> RawStream:
        with self.crew.only(pid):
            stream = RawStream(self.crew.port, path)
            self.addCleanup(stream.close)
            stream._socket.settimeout(10)  # less than the time between two comments
            stream.read_until(b"event: ")
        return stream

    def ids(self, stream: RawStream) -> Sequence[Any]:
        return re.findall(rb'"event":"([a-z.-]+)"', stream.received)

    def test_reader_sees_what_happens_in_every_process(self) -> None:
        here, there = self.clients
        streams = [self.stream(pid, TRACE + "%6Eeedle") for pid in self.pids]
        time.sleep(0.3)  # each must hear of the other's reader
        for number, client in enumerate((here, there)):
            client.get(f"/healthz/live?needle-{number}.")
        for stream in streams:
            for mark in (b"needle-0.", b"needle-1."):
                stream.read_until(mark)
        self.assertEqual([self.ids(stream).count(b"http.request-url") for stream in streams], [2, 2])

        parent = self.stream(self.pids[1], "/api/live/tracing?events=server.*&level=info")
        time.sleep(0.3)
        os.kill(self.pids[0], signal.SIGKILL)
        parent.read_until(b"server.worker-ended")
        parent.read_until(b"server.startup")  # of the one that takes its place
        fresh = self.client(next(pid for pid in self.crew.wait_for_workers(2, 3) if pid not in self.pids))
        fresh.get("/healthz/live?needle-2.")
        streams[1].read_until(b"needle-2.")
        self.assert_clean()

    def test_places_and_figures_are_those_of_all(self) -> None:
        for number in range(20):
            self.stream(self.pids[number % 2], "/api/live/metrics?interval=60" if number % 4 > 1 else TRACE + "x")
        for client in self.clients:
            status, headers, _ = client.get(TRACE)
            self.assertEqual((status, "retry-after" in headers), (429, True))
        here, there = self.clients
        here.change("Metrics", {"prometheus": {"@type": "Enabled"}})
        for client in (here, there):
            text = client.get("/metrics/prometheus")[2].decode()
            found = dict(re.findall(r'live_streams\{kind="(\w+)"\} (\d+)', text))
            self.assertEqual(found, {"tracing": "10", "metrics": "10"})
        self.assert_clean()
