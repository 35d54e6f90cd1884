"""Mail beside Cyrus: lists, synchronising, flags, arrival, sessions; both servers on the same requests, round by round.

W1 a page of 50 by Email/query and Email/get (20 pages again and again; then all there are, which is more than we
remember), W2 Email/changes with ten changed and all mailboxes, W3 one keyword of one message, W4 messages of 8 KiB over
LMTP until the list shows them all, W12 the session. Eight connections, four for LMTP. Both hold ``--messages`` messages
of 8 KiB in the inbox. ``--quickack 0`` leaves acknowledgements to the system. Without Cyrus (see ``peer``) there are
only our own figures.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import re
import time
from collections.abc import Sequence
from typing import Any, Protocol

from attrs import define, field

from bench.load import Load, deliveries, requests
from bench.measure import Result, Skipped, main, middle
from bench.peer import Cyrus, tree_cpu_seconds
from bench.server import HTTP, LOGIN, TWISTD, Server

USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:stalwart:jmap"]
SHOWN = [
    "id",
    "threadId",
    "mailboxIds",
    "keywords",
    "hasAttachment",
    "from",
    "subject",
    "receivedAt",
    "size",
    "preview",
]
LISTENING = re.compile(r"listening lmtp 127\.0\.0\.1:(\d+)")
WORDS = [
    "server",
    "mail",
    "report",
    "meeting",
    "invoice",
    "holiday",
    "garden",
    "update",
    "question",
    "answer",
    "weekend",
    "project",
    "number",
    "table",
]


class Target(Protocol):
    """A server that takes mail and speaks JMAP."""

    name: str
    port: int
    lmtp_port: int
    session_path: str

    @property
    def pid(self) -> int: ...
    @property
    def users(self) -> tuple[tuple[str, str], tuple[str, str]]: ...
    def stop(self) -> None: ...


class Ours:
    """The daemon with two accounts and without limits of rates."""

    name = "ours"
    admin: tuple[str, ...] = tuple(LOGIN.split(":"))
    session_path = "/jmap/session"
    users = ("one@bench.test", "Bench-Pass-1-word"), ("two@bench.test", "Bench-Pass-2-word")

    def __init__(self, *options: str) -> None:
        doors = (*HTTP, "--lmtp", "tcp:0:interface=127.0.0.1")
        self._server = Server(*TWISTD, "stalwart", "--data", "{data}", *doors, *options)
        self.port, self.pid = self._server.port, self._server.pid
        self.data = self._server.data
        self.lmtp_port = int(self._server.said(LISTENING)[1])
        admin = Client(self, *self.admin)
        (made,) = admin.calls([["x:Domain/set", {"create": {"d": {"name": "bench.test"}}}]])
        domain = made["created"]["d"]["id"]
        people = {
            login.partition("@")[0]: {
                "@type": "User",
                "name": login.partition("@")[0],
                "domainId": domain,
                "credentials": {"0": {"@type": "Password", "secret": password}},
            }
            for login, password in self.users
        }
        lifted: list[list[Any]] = [
            ["x:Account/set", {"create": people}],
            ["x:Http/set", {"update": {"singleton": {"rateLimitAuthenticated": None, "rateLimitAnonymous": None}}}],
            ["x:Jmap/set", {"update": {"singleton": {"maxConcurrentRequests": None}}}],
        ]
        for answer in admin.calls(lifted):
            if answer.get("notCreated") or answer.get("notUpdated"):
                raise RuntimeError(answer)

    def stop(self) -> None:
        """End it."""
        self._server.stop()


class Client:
    """JMAP for one user."""

    def __init__(self, target: Target, login: str, password: str) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", target.port, timeout=120)
        self.authorization = "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
        session = self._answer("GET", target.session_path, None)
        self.path = re.sub(r"^https?://[^/]+", "", session["apiUrl"])
        self.account = next(iter(session["accounts"]), "")

    def calls(self, calls: Sequence[Sequence[Any]]) -> list[Any]:
        """What the calls answer; raises RuntimeError for an error."""
        answer = self._answer("POST", self.path, self.body(calls))
        found = [arguments for name, arguments, _ in answer["methodResponses"] if name != "error"]
        if len(found) != len(calls):
            raise RuntimeError(answer)
        return found

    def body(self, calls: Sequence[Sequence[Any]]) -> str:
        """A request with the calls ``c0``, ``c1`` and so on."""
        using = USING if "x:" in calls[0][0] else USING[:2]
        named = [[*each, f"c{number}"] for number, each in enumerate(calls)]
        return json.dumps({"using": using, "methodCalls": named})

    def request(self, calls: Sequence[Sequence[Any]]) -> bytes:
        """The same as it goes over the wire."""
        body = self.body(calls).encode()
        head = f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {self.authorization}\r\n"
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def inbox(self) -> tuple[str, int]:
        """Its id, and how many messages there are."""
        ((found, *_),) = [
            [each for each in answer["list"] if each["role"] == "inbox"]
            for answer in self.calls([["Mailbox/get", {"accountId": self.account, "ids": None}]])
        ]
        return found["id"], found["totalEmails"]

    def _answer(self, verb: str, path: str, body: str | None) -> Any:
        headers = {"Authorization": self.authorization, "Content-Type": "application/json"}
        self._http.close()  # between workloads servers close what was idle
        self._http.request(verb, path, body, headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{verb} {path}: {answer.status} {text[:500]!r}")
        return json.loads(text)


def message(number: int) -> bytes:
    """A message of 8 KiB, another one for every number."""
    lines = [
        " ".join(WORDS[(number * 7 + line * 3 + word) % len(WORDS)] for word in range(9)) + f" {number * 131 + line}"
        for line in range(115)
    ]
    head = (
        f"Message-ID: <{number}.{time.time_ns()}@bench.test>\r\nDate: Thu, 1 Jan 2026 10:00:00 +0000\r\n"
        f"From: Sender {number % 50} <sender{number % 50}@sender.test>\r\nTo: One <one@bench.test>\r\n"
        f"Subject: {WORDS[number % len(WORDS)]} {number}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    return (head + "\r\n".join(lines)).encode()[:8192]


@define
class Side:
    """A server with its figures: by workload, the time of an operation and its CPU, one of each round."""

    target: Target
    quickack: bool
    connections: int = 8
    clients: list[Client] = field(init=False)
    jobs: dict[str, tuple[list[bytes], bytes]] = field(factory=dict)
    times: dict[str, list[float]] = field(factory=dict)
    costs: dict[str, list[float]] = field(factory=dict)
    texts: dict[str, str] = field(factory=dict)

    def prepare(self, messages: int) -> None:
        """Log in, fill the inbox, make the requests, look at one answer of each kind."""
        self.clients = [Client(self.target, login, password) for login, password in self.target.users]
        first = self.clients[0]
        box, have = first.inbox()
        while have < messages:
            deliveries(("127.0.0.1", self.target.lmtp_port), self.target.users[0][0], message, 4, 2)
            _, have = first.inbox()
        account = first.account
        self.jobs["W1"] = [first.request(page_calls(account, box, place)) for place in range(0, 1000, 50)], b'"preview"'
        places = range(max(messages - 50, 1))
        self.jobs["W1.new"] = [first.request(page_calls(account, box, place)) for place in places], b'"preview"'
        found, got = first.calls(
            [
                ["Email/query", {"accountId": account, "filter": {"inMailbox": box}, "limit": 400}],
                ["Email/get", {"accountId": account, "ids": [], "properties": ["id"]}],
            ]
        )
        ids = found["ids"]
        for each in ids[:10]:
            first.calls([["Email/set", {"accountId": account, "update": {each: {"keywords/bench": True}}}]])
        sync: list[list[Any]] = [
            ["Email/changes", {"accountId": account, "sinceState": got["state"], "maxChanges": 100}],
            ["Mailbox/get", {"accountId": account, "ids": None}],
        ]
        if len(first.calls(sync)[0]["updated"]) != 10:
            raise RuntimeError("not the ten that were changed")
        self.jobs["W2"] = [first.request(sync)], b'"totalEmails"'
        flags = [
            first.request([["Email/set", {"accountId": account, "update": {each: {"keywords/$flagged": value}}}]])
            for value in (True, None)
            for each in ids
        ]
        self.jobs["W3"] = flags, b'"updated"'
        head = f"GET {self.target.session_path} HTTP/1.1\r\nHost: localhost\r\n"
        head += f"Authorization: {first.authorization}\r\n\r\n"
        self.jobs["W12"] = [head.encode()], b'"apiUrl"'

    def run(self, workload: str, seconds: float) -> None:
        """One round."""
        before = tree_cpu_seconds(self.target.pid)
        load = self._arrival(seconds) if workload == "W4" else self._requests(workload, seconds)
        spent = tree_cpu_seconds(self.target.pid) - before
        self.times.setdefault(workload, []).append(1 / load.rate)
        self.costs.setdefault(workload, []).append(spent / load.count)
        self.texts[workload] = load.shown()

    def _requests(self, workload: str, seconds: float) -> Load:
        wanted, sign = self.jobs[workload]
        return requests(
            ("127.0.0.1", self.target.port), wanted, sign, self.connections, seconds, quickack=self.quickack
        )

    def _arrival(self, seconds: float) -> Load:
        client = self.clients[1]
        _, before = client.inbox()
        began = time.perf_counter()
        load = deliveries(("127.0.0.1", self.target.lmtp_port), self.target.users[1][0], message, 4, seconds)
        until = time.monotonic() + 30
        while client.inbox()[1] < before + load.count:
            if time.monotonic() > until:
                raise RuntimeError("not everything that was accepted is in the list")
            time.sleep(0.02)
        return Load(load.count, time.perf_counter() - began, load.times)


def page_calls(account: str, box: str, position: int) -> list[list[Any]]:
    """The newest messages from ``position`` on, and what a list shows of them."""
    newest = [{"property": "receivedAt", "isAscending": False}]
    wanted = {"accountId": account, "filter": {"inMailbox": box}, "sort": newest, "position": position, "limit": 50}
    named = {"resultOf": "c0", "name": "Email/query", "path": "/ids"}
    return [["Email/query", wanted], ["Email/get", {"accountId": account, "#ids": named, "properties": SHOWN}]]


TITLES = {
    "W1": ("W1 a page of 50, query and get", 1 / 2.4),
    "W1.new": ("W1 the same, each time another page", 1 / 2.4),
    "W2": ("W2 ten changes and all mailboxes", 1 / 7),
    "W3": ("W3 one keyword, eight connections", 1 / 6),
    "W4": ("W4 arrival by LMTP until it is in the list", 1 / 2),
    "W12": ("W12 session", 1 / 5),
}


def run(options: argparse.Namespace) -> list[Result]:
    """All workloads in turn on both."""
    sides = [Side(Ours(), bool(options.quickack))]
    try:
        without = ""
        try:
            sides.append(Side(Cyrus(), bool(options.quickack)))
        except Skipped as reason:
            without = f"; {reason}"
        for side in sides:
            side.prepare(options.messages)
        for workload in TITLES:
            for _ in range(options.rounds):
                for side in sides:
                    side.run(workload, options.seconds)
        return [_result(sides, workload, without) for workload in TITLES]
    finally:
        for side in sides:
            side.target.stop()


def _result(sides: Sequence[Side], workload: str, without: str) -> Result:
    title, limit = TITLES[workload]
    ours = sides[0]
    note = f"ours {ours.texts[workload]}, {middle(ours.costs[workload]) * 1e3:.2f} ms CPU"
    if len(sides) == 1:
        return Result(title, middle(ours.times[workload]) * 1e3, "ms", None, note + without)
    peer = sides[1]
    shares = [mine / other for mine, other in zip(ours.times[workload], peer.times[workload], strict=True)]
    note += f"; Cyrus {peer.texts[workload]}, {middle(peer.costs[workload]) * 1e3:.2f} ms CPU; "
    note += f"{1 / middle(shares):.1f} x as fast ({1 / max(shares):.1f} .. {1 / min(shares):.1f})"
    return Result(f"{title}: time of Cyrus' time", middle(shares), "", round(limit, 3), note)


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=3, seconds=3, messages=5000, quickack=1)
