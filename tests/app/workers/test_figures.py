"""What processes count together: sums, processes that die, and who is running."""

from __future__ import annotations

import os

from stalwart.app.workers import figures
from stalwart.app.workers.figures import MOST_EVENTS, PARENT, SharedFigures
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_FAILED, HTTP_CONNECTION_END, HTTP_CONNECTION_START, Level, declared_events
from stalwart.telemetry.figures.gauges import BETWEEN
from tests.app.workers.world import MemoryCase, running

FAILED = AUTH_FAILED.id


class FiguresTests(MemoryCase):
    def setUp(self) -> None:
        super().setUp()
        self.parent, self.first, self.third = (SharedFigures(self.memory, number) for number in (PARENT, 1, 3))

    def test_everybody_knows_the_sum(self) -> None:
        self.parent.count(FAILED)
        self.first.count(FAILED, 3)
        self.third.count(FAILED)
        for each in (self.parent, self.first, self.third):
            self.assertEqual((each.total(FAILED), each.total("auth.success")), (5, 0))

    def test_every_event_has_a_place_of_its_own(self) -> None:
        events = declared_events()
        self.assertLess(len(events), MOST_EVENTS)
        for number, event in enumerate(events):
            self.first.count(event.id, number + 1)
        self.assertEqual([self.third.total(event.id) for event in events], list(range(1, len(events) + 1)))
        self.assertEqual(self.memory.buffer[self.memory.figures(2) : self.memory.figures(1)], bytes(4096))

    def test_what_is_not_declared_is_not_counted(self) -> None:
        self.first.count("no.such-event")
        self.assertEqual(self.first.total("no.such-event"), 0)
        self.patch(figures, "MOST_EVENTS", 1)
        SharedFigures(self.memory, 2).count(FAILED)
        self.assertEqual(self.first.total(FAILED), 0)

    def test_large_counts(self) -> None:
        self.first.count(FAILED, 2**40)
        self.third.count(FAILED)
        self.assertEqual(self.parent.total(FAILED), 2**40 + 1)

    def test_counts_outlive_a_process_and_its_successor_counts_on(self) -> None:
        self.first.count(FAILED, 3)
        self.memory.free(1)
        self.assertEqual(self.third.total(FAILED), 3)
        SharedFigures(self.memory, 1).count(FAILED)
        self.assertEqual(self.third.total(FAILED), 4)

    def test_connections_of_a_dead_process_are_closed(self) -> None:
        self.first.count(HTTP_CONNECTION_START.id, 5)
        self.first.count(HTTP_CONNECTION_END.id, 2)
        self.third.count(HTTP_CONNECTION_START.id)
        SharedFigures(self.memory, 1)
        begun, ended = (self.third.total(event.id) for event in BETWEEN["http.active-connections"])
        self.assertEqual((begun, ended), (6, 5))

    def test_who_is_running(self) -> None:
        pid = os.getpid()
        self.assertEqual(self.third.processes(), {"parent": pid, "1": pid, "3": pid})
        self.memory.free(3)
        self.assertEqual(self.first.processes(), {"parent": pid, "1": pid})

    def test_other_process(self) -> None:
        code = (
            "import sys; from stalwart.app.workers.memory import SharedMemory; "
            "from stalwart.app.workers.figures import SharedFigures; "
            f"SharedFigures(SharedMemory({self.memory.descriptor}, 3), 2).count('{FAILED}', 9); "
            "print(flush=True); sys.stdin.read()"
        )
        with running(code, self.memory.descriptor) as process:
            assert process.stdout is not None
            process.stdout.readline()
            self.assertEqual((self.first.total(FAILED), self.first.processes()["2"]), (9, process.pid))

    def test_telemetry_counts_there(self) -> None:
        telemetry = Telemetry(threshold=Level.ERROR)
        telemetry.emit(AUTH_FAILED)
        telemetry.join(self.first)
        self.third.count(FAILED, 10)
        telemetry.emit(AUTH_FAILED)
        self.assertEqual((telemetry.total(FAILED), telemetry.counters[FAILED]), (12, 2))
