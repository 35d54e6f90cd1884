"""Push over event streams: memory of an idle one, and the time from Email/set to its state event at ten watchers.

The idle streams are the second user's, the watchers the first user's. Changes are 1.3 seconds apart, so that none waits
for the one before; the time counts from the moment the request is sent.
"""

from __future__ import annotations

import argparse
import resource
import select
import socket
import time
from typing import Any

from bench.load import deliveries
from bench.mail import Client, Ours, message
from bench.measure import Result, Skipped, cpu_seconds, main, quantile, rss_kib

FIRST = 200
WATCHERS = 10
GAP = 1.3
PATIENCE = 5.0


def open_streams(port: int, authorization: str, count: int) -> list[socket.socket]:
    """Event streams that have begun."""
    path = "/jmap/eventsource/?types=*&closeafter=no&ping=300"
    text = (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: {authorization}\r\n\r\n"
    )
    clients = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", port), 30)
        client.sendall(text.encode())
        clients.append(client)
    for client in clients:
        head = client.recv(65536)
        if b"text/event-stream" not in head:
            raise RuntimeError(head[:300].decode("latin-1"))
    return clients


class Watching:
    """Watchers of one account, and how late each change reaches them."""

    def __init__(self, target: Ours, client: Client, email: str) -> None:
        self._client, self._email = client, email
        self._streams = open_streams(target.port, client.authorization, WATCHERS)
        self._poller = select.epoll()
        for each in self._streams:
            self._poller.register(each.fileno(), select.EPOLLIN)
        self._by_number = {each.fileno(): each for each in self._streams}
        self._sender = socket.create_connection(self._streams[0].getpeername(), 30)
        self._drain(0.5)

    def change(self, number: int) -> tuple[float, float]:
        """Set a keyword; seconds until the first and until the last watcher knows."""
        self._drain(0.0)
        patch = {"accountId": self._client.account, "update": {self._email: {f"keywords/bench{number}": True}}}
        wanted = self._client.request([["Email/set", patch]])
        began = time.perf_counter()
        self._sender.sendall(wanted)
        waiting, first = set(self._by_number), 0.0
        while waiting:
            found = self._poller.poll(PATIENCE)
            if not found:
                raise RuntimeError(f"{len(waiting)} watchers were not told of a change")
            for descriptor, _ in found:
                if b"event: state" in self._by_number[descriptor].recv(65536):
                    waiting.discard(descriptor)
                    first = first or time.perf_counter() - began
        last = time.perf_counter() - began
        answer = b""
        while b'"sessionState"' not in answer:
            answer += self._sender.recv(65536)
        return first, last

    def close(self) -> None:
        """Leave."""
        self._poller.close()
        self._sender.close()
        for each in self._streams:
            each.close()

    def _drain(self, seconds: float) -> None:
        while found := self._poller.poll(seconds):
            for descriptor, _ in found:
                self._by_number[descriptor].recv(65536)


def run(options: argparse.Namespace) -> list[Result]:
    """Idle streams first, then changes while they are open."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < options.streams + 500:
        raise Skipped(f"this process may open {most} files, {options.streams + 500} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    target = Ours()
    idle: list[socket.socket] = []
    try:
        clients = [Client(target, login, password) for login, password in target.users]
        deliveries(("127.0.0.1", target.lmtp_port), target.users[0][0], message, 1, 0.2)
        email = _first_email(clients[0])
        idle += open_streams(target.port, clients[1].authorization, FIRST)
        time.sleep(1)
        before = rss_kib(target.pid)
        while len(idle) < options.streams + FIRST:
            count = min(200, options.streams + FIRST - len(idle))
            idle += open_streams(target.port, clients[1].authorization, count)
        time.sleep(1)
        each = (rss_kib(target.pid) - before) / options.streams
        began, cpu = time.monotonic(), cpu_seconds(target.pid)
        time.sleep(3)
        resting = (cpu_seconds(target.pid) - cpu) / (time.monotonic() - began)
        watching = Watching(target, clients[0], email)
        firsts, lasts = [], []
        for number in range(options.changes):
            first, last = watching.change(number)
            firsts.append(first * 1e3)
            lasts.append(last * 1e3)
            time.sleep(GAP)
        watching.close()
    finally:
        for one in idle:
            one.close()
        target.stop()
    note = f"{options.streams} streams of one account; {resting:.1%} of a core while nothing happens"
    told = f"first watcher p50 {quantile(firsts, 0.5):.2g} ms, tenth p50 {quantile(lasts, 0.5):.2g} ms"
    counted = f"{len(lasts)} changes"
    return [
        Result("W13 idle JMAP event stream: resident memory", each, "KiB", 24, note),
        Result("W13 change to event at the tenth watcher: p50", quantile(lasts, 0.5), "ms", 4, told),
        Result("W13 change to event at the tenth watcher: p99", quantile(lasts, 0.99), "ms", 20, counted),
    ]


def _first_email(client: Client) -> Any:
    (found,) = client.calls([["Email/query", {"accountId": client.account, "limit": 1}]])
    return found["ids"][0]


if __name__ == "__main__":
    main(__doc__ or "", run, streams=2000, changes=20)
