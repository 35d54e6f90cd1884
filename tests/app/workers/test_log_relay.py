"""Lines of the log on their way from a worker to its parent, and what happens to those that are too many."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger, LogLevel, LogPublisher, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.workers.log_relay import KEPT, LogRelay, log_for
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SERVER_STARTUP


class FakeChannel:
    """Takes ``room`` messages and is full then."""

    def __init__(self, room: int = 10**9) -> None:
        self.is_open = True
        self.room = room
        self.sent: list[dict[str, Any]] = []

    @property
    def is_full(self) -> bool:
        return len(self.sent) >= self.room

    def send(self, do: str, **members: Any) -> None:
        assert do == "log"
        self.sent.append(members)

    def texts(self) -> list[str]:
        return [message["text"] for message in self.sent]


class RelayTests(SynchronousTestCase):
    """In the worker."""

    def setUp(self) -> None:
        self.relay = LogRelay()
        self.channel = FakeChannel()
        self.log = Logger(namespace="stalwart", observer=LogPublisher(self.relay))

    def connect(self, room: int = 10**9) -> None:
        self.channel.room = room
        self.relay.channel = self.channel  # type: ignore[assignment]

    def test_line_is_sent_at_once_with_level_namespace_and_time(self) -> None:
        self.connect()
        self.relay({"log_format": "a {b}", "b": 1, "log_level": LogLevel.warn, "log_time": 5.5, "log_namespace": "n"})
        self.assertEqual(
            self.channel.sent, [{"text": "a 1", "level": "warn", "namespace": "n", "system": None, "time": 5.5}]
        )

    def test_old_style_event_has_a_level_and_a_namespace_too(self) -> None:
        self.connect()
        self.relay({"message": ("old",), "isError": 0, "log_time": 1, "log_format": "old", "log_system": "-"})
        (sent,) = self.channel.sent
        self.assertEqual([sent[name] for name in ("text", "level", "system")], ["old", "info", "-"])

    def test_event_without_text_is_none(self) -> None:
        self.connect()
        self.relay({"log_time": 1})
        self.assertEqual(self.channel.sent, [])

    def test_traceback_goes_along(self) -> None:
        self.connect()
        try:
            raise ZeroDivisionError("here")
        except ZeroDivisionError:
            self.log.failure("It broke")
        first, *rest = self.channel.texts()[0].splitlines()
        self.assertEqual(first, "It broke")
        self.assertTrue(any("ZeroDivisionError: here" in line for line in rest))

    def test_what_is_logged_before_there_is_a_channel_is_kept(self) -> None:
        for number in range(3):
            self.log.info("line {number}", number=number)
        self.connect()
        self.relay.flow()
        self.assertEqual(self.channel.texts(), ["line 0", "line 1", "line 2"])

    def test_full_channel_is_waited_for(self) -> None:
        self.connect(room=1)
        for number in range(3):
            self.log.info("line {number}", number=number)
        self.assertEqual(self.channel.texts(), ["line 0"])
        self.channel.room = 10
        self.relay.flow()
        self.assertEqual(self.channel.texts(), ["line 0", "line 1", "line 2"])

    def test_closed_channel_takes_nothing(self) -> None:
        self.connect()
        self.channel.is_open = False
        self.log.info("x")
        self.assertEqual(self.channel.sent, [])

    def test_too_many_lines_are_counted_and_told_in_their_place(self) -> None:
        for number in range(KEPT + 7):
            self.log.info("line {number}", number=number)
        self.connect()
        self.relay.flow()
        self.log.info("next")
        texts = self.channel.texts()
        self.assertEqual(texts[:KEPT], [f"line {number}" for number in range(KEPT)])
        self.assertEqual(texts[KEPT:], ["7 lines of the log are missing here", "next"])
        self.assertEqual(self.channel.sent[KEPT]["level"], "warn")

    def test_missing_lines_are_told_once(self) -> None:
        for overflow in (1, 2):
            self.connect(room=0)
            for _ in range(KEPT + overflow):
                self.log.info("x")
            self.channel.sent.clear()
            self.connect()
            self.relay.flow()
            self.assertEqual(len(self.channel.sent), KEPT + 1)
            self.assertIn(f"{overflow} lines", self.channel.texts()[-1])

    def test_line_of_any_length_fits(self) -> None:
        self.connect()
        self.log.info("{x}", x="y" * 1_000_000)
        self.assertEqual(len(self.channel.texts()[0]), 60_000)


class LogForTests(SynchronousTestCase):
    """In the parent."""

    def setUp(self) -> None:
        self.events: list[Any] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def shown(self, message: dict[str, Any]) -> str:
        """The line as the parent logs it."""
        self.events.clear()
        log_for(2, {"level": "info", "namespace": "stalwart", "system": None, "time": 5.5} | message)
        (event,) = self.events
        return str(event["log_format"].format(**event))

    def test_number_of_the_worker_ends_the_first_line(self) -> None:
        self.assertEqual(self.shown({"text": "a"}), "a worker=2")
        self.assertEqual(self.shown({"text": "a\nTraceback\n b"}), "a worker=2\nTraceback\n b")

    def test_braces_of_the_text_are_no_format(self) -> None:
        self.assertEqual(self.shown({"text": "{x} {"}), "{x} { worker=2")

    def test_level_namespace_and_time_are_those_of_the_worker(self) -> None:
        self.shown({"text": "a", "level": "critical", "namespace": "stalwart.x"})
        (event,) = self.events
        self.assertEqual(
            (event["log_level"], event["log_namespace"], event["log_time"], "log_system" in event),
            (LogLevel.critical, "stalwart.x", 5.5, False),
        )

    def test_system_of_old_events_is_kept(self) -> None:
        self.shown({"text": "a", "system": "-"})
        self.assertEqual(self.events[0]["log_system"], "-")

    def test_line_that_tells_of_missing_ones_needs_no_time(self) -> None:
        log_for(1, {"text": "7 lines", "level": "warn", "namespace": "stalwart"})
        self.assertGreater(self.events[0]["log_time"], 1_700_000_000)

    def test_event_of_telemetry_looks_as_in_a_process_that_serves_alone(self) -> None:
        Telemetry().emit(SERVER_STARTUP, mode="normal", listeners=2)
        alone = self.events[-1]["log_format"].format(**self.events[-1])
        relay, channel = LogRelay(), FakeChannel()
        relay.channel = channel  # type: ignore[assignment]
        relay(self.events[-1])
        self.assertEqual(self.shown(channel.sent[0]), f"{alone} worker=2")
