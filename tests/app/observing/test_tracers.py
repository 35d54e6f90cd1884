"""Tracers: which events go where, from the moment the settings say so."""

from __future__ import annotations

import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.observing import tracers
from stalwart.app.observing.tracers import Tracers
from stalwart.app.process_log import LogForm
from stalwart.config.monitoring.event_level import EventTracingLevel
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.settings import Settings
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_MFA_REQUIRED,
    AUTH_SUCCESS,
    AUTH_TOKEN_EXPIRED,
    AUTH_TOO_MANY_ATTEMPTS,
    NETWORK_BIND_ERROR,
    TELEMETRY_JOURNAL_ERROR,
    TELEMETRY_LOG_ERROR,
    Event,
    Level,
)
from stalwart.telemetry.logs.journal import Journal
from tests.codec.test_journal_entry import fields_of
from tests.telemetry.logs.test_log_writer import ThreadClock

NOW = 1_795_253_400.25  # 2026-11-21T09:30:00.25Z
ALL = (AUTH_MFA_REQUIRED, AUTH_TOKEN_EXPIRED, AUTH_SUCCESS, AUTH_TOO_MANY_ATTEMPTS, NETWORK_BIND_ERROR)


class FakeWriter:
    """A file in memory."""

    def __init__(self, tracer: Any) -> None:
        self.tracer = tracer
        self.lines: list[str] = []
        self.moments: list[float] = []
        self.closed: Deferred[None] | None = None

    def put(self, moment: float, text: str) -> None:
        self.moments.append(moment)
        self.lines.append(text)

    def note(self, event: Event, values: dict[str, Any]) -> None:
        self.lines.append(f"({event.id})")

    def close(self) -> Deferred[None]:
        self.closed = Deferred()
        return self.closed


class TracersCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = ThreadClock()
        self.clock.advance(NOW)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.logged: list[str] = []
        log = Logger(namespace="test", observer=lambda entry: self.logged.append(entry["event_id"]))
        self.telemetry = Telemetry(log=log)
        self.settings = Settings(self.store, self.telemetry, self.clock)
        self.successResultOf(self.store.start())
        self.writers: list[FakeWriter] = []

    def start(self, **options: Any) -> Tracers:
        tracers = Tracers(self.settings, self.telemetry, self.clock, open_writer=self.open_writer, **options)
        tracers.start()
        return tracers

    def open_writer(self, tracer: Any) -> FakeWriter:
        self.writers.append(FakeWriter(tracer))
        return self.writers[-1]

    def create(self, kind: str = "Log", **members: Any) -> int:
        data = {"@type": kind, **({"path": "/var/log/x", "ansi": False} if kind == "Log" else {}), **members}
        return self.successResultOf(Deferred.fromCoroutine(self.settings.create(Tracer, data)))

    def change(self, id: int, **patch: Any) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.settings.change(Tracer, patch, id)))

    def destroy(self, id: int) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.settings.destroy(Tracer, id)))

    def level(self, event: Event, level: str) -> None:
        data = {"event": event.id, "level": level}
        self.successResultOf(Deferred.fromCoroutine(self.settings.create(EventTracingLevel, data)))

    def emitted(self, events: tuple[Event, ...] = ALL) -> list[list[str]]:
        """The ids that each writer gets of ``events``."""
        before = [len(writer.lines) for writer in self.writers]
        for event in events:
            self.telemetry.emit(event)
        return [
            [line.split("(")[1].split(")")[0] for line in writer.lines[count:]]
            for writer, count in zip(self.writers, before, strict=True)
        ]


class FileTests(TracersCase):
    def test_line_has_the_time_the_level_and_the_keys(self) -> None:
        self.create()
        self.start()
        self.telemetry.emit(AUTH_SUCCESS, login="alice@example.test", reason=None)
        line = "2026-11-21T09:30:00.250Z INFO Sign-in succeeded (auth.success) login=alice@example.test\n"
        self.assertEqual((self.writers[0].lines, self.writers[0].moments), ([line], [NOW]))

    def test_form_is_that_of_the_tracer(self) -> None:
        self.create(ansi=True, multiline=True)
        self.start()
        self.telemetry.emit(AUTH_SUCCESS, login="alice")
        (line,) = self.writers[0].lines
        self.assertEqual(("\x1b[32mINFO" in line, line.endswith("\n    login=alice\n")), (True, True))

    def test_json_has_the_values_by_name(self) -> None:
        self.create(json=True, ansi=True, multiline=True)
        self.start()
        self.telemetry.emit(AUTH_SUCCESS, login="alice", total=3, reason=None)
        line = (
            '{"timestamp":"2026-11-21T09:30:00.250Z","level":"info","event":"auth.success",'
            '"message":"Sign-in succeeded","login":"alice","total":3}\n'
        )
        self.assertEqual(self.writers[0].lines, [line])

    def test_each_tracer_has_its_level(self) -> None:
        self.create(level="warn")
        self.create(level="trace")
        self.start()
        self.assertEqual(self.emitted(), [[each.id for each in ALL[3:]], [each.id for each in ALL]])

    def test_each_tracer_has_its_events(self) -> None:
        self.create(events={"auth.success": True}, eventsPolicy="include")
        self.create(events={"auth.success": True}, eventsPolicy="exclude")
        self.start()
        self.assertEqual(self.emitted(), [["auth.success"], ["auth.too-many-attempts", "network.bind-error"]])

    def test_keys_are_not_computed_for_events_below_every_level(self) -> None:
        self.create()
        self.start()
        self.assertFalse(self.telemetry.wants(AUTH_TOKEN_EXPIRED))

    def test_tracer_that_is_not_enabled_or_not_obeyed_does_nothing(self) -> None:
        self.create(enable=False)
        self.create("OtelHttp", endpoint="https://example.test/", level="trace")
        self.start()
        self.assertEqual((self.writers, self.telemetry.wants(AUTH_TOKEN_EXPIRED)), ([], False))


