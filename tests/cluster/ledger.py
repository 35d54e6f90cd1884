"""Clients that write all the time, and write down what was acknowledged; nothing is ever sent twice by them.

What was acknowledged has to be there once. What was not may be there, but not twice.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import define, field

from tests.cluster.cluster import PUBLIC, Cluster
from tests.live.daemon import ADMIN, basic
from tests.live.mail_sink import MailSink

CORE = "urn:ietf:params:jmap:core"
CAPABILITIES = [
    CORE,
    *(f"urn:ietf:params:jmap:{name}" for name in ("mail", "contacts", "filenode")),
    "urn:stalwart:jmap",
]
PATIENCE = 75.0
"""Seconds after which a client goes away; it waits for an answer that a server holds back for half a minute."""
BEST = 5
CARDS = 50
"""Cards that one request makes."""
EXPECTED = frozenset({"serverUnavailable"})
DOCUMENTED = frozenset({429, 502, 503, 504})
"""What a proxy or a daemon says while there is nobody to ask; a 500 and serverFail are none of them."""


@define
class Book:
    """What one kind of writer has been told: names by when they were acknowledged, and what was refused how often."""

    acknowledged: dict[str, float] = field(factory=dict)
    asked: int = 0
    refused: Counter[str] = field(factory=Counter)
    odd: list[str] = field(factory=list)
    longest: float = 0.0

    def told(self) -> str:
        """A line about it."""
        return (
            f"{len(self.acknowledged)} acknowledged in {self.asked} requests, longest answer {self.longest:.1f} s,"
            f" longest silence {self.gap():.1f} s, {self.best():.0f} a second in the best {BEST} s,"
            f" refused {dict(self.refused)}, odd {self.odd[:3]}"
        )

    def best(self) -> float:
        """The most acknowledgements in a second while nothing was wrong."""
        return best(self.acknowledged.values())

    def gap(self) -> float:
        """The longest time without an acknowledgement."""
        times = sorted(self.acknowledged.values())
        return max((later - earlier for earlier, later in itertools.pairwise(times)), default=0.0)


def best(times: Iterable[float]) -> float:
    """How many of these moments there are in a second, in the ``BEST`` seconds that have most of them."""
    ordered = sorted(times)
    most = first = 0
    for place, at in enumerate(ordered):
        while ordered[first] < at - BEST:
            first += 1
        most = max(most, place - first + 1)
    return most / BEST


class Refused(Exception):
    """An answer that is no acknowledgement; what it says."""


class Ledger:
    """Writers for the account ``login`` through the front of ``cluster``; ``sink`` gets what is sent elsewhere."""

    def __init__(self, cluster: Cluster, login: str, password: str, sink: MailSink) -> None:
        self.cluster = cluster
        self.sink = sink
        self.books: dict[str, Book] = {}
        self.deaths: list[tuple[float, float]] = []
        """From when to when a daemon was dead, hung or cut off (``time.monotonic``)."""
        self._login, self._password = login, password
        self._authorization = basic(login, password)
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        session = self._asked("GET", "/jmap/session", None)
        self._account = next(iter(json.loads(session)["accounts"]))
        (self._book,) = self.call("AddressBook/get", {"ids": None})["list"]

    def start(self) -> None:
        """Begin to write, all kinds at once."""
        kinds: tuple[tuple[str, Callable[[str], Iterable[str]], float], ...] = (
            ("card", self._cards, 0.0),
            ("more", self._cards, 0.0),
            ("file", self._file, 0.0),
            ("delivery", self._delivery, 0.0),
            ("letter", self.letter, 0.05),
            ("setting", self._setting, 0.5),
            ("key", self._key, 1.0),
        )
        for kind, write, pause in kinds:
            book = self.books[kind] = Book()
            thread = threading.Thread(target=self._write, args=(kind, book, write, pause), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Write no more, and wait for the answers that are due."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(PATIENCE + 5)
            assert not thread.is_alive()

    def goes_on(self, since: float) -> bool:
        """Whether each kind has been acknowledged after ``since``."""
        return all(any(at > since for at in list(book.acknowledged.values())[-50:]) for book in self.books.values())

    def _write(self, kind: str, book: Book, write: Callable[[str], Iterable[str]], pause: float) -> None:
        for number in itertools.count():
            if self._stopped.wait(pause):
                return
            began = time.monotonic()
            try:
                names = write(f"{kind}-{number}")
                book.acknowledged.update(dict.fromkeys(names, time.monotonic()))
            except Refused as refused:
                book.refused[str(refused)] += 1
                self._stopped.wait(0.1)
            except (OSError, http.client.HTTPException, smtplib.SMTPException) as problem:
                book.refused[type(problem).__name__] += 1
                self._stopped.wait(0.1)
            except Exception as problem:
                book.odd.append(f"at {time.monotonic():.1f}: {problem!r}")
            book.asked += 1
            book.longest = max(book.longest, time.monotonic() - began)

    def _asked(self, method: str, path: str, body: bytes | None, headers: dict[str, str] | None = None) -> bytes:
        client = http.client.HTTPConnection(PUBLIC, self.cluster.port, timeout=PATIENCE)
        with contextlib.closing(client):
            client.request(method, path, body, {**self._authorization, **(headers or {})})
            answer = client.getresponse()
            octets = answer.read()
            if answer.status in DOCUMENTED:
                raise Refused(str(answer.status))
            if answer.status == 400 and b"error:limit" in octets:
                raise Refused("limit")  # what a proxy has given up goes on for a while
            assert answer.status in (200, 201, 204, 207), (answer.status, octets[:300])
            return octets

    def call(self, name: str, arguments: dict[str, Any], *, admin: bool = False) -> Any:
        """The arguments of the response. Raises Refused for an error that passes."""
        if not name.startswith("x:"):
            arguments = {"accountId": self._account, **arguments}
        body = json.dumps({"using": CAPABILITIES, "methodCalls": [[name, arguments, "0"]]}).encode()
        headers = {"Content-Type": "application/json"} | (basic(*ADMIN) if admin else {})
        ((answered, found, _),) = json.loads(self._asked("POST", "/jmap/", body, headers))["methodResponses"]
        if answered == "error" and found["type"] in EXPECTED:
            raise Refused(found["type"])
        assert answered == name, found
        return found

    def _create(self, type: str, new: dict[str, dict[str, Any]], *, admin: bool = False) -> list[str]:
        answer = self.call(f"{type}/set", {"create": new}, admin=admin)
        for refused in (answer["notCreated"] or {}).values():
            if refused["type"] in EXPECTED:
                raise Refused(refused["type"])
            raise AssertionError(refused)
        return [name for name in new if name in answer["created"]]

    def _cards(self, name: str) -> list[str]:
        names = [f"{name}-{number}" for number in range(CARDS)]
        card = {"@type": "Card", "version": "1.0", "addressBookIds": {self._book["id"]: True}}
        return self._create("ContactCard", {each: {**card, "name": {"full": each}} for each in names})

    def _file(self, name: str) -> list[str]:
        path = f"/dav/file/{self._login.replace('@', '%40')}/{name}"
        content = f"{name}\n".encode() * (20_000 if name.endswith("0") else 10)  # some go to the bucket
        self._asked("PUT", path, content, {"If-None-Match": "*", "Content-Type": "text/plain"})
        return [name]

    def _delivery(self, name: str) -> list[str]:
        text = f"From: sender@elsewhere.test\r\nSubject: {name}\r\nMessage-ID: <{name}@elsewhere.test>\r\n\r\nx\r\n"
        with smtplib.LMTP(PUBLIC, self.cluster.ports.lmtp, local_hostname="client.test", timeout=PATIENCE) as client:
            client.sendmail("sender@elsewhere.test", [self._login], text)
        return [name]

    def letter(self, name: str) -> list[str]:
        """One to a recipient elsewhere who has this name; what was acknowledged."""
        text = f"From: {self._login}\r\nSubject: {name}\r\nMessage-ID: <{name}@test>\r\n\r\nx\r\n"
        port = self.cluster.ports.submission
        with smtplib.SMTP(PUBLIC, port, local_hostname="client.test", timeout=PATIENCE) as client:
            client.starttls()
            client.login(self._login, self._password)
            client.sendmail(self._login, [f"{name}@elsewhere.test"], text)
        return [name]

    def _setting(self, name: str) -> list[str]:
        route = {"@type": "Relay", "name": name, "address": "192.0.2.1", "port": 25}
        return self._create("x:MtaRoute", {name: route}, admin=True)

    def _key(self, name: str) -> list[str]:
        return self._create("x:ApiKey", {name: {"description": name}})

    def found(self) -> dict[str, Counter[str]]:
        """How often each name is there, by kind."""
        return {
            **self._found_cards(),
            "file": Counter(
                each["name"] for each in self._all("FileNode", ["name"]) if each["name"].startswith("file-")
            ),
            "delivery": Counter(
                each["subject"] for each in self._all("Email", ["subject"]) if each["subject"].startswith("delivery-")
            ),
            "letter": Counter(each.recipient.partition("@")[0] for each in self.sink.taken),
            "setting": Counter(each["name"] for each in self._all("x:MtaRoute", ["name"], admin=True)),
            "key": Counter(each["description"] for each in self._all("x:ApiKey", ["description"])),
        }

    def _found_cards(self) -> dict[str, Counter[str]]:
        names = Counter(each["name"]["full"] for each in self._all("ContactCard", ["name"]))
        return {kind: Counter({n: c for n, c in names.items() if n.startswith(kind)}) for kind in ("card", "more")}

    def wrong(self) -> dict[str, list[str]]:
        """What is missing, and what is there twice."""
        problems: dict[str, list[str]] = {}
        for kind, there in self.found().items():
            lost = [f"{name} is lost" for name in self.books[kind].acknowledged if not there[name]]
            doubled = [
                f"{name} is there {count} times{self._when(name) if kind == 'letter' else ''}"
                for name, count in there.items()
                if count > 1 and not (kind == "letter" and self._is_excused(name))
            ]
            if lost or doubled:
                problems[kind] = lost + doubled
        return problems

    def _is_excused(self, letter: str) -> bool:
        """Whether it was sent when a daemon died, hung or was cut off, which may have been in the middle of it."""
        at = [each.at for each in self.sink.taken if each.recipient.partition("@")[0] == letter]
        return any(begin - 2 <= each <= end + 2 for each in at for begin, end in self.deaths)

    def _when(self, letter: str) -> str:
        """When it was acknowledged and taken, and by whom."""
        name = f"{letter}@elsewhere.test"
        taken = [f"{each.at:.1f}" for each in self.sink.taken if each.recipient == name]
        acknowledged = self.books["letter"].acknowledged.get(letter, 0.0)
        return f", acknowledged at {acknowledged:.1f}, taken at {', '.join(taken)}"

    def _all(self, type: str, properties: list[str], *, admin: bool = False) -> Iterator[dict[str, Any]]:
        for position in itertools.count(0, 200):
            ids = self.call(f"{type}/query", {"position": position, "limit": 200}, admin=admin)["ids"]
            if not ids:
                return
            asked = {"ids": ids, "properties": properties}
            yield from self.call(f"{type}/get", asked, admin=admin)["list"]

    def report(self) -> str:
        """A line for each kind."""
        all = best(at for book in self.books.values() for at in book.acknowledged.values())
        return "\n".join([*(f"{kind}: {book.told()}" for kind, book in self.books.items()), f"all: {all:.0f} a second"])
