"""The journal on a real datagram socket: what arrives, and what happens while nobody takes it."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.events import AUTH_FAILED, TELEMETRY_JOURNAL_ERROR, Event
from stalwart.telemetry.logs.journal import QUIET, RETRY, RETRY_FULL, Journal
from stalwart.telemetry.spans import current, inside
from tests.codec.test_journal_entry import fields_of


class JournalTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="stalwart-")  # paths of sockets are short
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "socket"
        self.clock = Clock()
        self.told: list[dict[str, Any]] = []

    def emit(self, event: Event, **keys: Any) -> None:
        self.assertIs(event, TELEMETRY_JOURNAL_ERROR)
        self.assertIsNone(current())
        self.told.append(keys)

    def listen(self) -> socket.socket:
        """Be the journal."""
        self.path.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.setblocking(False)
        server.bind(str(self.path))
        return server

    def journal(self, **options: Any) -> Journal:
        journal = Journal(self.clock, self.emit, path=self.path, **options)
        self.addCleanup(journal.close)
        return journal

    @staticmethod
    def logins(server: socket.socket) -> list[str]:
        """The login of each entry that is there."""
        found: list[str] = []
        while True:
            try:
                found.append(dict(fields_of(server.recv(1 << 20)))["LOGIN"])
            except BlockingIOError:
                return found

    def test_fields(self) -> None:
        server = self.listen()
        values = {
            "remoteIp": "192.0.2.7",
            "login": "a\nb",
            "reason": None,
            "total": 3,
            "trace": True,
            "property": ["x", "y"],
        }
        self.journal().note(AUTH_FAILED, values)
        fields = {
            "MESSAGE": r"Sign-in failed (auth.failed) remoteIp=192.0.2.7 login='a\nb' total=3 trace=True "
            "property=\"['x', 'y']\"",
            "PRIORITY": "6",
            "SYSLOG_IDENTIFIER": "stalwart",
            "STALWART_EVENT": "auth.failed",
            "REMOTE_IP": "192.0.2.7",
            "LOGIN": "a\nb",
            "TOTAL": "3",
            "TRACE": "true",
            "PROPERTY": "x, y",
        }
        self.assertEqual(dict(fields_of(server.recv(1 << 20))), fields)

    def test_absent_journal_is_one_event_a_minute_and_gets_all_when_it_is_there(self) -> None:
        journal = self.journal()
        for number in range(3):
            with inside(7):
                journal.note(AUTH_FAILED, {"login": str(number)})
        expected = {"path": str(self.path), "reason": "No such file or directory", "dropped": 0}
        self.assertEqual(self.told, [expected])
        self.clock.pump([RETRY] * int(QUIET))
        self.assertEqual(len(self.told), 2)
        server = self.listen()
        self.clock.advance(RETRY)
        journal.note(AUTH_FAILED, {"login": "next"})
        self.assertEqual((self.logins(server), journal.dropped), (["0", "1", "2", "next"], 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_full_journal_is_waited_for_in_order(self) -> None:
        server, journal = self.listen(), self.journal()
        logins = [f"{number} {'x' * 4000}" for number in range(500)]
        for login in logins:
            journal.note(AUTH_FAILED, {"login": login})
        self.assertEqual([told["reason"] for told in self.told], ["It does not keep up"])
        found = self.logins(server)
        while len(found) < len(logins):
            self.clock.advance(RETRY_FULL)
            more = self.logins(server)
            self.assertTrue(more)
            found += more
        self.assertEqual((found, journal.dropped), (logins, 0))

    def test_room_is_bounded_and_what_is_lost_counted(self) -> None:
        journal = self.journal(room=1000)
        for number in range(100):
            journal.note(AUTH_FAILED, {"login": f"{number:03}"})
        kept = 100 - journal.dropped
        self.assertTrue(0 < kept < 10, kept)
        self.clock.advance(QUIET)
        self.assertEqual([told["dropped"] for told in self.told], [0, journal.dropped])
        server = self.listen()
        self.clock.advance(RETRY)
        self.assertEqual(self.logins(server), [f"{number:03}" for number in range(kept)])

    def test_lossy_one_keeps_nothing(self) -> None:
        journal = self.journal(lossy=True)
        for _ in range(3):
            journal.note(AUTH_FAILED, {})
        self.assertEqual((journal.dropped, len(self.told), self.clock.getDelayedCalls()), (3, 1, []))
        self.clock.advance(QUIET)
        journal.note(AUTH_FAILED, {})
        self.assertEqual([told["dropped"] for told in self.told], [1, 3])

    def test_event_of_a_fault_does_not_loop(self) -> None:
        journal = self.journal()

        def emit(event: Event, **keys: Any) -> None:
            self.told.append(keys)
            journal.note(event, keys)

        journal._emit = emit
        journal.note(AUTH_FAILED, {"login": "a"})
        self.assertEqual(len(self.told), 1)

    def test_journal_that_was_restarted(self) -> None:
        self.listen().close()
        journal = self.journal()
        journal.note(AUTH_FAILED, {"login": "a"})
        server = self.listen()
        self.clock.advance(RETRY)
        first = self.logins(server)
        server.close()
        server = self.listen()
        journal.note(AUTH_FAILED, {"login": "b"})
        self.clock.advance(RETRY)
        self.assertEqual((first, self.logins(server)), (["a"], ["b"]))

    def test_closing_counts_what_cannot_be_written(self) -> None:
        journal = self.journal()
        journal.note(AUTH_FAILED, {})
        journal.close()
        self.assertEqual((journal.dropped, self.clock.getDelayedCalls()), (1, []))
