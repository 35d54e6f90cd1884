"""The service: starting, failing to start, SIGHUP, and ending wherever it is."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app import descriptors as descriptors_module
from stalwart.app import house as house_module
from stalwart.app import service as module
from stalwart.app.environment import Environment
from stalwart.app.service import AGAIN, ANSWER_FIRST, GRACE, OVER, StalwartService
from stalwart.app.startup import Startup
from stalwart.config.settings import SettingsBroken
from stalwart.errors import Invalid, Unavailable, Unreachable


class FakeReactor(MemoryReactorClock):
    """A reactor that notes its end."""

    stopped = False

    def stop(self) -> None:
        self.stopped = True

    def callFromThread(self, callable: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        callable(*arguments, **named)


class FakeHouse:
    """Reloads and closes when told; ``reloading`` is what a reload raises."""

    def __init__(self) -> None:
        self.reloads = 0
        self.reloading: Exception | None = None
        self.mode = "normal"
        self.graces: list[float] = []
        self.drains: list[float] = []
        self.closing: Deferred[None] = Deferred()
        self.doors = SimpleNamespace(entrance=SimpleNamespace(reception="reception"))
        self.foundations = SimpleNamespace(directory="directory")

    async def reload(self) -> None:
        self.reloads += 1
        if self.reloading is not None:
            raise self.reloading

    async def close(self, grace: float, drain: float = 0.0) -> None:
        self.graces.append(grace)
        self.drains.append(drain)
        await self.closing


class ServiceTests(SynchronousTestCase):
    """A service around a house that is not there."""

    def setUp(self) -> None:
        self.reactor = FakeReactor()
        self.reactor.running = False
        self.house = FakeHouse()
        self.opening: Any = self.house
        self.undone: Deferred[None] | None = None
        self.handlers: dict[int, Any] = {}
        self.patch(house_module, "open_house", self._open_house)
        self.patch(module.signal, "signal", self.handlers.__setitem__)
        self.service = StalwartService(self.reactor, Startup(data="d"), Environment("host"))
        self.logged: list[Any] = []
        globalLogPublisher.addObserver(self._note)
        self.addCleanup(globalLogPublisher.removeObserver, self._note)

    def _note(self, event: Any) -> None:
        if event.get("log_namespace") == "stalwart":
            self.logged.append(event)

    async def _open_house(self, *_: Any) -> Any:
        if isinstance(self.opening, Exception):
            raise self.opening
        if isinstance(self.opening, Deferred):
            try:
                return await self.opening
            except CancelledError:
                if self.undone is not None:
                    await self.undone
                raise
        return self.opening

    def start(self) -> None:
        """As twistd does, and then the reactor runs."""
        self.service.startService()
        self.reactor.running = True
        for work, arguments, named in self.reactor.whenRunningHooks:
            work(*arguments, **named)

    def lines(self) -> list[str]:
        return [event["log_format"].format(**event) for event in self.logged]

    def test_nothing_is_opened_before_the_reactor_runs(self) -> None:
        self.patch(house_module, "open_house", lambda *_: self.fail("too early"))
        self.service.startService()

    def test_the_process_may_have_all_descriptors_before_anything_is_opened(self) -> None:
        done: list[str] = []
        self.patch(descriptors_module, "raise_limit", lambda: done.append("raised"))
        self.patch(house_module, "open_house", lambda *_: done.append("opened") or self._open_house())
        self.start()
        self.assertEqual(done, ["raised", "opened"])

    def test_stopping_closes_the_house_and_is_over_within_ten_seconds(self) -> None:
        self.start()
        stopping = self.service.stopService()
        self.assertNoResult(stopping)
        self.house.closing.callback(None)
        self.successResultOf(stopping)
        self.assertEqual(self.house.graces, [GRACE])
        self.assertLess(GRACE, 10)
        self.assertEqual(self.lines(), ["Server stopped (server.shutdown)"])

    def test_stopping_serves_on_as_long_as_the_environment_says(self) -> None:
        self.service = StalwartService(self.reactor, Startup(data="d"), Environment("host", drain=5.0))
        self.start()
        self.house.closing.callback(None)
        self.successResultOf(self.service.stopService())
        self.assertEqual(self.house.drains, [5.0])
        self.assertEqual(self.lines()[0], "stopping, and serving for 5 s more")

    def test_starting_again_does_not_wait(self) -> None:
        self.service = StalwartService(self.reactor, Startup(data="d"), Environment("host", drain=5.0))
        self.start()
        self.house.closing.callback(None)
        self.service._begin_again()
        self.assertEqual(self.house.drains, [0.0])

    def test_stopped_before_the_reactor_runs_opens_nothing(self) -> None:
        self.patch(house_module, "open_house", lambda *_: self.fail("opened"))
        self.service.startService()
        self.successResultOf(self.service.stopService())
        for work, arguments, named in self.reactor.whenRunningHooks:
            work(*arguments, **named)
        self.assertEqual(self.lines(), [])

    def test_stopping_while_it_opens_waits_until_all_is_closed_again(self) -> None:
        self.opening, self.undone = Deferred(), Deferred()
        self.start()
        stopping = self.service.stopService()
        self.assertNoResult(stopping)
        self.undone.callback(None)
        self.successResultOf(stopping)
        self.assertEqual((self.lines(), self.reactor.stopped), ([], False))

    def test_who_was_cut_off_tries_until_the_store_is_there(self) -> None:
        self.start()
        former, self.opening = self.house, Unavailable("The data store cannot be reached.")
        self.service.start_again()
        self.reactor.advance(ANSWER_FIRST)
        former.closing.callback(None)
        for _ in range(3):
            self.reactor.advance(AGAIN)
        self.assertEqual(self.reactor.stopped, False)
        self.assertIn("The data store cannot be reached. It is tried again.", self.lines()[-1])
        self.opening = FakeHouse()
        self.reactor.advance(AGAIN)
        self.opening.closing.callback(None)
        self.successResultOf(self.service.stopService())
        self.assertEqual((self.opening.graces, self.reactor.stopped), ([GRACE], False))

    def wait_for_the_database(self, seconds: float, problem: Exception) -> None:
        self.service = StalwartService(self.reactor, Startup(data="d"), Environment("host", database_wait=seconds))
        self.opening = problem
        self.start()

    def test_a_first_start_waits_until_its_database_is_there(self) -> None:
        self.wait_for_the_database(30.0, Unreachable("The data store is starting."))
        for _ in range(3):
            self.reactor.advance(AGAIN)
        waits = "Server waits for its data store (server.waits) reason='The data store is starting.'"
        self.assertEqual((self.lines(), self.reactor.stopped), ([waits] * 4, False))
        self.opening = self.house
        self.reactor.advance(AGAIN)
        self.house.closing.callback(None)
        self.successResultOf(self.service.stopService())
        self.assertEqual((self.house.graces, self.reactor.stopped), ([GRACE], False))

    def test_a_database_that_does_not_come_ends_the_start_with_the_error(self) -> None:
        self.wait_for_the_database(5.0, Unreachable("The data store cannot be reached."))
        for _ in range(5):
            self.reactor.advance(AGAIN)
        self.assertEqual(["server.waits" in line for line in self.lines()], [True] * 3 + [False])
        self.assertIn("Server could not start (server.startup-error) reason='The data store cannot", self.lines()[-1])
        self.assertTrue(self.reactor.stopped)

    def test_what_waiting_does_not_help_is_not_waited_for(self) -> None:
        self.wait_for_the_database(30.0, Unavailable("The data store refuses the user name or the password."))
        self.reactor.advance(0)
        self.assertEqual((len(self.lines()), self.reactor.stopped), (1, True))

    def test_who_waits_for_its_database_can_be_stopped(self) -> None:
        self.wait_for_the_database(30.0, Unreachable("The data store cannot be reached."))
        self.successResultOf(self.service.stopService())
        self.opening = self.house
        self.reactor.advance(AGAIN)
        self.assertEqual((self.house.graces, self.reactor.getDelayedCalls()), ([], []))

    def test_a_worker_that_no_other_one_could_stand_in_for_says_so(self) -> None:
        others: Any = SimpleNamespace(opened=lambda mode, reload: None)
        too_old = Invalid("It was written by a newer version.")
        statuses: list[int] = []
        self.patch(module, "end_with_failure", lambda reactor, status: statuses.append(status))
        for problem, company in ((too_old, others), (too_old, None), (ZeroDivisionError(), others)):
            self.opening = self.house = FakeHouse()
            self.service = StalwartService(self.reactor, Startup(data="d"), Environment("host"), company)
            self.reactor.whenRunningHooks.clear()
            self.start()
            self.opening = problem
            self.service.start_again()
            self.reactor.advance(ANSWER_FIRST)
            self.house.closing.callback(None)
            self.reactor.advance(0)
        self.assertEqual(statuses, [OVER, 1, 1])
        self.flushLoggedErrors(ZeroDivisionError)

    def test_a_start_that_fails_while_it_is_told_to_stop_ends_as_it_is(self) -> None:
        def stop() -> None:
            raise ReactorNotRunning("Can't stop reactor that isn't running.")

        self.reactor.running = True
        self.patch(self.reactor, "stop", stop)
        module.end_with_failure(self.reactor)

    def test_who_was_cut_off_may_be_stopped_meanwhile(self) -> None:
        self.start()
        former, self.opening = self.house, Unavailable("The data store cannot be reached.")
        self.service.start_again()
        self.reactor.advance(ANSWER_FIRST)
        former.closing.callback(None)
        self.successResultOf(self.service.stopService())
        self.opening = FakeHouse()
        self.reactor.advance(AGAIN)
        self.assertEqual((self.opening.graces, self.reactor.getDelayedCalls()), ([], []))

    def test_after_the_first_set_up_it_starts_again(self) -> None:
        self.start()
        former, self.opening = self.house, FakeHouse()
        self.service.start_again()
        self.assertEqual(former.graces, [])  # the answer leaves first
        self.reactor.advance(ANSWER_FIRST)
        self.assertEqual(former.graces, [GRACE])
        former.closing.callback(None)
        self.assertIn(
            "Server starts again, having been set up or cut off from its store (server.starts-again)", self.lines()
        )
        self.opening.closing.callback(None)
        self.successResultOf(self.service.stopService())
        self.assertEqual(self.opening.graces, [GRACE])

    def test_stopping_while_it_starts_again_waits_for_the_old_house(self) -> None:
        self.start()
        self.service.start_again()
        self.reactor.advance(ANSWER_FIRST)
        stopping = self.service.stopService()
        self.assertNoResult(stopping)
        self.house.closing.callback(None)
        self.successResultOf(stopping)
        self.assertEqual(self.house.graces, [GRACE])

    def test_whoever_wants_to_know_hears_that_it_is_open(self) -> None:
        early, cancelled = self.service.when_open(), self.service.when_open()
        cancelled.addErrback(lambda failure: failure.trap(CancelledError))
        cancelled.cancel()
        self.assertNoResult(early)
        self.start()
        late = self.service.when_open()
        for each in (early, late):
            opened: Any = self.successResultOf(each)
            self.assertEqual((opened.reception, opened.directory), ("reception", "directory"))

    def test_a_server_that_is_not_set_up_is_not_open(self) -> None:
        self.house.doors.entrance = None
        waiting = self.service.when_open()
        self.start()
        self.assertNoResult(waiting)
        self.house.closing.callback(None)
        self.opening = FakeHouse()
        self.service.start_again()
        self.reactor.advance(ANSWER_FIRST)
        self.successResultOf(waiting)

    def test_stopping_twice_closes_once(self) -> None:
        self.start()
        self.house.closing.callback(None)
        self.successResultOf(self.service.stopService())
        self.successResultOf(self.service.stopService())
        self.assertEqual(len(self.house.graces), 1)

    def test_known_fault_is_one_line_and_ends_the_process_with_status_1(self) -> None:
        self.opening = Invalid("The data folder /d cannot be used: Permission denied.")
        left: list[int] = []
        self.patch(os, "_exit", left.append)
        self.start()
        self.reactor.advance(0)
        (line,) = self.lines()
        self.assertIn("reason='The data folder /d cannot be used: Permission denied.'", line)
        self.assertNotIn("log_failure", self.logged[0])
        self.assertTrue(self.reactor.stopped)
        for work, arguments, _ in self.reactor.triggers["after"]["shutdown"]:
            work(*arguments)
        self.assertEqual(left, [1])

    def test_fault_of_ours_is_logged_with_its_traceback(self) -> None:
        self.opening = ZeroDivisionError("x")
        self.start()
        self.reactor.advance(0)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertTrue(self.reactor.stopped)

    def test_sighup_reloads(self) -> None:
        self.start()
        self.handlers[signal.SIGHUP](signal.SIGHUP, None)
        self.assertEqual(self.house.reloads, 1)

    def test_sighup_while_it_opens_is_ignored(self) -> None:
        self.opening = Deferred()
        self.start()
        self.handlers[signal.SIGHUP](signal.SIGHUP, None)
        self.assertEqual(self.house.reloads, 0)
        self.successResultOf(self.service.stopService())

    def test_settings_that_cannot_be_used_are_one_line(self) -> None:
        self.house.reloading = SettingsBroken(("Http", 0), "no")
        self.start()
        self.handlers[signal.SIGHUP](signal.SIGHUP, None)
        self.assertEqual(self.lines(), ["The settings could not be reloaded: Http: no"])
        self.assertEqual(self.logged[0]["log_level"], LogLevel.error)

    def test_other_fault_of_a_reload_is_logged_with_its_traceback(self) -> None:
        self.house.reloading = ZeroDivisionError("x")
        self.start()
        self.handlers[signal.SIGHUP](signal.SIGHUP, None)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