class ChangeTests(TracersCase):
    def test_new_tracer_is_at_work_at_once(self) -> None:
        self.start()
        self.create()
        self.assertEqual(self.emitted((AUTH_SUCCESS,)), [["auth.success"]])

    def test_removed_or_disabled_tracer_ends_at_once_and_its_file_is_closed(self) -> None:
        self.start()
        ids = self.create(), self.create()
        self.destroy(ids[0])
        self.change(ids[1], enable=False)
        self.assertEqual(self.emitted(), [[], []])
        self.assertEqual([writer.closed is not None for writer in self.writers], [True, True])

    def test_other_level_keeps_the_file_open(self) -> None:
        self.start()
        id = self.create()
        self.change(id, level="error")
        self.assertEqual(self.emitted(), [["network.bind-error"]])
        self.assertIsNone(self.writers[0].closed)

    def test_other_folder_is_another_file(self) -> None:
        self.start()
        id = self.create()
        self.change(id, path="/var/log/y")
        self.assertEqual(self.emitted((AUTH_SUCCESS,)), [[], ["auth.success"]])
        self.assertEqual([writer.closed is None for writer in self.writers], [False, True])

    def test_tracer_that_becomes_another_kind_closes_its_file(self) -> None:
        self.start()
        id = self.create()
        self.change(id, **{"@type": "Journal"})
        self.assertIsNotNone(self.writers[0].closed)
        self.assertEqual(self.emitted((AUTH_SUCCESS,)), [[], ["auth.success"]])

    def test_other_settings_touch_no_file(self) -> None:
        self.start()
        self.create()
        self.level(AUTH_TOKEN_EXPIRED, "info")
        self.assertEqual((len(self.writers), self.writers[0].closed), (1, None))

    def test_closing_waits_for_the_files_and_restores_the_log(self) -> None:
        tracers = self.start()
        self.create()
        self.create("Stdout", level="trace")
        self.level(AUTH_SUCCESS, "disable")
        closing = Deferred.fromCoroutine(tracers.close())
        self.assertNoResult(closing)
        assert self.writers[0].closed is not None
        self.writers[0].closed.callback(None)
        self.successResultOf(closing)
        self.create()
        self.assertEqual(self.emitted(), [[]])
        self.assertEqual(self.logged, [each.id for each in ALL[2:]])

    def test_closing_without_a_start(self) -> None:
        tracers = Tracers(self.settings, self.telemetry, self.clock)
        self.successResultOf(Deferred.fromCoroutine(tracers.close()))
        self.assertEqual(self.telemetry.threshold, Level.INFO)


class LevelTests(TracersCase):
    def test_event_with_another_level(self) -> None:
        self.create()
        self.start()
        self.level(AUTH_TOKEN_EXPIRED, "warn")
        self.level(AUTH_SUCCESS, "debug")
        self.assertEqual(self.emitted((AUTH_TOKEN_EXPIRED, AUTH_SUCCESS)), [["auth.token-expired"]])
        self.assertIn(" WARN Token expired ", self.writers[0].lines[0])

    def test_disabled_event_is_nowhere(self) -> None:
        self.create(level="trace")
        self.start()
        self.level(NETWORK_BIND_ERROR, "disable")
        self.assertEqual(self.emitted((NETWORK_BIND_ERROR,)), [[]])
        self.assertEqual(self.logged, [])


