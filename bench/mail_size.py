"""A large mailbox beside a small one: what lists, pages and synchronising cost in both, CPU of the server per request.

Two accounts of one daemon have ``--large`` and ``--small`` messages in the inbox, put into the store directly
(``python -m bench.mail_size fill FOLDER ACCOUNT MAILBOX COUNT``). Requests go to both in turn, eight connections each;
no two are the same, so that no answer is remembered. What costs depends on the place in a list (its middle, an anchor
there) is asked for at the same place in both; the last page of each is apart.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from attrs import define, field

from bench.load import requests
from bench.mail import SHOWN, Client, Ours
from bench.measure import ROOT, Result, cpu_seconds, main, middle

PAGE = 50
MOST = 1.2
_AT_ONCE = 2000
_BEGIN = 1_700_000_000
_NEWEST = [{"property": "receivedAt", "isAscending": False}]
_DIFFERENT = 4000

Call = tuple[str, dict[str, Any]]


@define
class Box:
    """The inbox of an account: its size, the newest ids, some from everywhere, a state ten changes ago."""

    client: Client
    id: str
    total: int
    ids: list[str]
    anywhere: list[str]
    since: str
    costs: dict[str, list[float]] = field(factory=dict)

    @classmethod
    def of(cls, client: Client) -> Box:
        """Look around, and change ten e-mails."""
        id, total = client.inbox()
        account = client.account
        anywhere = []
        for position in range(0, total, max(total // 20, PAGE)):
            asked = {"accountId": account, "filter": {"inMailbox": id}, "position": position, "limit": 100}
            anywhere += client.calls([["Email/query", asked]])[0]["ids"]
        asked = {"accountId": account, "filter": {"inMailbox": id}, "limit": 2000}
        (found,) = client.calls([["Email/query", asked]])
        for each in found["ids"][:10]:
            client.calls([["Email/set", {"accountId": account, "update": {each: {"keywords/bench": True}}}]])
        return cls(client, id, total, found["ids"], anywhere, found["queryState"])

    def query(self, number: int, **arguments: Any) -> Call:
        """Email/query of the inbox; without an anchor its offset is nothing but a difference."""
        asked = {"filter": {"inMailbox": self.id}, "sort": _NEWEST, "limit": PAGE, "anchorOffset": number}
        return "Email/query", asked | arguments


WORK: dict[str, Callable[[Box, int], Call]] = {
    "first page": lambda box, number: box.query(number, position=0),
    "page at 100, total": lambda box, number: box.query(number, position=100, calculateTotal=True),
    "page at 900": lambda box, number: box.query(number, position=900),
    "page behind an anchor": lambda box, number: box.query(0, anchor=box.ids[number % 500], anchorOffset=1),
    "last page": lambda box, number: box.query(number, position=-PAGE),
    "first page of threads, total": lambda box, number: box.query(
        number, position=0, collapseThreads=True, calculateTotal=True
    ),
    "unread, first page": lambda box, number: box.query(
        number, filter={"inMailbox": box.id, "notKeyword": "$seen"}, position=0
    ),
    "all mail, first page": lambda box, number: box.query(number, filter=None, position=0),
    "Email/get of 50 from everywhere": lambda box, number: (
        "Email/get",
        {"ids": random.Random(number).sample(box.anywhere, PAGE), "properties": SHOWN},
    ),
    "Email/changes, ten": lambda box, number: ("Email/changes", {"sinceState": box.since}),
    "Email/queryChanges, ten": lambda box, number: (
        "Email/queryChanges",
        {"filter": {"inMailbox": box.id}, "sort": _NEWEST, "sinceQueryState": box.since, "calculateTotal": True},
    ),
    "Email/queryChanges, unread, ten": lambda box, number: (
        "Email/queryChanges",
        {"filter": {"inMailbox": box.id, "notKeyword": "$seen"}, "sort": _NEWEST, "sinceQueryState": box.since},
    ),
    "Mailbox/get": lambda box, number: ("Mailbox/get", {"ids": None}),
}


def measure(target: Ours, box: Box, name: str, seconds: float, round: int) -> None:
    """One round of one kind of request."""
    numbers = range(round * _DIFFERENT, (round + 1) * _DIFFERENT)
    wanted = []
    for number in numbers:
        method, arguments = WORK[name](box, number)
        wanted.append(box.client.request([[method, {"accountId": box.client.account, **arguments}]]))
    before = cpu_seconds(target.pid)
    load = requests(("127.0.0.1", target.port), wanted, b'"accountId"', 8, seconds)
    box.costs.setdefault(name, []).append((cpu_seconds(target.pid) - before) / load.count)


def run(options: argparse.Namespace) -> list[Result]:
    """All kinds of requests, on both mailboxes in turn."""
    target = Ours()
    try:
        boxes = []
        for (login, password), count in zip(target.users, (options.small, options.large), strict=True):
            client = Client(target, login, password)
            id, _ = client.inbox()
            words = [sys.executable, "-m", "bench.mail_size", "fill", str(target.data), client.account, id, str(count)]
            subprocess.run(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
            boxes.append(Box.of(client))
        for name in WORK:
            for round in range(options.rounds):
                for box in boxes if round % 2 else reversed(boxes):
                    measure(target, box, name, options.milliseconds / 1000, round)
        return [_result(name, *boxes) for name in WORK]
    finally:
        target.stop()


def _result(name: str, small: Box, large: Box) -> Result:
    ratios = [mine / other for mine, other in zip(large.costs[name], small.costs[name], strict=True)]
    costs = [middle(box.costs[name]) * 1e6 for box in (large, small)]
    note = f"{costs[0]:.0f} and {costs[1]:.0f} us CPU; ratios {min(ratios):.2f} .. {max(ratios):.2f}"
    return Result(f"{name}: {large.total} beside {small.total} messages", middle(ratios), "x", MOST, note)


def fill(data: Path, account: str, mailbox: str, count: int) -> None:
    """Put messages into the store, a minute apart, every fifth the answer to the one before it, every third unread."""
    from twisted.internet import task

    from stalwart.codec.ids import decode_id
    from stalwart.store import Transaction, open_store
    from stalwart.store.config_file import embedded_store_config
    from stalwart.telemetry import Telemetry

    account_id, mailbox_id = decode_id(account), decode_id(mailbox)

    def some(tx: Transaction, numbers: range) -> None:
        blob = tx.blobs.put(b"Subject: Something\r\n\r\nWords.\r\n", _BEGIN).hash
        for number in numbers:
            tx.mail.add_email(account_id, _email(blob, mailbox_id, number), now=_BEGIN)

    async def everything(reactor: Any) -> None:
        store = open_store(embedded_store_config(data), reactor, Telemetry())
        await store.start()
        for begin in range(0, count, _AT_ONCE):
            await store.write(partial(some, numbers=range(begin, min(begin + _AT_ONCE, count))))
        await store.close()

    task.react(everything)


def _email(blob: bytes, mailbox: int, number: int) -> Any:
    from stalwart.mail.messages.fragment import FRAGMENT_NAMES, write
    from stalwart.store.mail_rows import NewEmail

    who = [{"name": f"Sender {number % 500}", "email": f"sender{number % 500}@sender.test"}]
    members = dict.fromkeys(FRAGMENT_NAMES) | {
        "messageId": [f"{number}@sender.test"],
        "from": who,
        "to": [{"name": None, "email": "one@bench.test"}],
        "subject": f"Something {number}",
        "sentAt": "2026-01-01T10:00:00Z",
        "hasAttachment": False,
        "preview": "Some words of what is written in it, as many as a list shows beside the subject. " * 2,
    }
    thread = number - 1 if number % 5 == 4 else number
    return NewEmail(
        blob=blob,
        size=8192,
        received_at=_BEGIN + 60 * number,
        mailboxes=frozenset((mailbox,)),
        keywords=frozenset() if number % 3 == 0 else frozenset(("$seen",)),
        from_key=f"sender {number % 500}",
        to_key="one@bench.test",
        subject_key=f"something {thread}",
        subject_hash=thread,
        references=frozenset((thread, number)),
        fragment=write(members),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        folder, account, mailbox, count = sys.argv[2:]
        fill(Path(folder), account, mailbox, int(count))
    else:
        main(__doc__ or "", run, rounds=3, milliseconds=700, small=2000, large=200_000)
