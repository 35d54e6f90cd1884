"""Load from one process: HTTP requests over kept connections, deliveries over LMTP, each client waiting for its answer.

Answers are read whole and checked for a text that only a good one has. ``quickack`` acknowledges segments at once: a
server that writes head and body apart under Nagle's rule is then not measured by the delay of acknowledgements.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence

from attrs import define, field, frozen

from bench.measure import quantile

Address = tuple[str, int]


@frozen
class Load:
    """What came of it: operations per second, the times of single ones in seconds, and the octets of all answers."""

    count: int
    seconds: float
    times: Sequence[float]
    octets: int = 0

    @property
    def rate(self) -> float:
        """Operations per second."""
        return self.count / self.seconds

    def shown(self) -> str:
        """Rate and times for people."""
        middle, late = quantile(self.times, 0.5) * 1e3, quantile(self.times, 0.99) * 1e3
        return f"{self.rate:.0f}/s, p50 {middle:.2g} ms, p99 {late:.2g} ms"


@define(eq=False)
class _Client:
    connection: socket.socket
    began: float = 0.0
    got: bytearray = field(factory=bytearray)


def requests(
    address: Address, wanted: Sequence[bytes], sign: bytes, connections: int, seconds: float, **how: bool
) -> Load:
    """Send ``wanted`` in turn for ``seconds`` over ``connections``; with ``once`` each of them one time at most;
    0 seconds are as many as it takes.

    :raises RuntimeError: an answer is no success, or lacks ``sign``.
    """
    once = how.get("once", False)
    source = iter(wanted) if once else _endless(wanted)
    clients = {one.connection.fileno(): one for one in (_Client(_open(address)) for _ in range(connections))}
    poller = select.epoll()
    times: list[float] = []
    start = time.perf_counter()
    until = start + seconds if seconds else float("inf")
    waiting = octets = 0
    for number, client in clients.items():
        poller.register(number, select.EPOLLIN)
        _begin(client, next(source))
        waiting += 1
    try:
        while waiting:
            for number, _ in poller.poll(30) or _late():
                client = clients[number]
                if not _read(client, how.get("quickack", True)):
                    continue
                times.append(time.perf_counter() - client.began)
                octets += len(client.got)
                _check(bytes(client.got), sign)
                waiting -= 1
                following = next(source, None) if time.perf_counter() < until else None
                if following is not None:
                    _begin(client, following)
                    waiting += 1
    finally:
        poller.close()
        for client in clients.values():
            client.connection.close()
    return Load(len(times), time.perf_counter() - start, times, octets)


def deliveries(
    address: Address, recipient: str, message: Callable[[int], bytes], connections: int, seconds: float
) -> Load:
    """Deliver messages by LMTP for ``seconds``, at most ten on each connection.

    :raises RuntimeError: one was refused.
    """
    talks = [_talk(address, recipient, message, number, connections) for number in range(connections)]
    poller = select.epoll()
    start = time.perf_counter()
    until = start + seconds
    times: list[float] = []
    running: dict[int, tuple[Iterator[socket.socket | float], socket.socket]] = {}

    def go_on(talk: Iterator[socket.socket | float]) -> None:
        for said in talk:
            if isinstance(said, float):
                times.append(said)
                if time.perf_counter() > until:
                    return
            else:
                poller.register(said.fileno(), select.EPOLLIN | select.EPOLLONESHOT)
                running[said.fileno()] = talk, said
                return

    for each in talks:
        go_on(each)
    while running:
        for number, _ in poller.poll(30) or _late():
            talk, connection = running.pop(number)
            poller.unregister(connection.fileno())
            go_on(talk)
    poller.close()
    return Load(len(times), time.perf_counter() - start, times)


def _talk(
    address: Address, recipient: str, message: Callable[[int], bytes], first: int, step: int
) -> Iterator[socket.socket | float]:
    """One client after the other; gives its socket where it waits for a reply, and the time of each delivery."""
    number = first
    while True:
        connection = _open(address)
        for line, sign in (("", b"220"), ("LHLO bench.test", b"250")):
            if line:
                connection.sendall(f"{line}\r\n".encode())
            yield connection
            _reply(connection, sign)
        for _ in range(10):
            began = time.perf_counter()
            for data, sign in (
                (b"MAIL FROM:<bench@sender.test>\r\n", b"250"),
                (f"RCPT TO:<{recipient}>\r\n".encode(), b"250"),
                (b"DATA\r\n", b"354"),
                (message(number) + b"\r\n.\r\n", b"250"),
            ):
                connection.sendall(data)
                yield connection
                _reply(connection, sign)
            number += step
            yield time.perf_counter() - began
        connection.close()


def _reply(connection: socket.socket, sign: bytes) -> None:
    """Read one reply, of one line or several."""
    got = b""
    while True:
        got += connection.recv(65536) or _gone()
        lines = got.split(b"\r\n")
        if lines[-1] == b"" and len(lines) > 1 and lines[-2][3:4] == b" ":
            break
    if not got.startswith(sign):
        raise RuntimeError(f"refused: {got[:200]!r}")


def _open(address: Address) -> socket.socket:
    connection = socket.create_connection(address, 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _begin(client: _Client, wanted: bytes) -> None:
    client.got = bytearray()
    client.began = time.perf_counter()
    client.connection.sendall(wanted)


def _read(client: _Client, quickack: bool) -> bool:
    """Take what has come; whether the answer is complete."""
    client.got += client.connection.recv(1 << 20) or _gone()
    if quickack:
        client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    head, found, body = client.got.partition(b"\r\n\r\n")
    if not found:
        return False
    lowered = bytes(head).lower()
    if b"transfer-encoding: chunked" in lowered:
        return body.endswith(b"0\r\n\r\n")
    if lowered.startswith(b"http/1.1 204"):
        return True
    _, _, rest = lowered.partition(b"content-length:")
    return len(body) >= int(rest.partition(b"\r\n")[0])


def _check(answer: bytes, sign: bytes) -> None:
    if not answer.startswith(b"HTTP/1.1 20") or sign not in answer:
        raise RuntimeError(f"not the answer that was expected: {answer[:600]!r}")


def _endless(wanted: Sequence[bytes]) -> Iterator[bytes]:
    while True:
        yield from wanted


def _gone() -> bytes:
    raise RuntimeError("the server has closed the connection")


def _late() -> list[tuple[int, int]]:
    raise RuntimeError("no answer within 30 seconds")
