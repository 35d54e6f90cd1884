"""Two nodes of one PostgreSQL database: the time from a change at one to its event at the other; and what a backup that
is being written costs those who read.

Changes are 1.3 seconds apart, so that none waits for the one before; the time counts from the moment the request is
sent. Reads are pages of an inbox, each another one, at a tenth of what the node can do.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.measure import ROOT, Result, Skipped, main, middle, quantile, spread
from stalwart.store.config_file import write_store_config
from tests.live.daemon import Daemon, basic
from tests.live.people import Administrator
from tests.postgresql import programs, server

DOORS = ("--http", "tcp:0:interface=127.0.0.1")
MAIL = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
MESSAGES = 2_000
GAP = 1.3
RATE = 40.0
PATIENCE = 10.0


class World:
    """Two daemons on a database, and a user with an inbox."""

    def __init__(self) -> None:
        if programs() is None:
            raise Skipped("PostgreSQL is not installed")
        self.folder = Path(tempfile.mkdtemp(prefix="bench-nodes-"))
        config = dict(server().config())
        self.nodes = [self._node(name, config) for name in ("one", "two")]
        admin = Administrator(self.nodes[0])
        admin.change("Http", {"rateLimitAuthenticated": None})
        self.login, self.password = admin.new_user("alice")
        self.user = Administrator(self.nodes[0], self.login, self.password)
        self.user.using = MAIL
        self.account = next(iter(json.loads(self._get("/jmap/session"))["accounts"]))
        boxes = self.user.call("Mailbox/get", {"accountId": self.account, "ids": None})["list"]
        self.inbox = next(box["id"] for box in boxes if box["role"] == "inbox")
        self.emails = [self._messages(200) for _ in range(MESSAGES // 200)]

    def _node(self, name: str, config: dict[str, Any]) -> Daemon:
        data, first = self.folder / name, self.folder / "one"
        data.mkdir()
        write_store_config(data / "config.json", dict(config))
        if data != first:
            for each in first.glob("*.key"):
                shutil.copy(each, data)
            (data / "blobs").symlink_to(first / "blobs")
        return Daemon.with_data(data, *DOORS)

    def _get(self, path: str) -> bytes:
        return self.nodes[0].get(path, basic(self.login, self.password))[2]

    def _messages(self, count: int) -> str:
        """So many drafts in the inbox; the id of one."""
        body = {"bodyValues": {"1": {"value": "x" * 4000}}, "textBody": [{"partId": "1", "type": "text/plain"}]}
        made = {f"m{n}": {"mailboxIds": {self.inbox: True}, "subject": f"{n}", **body} for n in range(count)}
        answer = self.user.call("Email/set", {"accountId": self.account, "create": made})
        return str(answer["created"]["m0"]["id"])

    def stream(self) -> socket.socket:
        """An event stream at the second node."""
        authorization = basic(self.login, self.password)["Authorization"]
        text = (
            "GET /jmap/eventsource/?types=*&closeafter=no&ping=0 HTTP/1.1\r\nHost: localhost\r\n"
            f"Accept: text/event-stream\r\nAuthorization: {authorization}\r\n\r\n"
        )
        client = socket.create_connection(("127.0.0.1", self.nodes[1].port), PATIENCE)
        client.sendall(text.encode())
        client.recv(65536)
        client.settimeout(PATIENCE)
        return client

    def pages(self, seconds: float) -> list[float]:
        """Times of pages that are asked for at a steady rate."""
        link = http.client.HTTPConnection("127.0.0.1", self.nodes[0].port, timeout=PATIENCE)
        headers = {**basic(self.login, self.password), "Content-Type": "application/json"}
        times, began, number = list[float](), time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            number += 1
            query = {"accountId": self.account, "filter": {"inMailbox": self.inbox}, "position": number, "limit": 50}
            wanted = {
                "#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"},
                "properties": ["subject", "from"],
            }
            calls = [["Email/query", query, "0"], ["Email/get", {"accountId": self.account, **wanted}, "1"]]
            sent = time.perf_counter()
            link.request("POST", "/jmap/", json.dumps({"using": MAIL, "methodCalls": calls}), headers)
            link.getresponse().read()
            times.append(time.perf_counter() - sent)
        link.close()
        return times

    def close(self) -> None:
        """End it."""
        for node in self.nodes:
            node.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def pushed(world: World, count: int) -> list[float]:
    """Seconds from a change at the first node to its event at the second."""
    client, times = world.stream(), list[float]()
    for number in range(count):
        time.sleep(GAP)
        patch = {world.emails[0]: {"keywords/bench": None if number % 2 else True}}
        began = time.perf_counter()
        threading.Thread(
            target=world.user.call, args=("Email/set", {"accountId": world.account, "update": patch})
        ).start()
        while b"event: state" not in client.recv(65536):
            continue
        times.append(time.perf_counter() - began)
    client.close()
    return times


def backing_up(world: World, stop: threading.Event) -> None:
    """One backup after the other."""
    number = 0
    while not stop.is_set():
        number += 1
        target = world.folder / f"{number}.tar"
        words = ["store", "backup", str(world.folder / "one"), str(target)]
        subprocess.run(
            ["nice", sys.executable, "-m", "stalwart.cli", *words], cwd=ROOT, check=True, stderr=subprocess.DEVNULL
        )
        target.unlink()


def run(options: argparse.Namespace) -> list[Result]:
    """Both figures."""
    world = World()
    try:
        times = pushed(world, options.changes)
        ratios, quiet, busy = list[float](), list[float](), list[float]()
        for _ in range(options.rounds):
            before = world.pages(options.seconds)
            stop = threading.Event()
            thread = threading.Thread(target=backing_up, args=(world, stop))
            thread.start()
            meanwhile = world.pages(options.seconds)
            stop.set()
            thread.join()
            quiet.append(quantile(before, 0.99))
            busy.append(quantile(meanwhile, 0.99))
            ratios.append(busy[-1] / quiet[-1])
    finally:
        world.close()
    late = f"{spread(times, 'ms', 1000)}, {len(times)} changes"
    pages = f"p99 alone {spread(quiet, 'ms', 1000)}, meanwhile {spread(busy, 'ms', 1000)}"
    return [
        Result("from a change at one node to its event at another: p99", quantile(times, 0.99) * 1000, "ms", 50, late),
        Result("pages while a backup is written, p99 by p99 without", middle(ratios), "x", 1.1, pages),
    ]


if __name__ == "__main__":
    main(__doc__ or "", run, changes=100, rounds=3, seconds=15)
