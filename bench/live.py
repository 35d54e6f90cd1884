"""Answers while a crowd reads the live trace: GET /healthz/live at 1,000 requests, so 1,000 events, per second.

Half of the readers see everything, the other half have a filter each, which finds the requests of one connection.
Requests are due at fixed moments, whether the one before was answered or not, and their time counts from then. The
readers are a process of their own (``python -m bench.live readers PORT COUNT``) that reads and counts.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import subprocess
import sys
import time
from collections import deque
from urllib.parse import quote

from bench.get import AUTHORIZATION, request
from bench.measure import ROOT, Result, cpu_seconds, main, quantile, rss_kib
from bench.server import Server, crowd_daemon

CONNECTIONS = 50
WARM = 2.0


def drive(port: int, rate: int, seconds: float) -> list[float]:
    """Times of all requests, in seconds."""
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    texts = [request(f"/healthz/live?connection=c{number}.") for number in range(CONNECTIONS)]
    poller = select.epoll()
    for client in clients:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poller.register(client.fileno(), select.EPOLLIN)
    number_of = {client.fileno(): number for number, client in enumerate(clients)}
    free, sent, late = deque(range(CONNECTIONS)), [0.0] * CONNECTIONS, deque[float]()
    began, due, count, times = time.perf_counter(), 0, int(rate * seconds), []
    while len(times) < count:
        now = time.perf_counter()
        while due < count and began + due / rate <= now:
            late.append(began + due / rate)
            due += 1
        while late and free:
            number = free.popleft()
            sent[number] = late.popleft()
            clients[number].sendall(texts[number])
        patience = max(0.0, began + due / rate - time.perf_counter()) if due < count else 1.0
        for descriptor, _ in poller.poll(patience):
            number = number_of[descriptor]
            if not clients[number].recv(65536).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("not answered")
            times.append(time.perf_counter() - sent[number])
            free.append(number)
    poller.close()
    for client in clients:
        client.close()
    return times


def read(port: int, count: int) -> None:
    """Open the streams, say so, read until standard input ends, and tell how many events of how many bytes came."""
    poller = select.epoll()
    clients: dict[int, socket.socket] = {}
    for number in range(count):
        query = "" if number % 2 else "?url=" + quote(f"=c{number // 2 % CONNECTIONS}.")
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(request("/api/live/tracing" + query, AUTHORIZATION))
        clients[client.fileno()] = client
        if b" 200 " not in client.recv(4096)[:20]:
            raise RuntimeError("refused")
        poller.register(client.fileno(), select.EPOLLIN)
    print("open", flush=True)
    poller.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
    events = total = dropped = 0
    while True:
        for descriptor, _ in poller.poll():
            client = clients.get(descriptor)  # type: ignore[assignment]
            if client is None:
                print(json.dumps({"events": events, "bytes": total, "dropped": dropped}), flush=True)
                return
            data = client.recv(1 << 20)
            total += len(data)
            events += data.count(b'{"event":')
            dropped += data.count(b"dropped")
            if not data:
                raise RuntimeError("a stream has ended")


def run(options: argparse.Namespace) -> list[Result]:
    """With nobody reading, then with the crowd."""
    server = crowd_daemon()
    try:
        drive(server.port, options.rate, WARM)
        before = _timed(server, options)
        words = [sys.executable, "-m", "bench.live", "readers", str(server.port), str(options.readers)]
        with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as readers:
            assert readers.stdin is not None and readers.stdout is not None
            if readers.stdout.readline().strip() != "open":
                raise RuntimeError("the readers could not begin")
            drive(server.port, options.rate, WARM)
            after = _timed(server, options)
            time.sleep(1.5)
            memory = rss_kib(server.pid) / 1024
            readers.stdin.close()
            read = json.loads(readers.stdout.readline())
    finally:
        server.stop()
    note = (
        f"median {quantile(after[0], 0.5) * 1e3:.2g} ms, longest {max(after[0]) * 1e3:.3g} ms; "
        f"nobody reading: p99 {quantile(before[0], 0.99) * 1e3:.2g} ms; "
        f"server's CPU {after[1]:.0%} of a core, nobody reading {before[1]:.0%}; {memory:.0f} MiB; "
        f"{read['events']} events read ({read['bytes'] / 1e6:.0f} MB), {read['dropped']} gaps"
    )
    name = f"GET /healthz/live, {options.readers} readers of the live trace, {options.rate} events per second: p99"
    return [Result(name, quantile(after[0], 0.99) * 1e3, "ms", 20, note)]


def _timed(server: Server, options: argparse.Namespace) -> tuple[list[float], float]:
    cpu, began = cpu_seconds(server.pid), time.monotonic()
    times = drive(server.port, options.rate, options.seconds)
    return times, (cpu_seconds(server.pid) - cpu) / (time.monotonic() - began)


if __name__ == "__main__":
    if sys.argv[1:2] == ["readers"]:
        read(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main(__doc__ or "", run, readers=100, rate=1000, seconds=8)
