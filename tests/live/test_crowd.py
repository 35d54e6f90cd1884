"""More clients at once than there are connections to PostgreSQL: they wait, and no longer than they may."""

from __future__ import annotations

import json
import selectors
import shutil
import socket
import time
from contextlib import ExitStack
from typing import Any

import psycopg
from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.config_file import write_store_config
from stalwart.store.sql.dialect import POSTGRESQL
from tests.live.daemon import PATIENCE, Daemon, basic, new_folder
from tests.live.people import Administrator
from tests.postgresql import programs, server

CLIENTS, POOL = 500, 20
MAIL = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
OF_DAEMON = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'stalwart'"
DOORS = ("--http", "tcp:0:interface=127.0.0.1")


class CrowdTests(SynchronousTestCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def setUp(self) -> None:
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        config = {**server().config(), "poolMaxConnections": POOL}
        self.address = server().to(str(config["database"]))
        for name in ("one", "two"):
            (self.folder / name).mkdir()
            write_store_config(self.folder / name / "config.json", config)
        self.daemon = Daemon.with_data(self.folder / "one", *DOORS)
        self.addCleanup(self.daemon.close)
        admin = Administrator(self.daemon)
        admin.change("Jmap", {"maxConcurrentRequests": None})
        admin.change("Http", {"rateLimitAuthenticated": None})
        self.login = admin.new_user("alice")
        self.user = Administrator(self.daemon, *self.login)
        self.user.using = MAIL
        session = json.loads(self.daemon.get("/jmap/session", basic(*self.login))[2])
        (self.account,) = session["accounts"]

    def test_five_hundred_clients_share_twenty_connections(self) -> None:
        lines = []
        with psycopg.connect(self.address) as other:
            other.execute(POSTGRESQL.begin_write.partition(";")[2].encode())  # nobody else writes meanwhile
            lines = [self.send(number) for number in range(CLIENTS)]
            slowest = 0.0
            for _ in range(10):
                began = time.monotonic()
                self.assertEqual(self.daemon.get("/healthz/live")[0], 200)
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(0.1)
            self.assertLess(self.connections(), POOL + 1)
        self.assertLess(slowest, 1.0)
        answers = self.answers(lines)
        self.assertEqual({status for status, _ in answers}, {200})
        made = [said["created"]["new"]["id"] for _, body in answers for name, said, _ in body if name == "Mailbox/set"]
        self.assertEqual(len(set(made)), CLIENTS // 4)
        there = self.user.call("Mailbox/get", {"accountId": self.account, "ids": None, "properties": ["name"]})["list"]
        self.assertEqual(len([each for each in there if each["name"].startswith("crowd")]), CLIENTS // 4)

    def test_a_node_for_which_no_connection_is_left_says_so_and_the_other_one_goes_on(self) -> None:
        with ExitStack() as stack:
            with self.assertRaises(psycopg.OperationalError):
                while True:
                    stack.enter_context(psycopg.connect(self.address))
            shutil.copy(self.folder / "one" / "vault.key", self.folder / "two")
            second = Daemon("stalwart", "--data", str(self.folder / "two"), *DOORS, warm=True)
            self.addCleanup(second.close)
            self.assertEqual(second.wait(), 1)
            self.assertIn("The server of the data store has no connection left.", second.log)
            self.assertNotIn("Traceback", second.log + second.errors)
            self.assertEqual(self.daemon.get("/healthz/ready")[0], 200)

    def connections(self) -> int:
        """Those that the daemon has."""
        with psycopg.connect(self.address) as one:
            row = one.execute(OF_DAEMON).fetchone()
        assert row is not None
        return int(row[0])

    def send(self, number: int) -> socket.socket:
        """A request on a connection of its own: one of four writes, the others read."""
        call: list[Any] = ["Mailbox/get", {"accountId": self.account, "ids": None}, "0"]
        if number % 4 == 0:
            create = {"new": {"name": f"crowd{number}"}}
            call = ["Mailbox/set", {"accountId": self.account, "create": create}, "0"]
        body = json.dumps({"using": MAIL, "methodCalls": [call]}).encode()
        head = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(body))}
        fields = {**head, **basic(*self.login), "Connection": "close"}
        lines = ["POST /jmap/ HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        line = socket.create_connection(("127.0.0.1", self.daemon.port), PATIENCE)
        line.sendall("\r\n".join(lines).encode() + body)
        return line

    def answers(self, lines: list[socket.socket]) -> list[tuple[int, list[Any]]]:
        """Status and method responses of each."""
        received = dict.fromkeys(lines, b"")
        late = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            for line in lines:
                selector.register(line, selectors.EVENT_READ)
            while selector.get_map():
                self.assertLess(time.monotonic(), late, "not all are answered")
                for key, _ in selector.select(1.0):
                    line: Any = key.fileobj
                    if piece := line.recv(65536):
                        received[line] += piece
                    else:
                        selector.unregister(line)
                        line.close()
        return [self.answer(octets) for octets in received.values()]

    def answer(self, octets: bytes) -> tuple[int, list[Any]]:
        head, _, body = octets.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        return status, json.loads(body)["methodResponses"] if status == 200 else [body]
