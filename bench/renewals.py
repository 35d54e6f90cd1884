"""1,000 names renewed in one pass: how long a request waits meanwhile, and what a certificate costs the server.

100 domains of ten names each get their first certificates from Debian's pebble, which believes every proof, so that
what is measured is ours: orders, proofs of ten names, keys, storing. Two passes are forced after that; while the last
one runs, GET /healthz/live is asked on a kept connection every few milliseconds. Pebble signs with RSA on the same
cores, so this is worse than with an authority elsewhere.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path
from unittest import SkipTest

from bench.measure import Result, Skipped, cpu_seconds, main, quantile
from bench.server import HTTP, TWISTD, Server
from bench.settings import Client
from tests.interop.pebble import Pebble

NAMES = 10
PATIENCE = 300.0
REQUEST = b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


def domains(client: Client, provider: str, count: int) -> list[str]:
    """The ids of new domains with automatic certificates for ``NAMES`` names each."""
    management = {
        "@type": "Automatic",
        "acmeProviderId": provider,
        "subjectAlternativeNames": {f"h{number}": True for number in range(NAMES)},
    }
    create = {f"d{n}": {"name": f"d{n}.example.test", "certificateManagement": management} for n in range(count)}
    made = client.call("x:Domain/set", {"create": create})["created"]
    return [made[f"d{n}"]["id"] for n in range(count)]


def wait(client: Client, count: int) -> None:
    """Until there are so many certificates."""
    ends = time.monotonic() + PATIENCE
    while len(client.call("x:Certificate/query", {"limit": 5000})["ids"]) < count:
        if time.monotonic() > ends:
            raise TimeoutError("the certificates do not come")
        time.sleep(0.25)


def watch(port: int, ended: threading.Event, pause: float) -> list[float]:
    """Seconds that each request took until ``ended``."""
    found = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not ended.is_set():
            began = time.perf_counter()
            connection.sendall(REQUEST)
            answer = connection.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer[:200])
            found.append(time.perf_counter() - began)
            time.sleep(pause)
    return found


def run(options: argparse.Namespace) -> list[Result]:
    """Waiting time during a pass, and server CPU of a certificate."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        pebble = Pebble.start(folder, always_valid=True, authz_reuse=0)
    except SkipTest as reason:
        raise Skipped(str(reason)) from None
    server = Server(*TWISTD, "stalwart", "--data", "{data}", *HTTP, SSL_CERT_FILE=pebble.ca_path)
    try:
        client = Client(server)
        account = {"directory": pebble.directory_url, "challengeType": "Http01", "contact": {"a@example.test": True}}
        made = client.call("x:AcmeProvider/set", {"create": {"a": account}})["created"]
        ids = domains(client, made["a"]["id"], options.domains)
        wait(client, len(ids))
        tasks = {each: {"@type": "AcmeRenewal", "domainId": each, "force": True} for each in ids}
        idle_ended = threading.Event()
        threading.Timer(1.0, idle_ended.set).start()
        idle = watch(server.port, idle_ended, options.pause / 1000)
        waits: list[float] = []
        ended = threading.Event()
        watching = threading.Thread(target=lambda: waits.extend(watch(server.port, ended, options.pause / 1000)))
        before, began = cpu_seconds(server.pid), time.monotonic()
        watching.start()
        client.call("x:Task/set", {"create": tasks})
        wait(client, 2 * len(ids))
        spent, seconds = cpu_seconds(server.pid) - before, time.monotonic() - began
        ended.set()
        watching.join()
    finally:
        server.stop()
        pebble.close()
        shutil.rmtree(folder, ignore_errors=True)
    names = len(ids) * NAMES
    figures = f"{len(waits)} requests: p50 {quantile(waits, 0.5) * 1e3:.2g} ms, most {max(waits) * 1e3:.3g} ms; "
    figures += f"idle p99 {quantile(idle, 0.99) * 1e3:.2g} ms; {names} names in {seconds:.1f} s"
    return [
        Result(
            f"{names} names renewed: GET /healthz/live meanwhile, p99", quantile(waits, 0.99) * 1e3, "ms", 20, figures
        ),
        Result("a renewal of ten names: CPU", spent / len(ids) * 1e3, "ms", 60, f"{len(ids)} certificates"),
    ]


if __name__ == "__main__":
    main(__doc__, run, domains=100, pause=5)
