"""The thread that writes a log file: nothing waits for it, and what it cannot do is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from threading import Event as Flag
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.events import (
    TELEMETRY_LOG_DROPPED,
    TELEMETRY_LOG_ERROR,
    TELEMETRY_LOG_RECOVERED,
    Event,
)
from stalwart.telemetry.logs.log_file import Entry, RollingFile
from stalwart.telemetry.logs.log_writer import PATIENCE, LogWriter

MOMENT = 1_795_253_400.0
SOON = 10.0  # seconds that a thread may take on a busy machine


class ThreadClock(Clock):
    """A clock that takes calls of threads, and carries them out when the test asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: Queue[Callable[[], Any]] = Queue()

    def callFromThread(self, call: Callable[[], Any]) -> None:
        self._calls.put(call)

    def turn(self) -> None:
        """Carry out the next call."""
        self._calls.get(timeout=SOON)()

    def until(self, work: Deferred[Any]) -> None:
        """Carry out calls until ``work`` is done."""
        while not work.called:
            self.turn()


class SlowFile(RollingFile):
    """A disk that stands still until ``goes_on``, and refuses while there are ``problems``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "mail", "never")
        self.goes_on, self.was_asked = Flag(), Flag()
        self.problems: deque[OSError] = deque()

    def append(self, entries: deque[Entry]) -> None:
        self.was_asked.set()
        self.goes_on.wait(SOON)
        if self.problems:
            raise self.problems.popleft()
        super().append(entries)


class LogWriterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.clock = ThreadClock()
        self.events: list[tuple[Event, dict[str, Any]]] = []
        self.file = SlowFile(self.folder)

    def writer(self, **options: Any) -> LogWriter:
        writer = LogWriter(self.file, self.clock, self.emit, **options)
        self.addCleanup(self.file.goes_on.set)
        return writer

    def emit(self, event: Event, **keys: Any) -> None:
        self.events.append((event, keys))

    def close(self, writer: LogWriter) -> None:
        closing = writer.close()
        self.clock.until(closing)
        self.successResultOf(closing)

    def text(self) -> str:
        return (self.folder / "mail").read_text()

    def test_closing_writes_what_waits(self) -> None:
        self.file.goes_on.set()
        writer = self.writer()
        for number in range(1000):
            writer.put(MOMENT, f"{number}\n")
        self.close(writer)
        self.assertEqual(self.text(), "".join(f"{number}\n" for number in range(1000)))
        self.assertEqual((writer.dropped, self.events), (0, []))

    def test_closing_without_a_line_makes_no_file(self) -> None:
        self.close(self.writer())
        self.assertFalse(self.folder.exists())

    def test_line_after_closing_is_counted_and_not_written(self) -> None:
        writer = self.writer()
        self.close(writer)
        writer.put(MOMENT, "late\n")
        self.assertEqual((writer.dropped, self.folder.exists()), (1, False))

    def overflow(self, **options: Any) -> LogWriter:
        """Four lines of ten bytes while the disk stands still and has room for two."""
        writer = self.writer(room=20, **options)
        for number in range(4):
            writer.put(MOMENT, f"line {number:04}\n")
        self.file.goes_on.set()
        self.close(writer)
        self.assertEqual((writer.dropped, self.text()), (2, "line 0000\nline 0001\n"))
        return writer

    def test_slow_disk_loses_what_has_no_room_and_tells_how_much(self) -> None:
        self.overflow()
        path = str(self.folder / "mail")
        self.assertEqual(self.events, [(TELEMETRY_LOG_DROPPED, {"path": path, "dropped": 2})])

    def test_lossy_writer_tells_nothing(self) -> None:
        self.overflow(lossy=True)
        self.assertEqual(self.events, [])

    def test_room_is_free_again_once_lines_are_written(self) -> None:
        self.file.goes_on.set()
        writer = self.writer(room=10)
        for _ in range(3):
            while not writer.is_idle:
                Flag().wait(0.001)
            writer.put(MOMENT, "line 0000\n")
        self.close(writer)
        self.assertEqual((writer.dropped, self.text()), (0, "line 0000\n" * 3))

    def test_full_disk_is_told_once_and_so_is_its_recovery_and_nothing_is_lost(self) -> None:
        self.file.problems.extend(OSError(28, "No space left on device") for _ in range(3))
        self.file.goes_on.set()
        writer = self.writer(retry=0.001)
        writer.put(MOMENT, "kept\n")
        self.clock.turn()
        self.clock.turn()
        self.close(writer)
        path = str(self.folder / "mail")
        fault = (TELEMETRY_LOG_ERROR, {"path": path, "reason": "No space left on device"})
        self.assertEqual(self.events, [fault, (TELEMETRY_LOG_RECOVERED, {"path": path})])
        self.assertEqual(self.text(), "kept\n")

    def test_closing_does_not_wait_for_a_disk_that_is_full(self) -> None:
        self.file.problems.extend(OSError(28, "No space left on device") for _ in range(9))
        self.file.goes_on.set()
        writer = self.writer(retry=3600.0)
        writer.put(MOMENT, "lost\n")
        self.clock.turn()
        self.close(writer)
        self.assertFalse(self.folder.exists())

    def test_closing_does_not_wait_for_a_disk_that_stands_still(self) -> None:
        writer = self.writer()
        writer.put(MOMENT, "late\n")
        self.assertTrue(self.file.was_asked.wait(SOON))
        closing = writer.close()
        self.assertNoResult(closing)
        self.clock.advance(PATIENCE)
        self.successResultOf(closing)
        self.file.goes_on.set()
        self.clock.turn()
        self.assertEqual(self.text(), "late\n")

    def test_text_that_is_no_unicode_is_escaped(self) -> None:
        self.file.goes_on.set()
        writer = self.writer()
        writer.put(MOMENT, "\udc80\n")
        self.close(writer)
        self.assertEqual(self.text(), "\\udc80\n")
