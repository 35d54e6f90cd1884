"""Memory of idle event streams: thousands of clients of a route that says nothing, resident memory per stream."""

from __future__ import annotations

import argparse
import resource
import socket
import time

from bench.get import request
from bench.measure import Result, Skipped, main, rss_kib
from bench.server import HTTP, Server

FIRST = 200


def open_streams(port: int, count: int) -> list[socket.socket]:
    """Clients whose answer has begun."""
    clients = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(request("/bench/silent"))
        clients.append(client)
    for client in clients:
        head = client.recv(4096)
        if b"text/event-stream" not in head:
            raise RuntimeError(head[:300].decode("latin-1"))
    return clients


def run(options: argparse.Namespace) -> list[Result]:
    """Resident memory before and after."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < options.streams + 500:
        raise Skipped(f"this process may open {most} files, {options.streams + 500} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = Server("-m", "bench.server", "silent", "--data", "{data}", *HTTP)
    clients: list[socket.socket] = []
    try:
        clients += open_streams(server.port, FIRST)
        time.sleep(1)
        before = rss_kib(server.pid)
        while len(clients) < options.streams + FIRST:
            clients += open_streams(server.port, min(250, options.streams + FIRST - len(clients)))
        time.sleep(1)
        each = (rss_kib(server.pid) - before) / options.streams
        note = f"{options.streams} streams; {before / 1024:.0f} MiB before, {rss_kib(server.pid) / 1024:.0f} MiB after"
    finally:
        for client in clients:
            client.close()
        server.stop()
    return [Result("idle event stream: resident memory", each, "KiB", 16, note)]


if __name__ == "__main__":
    main(__doc__ or "", run, streams=5000)
