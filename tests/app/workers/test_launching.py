"""Starting workers: what a process is given, and when it has ended."""

from __future__ import annotations

import os
import sys
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IReactorProcess, IReactorSocket
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from stalwart.app.startup import Startup
from stalwart.app.workers import launching as module
from stalwart.app.workers.channel import Channel, Message
from stalwart.app.workers.launching import PATIENCE, Launcher, WorkerProcess
from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.plan import LINE, MEMORY, Plan
from tests.app.workers.world import MemoryCase

STARTUP = Startup(data="d", endpoints={"http": ["tcp:0"]}, demo=True)


class FakeReactor(Clock):
    """Notes what is spawned; ``problem`` is what that raises."""

    def __init__(self) -> None:
        super().__init__()
        self.spawned: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.adopted: list[int] = []
        self.problem: Exception | None = None

    def adoptStreamConnection(self, descriptor: int, family: int, factory: Any) -> None:
        self.adopted.append(descriptor)
        self.channel = factory.buildProtocol(None)
        self.channel.makeConnection(StringTransport())

    def spawnProcess(self, *arguments: Any, **named: Any) -> None:
        if self.problem is not None:
            raise self.problem
        os.fstat(named["childFDs"][LINE])  # it is open now
        self.spawned.append((arguments, named))


class LauncherTests(MemoryCase):
    """What a process is given."""

    def setUp(self) -> None:
        super().setUp()
        self.reactor = FakeReactor()
        self.launch = Launcher(self.reactor, STARTUP, self.memory)

    def plan(self, *, is_first: bool) -> Plan:
        self.launch(2, is_first, lambda *_: None, lambda how: None)
        (_, _, arguments), _ = self.reactor.spawned[-1]
        return Plan.from_json(arguments[-1])

    def test_it_is_told_who_it_is(self) -> None:
        plan = self.plan(is_first=True)
        self.assertEqual((plan.number, plan.workers, plan.is_first), (2, 3, True))
        self.assertEqual((plan.startup, plan.reactor), (STARTUP, FakeReactor.__module__))

    def test_demonstration_accounts_are_the_first_ones_business(self) -> None:
        startup = self.plan(is_first=False).startup
        self.assertEqual((startup.data, startup.endpoints, startup.demo), ("d", STARTUP.endpoints, False))

    def test_it_runs_the_same_python_with_the_same_modules(self) -> None:
        self.patch(sys, "path", ["/one", "", "/two"])
        self.plan(is_first=True)
        ((_, program, arguments), named) = self.reactor.spawned[0]
        self.assertEqual((program, arguments[:2]), (sys.executable, [sys.executable, "-c"]))
        self.assertEqual(named["env"]["PYTHONPATH"], f"/one{os.pathsep}/two")
        self.assertEqual(named["env"].get("PATH"), os.environ.get("PATH"))

    def test_it_inherits_the_standard_ones_its_line_and_the_memory(self) -> None:
        self.plan(is_first=True)
        descriptors = self.reactor.spawned[0][1]["childFDs"]
        self.assertEqual(sorted(descriptors), [0, 1, 2, LINE, MEMORY])
        self.assertEqual(descriptors[MEMORY], self.memory.descriptor)

    def test_its_end_of_the_line_is_not_kept_open_here(self) -> None:
        self.plan(is_first=True)
        line = self.reactor.spawned[0][1]["childFDs"][LINE]
        self.assertRaises(OSError, os.fstat, line)

    def test_what_is_said_to_it_goes_over_the_line(self) -> None:
        process = self.launch(1, True, lambda *_: None, lambda how: None)
        process.send("reload")
        self.assertEqual(self.reactor.channel.transport.value(), b'{"do": "reload"}\n')

    def test_what_it_says_is_heard(self) -> None:
        heard: list[Any] = []
        self.launch(1, True, lambda *said: heard.append(said), lambda how: None)
        self.reactor.channel.dataReceived(b'{"do": "opened"}\n')
        self.assertEqual(heard, [({"do": "opened"}, None)])

    def test_process_that_cannot_be_started_leaves_nothing_behind(self) -> None:
        ends: list[str] = []
        self.reactor.problem = BlockingIOError(11, "Resource temporarily unavailable")
        self.assertRaises(BlockingIOError, self.launch, 1, True, lambda *_: None, ends.append)
        self.reactor.channel.connectionLost()  # its other end is closed
        self.reactor.advance(PATIENCE)
        self.assertEqual((ends, self.reactor.getDelayedCalls()), ([], []))


