"""Submission: how many messages of 2 kB people send in a second of one core, over TLS, signed by two keys.

A daemon with the demo accounts, whose domain has a key of RSA with 2048 bits and one of Ed25519. Connections of ten
messages each begin with STARTTLS and AUTH PLAIN, as mail programs do. S1 mail for another account, which is in its
mailbox when it is answered; S2 mail for another server, which is in the queue then (and is held there, so that nothing
else is measured); S3 the CPU time of a session without a message: TLS, the login and all the rules.
"""

from __future__ import annotations

import argparse
import re
import smtplib
import ssl
import time

from bench.measure import Result, cpu_seconds, main
from bench.server import HTTP, TWISTD, Server
from stalwart.app.demo import read_credentials

ALICE, BOB, FAR = "alice@example.test", "bob@example.test", "x@far.test"
A_SESSION = 10
MESSAGE = (
    f"From: {ALICE}\r\nTo: {BOB}\r\nDate: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <{{}}@a.test>\r\n"
    "Subject: A message\r\n\r\n" + "A line of a message.\r\n" * 90
)
LEAST = 100.0  # messages a second of a core


class Daemon:
    """A server, and somebody who sends by it."""

    def __init__(self) -> None:
        words = (*TWISTD, "stalwart", "--demo", "--data", "{data}", *HTTP)
        self.server = Server(*words, "--submission", "tcp:0:interface=127.0.0.1")
        self.port = int(self.server.said(re.compile(r"listening submission 127\.0\.0\.1:(\d+)"))[1])
        self.server.said(re.compile("Server started"))
        self.password = dict(read_credentials(self.server.data))[ALICE]
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.sent = 0

    def session(self, to: str, count: int, *parameters: str) -> None:
        """One session."""
        with smtplib.SMTP("127.0.0.1", self.port, "client.test", 60) as client:
            client.starttls(context=self.context)
            client.login(ALICE, self.password)
            for _ in range(count):
                self.sent += 1
                client.sendmail(ALICE, [to], MESSAGE.format(self.sent).encode(), parameters)

    def cost(self, sessions: int, to: str, count: int, *parameters: str) -> tuple[float, float]:
        """CPU time and time of so many sessions, in seconds."""
        before, began = cpu_seconds(self.server.pid), time.perf_counter()
        for _ in range(sessions):
            self.session(to, count, *parameters)
        return cpu_seconds(self.server.pid) - before, time.perf_counter() - began


def run(options: argparse.Namespace) -> list[Result]:
    """All of it."""
    daemon = Daemon()
    try:
        daemon.cost(5, BOB, A_SESSION)
        results = []
        for name, to, parameters in (("S1 to an account", BOB, ()), ("S2 to the queue", FAR, ("HOLDFOR=3600",))):
            cpu, elapsed = daemon.cost(options.sessions, to, A_SESSION, *parameters)
            count = options.sessions * A_SESSION
            note = f"{count / cpu:.0f} a second of a core, {count / elapsed:.0f} a second from one client"
            results.append(Result(name, 1000 * cpu / count, "ms CPU", 1000 / LEAST, note))
        cpu, _ = daemon.cost(options.sessions, BOB, 0)
        note = f"{options.sessions} sessions"
        results.append(Result("S3 a session", 1000 * cpu / options.sessions, "ms CPU", None, note))
        return results
    finally:
        daemon.server.stop()


if __name__ == "__main__":
    main(__doc__ or "", run, sessions=60)
