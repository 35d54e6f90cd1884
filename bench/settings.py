"""Settings over JMAP: Core/echo against GET /api/account, accounts read, searched and imported.

Echo: eight kept-alive connections in turn with GET /api/account of the same credential; server CPU per request.
Accounts: a plan of ``create`` lines with hashed passwords goes in by ``stalwart-cli apply`` (wall time of the whole
command, and the server's CPU per account); then 500 are read at once, and pages of 50 are searched by a word and by
domain, over the imported ones and again when the store has ``--accounts``: a search that an index serves costs the
same.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.get import AUTHORIZATION, cost, drive, request
from bench.measure import ROOT, Result, cpu_seconds, main, middle, spread
from bench.server import LOGIN, Server, unlimited_daemon

USING = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]
HASH = "$argon2id$v=19$m=19456,t=2,p=1$Em5QS+qnXPEh7Hq3Z2MpSQ$0cAkrnBRIEW32d0QRAyGs/BXxr5HPa04aEYjeiwWWKY"
FAMILY = ("Ahrens", "Brandt", "Cremer", "Dietz", "Engel", "Fuchs", "Graf", "Haas", "Issel", "Jung")
PAGE = 50


def echo_request() -> bytes:
    """A Core/echo as a client sends it."""
    body = json.dumps({"using": USING[:1], "methodCalls": [["Core/echo", {"hello": True}, "a"]]}).encode()
    head = f"POST /jmap/ HTTP/1.1\r\nHost: localhost\r\n{AUTHORIZATION}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Client:
    """JMAP over one kept connection."""

    def __init__(self, server: Server) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(LOGIN.encode()).decode(),
            "Content-Type": "application/json",
        }

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The arguments of the answer.

        :raises RuntimeError: it is an error.
        """
        body = json.dumps({"using": USING, "methodCalls": [[name, arguments, "a"]]})
        self._http.request("POST", "/jmap/", body, self._headers)
        answer = json.loads(self._http.getresponse().read())
        ((answered, found, _),) = answer["methodResponses"]
        if answered != name:
            raise RuntimeError(found)
        return found


def write_plan(path: Path, domains: Iterable[str], count: int) -> None:
    """``count`` users spread over ``domains``."""
    names = list(domains)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            user = {
                "@type": "User",
                "name": f"user{number}",
                "domainId": names[number % len(names)],
                "description": f"{FAMILY[number % 10]} {FAMILY[number // 10 % 10]} n{number}",
                "credentials": {"0": {"@type": "Password", "secret": HASH}},
            }
            line = {"@type": "create", "object": "Account", "value": {f"u{number}": user}}
            file.write(json.dumps(line) + "\n")


def apply_plan(server: Server, path: Path) -> tuple[float, float]:
    """Wall seconds of the command and CPU seconds of the server."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "STALWART_URL": f"http://127.0.0.1:{server.port}"}
    user, _, password = LOGIN.partition(":")
    words = [sys.executable, "-m", "stalwart.cli", "--user", user, "--password", password, "apply", "--file", str(path)]
    before, began = cpu_seconds(server.pid), time.monotonic()
    subprocess.run([*words, "--quiet"], env=environment, check=True)
    return time.monotonic() - began, cpu_seconds(server.pid) - before


def cpu_of(server: Server, work: Callable[[], object], count: int) -> float:
    """CPU seconds of the server for one ``work``."""
    work()
    before = cpu_seconds(server.pid)
    for _ in range(count):
        work()
    return (cpu_seconds(server.pid) - before) / count


def echo_result(options: argparse.Namespace, server: Server) -> Result:
    """Echo against the account document."""
    works = (request("/api/account", AUTHORIZATION), echo_request())
    for wanted in works:
        drive(server.port, wanted, 500)
    pairs = [[cost(server, wanted, options.requests) for wanted in works] for _ in range(options.rounds)]
    ratios = [echo / account for account, echo in pairs]
    note = (
        f"CPU per request {spread([echo for _, echo in pairs], 'us', 1e6)}, "
        f"account {spread([account for account, _ in pairs], 'us', 1e6)}; ratio {spread(ratios, 'x')}"
    )
    return Result("Core/echo: CPU against GET /api/account", middle(ratios), "x", 1.6, note)


def import_results(options: argparse.Namespace, server: Server, domains: list[str]) -> list[Result]:
    """Importing ``options.imported`` accounts, and then what is missing to ``options.accounts``."""
    path = server.data.parent / "plan.ndjson"
    write_plan(path, domains, options.imported)
    wall, cpu = apply_plan(server, path)
    rate = options.imported / wall
    note = f"{options.imported} accounts in {wall:.2f} s, {cpu / options.imported * 1e6:.0f} us of server CPU each"
    return [Result("apply: time of one account of an import, whole command", 1e6 / rate, "us", 500, note)]


def search_results(server: Server, count: int, domain: str, rounds: int) -> dict[str, float]:
    """CPU of a page by word, by domain, and of one get of 500."""
    client = Client(server)
    ids = client.call("x:Account/query", {"limit": 500})["ids"]
    by_word = {"filter": {"text": "Engel"}, "limit": PAGE}
    by_domain = {"filter": {"domainId": domain}, "limit": PAGE}
    if len(client.call("x:Account/query", by_word)["ids"]) != PAGE:
        raise RuntimeError("the search finds too little")
    if len(client.call("x:Account/get", {"ids": ids})["list"]) != 500:
        raise RuntimeError("not all accounts are read")
    return {
        "get": cpu_of(server, lambda: client.call("x:Account/get", {"ids": ids}), rounds),
        "word": cpu_of(server, lambda: client.call("x:Account/query", by_word), rounds * 10),
        "domain": cpu_of(server, lambda: client.call("x:Account/query", by_domain), rounds * 10),
    }


def run(options: argparse.Namespace) -> list[Result]:
    """All of it on one server."""
    server = unlimited_daemon()
    try:
        client = Client(server)
        results = [echo_result(options, server)]
        made = client.call("x:Domain/set", {"create": {f"d{n}": {"name": f"d{n}.example.org"} for n in range(10)}})
        domains = [one["id"] for one in made["created"].values()]
        results += import_results(options, server, domains)
        small = search_results(server, options.imported, domains[0], 20)
        grown = small
        if options.accounts > options.imported:
            more = client.call("x:Domain/set", {"create": {f"e{n}": {"name": f"e{n}.example.org"} for n in range(10)}})
            path = server.data.parent / "plan.ndjson"
            rest = [one["id"] for one in more["created"].values()]
            write_plan(path, rest, options.accounts - options.imported)
            apply_plan(server, path)
            grown = search_results(server, options.accounts, rest[0], 20)
    finally:
        server.stop()
    note = f"{grown['get'] * 1e6:.0f} us with {options.accounts} accounts in the store"
    results.append(Result("x:Account/get of 500 accounts: CPU", grown["get"] * 1e3, "ms", 15.0, note))
    for kind in ("word", "domain"):
        note = f"{small[kind] * 1e6:.0f} us over {options.imported}, {grown[kind] * 1e6:.0f} us over {options.accounts}"
        ratio = grown[kind] / small[kind]
        results.append(
            Result(f"x:Account/query, page of {PAGE} by {kind}: CPU as the store grows", ratio, "x", 2.0, note)
        )
    return results


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=7, requests=3000, accounts=100_000, imported=10_000)
