"""The log of the process in each form, and who writes it."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import FileLogObserver, Logger, LogLevel, LogPublisher, globalLogPublisher, textFileLogObserver
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.process_log import (
    MOST_WAITING,
    PAUSE,
    LogForm,
    ProcessLog,
    form_of,
    is_journal,
    json_lines,
    shape_log,
    text_of,
)
from stalwart.app.workers.log_relay import LogRelay, log_for
from stalwart.codec.log_lines import plain, read
from stalwart.config.monitoring.tracer import Stdout
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_FAILED, AUTH_MFA_REQUIRED, Level

FORMS = [
    LogForm(ansi, multiline, json) for ansi in (True, False) for multiline in (True, False) for json in (True, False)
]


class FormTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.events: list[Any] = []
        self.log = Logger(namespace="test", observer=LogPublisher(self.note))
        self.telemetry = Telemetry(Level.TRACE, log=self.log)

    def note(self, event: Any) -> None:
        event["log_time"] = 1_795_253_400.125
        self.events.append(event)

    def text(self, **form: Any) -> str:
        text = text_of(self.events[-1], LogForm(**form))
        assert text is not None
        return text

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text(json=True))
        return found

    def test_without_wishes_it_is_what_twistd_writes(self) -> None:
        self.telemetry.emit(AUTH_FAILED, login="a b", remoteIp="192.0.2.7")
        try:
            raise ZeroDivisionError("here")
        except ZeroDivisionError:
            self.log.failure("It broke")
        for event in self.events:
            out = io.StringIO()
            textFileLogObserver(out)(event)
            self.assertEqual(text_of(event, LogForm()), out.getvalue())

    def test_colours_are_all_that_ansi_adds(self) -> None:
        self.telemetry.emit(AUTH_FAILED, login="a")
        coloured = self.text(ansi=True)
        self.assertIn(" \x1b[32m[test#info]\x1b[0m Sign-in failed \x1b[36m(auth.failed)\x1b[0m login=a", coloured)
        self.assertEqual(plain(coloured), self.text())
        self.log.warn("x [y] (auth.failed)")
        self.assertIn("\x1b[33m[test#warn]\x1b[0m x [y] (auth.failed)", self.text(ansi=True))

    def test_several_lines(self) -> None:
        self.telemetry.emit(AUTH_FAILED, login="a b", reason=None, remoteIp="192.0.2.7")
        expected = "[test#info] Sign-in failed (auth.failed)\n\tlogin='a b'\n\tremoteIp=192.0.2.7\n"
        self.assertEqual(self.text(multiline=True).split(" ", 1)[1], expected)

    def test_json(self) -> None:
        self.telemetry.emit(AUTH_FAILED, login="a", accountId=7, reason=None)
        text = self.text(json=True, ansi=True, multiline=True)
        self.assertEqual(
            text,
            '{"timestamp":"2026-11-21T09:30:00.125Z","level":"info","event":"auth.failed",'
            '"message":"Sign-in failed","login":"a","accountId":7}\n',
        )
        self.assertIsNotNone(read(text))

    def test_level_of_ours_that_twisted_has_not(self) -> None:
        self.telemetry.emit(AUTH_MFA_REQUIRED)
        self.assertEqual(self.json()["level"], "trace")

    def test_json_of_what_is_no_event_of_ours(self) -> None:
        self.log.critical("a {b}\n c", b=1)
        expected = {"level": "error", "message": "a 1", "namespace": "test", "details": " c"}
        self.assertEqual({name: value for name, value in self.json().items() if name != "timestamp"}, expected)
        try:
            raise ZeroDivisionError("here")
        except ZeroDivisionError:
            self.log.failure("It broke")
        self.assertEqual(
            (self.json()["message"], "ZeroDivisionError: here" in self.json()["details"]), ("It broke", True)
        )

    def test_nothing_is_nothing_in_every_form(self) -> None:
        self.assertEqual({text_of({"log_time": 1.0, "log_namespace": "x"}, form) for form in FORMS}, {None})

    def test_event_of_a_worker_has_its_number(self) -> None:
        relay, sent = LogRelay(), list[Any]()
        relay.channel = type("C", (), {"is_open": True, "is_full": False, "send": lambda _, do, **m: sent.append(m)})()
        self.telemetry.emit(AUTH_FAILED, login="a", reason=b"\xff")
        relay(self.events[-1])
        self.log.warn("plain\nmore")
        relay(self.events[-1])
        globalLogPublisher.addObserver(self.note)
        self.addCleanup(globalLogPublisher.removeObserver, self.note)
        log_for(2, json.loads(json.dumps(sent[0])))
        found = self.json()
        self.assertEqual(
            [found[name] for name in ("event", "login", "reason", "worker")], ["auth.failed", "a", "/w==", 2]
        )
        self.assertTrue(self.text(multiline=True).endswith("(auth.failed)\n\tlogin=a\n\treason=/w==\n\tworker=2\n"))
        log_for(2, json.loads(json.dumps(sent[1])))
        found = self.json()
        self.assertEqual(
            [found[name] for name in ("message", "details", "worker", "level")], ["plain", "more", 2, "warn"]
        )

    def test_long_event_of_a_worker_goes_as_text(self) -> None:
        relay, sent = LogRelay(), list[Any]()
        relay.channel = type("C", (), {"is_open": True, "is_full": False, "send": lambda _, do, **m: sent.append(m)})()
        self.telemetry.emit(AUTH_FAILED, **{f"login{n}": "\U0001f600" * 4000 for n in range(30)})
        relay(self.events[-1])
        self.assertNotIn("event", sent[0])
        self.assertLess(len(json.dumps(sent[0])), 1 << 20)

    def test_form_of_a_tracer(self) -> None:
        self.assertEqual(form_of(Stdout()), LogForm(buffered=True))
        self.assertEqual(
            form_of(Stdout(json=True, ansi=True, multiline=True, buffered=False)), LogForm(True, True, True)
        )


class Stream(io.StringIO):
    """Counts how often it was written to."""

    flushes = 0

    def flush(self) -> None:
        self.flushes += 1


class WriterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.stream = Clock(), Stream()

    def writer(self, form: LogForm | None = None, **options: Any) -> Logger:
        self.process_log = ProcessLog(self.stream, **options)
        if form is not None:
            self.process_log.shape(form, self.clock)
        return Logger(namespace="test", observer=LogPublisher(self.process_log))

    def lines(self) -> list[str]:
        return [line.split("] ")[1] for line in self.stream.getvalue().splitlines()]

    def test_each_line_at_once(self) -> None:
        log = self.writer(LogForm())
        for number in range(3):
            log.info("{n}", n=number)
        self.assertEqual((self.lines(), self.clock.getDelayedCalls()), (["0", "1", "2"], []))

    def test_several_lines_at_once(self) -> None:
        log = self.writer(LogForm(buffered=True))
        before = self.stream.flushes
        for number in range(3):
            log.info("{n}", n=number)
        self.assertEqual(self.lines(), [])
        self.clock.advance(PAUSE)
        self.assertEqual((self.lines(), self.stream.flushes - before), (["0", "1", "2"], 1))
        log.info("next")
        self.clock.advance(PAUSE)
        self.assertEqual(self.lines()[3:], ["next"])

    def test_memory_is_bounded(self) -> None:
        log = self.writer(LogForm(buffered=True))
        log.info("{x}", x="x" * MOST_WAITING)
        self.assertEqual(len(self.lines()), 1)

    def test_other_form_loses_nothing(self) -> None:
        log = self.writer(LogForm(buffered=True))
        log.info("a")
        self.process_log.shape(LogForm(), self.clock)
        log.info("b")
        self.assertEqual(self.lines(), ["a", "b"])

    def test_chosen_at_the_start_it_stays_json(self) -> None:
        log = self.writer(LogForm(ansi=True), is_json=True)
        log.info("a")
        self.assertEqual(json.loads(self.stream.getvalue())["message"], "a")

    def test_priority_of_each_line_for_the_journal(self) -> None:
        log = self.writer(LogForm(json=True), has_priorities=True)
        log.warn("a")
        self.process_log.shape(LogForm(), self.clock)
        log.critical("b\nc")
        first, second, third = self.stream.getvalue().splitlines()
        self.assertEqual((first[:4], second[:3], third), ("<4>{", "<3>", "<3>\tc"))

    def test_reader_that_is_gone_stops_nothing(self) -> None:
        log = self.writer(LogForm(buffered=True))
        log.info("a")
        self.stream.close()
        self.clock.advance(PAUSE)
        log.info("b")
        self.process_log.flush()


class PlaceTests(SynchronousTestCase):
    """Whose place it takes."""

    def setUp(self) -> None:
        self.stream, self.clock = Stream(), Clock()
        self.patch(sys, "__stdout__", self.stream)

    def observe(self, observer: Any) -> None:
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def written(self) -> str:
        """What is written of a line, then nothing of what was found is there any more."""
        before = len(self.stream.getvalue())
        Logger(namespace="test").info("here")
        return self.stream.getvalue()[before:]

    def tidy(self) -> None:
        trace: list[Any] = []
        globalLogPublisher({"log_trace": trace, "log_time": 0.0, "log_level": LogLevel.debug})
        for _, observer in trace:
            if isinstance(observer, (ProcessLog, FileLogObserver)):
                globalLogPublisher.removeObserver(observer)

    def test_observer_of_standard_output_is_replaced(self) -> None:
        self.addCleanup(self.tidy)
        self.observe(textFileLogObserver(self.stream))
        shape_log(LogForm(), self.clock)
        self.assertTrue(self.written().endswith("[test#info] here\n"))
        shape_log(LogForm(json=True), self.clock)
        self.assertEqual(json.loads(self.written())["message"], "here")
        shape_log(LogForm(), self.clock)
        self.assertTrue(self.written().endswith("[test#info] here\n"))

    def test_journal_of_systemd_gets_priorities(self) -> None:
        self.addCleanup(self.tidy)
        with open(self.mktemp(), "w+") as file:
            self.patch(sys, "__stdout__", file)
            found = os.fstat(file.fileno())
            self.patch(os, "environ", {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
            self.observe(textFileLogObserver(file))
            shape_log(LogForm(), self.clock)
            Logger(namespace="test").warn("here")
            file.seek(0)
            self.assertRegex(file.read(), r"^<4>\S+ \[test#warn\] here\n$")
            self.tidy()

    def test_file_of_twistd_is_left_alone(self) -> None:
        out = Stream()
        self.observe(textFileLogObserver(out))
        shape_log(LogForm(json=True), self.clock)
        Logger(namespace="test").info("here")
        self.assertTrue(out.getvalue().endswith("[test#info] here\n"))
        self.assertEqual(self.stream.getvalue(), "")

    def test_factory_for_twistd(self) -> None:
        self.patch(sys, "stdout", self.stream)
        self.observe(json_lines())
        self.assertEqual(json.loads(self.written())["namespace"], "test")
        shape_log(LogForm(ansi=True), self.clock)
        self.assertEqual(json.loads(self.written())["message"], "here")

    def test_journal_is_known_by_its_descriptor(self) -> None:
        with open(self.mktemp(), "w") as file:
            found = os.fstat(file.fileno())
            answers = []
            for value in (f"{found.st_dev}:{found.st_ino}", f"{found.st_dev}:1", "", "x"):
                self.patch(os, "environ", {"JOURNAL_STREAM": value})
                answers.append(is_journal(file))
            self.assertEqual(answers, [True, False, False, False])
            self.patch(os, "environ", {"JOURNAL_STREAM": "1:1"})
            self.assertEqual((is_journal(io.StringIO()), is_journal(None)), (False, False))
