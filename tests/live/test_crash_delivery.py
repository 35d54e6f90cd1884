"""A daemon that is killed again and again while mail arrives: what was acknowledged is there exactly once.

Clients behave as mail servers do: what has no answer, or a temporary one, is sent again, the same octets. The store is
looked at when all is over.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.lmtp_client import MailClient
from tests.live.mail_store import stored_emails

SOAK = bool(os.environ.get("SOAK"))
MESSAGES = 10_000 if SOAK else 200
KILLS = 60 if SOAK else 4
CONNECTIONS = 4
SENDER = "crash@sender.test"
ALICE, BOB = "alice@example.test", "bob@example.test"


class Clients:
    """Threads that deliver messages ``0`` to ``MESSAGES`` between them, until each is acknowledged."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.acknowledged: Counter[tuple[int, str]] = Counter()
        self.done = 0  # messages that have all their answers
        self.repeated = 0
        self.problems: list[str] = []
        self._numbers = iter(range(MESSAGES))
        self._lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CONNECTIONS)]

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _run(self) -> None:
        client: MailClient | None = None
        until = time.monotonic() + (3600 if SOAK else 120)
        while (number := self._next()) is not None:
            left = recipients_of(number)
            while left and not self.problems:
                if time.monotonic() > until:
                    self.problems.append(f"message {number} takes too long")
                    return
                try:
                    client = client or MailClient(self.port, patience=10)
                    answers = client.deliver(SENDER, left, message_of(number))
                except OSError:
                    client = None
                    with self._lock:
                        self.repeated += 1
                    time.sleep(0.02)
                    continue
                if len(answers) != len(left) or any(code // 100 == 5 for code, _ in answers):
                    self.problems.append(f"message {number}: {answers}")
                    return
                for recipient, (code, _) in zip(tuple(left), answers, strict=True):
                    if code == 250:
                        self.acknowledged[number, recipient] += 1
                        left.remove(recipient)
            with self._lock:
                self.done += 1
        if client is not None:
            client.close()


def recipients_of(number: int) -> list[str]:
    """Whom a message is for: every tenth is for two."""
    return [ALICE, BOB] if number % 10 == 0 else [ALICE if number % 2 else BOB]


def message_of(number: int) -> bytes:
    """A message with a number; every twentieth is kept in a file."""
    filling = random.Random(number)
    lines = [f"word{filling.randrange(5000)} " * 9 for _ in range(1500 if number % 20 == 7 else 60)]
    head = f"From: {SENDER}\r\nMessage-ID: <crash-{number}@sender.test>\r\nSubject: Message {number}\r\n\r\n"
    return (head + "\r\n".join(lines) + "\r\n").encode()


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class CrashTests(SynchronousTestCase):
    """SIGKILL at random moments."""

    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]

    def running(self, *more: str) -> Daemon:
        lmtp = ("--lmtp", f"tcp:{self.port}:interface=127.0.0.1")
        options = ("--http", "tcp:0:interface=127.0.0.1", "--smtp", "tcp:0:interface=127.0.0.1", *lmtp)
        daemon = Daemon.with_data(self.data, "--demo", *options, *more)
        self.addCleanup(daemon.close)
        daemon.wait_for(re.compile(r"Server started"))
        return daemon

    def test_what_was_acknowledged_is_there_once(self) -> None:
        chance = random.Random()
        daemon, clients, killed = self.running(), Clients(self.port), 0
        for thread in clients.threads:
            thread.start()
        while any(thread.is_alive() for thread in clients.threads):
            part = MESSAGES * (killed + 1) // (KILLS + 1)  # so that kills are spread over all
            if killed < KILLS and clients.done >= part - MESSAGES // (KILLS + 1) // 2:
                time.sleep(chance.uniform(0, 0.1))
                daemon.signal(signal.SIGKILL)
                daemon.wait()
                daemon, killed = self.running(), killed + 1
            self.assertEqual(clients.problems, [])
            time.sleep(0.005)
        self.assertEqual(clients.problems, [])
        self.assertGreater(killed, 0)
        self.assertEqual(daemon.terminate()[0] in (0, -signal.SIGTERM), True)
        self.assertNotIn("Traceback", daemon.log)
        self.check(clients, self.data)

    def test_of_several_processes_one_is_killed(self) -> None:
        chance = random.Random()
        daemon = self.running("--workers", "2")
        clients, killed = Clients(self.port), 0
        for thread in clients.threads:
            thread.start()
        while any(thread.is_alive() for thread in clients.threads):
            workers = children(daemon.process.pid)
            if killed < KILLS and len(workers) == 2 and clients.done >= MESSAGES * (killed + 1) // (KILLS + 2):
                time.sleep(chance.uniform(0, 0.05))
                with contextlib.suppress(ProcessLookupError):  # it has just died by itself, of what came before
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    killed += 1
            self.assertEqual(clients.problems, [])
            time.sleep(0.005)
        self.assertEqual(clients.problems, [])
        self.assertGreater(killed, 0)
        self.assertEqual(daemon.terminate()[0] in (0, -signal.SIGTERM), True)
        self.assertNotIn("Traceback", daemon.log)
        self.check(clients, self.data)

    def check(self, clients: Clients, data: Path) -> None:
        found: Counter[tuple[int, str]] = Counter()
        for email in stored_emails(data):
            match = re.search(rb"Message-ID: <crash-(\d+)@", email.octets)
            assert match is not None
            number = int(match[1])
            self.assertTrue(email.octets.endswith(message_of(number)), number)
            found[number, email.account] += 1
        wanted = {(number, recipient) for number in range(MESSAGES) for recipient in recipients_of(number)}
        self.assertEqual(set(clients.acknowledged), wanted)
        self.assertEqual({key for key, count in found.items() if count != 1}, set())
        self.assertEqual(set(found), wanted)
        self.assertLess(clients.repeated, PATIENCE * 1000)