class FakeTransport:
    """Of a process; ``problem`` is what a signal raises."""

    def __init__(self) -> None:
        self.signals: list[str] = []
        self.problem: Exception | None = None

    def signalProcess(self, name: str) -> None:
        if self.problem is not None:
            raise self.problem
        self.signals.append(name)


class WorkerProcessTests(SynchronousTestCase):
    """The end of a process."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.ends: list[str] = []
        self.process = WorkerProcess(self.clock, self.ends.append)
        self.transport = FakeTransport()
        self.process.makeConnection(self.transport)  # type: ignore[arg-type]
        self.process.channel = Channel(lambda *_: None, self.process.line_lost)
        self.process.channel.makeConnection(StringTransport())

    def reap(self, reason: Exception | None = None) -> None:
        self.process.processEnded(Failure(reason or ProcessDone(0)))

    def test_it_has_ended_when_it_is_reaped_and_all_is_heard(self) -> None:
        self.reap()
        self.assertEqual(self.ends, [])
        self.process.channel.connectionLost()
        self.assertEqual(self.ends, ["status 0"])

    def test_or_the_other_way_round(self) -> None:
        self.process.channel.connectionLost()
        self.assertEqual(self.ends, [])
        self.reap()
        self.assertEqual((self.ends, self.clock.getDelayedCalls()), (["status 0"], []))

    def test_how_it_ended_is_told(self) -> None:
        for reason, how in (
            (ProcessDone(0), "status 0"),
            (ProcessTerminated(exitCode=1), "status 1"),
            (ProcessTerminated(signal=9), "signal 9"),
        ):
            self.setUp()
            self.reap(reason)
            self.process.channel.connectionLost()
            self.assertEqual(self.ends, [how])

    def test_without_a_line_it_is_killed_after_a_while(self) -> None:
        self.process.channel.connectionLost()
        self.clock.advance(PATIENCE - 0.1)
        self.assertEqual(self.transport.signals, [])
        self.clock.advance(0.1)
        self.assertEqual(self.transport.signals, ["KILL"])
        self.reap(ProcessTerminated(signal=9))
        self.assertEqual(self.ends, ["signal 9"])

    def test_signal_to_a_process_that_has_just_ended_is_nothing(self) -> None:
        self.transport.problem = ProcessExitedAlready()
        self.process.signal("TERM")
        self.assertEqual(self.ends, [])


class RealTests(TestCase):
    """A real process that does little."""

    timeout = 20

    def setUp(self) -> None:
        if not (IReactorSocket.providedBy(reactor) and IReactorProcess.providedBy(reactor)):
            raise SkipTest("this reactor cannot start processes with sockets")
        self.memory = SharedMemory.create(2)
        self.addCleanup(self.memory.close)
        self.heard: list[Message] = []
        self.ended: Deferred[str] = Deferred()

    def launch(self, code: str) -> Any:
        """Start a process that does ``code`` with ``line``, its line."""
        self.patch(module, "_CODE", f"import json, os, socket, sys; line = socket.socket(fileno={LINE}); {code}")
        launcher = Launcher(reactor, STARTUP, self.memory)
        return launcher(1, True, lambda message, _: self.heard.append(message), self.ended.callback)

    async def test_it_has_line_plan_and_memory(self) -> None:
        code = 'line.sendall(json.dumps({"do": "told", "plan": sys.argv[-1]}).encode() + b"\\n"); '
        self.launch(code + f'os.pwrite({MEMORY}, b"\\x05", {self.memory.tasks}); sys.exit(3)')
        self.assertEqual(await self.ended, "status 3")
        (message,) = self.heard
        self.assertEqual(Plan.from_json(message["plan"]).startup, STARTUP)
        self.assertEqual(self.memory.buffer[self.memory.tasks], 5)

    async def test_it_has_nothing_else(self) -> None:
        code = 'found = [each for each in range(5, 60) if os.path.exists(f"/proc/self/fd/{each}")]; '
        self.launch(code + 'line.sendall(json.dumps({"do": "told", "found": found}).encode() + b"\\n")')
        self.assertEqual(await self.ended, "status 0")
        self.assertEqual(self.heard, [{"do": "told", "found": []}])

    async def test_it_sees_the_end_of_its_parents_side_and_can_be_killed(self) -> None:
        process = self.launch("line.recv(1); import time; time.sleep(60)")
        process.send("reload")
        process.signal("KILL")
        self.assertEqual(await self.ended, "signal 9")

    async def test_parent_that_closes_the_line_is_noticed(self) -> None:
        process = self.launch("sys.exit(len(line.recv(1)))")
        process.channel.finish()
        self.assertEqual(await self.ended, "status 0")
