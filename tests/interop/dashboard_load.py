"""People, programs and strangers who use the demo of ``page_world``, so that every panel has something to show."""

from __future__ import annotations

import http.client
import json
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from tests.interop.page_world import HOSTS, ORIGIN, PageWorld
from tests.interop.programs import Program
from tests.live.authority import Authority
from tests.live.daemon import basic
from tests.live.people import USING

ADMIN, ALICE, BOB = (f"{name}@example.test" for name in ("admin", "alice", "bob"))
PAGES = ("/healthz/live", "/healthz/ready", "/robots.txt", "/diagnose", "/.well-known/jmap", "/login", "/no/such/page")
NAMES = ("mail.example.test", "autoconfig.example.test")
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Core/echo", {"hello": True}),
    ("x:Domain/get", {}),
    ("x:Account/query", {}),
    ("x:Account/get", {}),
    ("x:Log/query", {"limit": 10}),
    ("x:Http/get", {}),
    ("x:Domain/get", {"ids": 7}),
    ("x:NoSuchThing/get", {}),
)
PATIENCE = 30.0
QUIET = (OSError, http.client.HTTPException)  # of a server that drops strangers, or stops at the end


class Crowd:
    """They come with ``start`` and leave with ``stop``; ``dice`` decides what they do."""

    def __init__(self, world: PageWorld, tls_port: int, dice: random.Random) -> None:
        self.world = world
        self.tls_port = tls_port
        self.dice = dice
        self.problems: list[str] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(act, pause), daemon=True)
            for act, pause in (
                *((self.browse, 0.02), (self.browse, 0.05), (self.call, 0.06), (self.call, 0.09), (self.carry, 0.7)),
                *((self.mistype, 1.5), (self.program, 4.0), (self.diagnose, 1.0), (self.diagnose, 2.5)),
                *(
                    (self.shake_hands, 0.8),
                    (self.watch, 3.0),
                    (self.watch, 5.0),
                    (self.guess, 1.0),
                    (self.change, 12.0),
                ),
            )
        ]

    def start(self) -> None:
        """All begin."""
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        """Wait until all are gone."""
        self._over.set()
        for each in self._threads:
            each.join(PATIENCE)

    def prepare(self) -> None:
        """What an administrator does once: figures, certificates, limits that suit a crowd behind one address."""
        enabled = {"@type": "Enabled", "naming": "openmetrics"}
        self.set("Metrics", {"update": {"singleton": {"prometheus": enabled}}})
        unlimited = {"rateLimitAnonymous": None, "rateLimitAuthenticated": None}
        self.set("Http", {"update": {"singleton": {**unlimited, "useXForwarded": True}}})
        self.set("Security", {"update": {"singleton": {"authBanRate": {"count": 12, "period": 86_400_000}}}})
        pairs = {str(n): Authority().pair(name) for n, name in enumerate(NAMES)}
        self.set("Certificate", {"create": pairs})

    def browse(self) -> None:
        """Somebody opens pages on one connection."""
        with self._connection() as client:
            for _ in range(self.dice.randint(3, 30)):
                self._ask(client, "GET", self.dice.choice(PAGES), {})
                time.sleep(self.dice.uniform(0, 0.08))

    def call(self) -> None:
        """A program makes some calls."""
        with self._connection() as client:
            for _ in range(self.dice.randint(2, 15)):
                some = self.dice.choices(CALLS, (8, 4, 4, 4, 1, 3, 1, 1), k=self.dice.randint(1, 3))
                self._call(client, *some)
                time.sleep(self.dice.uniform(0, 0.1))

    def carry(self) -> None:
        """Somebody uploads a file and downloads it."""
        mine = self._headers(ALICE)
        with self._connection() as client:
            account = next(iter(json.loads(self._ask(client, "GET", "/jmap/session", mine)[1])["accounts"]))
            body = self.dice.randbytes(self.dice.randint(1_000, 80_000))  # in all less than a person may keep
            fields = {**mine, "Content-Type": "application/octet-stream"}
            status, text = self._ask(client, "POST", f"/jmap/upload/{account}/", fields, body)
            if status == 200:
                self._ask(client, "GET", f"/jmap/download/{account}/{json.loads(text)['blobId']}/x", mine)

    def mistype(self) -> None:
        """Somebody signs in, at times with a wrong password."""
        password = "wrong" if self.dice.random() < 0.3 else self.world.accounts[BOB]
        with self._connection() as client:
            self._ask(client, "GET", "/api/account", basic(BOB, password))

    def guess(self) -> None:
        """Strangers behind a proxy guess passwords until they are banned, and go on; some look for other servers."""
        stranger = {"X-Forwarded-For": f"203.0.113.{self.dice.randint(1, 9)}"}
        with self._connection() as client:
            self._ask(client, "GET", "/api/account", {**basic(ALICE, "guess"), **stranger})
        if self.dice.random() < 0.1:
            stranger = {"X-Forwarded-For": f"198.51.100.{self.dice.randint(1, 250)}"}
            with self._connection() as client:
                self._ask(client, "GET", "/wp-login.php", stranger)

    def program(self) -> None:
        """Somebody lets a program in, which renews its tokens and leaves."""
        program = Program(self.world.port, "openid offline_access")
        try:
            tokens = program.sign_in(ALICE, self.world.accounts[ALICE])
            fields = {"grant_type": "refresh_token", "client_id": program.client_id}
            _, _, renewed = program.post("/auth/token", {**fields, "refresh_token": tokens["refresh_token"]})
            if self.dice.random() < 0.4:
                program.post("/auth/revoke", {"token": json.loads(renewed)["refresh_token"]})
        finally:
            program.close()

    def diagnose(self) -> None:
        """An administrator looks where mail would go."""
        host = self.dice.choice([name for name in HOSTS if name not in ("silent", "hushed")] * 3 + ["silent"])
        with self._connection() as client:
            path = f"/api/live/delivery/postmaster@{host}.{ORIGIN}?timeout={self.dice.randint(3, 8)}"
            self._ask(client, "GET", path, self._headers(ADMIN))

    def shake_hands(self) -> None:
        """A program connects by TLS; one in five is content with no certificate."""
        context = ssl.create_default_context()
        context.check_hostname = False
        if self.dice.random() > 0.2:
            context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.tls_port), timeout=PATIENCE) as plain, suppress(ssl.SSLError):
            context.wrap_socket(plain, server_hostname=self.dice.choice(NAMES)).close()

    def watch(self) -> None:
        """An administrator reads a live stream for a while."""
        path = self.dice.choice(("/api/live/tracing?level=info", "/api/live/metrics?interval=2"))
        with self._connection() as client:
            client.request("GET", path, headers=self._headers(ADMIN))
            answer = client.getresponse()
            until = time.monotonic() + self.dice.uniform(5, 25)
            while answer.status == 200 and time.monotonic() < until and not self._over.is_set():
                answer.readline()

    def change(self) -> None:
        """An administrator makes a domain, whose keys a task makes, and removes it."""
        name = f"d{self.dice.randrange(10**9)}.test"
        id = self.set("Domain", {"create": {"a": {"name": name}}})["created"]["a"]["id"]
        keys: list[str] = []
        until = time.monotonic() + PATIENCE
        while not keys and time.monotonic() < until:
            time.sleep(self.dice.uniform(2, 6))
            with self._connection() as client:
                ((_, found, _),) = self._call(client, ("x:DkimSignature/get", {}))
            keys = [each["id"] for each in found["list"] if each["domainId"] == id]
        # Else the task makes new ones at once.
        self.set("Domain", {"update": {id: {"dkimManagement": {"@type": "Manual"}}}})
        self.set("DkimSignature", {"destroy": keys})
        self.set("Domain", {"destroy": [id]})

    def set(self, type: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a change by the administrator."""
        with self._connection() as client:
            found: dict[str, Any] = self._call(client, (f"x:{type}/set", dict(arguments)))[0][1]
        refused = [found.get(member) for member in ("notCreated", "notUpdated", "notDestroyed") if found.get(member)]
        if refused:
            raise ValueError(f"x:{type}/set refuses {refused}")
        return found

    def _call(self, client: http.client.HTTPConnection, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
        body = {"using": USING, "methodCalls": [[name, given, str(n)] for n, (name, given) in enumerate(calls)]}
        fields = {**self._headers(ADMIN), "Content-Type": "application/json"}
        status, text = self._ask(client, "POST", "/jmap/", fields, json.dumps(body).encode())
        if status != 200:
            raise ValueError(f"{status} {text!r}")
        found: list[Any] = json.loads(text)["methodResponses"]
        return found

    def _ask(
        self, client: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: Any = None
    ) -> tuple[int, bytes]:
        client.request(method, path, body, dict(headers))
        answer = client.getresponse()
        return answer.status, answer.read()

    @contextmanager
    def _connection(self) -> Iterator[http.client.HTTPConnection]:
        client = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=PATIENCE)
        try:
            yield client
        finally:
            client.close()

    def _headers(self, login: str) -> dict[str, str]:
        return basic(login, self.world.accounts[login])

    def _repeat(self, act: Callable[[], None], pause: float) -> None:
        while not self._over.wait(self.dice.uniform(0, 2 * pause)):
            try:
                act()
            except QUIET:
                continue
            except Exception as problem:
                self.problems.append(f"{act.__name__}: {type(problem).__name__}: {problem}")
