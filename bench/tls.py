"""TLS: handshakes against a bare Twisted TLS server, and what 10,000 certificates cost against one.

Handshakes: full ones of TLS 1.3, each on a connection of its own that is closed in order, in turn with a server of
Twisted's ``CertificateOptions``: alone (a bare ``Protocol``), and with one GET (a constant ``Resource`` of twisted.web;
beside it, a ``Protocol`` that writes 200 whatever it reads). Only the CPU time of the server's process counts, so a
ratio of 1.25 is 0.8 times the handshakes per second on a core.

Certificates: two daemons, one with a single certificate and one with ``--certificates`` of their own names and keys,
are asked in turn: for the same name each time, for names that come again, and for names that were never asked for
before. Memory is what the process has when every name has been asked for; the time to start is until the listener is
bound.
"""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.measure import Result, cpu_seconds, main, middle, rss_kib, spread
from bench.server import Server, daemon
from bench.settings import Client

BATCH = 250
HTTPS = re.compile(r"listening https 127\.0\.0\.1:(\d+)")
REQUEST = b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
SITE = re.compile(r"listening site 127\.0\.0\.1:(\d+)")
SHARE = 0.8  # of the handshakes per second of the bare server
AGAIN = 200
Name = Callable[[], str]


class Authority:
    """Signs P-256 certificates, each with a key of its own, and hands out its own as their issuer."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the benchmark")])
        made = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, 0), True)
        self._pem = made.sign(self._key, SHA256()).public_bytes(Encoding.PEM).decode()

    def pair(self, name: str) -> tuple[str, str]:
        """Chain and key for ``name``, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        made = self._builder(x509.Name([]), key).add_extension(names, True).sign(self._key, SHA256())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return made.public_bytes(Encoding.PEM).decode() + self._pem, pem

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        serial = x509.random_serial_number()
        dates = (now - timedelta(days=1), now + timedelta(days=90))
        return x509.CertificateBuilder(self._name, name, key.public_key(), serial, *dates)


def host(number: int) -> str:
    """The name of a certificate."""
    return f"h{number}.example.test"


def store_certificates(server: Server, authority: Authority, count: int) -> None:
    """Upload as an administrator does, ``BATCH`` at a time."""
    client = Client(server)
    for begin in range(0, count, BATCH):
        create = {}
        for number in range(begin, min(begin + BATCH, count)):
            chain, key = authority.pair(host(number))
            create[f"c{number}"] = {
                "certificate": {"@type": "Text", "value": chain},
                "privateKey": {"@type": "Text", "secret": key},
            }
        answer = client.call("x:Certificate/set", {"create": create})
        if answer["notCreated"]:
            raise RuntimeError(next(iter(answer["notCreated"].values())))


def add_tls_listener(server: Server) -> None:
    """A stored listener with implicit TLS, bound from now on."""
    port = free_port()
    listener = {
        "name": "bench",
        "bind": {f"127.0.0.1:{port}": True},
        "protocol": "http",
        "useTls": True,
        "tlsImplicit": True,
    }
    answer = Client(server).call("x:NetworkListener/set", {"create": {"a": listener}})
    if answer["notCreated"]:
        raise RuntimeError(answer["notCreated"])


def free_port() -> int:
    """One that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def port_of(server: Server, line: re.Pattern[str] = HTTPS) -> int:
    """Where it serves TLS."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        found = line.search(server.log.read_text(errors="replace"))
        if found:
            return int(found[1])
        time.sleep(0.01)
    raise RuntimeError("no TLS listener: " + server.log.read_text(errors="replace")[-2000:])