class ProcessLogTests(TracersCase):
    """Tracers of the kind Stdout."""

    def log(self) -> list[str]:
        self.logged.clear()
        for event in ALL:
            self.telemetry.emit(event)
        return self.logged

    def test_level(self) -> None:
        self.start()
        id = self.create("Stdout", level="debug")
        self.assertEqual(self.log(), [each.id for each in ALL[1:]])
        self.change(id, level="error")
        self.assertEqual(self.log(), ["network.bind-error"])

    def test_events_but_errors_always(self) -> None:
        self.start()
        self.create("Stdout", events={"auth.success": True}, eventsPolicy="include")
        self.assertEqual(self.log(), ["auth.success", "network.bind-error"])

    def test_several_take_together(self) -> None:
        self.start()
        self.create("Stdout", level="trace", events={"auth.mfa-required": True}, eventsPolicy="include")
        self.create("Stdout", level="warn")
        self.assertEqual(self.log(), ["auth.mfa-required", "auth.too-many-attempts", "network.bind-error"])

    def test_without_an_enabled_one_the_server_is_not_silent(self) -> None:
        self.start()
        id = self.create("Stdout", level="error")
        self.change(id, enable=False)
        self.assertEqual(self.log(), [each.id for each in ALL[2:]])

    def test_in_recovery_the_environment_decides(self) -> None:
        self.telemetry.threshold = Level.TRACE
        tracers = self.start(environment_decides=True)
        self.create("Stdout", level="error")
        self.assertEqual(self.log(), [each.id for each in ALL])
        self.successResultOf(Deferred.fromCoroutine(tracers.close()))
        self.assertEqual(self.telemetry.threshold, Level.TRACE)


class FormTests(TracersCase):
    """What the log of the process looks like."""

    def setUp(self) -> None:
        super().setUp()
        self.forms: list[LogForm] = []

    def test_first_one_that_is_enabled_gives_the_form(self) -> None:
        self.start(shape_log=self.forms.append)
        first, second = self.create("Stdout", ansi=True), self.create("Stdout", json=True, buffered=False)
        self.change(first, enable=False)
        self.change(second, enable=False)
        before = [LogForm(), *[LogForm(ansi=True, buffered=True)] * 2]
        self.assertEqual(self.forms, [*before, LogForm(json=True), LogForm()])

    def test_form_is_obeyed_in_recovery_too(self) -> None:
        self.start(shape_log=self.forms.append, environment_decides=True)
        self.create("Stdout", json=True)
        self.assertEqual(self.forms[-1], LogForm(json=True, buffered=True))

    def test_last_lines_have_the_form_and_do_not_wait(self) -> None:
        tracers = self.start(shape_log=self.forms.append)
        self.create("Stdout", json=True)
        self.successResultOf(Deferred.fromCoroutine(tracers.close()))
        self.assertEqual(self.forms[-1], LogForm(json=True))


class JournalTests(TracersCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="stalwart-")
        self.addCleanup(folder.cleanup)
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.server.close)
        self.server.setblocking(False)
        self.server.bind(f"{folder.name}/socket")
        self.patch(tracers, "Journal", partial(Journal, path=Path(folder.name) / "socket"))
        self.tracers = Tracers(self.settings, self.telemetry, self.clock)
        self.tracers.start()

    def ids(self) -> list[str]:
        """The events that the journal has got."""
        found: list[str] = []
        while True:
            try:
                found.append(dict(fields_of(self.server.recv(1 << 20)))["STALWART_EVENT"])
            except BlockingIOError:
                return found

    def test_journal_has_level_and_events_of_the_tracer(self) -> None:
        id = self.create("Journal", level="warn", events={"network.bind-error": True})
        for event in ALL:
            self.telemetry.emit(event)
        self.change(id, level="trace")
        self.telemetry.emit(AUTH_TOKEN_EXPIRED)
        self.successResultOf(Deferred.fromCoroutine(self.tracers.close()))
        self.telemetry.emit(AUTH_TOO_MANY_ATTEMPTS)
        self.assertEqual(self.ids(), ["auth.too-many-attempts", "auth.token-expired"])

    def test_journal_that_is_not_there_is_one_event(self) -> None:
        self.create("Journal")
        self.server.close()
        for _ in range(3):
            self.telemetry.emit(AUTH_SUCCESS)
        self.assertEqual(self.telemetry.counters[TELEMETRY_JOURNAL_ERROR.id], 1)
        self.successResultOf(Deferred.fromCoroutine(self.tracers.close()))


class DiskTests(TracersCase):
    """With real files and threads."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp())
        self.tracers = Tracers(self.settings, self.telemetry, self.clock)
        self.tracers.start()

    def close(self) -> None:
        closing = Deferred.fromCoroutine(self.tracers.close())
        self.clock.until(closing)
        self.successResultOf(closing)

    def test_events_are_in_the_file_of_the_day(self) -> None:
        self.create(path=str(self.folder), prefix="mail")
        self.telemetry.emit(AUTH_SUCCESS, login="alice")
        self.close()
        text = "2026-11-21T09:30:00.250Z INFO Sign-in succeeded (auth.success) login=alice\n"
        self.assertEqual((self.folder / "mail.2026-11-21").read_text(), text)

    def test_file_that_cannot_be_written_is_one_event_and_the_server_goes_on(self) -> None:
        self.folder.touch()
        self.create(path=str(self.folder))
        self.telemetry.emit(AUTH_SUCCESS)
        self.clock.turn()
        self.telemetry.emit(AUTH_SUCCESS)
        self.assertEqual(self.logged, [AUTH_SUCCESS.id, TELEMETRY_LOG_ERROR.id, AUTH_SUCCESS.id])
        self.close()
        self.assertEqual(self.telemetry.counters[TELEMETRY_LOG_ERROR.id], 1)
