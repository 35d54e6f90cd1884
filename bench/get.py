"""CPU time per request: GET /healthz/live against a bare twisted.web Resource, and GET /api/account signed in.

Eight kept-alive connections, rounds in turn (bare, live, account, bare, ...), so that a slow minute hits all of them.
The credentials are Basic and cached after the first request. Only the CPU time of the server's process counts.
"""

from __future__ import annotations

import argparse
import base64
import select
import socket
from collections.abc import Sequence

from bench.measure import Result, cpu_seconds, main, middle, spread
from bench.server import LOGIN, Server, unlimited_daemon

CONNECTIONS = 8
AUTHORIZATION = "Authorization: Basic " + base64.b64encode(LOGIN.encode()).decode("ascii") + "\r\n"


def request(path: str, headers: str = "") -> bytes:
    """A request as a simple client sends it."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode("ascii")


def drive(port: int, wanted: bytes, count: int) -> None:
    """Send ``count`` requests over ``CONNECTIONS`` connections, each after the answer to the one before.

    :raises RuntimeError: an answer is not 200.
    """
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    poller = select.epoll()
    by_number = {client.fileno(): client for client in clients}
    left, waiting = count, 0
    for number, client in by_number.items():
        poller.register(number, select.EPOLLIN)
        client.sendall(wanted)
        left, waiting = left - 1, waiting + 1
    try:
        while waiting:
            for number, _ in poller.poll():
                client = by_number[number]
                _read_answer(client)
                waiting -= 1
                if left > 0:
                    client.sendall(wanted)
                    left, waiting = left - 1, waiting + 1
    finally:
        poller.close()
        for client in clients:
            client.close()


def _read_answer(client: socket.socket) -> None:
    got = client.recv(65536)
    while b"\r\n\r\n" not in got:
        got += _more(client)
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head[:200].decode("latin-1") + body[:200].decode("latin-1"))
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(body)
    while missing > 0:
        missing -= len(_more(client))


def _more(client: socket.socket) -> bytes:
    more = client.recv(65536)
    if not more:
        raise RuntimeError("the server closed the connection")
    return more


def cost(server: Server, wanted: bytes, count: int) -> float:
    """CPU seconds of the server per request."""
    before = cpu_seconds(server.pid)
    drive(server.port, wanted, count)
    return (cpu_seconds(server.pid) - before) / count


def run(options: argparse.Namespace) -> list[Result]:
    """All rounds."""
    bare, ours = Server("-m", "bench.server", "bare"), unlimited_daemon()
    works = ((bare, request("/")), (ours, request("/healthz/live")), (ours, request("/api/account", AUTHORIZATION)))
    try:
        for server, wanted in works:
            drive(server.port, wanted, 500)
        rounds = [[cost(server, wanted, options.requests) for server, wanted in works] for _ in range(options.rounds)]
    finally:
        bare.stop()
        ours.stop()
    return [
        _result("GET /healthz/live", [(one[0], one[1]) for one in rounds], 1.35),
        _result("GET /api/account, cached credential", [(one[0], one[2]) for one in rounds], 2.0),
    ]


def _result(name: str, pairs: Sequence[tuple[float, float]], limit: float) -> Result:
    ratios = [ours / bare for bare, ours in pairs]
    note = (
        f"CPU per request {spread([ours for _, ours in pairs], 'us', 1e6)}, "
        f"bare Resource {spread([bare for bare, _ in pairs], 'us', 1e6)}; ratio {spread(ratios, 'x')}"
    )
    return Result(f"{name}: CPU against a bare twisted.web Resource", middle(ratios), "x", limit, note)


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=7, requests=4000)