def shake(port: int, count: int, name: Name, asks: bool) -> None:
    """Shake hands ``count`` times, ask each time if that is wanted, and leave."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for _ in range(count):
        plain = socket.create_connection(("127.0.0.1", port))
        with context.wrap_socket(plain, server_hostname=name()) as secure:
            if not asks:
                secure.unwrap()
                continue
            secure.sendall(REQUEST)
            if not secure.recv(65536).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("the answer is not 200")


@frozen
class Work:
    """Handshakes with one server."""

    server: Server
    port: int
    asks: bool
    name: Name = lambda: host(0)

    def cost(self, count: int) -> float:
        """CPU seconds of the server for one."""
        before = cpu_seconds(self.server.pid)
        shake(self.port, count, self.name, self.asks)
        return (cpu_seconds(self.server.pid) - before) / count


def restarted(data: Path) -> tuple[Server, float]:
    """The daemon over ``data``, and the seconds until it listens with TLS."""
    began = time.monotonic()
    server = daemon(data)
    port_of(server)
    return server, time.monotonic() - began


def filled(folder: Path, authority: Authority, count: int) -> tuple[Server, float]:
    """A daemon with ``count`` certificates, started on them, and how long it took."""
    server = daemon(folder / str(count) / "data")
    store_certificates(server, authority, count)
    add_tls_listener(server)
    return restarted(server.stop(keep=True))


def run(options: argparse.Namespace) -> list[Result]:
    """Both parts."""
    folder = Path(tempfile.mkdtemp(prefix="bench-tls-"))
    authority = Authority()
    chain, key = authority.pair(host(0))
    (folder / "chain.pem").write_text(chain)
    (folder / "key.pem").write_text(key)
    servers: list[Server] = []
    try:
        servers.append(bare := Server("-m", "bench.tls", "bare", str(folder)))
        few, _ = filled(folder, authority, 1)
        servers.append(few)
        many, _ = filled(folder, authority, options.certificates)
        servers.append(many)
        starts = [_again(servers, 1), _again(servers, 2)]
        few, many = servers[1:]
        return _measured(options, bare, few, many, starts)
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _again(servers: list[Server], place: int) -> float:
    """Stop and start one of ``servers``: a start on files that the system has at hand."""
    servers[place], seconds = restarted(servers[place].stop(keep=True))
    return seconds


def _measured(
    options: argparse.Namespace, bare: Server, few: Server, many: Server, starts: list[float]
) -> list[Result]:
    count = options.certificates
    known, fresh = cycle(map(host, range(AGAIN))), map(host, range(AGAIN, count))
    works = (
        Work(bare, bare.port, False),
        Work(few, port_of(few), False),
        Work(many, port_of(many), False),
        Work(many, port_of(many), False, lambda: next(known)),
        Work(bare, bare.port, True),
        Work(bare, port_of(bare, SITE), True),
        Work(few, port_of(few), True),
    )
    for work in works:
        work.cost(AGAIN)
    new = Work(many, port_of(many), False, lambda: next(fresh))
    rounds = [[work.cost(options.handshakes) for work in works] for _ in range(options.rounds)]
    firsts = [new.cost(AGAIN) for _ in range((count - AGAIN) // AGAIN)]
    memory = [rss_kib(one.pid) / 1024 for one in (few, many)]
    alone, own, same, again, constant, site, asked = zip(*rounds, strict=True)
    strict = f"against one that writes a constant {spread(_ratios(asked, constant), 'x')}"
    return [
        _result("a TLS handshake: CPU against a bare Twisted TLS server", own, alone, 1 / SHARE),
        _result("a TLS handshake with one GET: CPU against twisted.web", asked, site, 1 / SHARE, strict),
        _result(f"a handshake where there are {count} certificates: CPU against one", same, own, 1.05),
        _result(f"the same, for {AGAIN} names in turn", again, own, 1.05),
        Result(
            "the first handshake for each name: CPU against one for a name that was asked for",
            middle(firsts) / middle(own),
            "x",
            None,
            f"CPU {spread(firsts, 'us', 1e6)}",
        ),
        Result(
            f"memory that {count} certificates take",
            memory[1] - memory[0],
            "MiB",
            40,
            f"{memory[1]:.4g} against {memory[0]:.4g} MiB, when every name has been asked for",
        ),
        Result(
            f"time that {count} certificates take at the start",
            starts[1] - starts[0],
            "s",
            5,
            f"{starts[1]:.3g} against {starts[0]:.3g} s",
        ),
    ]


def _ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(some, others, strict=True)]


def _result(name: str, some: Sequence[float], others: Sequence[float], limit: float, more: str = "") -> Result:
    ratios = _ratios(some, others)
    note = f"CPU {spread(some, 'us', 1e6)}, there {spread(others, 'us', 1e6)}; ratio {spread(ratios, 'x')}"
    return Result(name, middle(ratios), "x", limit, f"{note}; {more}" if more else note)


def serve_bare(folder: Path) -> None:
    """What Twisted does by itself: ``CertificateOptions``, and a constant answer."""
    from OpenSSL.crypto import FILETYPE_PEM, load_certificate, load_privatekey
    from twisted.internet import reactor
    from twisted.internet.protocol import Factory, Protocol
    from twisted.internet.ssl import CertificateOptions
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    class Constant(Protocol):
        def dataReceived(self, data: bytes) -> None:
            transport: Any = self.transport
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
            transport.loseConnection()

    class Page(Resource):
        isLeaf = True

        def render_GET(self, request: Any) -> bytes:
            return b"OK"

    pems = (folder / "chain.pem").read_text().split("-----BEGIN")[1:]
    leaf, issuer = (load_certificate(FILETYPE_PEM, b"-----BEGIN" + pem.encode()) for pem in pems)
    key = load_privatekey(FILETYPE_PEM, (folder / "key.pem").read_bytes())
    options = CertificateOptions(privateKey=key, certificate=leaf, extraCertChain=[issuer])
    site: Any = Site(Page())
    site.log = lambda _request: None
    for service, factory in (("site", site), ("http", Factory.forProtocol(Constant))):
        factory.noisy = False
        port = reactor.listenSSL(0, factory, options, interface="127.0.0.1", backlog=1024)  # type: ignore[attr-defined]
        print(f"listening {service} 127.0.0.1:{port.getHost().port}", flush=True)
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    import sys

    if sys.argv[1:2] == ["bare"]:
        serve_bare(Path(sys.argv[2]))
    else:
        main(__doc__ or "", run, rounds=9, handshakes=150, certificates=10_000)
