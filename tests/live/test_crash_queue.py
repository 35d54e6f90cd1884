"""A daemon that is killed again and again while it sends: every message that was taken is sent once or bounced once.

What the other server has accepted a moment before the kill may be sent twice, since nobody can have written that down
(RFC 5321 6.1): only for that there is leave. Clients hand over again what they have had no answer to.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import smtplib
import socket
import ssl
import threading
import time
from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import Daemon, new_folder
from tests.live.mail_sink import MailSink
from tests.live.mail_store import stored_emails
from tests.live.people import Administrator

SOAK = bool(os.environ.get("SOAK"))
MESSAGES = 5000 if SOAK else 150
KILLS = 40 if SOAK else 4
CONNECTIONS = 3
PATIENCE = 1800.0 if SOAK else 90.0
MOMENT = 1.0
"""Seconds around a kill in which a message may have been accepted without our having written that down."""
NUMBER = re.compile(rb"Message-ID: <crash-(\d+)@")


class Clients:
    """Threads that submit messages ``0`` to ``MESSAGES`` between them, until each is acknowledged."""

    def __init__(self, port: int, login: str, password: str) -> None:
        self.port, self.login, self.password = port, login, password
        self.done = 0
        self.problems: list[str] = []
        self.unanswered: set[int] = set()
        """Messages that were handed over again, since their answer got lost."""
        self._numbers = iter(range(MESSAGES))
        self._lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CONNECTIONS)]

    def _run(self) -> None:
        client: smtplib.SMTP | None = None
        until = time.monotonic() + PATIENCE
        while (number := self._next()) is not None:
            while not self.problems:
                if time.monotonic() > until:
                    self.problems.append(f"message {number} takes too long")
                    return
                try:
                    client = client or self._signed_in()
                    client.sendmail(self.login, recipients_of(number), message_of(number, self.login))
                    break
                except smtplib.SMTPResponseException as problem:
                    if problem.smtp_code // 100 != 4:
                        self.problems.append(f"message {number}: {problem}")
                        return
                except (OSError, smtplib.SMTPException):
                    self.unanswered.add(number)  # it may have been taken, and its answer lost: once more
                client = None
                time.sleep(0.02)
            with self._lock:
                self.done += 1
        if client is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                client.quit()

    def _signed_in(self) -> smtplib.SMTP:
        client = smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.test", timeout=15)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.starttls(context=context)
        client.login(self.login, self.password)
        return client

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)


def recipients_of(number: int) -> list[str]:
    """Whom a message is for: some do not exist, some come to be taken later, some are for two."""
    kind = "refused" if number % 7 == 3 else "later" if number % 11 == 5 else "somebody"
    first = f"{kind}-{number}@host{number % 5}.test"
    return [first, f"somebody-{number}@other.test"] if number % 10 == 0 else [first]


def message_of(number: int, sender: str) -> bytes:
    """A message with a number; every twentieth is kept in a file."""
    filling = random.Random(number)
    lines = [f"word{filling.randrange(5000)} " * 9 for _ in range(1500 if number % 20 == 7 else 30)]
    head = f"From: {sender}\r\nMessage-ID: <crash-{number}@sender.test>\r\nSubject: Message {number}\r\n\r\n"
    return (head + "\r\n".join(lines) + "\r\n").encode()


class CrashTests(SynchronousTestCase):
    """SIGKILL at random moments."""

    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        self.sink = MailSink()
        self.addCleanup(self.sink.close)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]

    def running(self) -> Daemon:
        doors = ("--http", "tcp:0:interface=127.0.0.1", "--submission", f"tcp:{self.port}:interface=127.0.0.1")
        daemon = Daemon.with_data(self.data, *doors)
        self.addCleanup(daemon.close)
        daemon.wait_for(re.compile(r"Server started"))
        return daemon

    def prepare(self, daemon: Daemon) -> tuple[str, str]:
        """All mail goes to the sink, and is tried again after a second; the login of whoever sends."""
        admin = Administrator(daemon)
        relay = {"@type": "Relay", "name": "sink", "address": "127.0.0.1", "port": self.sink.port}
        admin.create("MtaRoute", relay)
        here = {"0": {"if": "is_local_domain(rcpt_domain)", "then": "'local'"}}
        admin.change("MtaOutboundStrategy", {"route": {"match": here, "else": "'sink'"}})
        soon = {"@type": "Custom", "intervals": {"0": {"duration": 1000}}}
        for each in admin.call("x:MtaDeliverySchedule/get", {"ids": None})["list"]:
            admin.change("MtaDeliverySchedule", {"retry": soon}, each["id"])
        return admin.new_user("alice")

    def test_everything_is_sent_or_bounced_once(self) -> None:
        chance, kills = random.Random(), list[float]()
        daemon = self.running()
        login, password = self.prepare(daemon)
        clients = Clients(self.port, login, password)
        for thread in clients.threads:
            thread.start()
        until = time.monotonic() + PATIENCE
        while any(thread.is_alive() for thread in clients.threads):
            part = MESSAGES * (len(kills) + 1) // (KILLS + 1)
            if len(kills) < KILLS and clients.done >= part - MESSAGES // (KILLS + 1) // 2:
                time.sleep(chance.uniform(0, 0.2))
                daemon.signal(signal.SIGKILL)
                kills.append(time.monotonic())
                daemon.wait()
                daemon = self.running()
            self.assertEqual(clients.problems, [])
            time.sleep(0.005)
        self.assertEqual(clients.problems, [])
        self.assertGreater(len(kills), 0)
        wanted = {(n, each) for n in range(MESSAGES) for each in recipients_of(n) if not each.startswith("refused")}
        refused = sum(each.startswith("refused") for n in range(MESSAGES) for each in recipients_of(n))
        while time.monotonic() < until and not (wanted <= self.sent().keys()):
            time.sleep(0.1)
        while (waiting := self.waiting(daemon)) and time.monotonic() < until:
            time.sleep(0.1)
        self.assertEqual(waiting, [], daemon.log[-4000:])
        time.sleep(3)  # for what should not come
        self.assertIn(daemon.terminate()[0], (0, -signal.SIGTERM))
        self.assertNotIn("Traceback", daemon.log)
        self.check(kills, wanted, refused, clients.unanswered)

    def waiting(self, daemon: Daemon) -> list[object]:
        """What the queue still has: reports are in it until they are stored."""
        found: list[object] = Administrator(daemon).call("x:QueuedMessage/get", {"ids": None})["list"]
        return found

    def sent(self) -> Counter[tuple[int, str]]:
        """How often the sink has each."""
        with self.sink.lock:
            return Counter((number_of(each.octets), each.recipient) for each in self.sink.taken)

    def check(self, kills: list[float], wanted: set[tuple[int, str]], refused: int, unanswered: set[int]) -> None:
        sent = self.sent()
        self.assertEqual(wanted - sent.keys(), set(), "these were lost")
        self.assertEqual(sent.keys() - wanted, set())
        for each in [each for each, times in sent.items() if times > 1]:
            moments = sorted(one.at for one in self.sink.taken if (number_of(one.octets), one.recipient) == each)
            for moment in moments[:-1]:
                excused = any(-MOMENT <= kill - moment <= MOMENT for kill in kills)
                self.assertTrue(excused, f"{each} was sent at {moments}, kills were at {kills}")
        bounces = Counter(
            number_of(email.octets) for email in stored_emails(self.data) if b"multipart/report" in email.octets
        )
        expected = {n for n in range(MESSAGES) for each in recipients_of(n) if each.startswith("refused")}
        self.assertEqual(bounces.keys(), expected)
        self.assertEqual(len(expected), refused)
        again = {n for n, times in bounces.items() if times > 1}
        # what comes again after its first copy came back is a message of its own (decision 20)
        self.assertEqual(again - unanswered, set(), "bounced more than once")
        self.assertLessEqual(len(again), len(kills))


def number_of(octets: bytes) -> int:
    """The number of a message, or of the one that a report is about."""
    found = NUMBER.search(octets)
    return int(found[1]) if found else -1
