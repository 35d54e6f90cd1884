"""What measuring costs: CPU of a request with and without it, CPU of a scrape, and how long others wait meanwhile.

``python -m bench.metrics unmeasured OPTIONS`` is twistd with a daemon that measures no requests, ``... crowded`` one
that has series of a hundred routes from the beginning, so that a scrape is more than two thousand lines long.
Rounds are in turn; requests are GET /healthz/live over eight connections, whose own cost is the least there is.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
import urllib.request
from base64 import b64encode

from bench.get import cost, drive, request
from bench.measure import Result, cpu_seconds, main, middle, quantile, spread
from bench.renewals import watch
from bench.server import HTTP, LOGIN, Server, unlimited_daemon

LIVE = request("/healthz/live")
ACCOUNT = request("/api/account", "Authorization: Basic " + b64encode(LOGIN.encode()).decode() + "\r\n")
PAGE = request("/metrics/prometheus")
ROUTES = 140


def serve(kind: str, arguments: list[str]) -> None:
    """The daemon, changed as ``kind`` says."""
    from twisted.scripts.twistd import run

    from stalwart.telemetry import Telemetry
    from stalwart.telemetry.measures import HTTP_REQUEST_DURATION, HTTP_REQUESTS
    from stalwart.telemetry.series import Series
    from stalwart.web.answer_count import AnswerCount

    made = AnswerCount.__init__

    def crowded(self: AnswerCount, telemetry: Telemetry) -> None:
        made(self, telemetry)
        for number in range(ROUTES):
            telemetry.series(HTTP_REQUESTS, "GET", f"/{number}", "200").add()
            telemetry.series(HTTP_REQUEST_DURATION, "GET", f"/{number}").observe(number / 100)

    if kind == "crowded":
        AnswerCount.__init__ = crowded  # type: ignore[method-assign]
    else:
        AnswerCount.count = lambda *_: None  # type: ignore[assignment,method-assign]
        Series.add = Series.observe = lambda *_: None  # type: ignore[assignment,method-assign]
    sys.argv = ["twistd", "-n", "--pidfile=", "stalwart", *arguments]
    run()


def changed(kind: str) -> Server:
    """A daemon without a rate limit, served by ``serve``."""
    data = unlimited_daemon().stop(keep=True)
    return Server("-m", "bench.metrics", kind, "--data", "{data}", *HTTP, data=data)


def offer(server: Server, naming: str) -> None:
    """Have the figures offered."""
    wanted = {"prometheus": {"@type": "Enabled", "naming": naming}}
    call = ["x:Metrics/set", {"update": {"singleton": wanted}}, "0"]
    body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": [call]}
    login = "Basic " + b64encode(LOGIN.encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": login}
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}/jmap", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        told = json.load(answer)["methodResponses"][0]
    if "singleton" not in (told[1].get("updated") or {}):
        raise RuntimeError(told)


def measuring(options: argparse.Namespace) -> list[Result]:
    """Requests with and without being measured."""
    servers = (unlimited_daemon(), changed("unmeasured"))
    results = []
    try:
        for name, wanted in (("GET /healthz/live", LIVE), ("GET /api/account", ACCOUNT)):
            for server in servers:
                drive(server.port, wanted, 500)
            rounds = [[cost(server, wanted, options.requests) for server in servers] for _ in range(options.rounds)]
            ratios = [on / off for on, off in rounds]
            on, off = (spread([one[place] for one in rounds], "us", 1e6) for place in (0, 1))
            note = f"CPU {on}, without {off}; ratio {spread(ratios, 'x')}"
            results.append(Result(f"{name}, measured: CPU against not measured", middle(ratios), "x", 1.05, note))
    finally:
        for server in servers:
            server.stop()
    return results


def scraping(options: argparse.Namespace) -> list[Result]:
    """Scrapes one after the other, while somebody else looks how long requests take."""
    server = changed("crowded")
    try:
        return [one for naming in ("stalwart", "openmetrics") for one in _scraped(server, naming, options.scrapes)]
    finally:
        server.stop()


def _scraped(server: Server, naming: str, scrapes: int) -> list[Result]:
    offer(server, naming)
    drive(server.port, PAGE, 5)
    lines = _lines(server)
    waits: list[float] = []
    ended = threading.Event()
    watching = threading.Thread(target=lambda: waits.extend(watch(server.port, ended, 0.002)))
    watching.start()
    before = cpu_seconds(server.pid)
    for _ in range(scrapes):
        _scrape(server.port)
        ended.wait(0.1)
    spent = (cpu_seconds(server.pid) - before) / scrapes
    ended.set()
    watching.join()
    share = len(waits) * 30e-6 / scrapes  # what the requests of the onlooker cost themselves
    note = f"{scrapes} scrapes of {lines} samples, the cost of the onlooker's requests taken off"
    told = f"p50 {middle(waits) * 1e3:.2g} ms, most {max(waits) * 1e3:.3g} ms of {len(waits)}"
    worst = quantile(waits, 0.99) * 1e3
    return [
        Result(f"a scrape, naming {naming}: CPU", (spent - share) * 1e3, "ms", 30, note),
        Result(f"GET /healthz/live during scrapes, naming {naming}: p99", worst, "ms", 10, told),
    ]


def _scrape(port: int) -> None:
    """Ask for the figures and throw them away: to read them here would keep the onlooker waiting."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        while connection.recv(1 << 20):
            pass


def _lines(server: Server) -> int:
    """Samples of a scrape."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics/prometheus", timeout=30) as answer:
        return sum(not line.startswith(b"#") for line in answer.read().splitlines())


def run(options: argparse.Namespace) -> list[Result]:
    """Both."""
    return [*measuring(options), *scraping(options)]


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ("unmeasured", "crowded"):
        serve(sys.argv[1], sys.argv[2:])
    else:
        main(__doc__ or "", run, rounds=15, requests=3000, scrapes=30)
