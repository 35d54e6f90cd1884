"""A worker process from its first instruction to its last word, around a service that is not there."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import globalLogBeginner
from twisted.python import reflect
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app import service as service_module
from stalwart.app.environment import Environment
from stalwart.app.startup import Startup
from stalwart.app.workers import plan as plan_module
from stalwart.app.workers import process as module
from stalwart.app.workers.log_relay import LogRelay
from stalwart.app.workers.member import Member
from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.plan import Plan
from tests.leftovers import end

PLAN = Plan(2, 3, True, "some.reactor", Startup(data="d"))


class FakeReactor(Clock):
    """Runs until ``stop``: what was to be called first, then ``during``, then what shuts down."""

    def __init__(self) -> None:
        super().__init__()
        self.channel: Any = None
        self.hooks: list[Callable[[], object]] = []
        self.shutting_down: list[tuple[str, Callable[[], Any]]] = []
        self.during: Callable[[], object] = lambda: None
        self.running = False
        self.stops = 0
        self.ended: Deferred[None] | None = None

    def adoptStreamConnection(self, descriptor: int, family: int, factory: Any) -> None:
        self.channel = factory.buildProtocol(None)
        self.channel.makeConnection(StringTransport())

    def callWhenRunning(self, work: Callable[[], object]) -> None:
        self.hooks.append(work)

    def addSystemEventTrigger(self, phase: str, event: str, work: Callable[[], Any]) -> None:
        assert event == "shutdown"
        self.shutting_down.append((phase, work))

    def run(self) -> None:
        self.running = True
        for hook in self.hooks:
            hook()
        self.during()

    def stop(self) -> None:
        if not self.running:
            raise ReactorNotRunning
        self.running = False
        self.stops += 1
        ((phase, work),) = self.shutting_down
        assert phase == "before"
        self.ended = work()


class FakeService:
    """Closes when told."""

    made: list[FakeService]

    def __init__(self, reactor: Any, startup: Startup, environment: Environment, company: Member) -> None:
        self.given = (startup, environment, company)
        self.drain = environment.drain
        self.is_started = False
        self.closing: Deferred[None] | None = None
        FakeService.made.append(self)

    def startService(self) -> None:
        self.is_started = True

    def stopService(self) -> Deferred[None]:
        self.closing = Deferred()
        return self.closing


class ServeTests(SynchronousTestCase):
    """From a line and a descriptor to the end."""

    def setUp(self) -> None:
        FakeService.made = []
        self.patch(service_module, "StalwartService", FakeService)
        self.observers: list[Any] = []
        self.patch(globalLogBeginner, "beginLoggingTo", self.observers.extend)
        self.patch(os, "environ", {"STALWART_HOSTNAME": "mail.example.test"})
        self.memory = SharedMemory.create(3)
        self.addCleanup(self.memory.close)
        self.reactor = FakeReactor()

    def serve(self, during: Callable[[], object] = lambda: None) -> FakeService:
        """Serve, and do ``during`` while the reactor runs."""
        line, other = socket.socketpair()
        self.addCleanup(other.close)
        self.reactor.during = during
        module.serve(PLAN, self.reactor, line, os.dup(self.memory.descriptor))
        (service,) = FakeService.made
        self.addCleanup(self._release, service)
        return service

    def _release(self, service: FakeService) -> None:
        if self.reactor.ended is not None:
            end(self.reactor.ended)
        member: Any = service.given[2]
        member._ring.close()
        member._memory.close()

    def hear(self, line: bytes) -> None:
        self.reactor.channel.dataReceived(line + b"\n")

    def said(self) -> list[bytes]:
        lines: list[bytes] = self.reactor.channel.transport.value().splitlines()
        return lines

    def test_service_is_what_the_plan_says(self) -> None:
        startup, environment, member = self.serve().given
        self.assertEqual((startup, environment.hostname, member.is_first), (PLAN.startup, "mail.example.test", True))
        member.places.take("uploads", 7, None)
        self.memory.free(2)  # seen here, and its own number
        self.assertEqual(member.places.taken("uploads", 7), 0)

    def test_it_starts_when_the_reactor_runs(self) -> None:
        started: list[bool] = []
        service = self.serve(lambda: started.append(FakeService.made[0].is_started))
        self.assertEqual((started, service.is_started), ([True], True))

    def test_parent_is_heard_and_told(self) -> None:
        service = self.serve()
        wishes: list[int] = []
        service.given[2].opened("normal", lambda: wishes.append(1))
        self.hear(b'{"do": "reload"}')
        self.assertEqual((self.said(), wishes), ([b'{"do": "opened", "mode": "normal"}'], [1]))

    def test_log_goes_to_the_parent(self) -> None:
        self.serve()
        (relay,) = self.observers
        self.assertIsInstance(relay, LogRelay)
        relay({"log_format": "line", "log_time": 1.0})
        self.assertIn(b'"text": "line"', self.said()[0])

    def test_what_was_too_much_for_the_line_follows_when_it_flows(self) -> None:
        self.serve()
        self.reactor.channel.pauseProducing()
        self.observers[0]({"log_format": "line", "log_time": 1.0})
        self.assertEqual(self.said(), [])
        self.reactor.channel.resumeProducing()
        self.assertEqual(len(self.said()), 1)

    def test_end_of_the_parent_is_the_end(self) -> None:
        os.environ["STALWART_DRAIN"] = "5"
        service = self.serve(lambda: self.reactor.channel.connectionLost())
        self.assertEqual(self.reactor.stops, 1)
        self.assertIsNotNone(service.closing)
        self.assertEqual(service.drain, 0)  # the next parent wants the sockets

    def test_line_that_is_lost_while_it_stops_is_nothing_new(self) -> None:
        self.serve(lambda: (self.reactor.stop(), self.reactor.channel.connectionLost()))
        self.assertEqual(self.reactor.stops, 1)

    def test_it_closes_first_and_then_the_line_and_then_it_is_over(self) -> None:
        service = self.serve(lambda: self.reactor.stop())
        assert service.closing is not None and self.reactor.ended is not None
        self.assertFalse(self.reactor.channel.transport.disconnecting)
        service.closing.callback(None)
        self.assertTrue(self.reactor.channel.transport.disconnecting)
        self.assertNoResult(self.reactor.ended)
        self.reactor.channel.connectionLost()
        self.successResultOf(self.reactor.ended)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_parent_that_does_not_take_the_last_lines_is_not_waited_for_forever(self) -> None:
        service = self.serve(lambda: self.reactor.stop())
        assert service.closing is not None and self.reactor.ended is not None
        service.closing.callback(None)
        self.reactor.advance(1)
        self.successResultOf(self.reactor.ended)
        self.reactor.channel.connectionLost()

    def test_sockets_that_it_closes_at_the_end_stay_open_for_the_next_one(self) -> None:
        service = self.serve(lambda: self.reactor.stop())
        sockets: Any = service.given[2].sockets(self.reactor)
        self.assertTrue(sockets._leaving)


class MainTests(SynchronousTestCase):
    """What the interpreter is told."""

    def setUp(self) -> None:
        self.handlers: dict[int, Any] = {}
        self.patch(signal, "signal", self.handlers.__setitem__)
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.ours = ours
        self.patch(plan_module, "LINE", theirs.detach())
        self.patch(sys, "argv", ["-c", PLAN.to_json()])
        self.served: list[tuple[Any, ...]] = []

    def test_plan_is_the_last_argument_and_the_line_is_what_was_inherited(self) -> None:
        self.patch(module, "_installed", lambda name: f"the {name}")
        self.patch(module, "serve", lambda *given: self.served.append(given))
        module.main()
        ((plan, reactor, line, memory),) = self.served
        self.addCleanup(line.close)
        self.assertEqual((plan, reactor, memory), (PLAN, "the some.reactor", plan_module.MEMORY))
        self.ours.send(b"x")
        self.assertEqual(line.recv(1), b"x")

    def test_signals_of_the_terminal_are_the_parents_business(self) -> None:
        self.patch(module, "_installed", lambda name: None)
        self.patch(module, "serve", lambda plan, reactor, line, memory: line.close())
        module.main()
        self.assertEqual(self.handlers, {signal.SIGINT: signal.SIG_IGN, signal.SIGHUP: signal.SIG_IGN})

    def test_reactor_is_of_the_parents_kind(self) -> None:
        installed: list[str] = []

        class Kind:
            """A module with a reactor."""

            def __init__(self, name: str) -> None:
                self.name = name

            def install(self) -> None:
                """Twisted's reactors have this."""
                installed.append(self.name)

        self.patch(reflect, "namedModule", Kind)
        from twisted.internet import reactor

        self.assertIs(module._installed("some.reactor"), reactor)
        self.assertEqual(installed, ["some.reactor"])
