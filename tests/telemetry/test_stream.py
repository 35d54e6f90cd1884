"""Events: counted always, shown to observers, logged from a level on, and safe on one line."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger, LogLevel
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_FAILED,
    AUTH_MFA_REQUIRED,
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    HTTP_REQUEST_URL,
    NETWORK_BIND_ERROR,
    SERVER_BOOTSTRAP_MODE,
    SERVER_STARTUP,
    Event,
    Level,
)
from stalwart.telemetry.stream import line_of


class EmittingTests(SynchronousTestCase):
    """What happens to one event."""

    def setUp(self) -> None:
        self.logged: list[dict[str, Any]] = []
        self.telemetry = Telemetry(log=Logger(namespace="test", observer=self.logged.append))

    def lines(self) -> list[str]:
        return [entry["line"] for entry in self.logged]

    def test_every_event_is_counted_also_below_the_threshold(self) -> None:
        for event in (SERVER_STARTUP, AUTH_MFA_REQUIRED, AUTH_MFA_REQUIRED):
            self.telemetry.emit(event)
        self.assertEqual(self.telemetry.counters, {"server.startup": 1, "auth.mfa-required": 2})

    def test_event_at_the_threshold_is_one_log_line(self) -> None:
        self.telemetry.emit(SERVER_STARTUP, mode="normal", listeners=2)
        self.assertEqual(self.lines(), ["Server started (server.startup) mode=normal listeners=2"])

    def test_event_below_the_threshold_is_not_logged(self) -> None:
        self.telemetry.emit(HTTP_REQUEST_URL, remoteIp="192.0.2.1")
        self.assertEqual(self.lines(), [])

    def test_lower_threshold_logs_what_was_silent_before(self) -> None:
        self.telemetry.threshold = Level.TRACE
        self.telemetry.emit(AUTH_MFA_REQUIRED)
        self.assertEqual(len(self.logged), 1)

    def test_level_of_the_event_is_the_level_of_the_line(self) -> None:
        for event in (SERVER_STARTUP, SERVER_BOOTSTRAP_MODE, NETWORK_BIND_ERROR):
            self.telemetry.emit(event)
        levels = [entry["log_level"] for entry in self.logged]
        self.assertEqual(levels, [LogLevel.info, LogLevel.warn, LogLevel.error])

    def test_line_carries_the_id_for_machines(self) -> None:
        self.telemetry.emit(SERVER_STARTUP)
        self.assertEqual(self.logged[0]["event_id"], "server.startup")

    def test_braces_in_a_value_are_no_format(self) -> None:
        self.telemetry.emit(SERVER_STARTUP, mode="{log_source}")
        self.assertEqual(self.lines(), ["Server started (server.startup) mode={log_source}"])


class LazyKeyTests(SynchronousTestCase):
    """Keys that cost something are computed only for somebody."""

    def setUp(self) -> None:
        self.telemetry = Telemetry(log=Logger(namespace="test", observer=lambda _: None))
        self.called = 0

    def expensive(self) -> str:
        self.called += 1
        return "value"

    def test_nobody_listens_and_nothing_is_computed(self) -> None:
        self.telemetry.emit(HTTP_REQUEST_URL, reason=self.expensive)
        self.assertEqual(self.called, 0)

    def test_observer_gets_the_value_and_not_the_callable(self) -> None:
        seen: list[dict[str, Any]] = []
        self.telemetry.observe(lambda _, keys: seen.append(keys))
        self.telemetry.emit(HTTP_REQUEST_URL, reason=self.expensive)
        self.assertEqual((seen, self.called), ([{"reason": "value"}], 1))

    def test_wants_tells_whether_computing_pays(self) -> None:
        before = self.telemetry.wants(HTTP_REQUEST_URL)
        leave = self.telemetry.observe(lambda _event, _keys: None)
        during = self.telemetry.wants(HTTP_REQUEST_URL)
        leave()
        after = self.telemetry.wants(HTTP_REQUEST_URL)
        self.assertEqual((before, during, after), (False, True, False))


class AlsoTests(SynchronousTestCase):
    """Observers of certain events below the level that they want."""

    def setUp(self) -> None:
        self.telemetry = Telemetry(threshold=Level.ERROR)
        self.told: list[str] = []

    def test_only_those_are_given_and_nobody_else_sees_them(self) -> None:
        leave = self.telemetry.observe(
            lambda event, values: self.told.append(event.id), Level.WARN, frozenset((HTTP_CONNECTION_END.id,))
        )
        others: list[str] = []
        self.telemetry.observe(lambda event, values: others.append(event.id), Level.INFO)
        self.assertTrue(self.telemetry.wants(HTTP_CONNECTION_END))
        self.assertFalse(self.telemetry.wants(HTTP_CONNECTION_START))
        for event in (HTTP_CONNECTION_START, HTTP_CONNECTION_END, SERVER_STARTUP):
            self.telemetry.emit(event)
        self.assertEqual((self.told, others), ([HTTP_CONNECTION_END.id], [SERVER_STARTUP.id]))
        leave()
        leave()
        self.assertFalse(self.telemetry.wants(HTTP_CONNECTION_END))


class Crew:
    """Counts, and says what all have counted."""

    def __init__(self) -> None:
        self.counted: dict[str, int] = {"server.startup": 5}

    shelf = None

    def count(self, id: str, times: int = 1) -> None:
        self.counted[id] = self.total(id) + times

    def total(self, id: str) -> int:
        return self.counted.get(id, 0)

    def processes(self) -> dict[str, int]:
        return {"1": 7}


class CrewTests(SynchronousTestCase):
    """Several processes are one server."""

    def setUp(self) -> None:
        self.telemetry = Telemetry(threshold=Level.ERROR)
        self.telemetry.emit(SERVER_STARTUP)

    def test_alone(self) -> None:
        self.assertEqual((self.telemetry.total("server.startup"), self.telemetry.total("auth.failed")), (1, 0))
        self.assertEqual(self.telemetry.processes(), {})
        self.assertEqual(self.telemetry.counters, {"server.startup": 1})

    def test_what_was_counted_before_is_not_lost_and_not_counted_twice(self) -> None:
        crew = Crew()
        for _ in range(2):
            self.telemetry.join(crew)
            self.assertEqual(self.telemetry.total("server.startup"), 6)
        self.telemetry.emit(SERVER_STARTUP)
        self.telemetry.emit(AUTH_FAILED)
        self.assertEqual((self.telemetry.total("server.startup"), self.telemetry.total("auth.failed")), (7, 1))
        self.assertEqual((self.telemetry.counters["server.startup"], self.telemetry.processes()), (2, {"1": 7}))

    def test_alone_again(self) -> None:
        self.telemetry.join(Crew())
        self.telemetry.join(None)
        self.telemetry.emit(SERVER_STARTUP)
        self.assertEqual(self.telemetry.total("server.startup"), 2)


class FailingObserverTests(SynchronousTestCase):
    """An observer with a fault."""

    def test_others_are_told_and_the_emitter_goes_on(self) -> None:
        told: list[str] = []
        telemetry = Telemetry(threshold=Level.ERROR)
        telemetry.observe(lambda event, values: {}[event])  # type: ignore[index]
        telemetry.observe(lambda event, values: told.append(event.id))
        telemetry.emit(SERVER_STARTUP)
        self.assertEqual(told, [SERVER_STARTUP.id])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)


class ObserverTests(SynchronousTestCase):
    """Whoever watches."""

    def setUp(self) -> None:
        self.telemetry = Telemetry(log=Logger(namespace="test", observer=lambda _: None))
        self.seen: list[str] = []

    def note(self, event: Event, _keys: dict[str, Any]) -> None:
        self.seen.append(event.id)

    def test_observer_sees_events_of_every_level_in_their_order(self) -> None:
        self.telemetry.observe(self.note)
        self.telemetry.emit(AUTH_MFA_REQUIRED)
        self.telemetry.emit(SERVER_STARTUP)
        self.assertEqual(self.seen, ["auth.mfa-required", "server.startup"])

    def test_observer_that_has_left_sees_nothing(self) -> None:
        self.telemetry.observe(self.note)()
        self.telemetry.emit(SERVER_STARTUP)
        self.assertEqual(self.seen, [])

    def test_leaving_twice_leaves_the_others_alone(self) -> None:
        leave = self.telemetry.observe(self.note)
        self.telemetry.observe(self.note)
        leave()
        leave()
        self.telemetry.emit(SERVER_STARTUP)
        self.assertEqual(self.seen, ["server.startup"])

    def test_observer_may_leave_while_an_event_is_passed_on(self) -> None:
        leaving: list[Any] = []

        def once(event: Event, keys: dict[str, Any]) -> None:
            self.note(event, keys)
            leaving.pop()()

        leaving.append(self.telemetry.observe(once))
        self.telemetry.observe(self.note)
        self.telemetry.emit(SERVER_STARTUP)
        self.telemetry.emit(SERVER_STARTUP)
        self.assertEqual(len(self.seen), 3)

    def test_observer_of_a_level_sees_nothing_below_it(self) -> None:
        self.telemetry.threshold = Level.ERROR
        self.telemetry.observe(self.note, Level.INFO)
        for event in (HTTP_REQUEST_URL, SERVER_STARTUP, NETWORK_BIND_ERROR):
            self.telemetry.emit(event)
        self.assertEqual(self.seen, ["server.startup", "network.bind-error"])
        self.assertEqual((self.telemetry.wants(HTTP_REQUEST_URL), self.telemetry.wants(SERVER_STARTUP)), (False, True))


class ChangedLevelTests(SynchronousTestCase):
    """x:EventTracingLevel and what the log of the process leaves out."""

    def setUp(self) -> None:
        self.logged: list[dict[str, Any]] = []
        self.telemetry = Telemetry(log=Logger(namespace="test", observer=self.logged.append))
        self.seen: list[tuple[str, Level]] = []

    def levels(self) -> list[tuple[str, LogLevel]]:
        return [(entry["event_id"], entry["log_level"]) for entry in self.logged]

    def test_event_counts_as_of_its_new_level(self) -> None:
        self.telemetry.change_levels({"http.request-url": Level.WARN, "server.startup": Level.TRACE})
        self.telemetry.observe(lambda event, _: self.seen.append((event.id, event.level)))
        for event in (HTTP_REQUEST_URL, SERVER_STARTUP):
            self.telemetry.emit(event)
        self.assertEqual(self.levels(), [("http.request-url", LogLevel.warn)])
        self.assertEqual(self.seen, [("http.request-url", Level.WARN), ("server.startup", Level.TRACE)])

    def test_disabled_event_is_seen_by_nobody_and_counted(self) -> None:
        self.telemetry.change_levels({"network.bind-error": None})
        self.telemetry.observe(lambda event, _: self.seen.append((event.id, event.level)))
        self.telemetry.emit(NETWORK_BIND_ERROR)
        self.assertEqual((self.logged, self.seen, self.telemetry.wants(NETWORK_BIND_ERROR)), ([], [], False))
        self.assertEqual(self.telemetry.counters, {"network.bind-error": 1})
        self.telemetry.change_levels({})
        self.telemetry.emit(NETWORK_BIND_ERROR)
        self.assertEqual(len(self.logged), 1)

    def test_selection_is_of_the_log_only_and_never_leaves_out_errors(self) -> None:
        self.telemetry.selection = lambda event: event.id == "server.startup"
        self.telemetry.observe(lambda event, _: self.seen.append((event.id, event.level)))
        for event in (SERVER_STARTUP, SERVER_BOOTSTRAP_MODE, NETWORK_BIND_ERROR):
            self.telemetry.emit(event)
        self.assertEqual([id for id, _ in self.levels()], ["server.startup", "network.bind-error"])
        self.assertEqual(len(self.seen), 3)


class LineTests(SynchronousTestCase):
    """What strangers send must not forge a log line."""

    def line(self, value: Any) -> str:
        return line_of(AUTH_FAILED, {"login": value}).removeprefix("Sign-in failed (auth.failed)")

    def test_line_end_is_escaped(self) -> None:
        self.assertEqual(self.line("a\nServer stopped"), r" login='a\nServer stopped'")

    def test_terminal_escape_is_escaped(self) -> None:
        self.assertEqual(self.line("\x1b[2J"), r" login='\x1b[2J'")

    def test_unicode_line_separator_and_direction_override_are_escaped(self) -> None:
        self.assertEqual(self.line("a\u2028b\u202e"), r" login='a\u2028b\u202e'")

    def test_space_is_quoted_so_that_pairs_stay_apart(self) -> None:
        self.assertEqual(self.line("x remoteIp=::1"), " login='x remoteIp=::1'")

    def test_quote_is_quoted(self) -> None:
        self.assertEqual(self.line("'x"), ' login="\'x"')

    def test_empty_text_stays_visible(self) -> None:
        self.assertEqual(self.line(""), " login=''")

    def test_absent_value_is_left_out(self) -> None:
        self.assertEqual(self.line(None), "")

    def test_plain_values_are_plain(self) -> None:
        self.assertEqual(
            (self.line("müller"), self.line(0), self.line(False)), (" login=müller", " login=0", " login=False")
        )
