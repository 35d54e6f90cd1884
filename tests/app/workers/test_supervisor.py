"""The parent: who is started when, who leads, what happens to those that die, and the end of all."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.task import Clock, deferLater
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from stalwart.app.environment import Environment
from stalwart.app.listeners import Bound, Door, Wanted
from stalwart.app.process_log import LogForm
from stalwart.app.service import GRACE, OVER
from stalwart.app.startup import Startup
from stalwart.app.workers import supervisor as module
from stalwart.app.workers.changes import ChangeRing, Kind
from stalwart.app.workers.channel import Channel, Heard, open_channel
from stalwart.app.workers.launching import Ended, Launcher
from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.places import SharedPlaces
from stalwart.app.workers.shared_ports import Share
from stalwart.app.workers.shared_sockets import SharedSockets
from stalwart.app.workers.supervisor import KILL_AFTER, LONGEST_PAUSE, QUICK, SHORTEST_PAUSE, Supervisor
from stalwart.telemetry.events import Level
from tests.app.test_listeners import stored
from tests.leftovers import end

LONG = QUICK + 1


class FakeReactor(Clock):
    """A reactor that notes its end."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks: list[Callable[[], object]] = []
        self.last: list[tuple[Any, ...]] = []
        self.running = False
        self.stopped = False

    def callWhenRunning(self, work: Callable[[], object]) -> None:
        self.hooks.append(work)

    def callFromThread(self, work: Callable[..., object], *arguments: Any) -> None:
        work(*arguments)

    def addSystemEventTrigger(self, phase: str, event: str, *work: Any) -> None:
        assert (phase, event) == ("after", "shutdown")
        self.last.append(work)

    def stop(self) -> None:
        self.stopped = True


class FakeProcess:
    """A worker as its parent sees it; ``says`` and ``ends`` are the worker's side."""

    is_full = False

    def __init__(self, number: int, is_first: bool, heard: Heard, ended: Ended) -> None:
        self.number = number
        self.is_first = is_first
        self.heard = heard
        self.ends = ended
        self.told: list[Any] = []
        self.signals: list[str] = []

    def send(self, do: str, *, descriptor: int | None = None, **members: Any) -> None:
        self.told.append((do, members) if members else do)

    def signal(self, name: str) -> None:
        self.signals.append(name)

    def says(self, do: str, **members: Any) -> None:
        self.heard({"do": do, **members}, None)

    def opens(self, mode: str = "normal") -> None:
        self.says("opened", mode=mode)


class FakeKeeper:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def gone(self, worker: int) -> None:
        self.asked.append(("gone", worker))

    def tidy(self) -> None:
        self.asked.append("tidy")

    def move(self, former: Any, name: Any) -> None:
        self.asked.append(("move", former, name))

    async def close(self) -> None:
        self.asked.append("close")


class SupervisorCase(SynchronousTestCase):
    """Three workers that are not there; ``self.launched`` are all that ever were."""

    workers = 3

    def setUp(self) -> None:
        self.reactor = FakeReactor()
        self.memory = SharedMemory.create(self.workers)
        self.launched: list[FakeProcess] = []
        self.problem: Exception | None = None
        self.handlers: dict[int, Any] = {}
        self.patch(module.signal, "signal", self.handlers.__setitem__)
        self.supervisor = self.new(Environment("host"))
        self.addCleanup(self.close_memory, self.supervisor)
        self.keeper = FakeKeeper()
        self.supervisor._keeper = self.keeper  # type: ignore[assignment]
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.supervisor._telemetry.observe(lambda event, keys: self.events.append((event.id, keys)), Level.INFO)

    def new(self, environment: Environment) -> Supervisor:
        return Supervisor(
            self.reactor, self.workers, Startup(data="d"), environment, memory=self.memory, launch=self.launch
        )

    def close_memory(self, supervisor: Supervisor) -> None:
        """Unless it has been stopped."""
        if supervisor._memory is not None:
            supervisor._memory.close()

    def launch(self, number: int, is_first: bool, heard: Heard, ended: Ended) -> FakeProcess:
        if self.problem is not None:
            raise self.problem
        process = FakeProcess(number, is_first, heard, ended)
        self.launched.append(process)
        return process

    def start(self) -> FakeProcess:
        """As twistd does, and then the reactor runs; the first worker."""
        self.supervisor.startService()
        self.reactor.running = True
        for hook in self.reactor.hooks:
            hook()
        return self.launched[0]

    def all_open(self) -> list[FakeProcess]:
        """Three that serve."""
        self.start().opens()
        for process in self.launched[1:]:
            process.opens()
        return list(self.launched)

    def numbers(self) -> list[int]:
        return [process.number for process in self.launched]

    def ends(self) -> list[tuple[int, str, str]]:
        """What was told of workers that ended."""
        found = [keys for id, keys in self.events if id == "server.worker-ended"]
        return [(keys["worker"], keys["reason"], keys["again"]) for keys in found]


class StartTests(SupervisorCase):
    """Who is started when."""

    def test_nothing_starts_before_the_reactor_runs(self) -> None:
        self.supervisor.startService()
        self.assertEqual(self.launched, [])

    def test_first_one_starts_alone_and_the_others_once_it_serves(self) -> None:
        first = self.start()
        self.assertEqual((self.numbers(), first.is_first), ([1], True))
        first.opens()
        self.assertEqual(self.numbers(), [1, 2, 3])
        self.assertEqual([process.is_first for process in self.launched], [True, False, False])

    def test_those_that_serve_start_nobody(self) -> None:
        self.all_open()
        self.assertEqual(self.numbers(), [1, 2, 3])

    def test_bootstrap_stays_with_one_worker_until_it_is_set_up(self) -> None:
        first = self.start()
        first.opens("bootstrap")
        self.reactor.advance(1000)
        self.assertEqual(self.numbers(), [1])
        first.opens("normal")
        self.assertEqual(self.numbers(), [1, 2, 3])

    def test_worker_that_dies_in_bootstrap_is_followed_by_one(self) -> None:
        self.start().opens("bootstrap")
        self.launched[0].ends("signal 9")
        self.reactor.advance(SHORTEST_PAUSE)
        self.assertEqual([(process.number, process.is_first) for process in self.launched], [(1, True), (1, False)])
        self.launched[1].opens("bootstrap")
        self.assertEqual(self.numbers(), [1, 1])

    def test_recovery_has_all(self) -> None:
        self.start().opens("recovery")
        self.assertEqual(self.numbers(), [1, 2, 3])

    def test_first_worker_that_cannot_start_ends_all_with_status_1(self) -> None:
        left: list[int] = []
        self.patch(os, "_exit", left.append)
        self.start().ends("status 1")
        self.reactor.advance(0)
        self.assertTrue(self.reactor.stopped)
        ((exit, status),) = self.reactor.last
        exit(status)
        self.assertEqual((left, self.numbers(), self.events), ([1], [1], []))  # the worker has said why

    def test_first_worker_that_dies_without_a_word_is_told_of(self) -> None:
        self.start().ends("signal 11")
        self.reactor.advance(0)
        self.assertTrue(self.reactor.stopped)
        ((id, keys),) = self.events
        self.assertEqual(id, "server.startup-error")
        self.assertEqual(keys["reason"], "worker 1 ended with signal 11 before it served")

    def test_first_worker_that_cannot_even_be_launched(self) -> None:
        self.problem = OSError(11, "Resource temporarily unavailable")
        self.supervisor.startService()
        self.reactor.running = True
        self.reactor.hooks[0]()
        self.reactor.advance(0)
        self.assertTrue(self.reactor.stopped)
        self.assertIn("Resource temporarily unavailable", self.events[0][1]["reason"])

    def test_second_worker_that_cannot_start_ends_nobody(self) -> None:
        self.start().opens()
        self.launched[1].ends("status 1")
        self.reactor.advance(SHORTEST_PAUSE)
        self.assertEqual((self.reactor.stopped, self.numbers()), (False, [1, 2, 3, 2]))

    def test_a_worker_whose_version_is_too_old_for_the_store_ends_all(self) -> None:
        left: list[int] = []
        self.patch(os, "_exit", left.append)
        self.start().opens()
        self.launched[1].ends(f"status {OVER}")
        self.reactor.advance(0)
        self.assertTrue(self.reactor.stopped)
        ((exit, status),) = self.reactor.last
        exit(status)
        self.assertEqual((left, self.numbers(), self.events), ([1], [1, 2, 3], []))

    def test_privileges_are_dropped_once_the_first_one_has_handed_the_data_over(self) -> None:
        dropped: list[Any] = []
        self.patch(module, "drop_privileges", lambda *given: dropped.append(given))
        self.supervisor._environment = Environment("host", run_as_user="mail", run_as_group="daemon")
        self.start()
        self.assertEqual(dropped, [])
        self.launched[0].opens()
        self.launched[1].opens()
        self.assertEqual((dropped, self.numbers()), ([("mail", "daemon", None)], [1, 2, 3]))

    def test_user_who_cannot_run_this_program_ends_all(self) -> None:
        self.patch(module, "drop_privileges", lambda *given: None)
        for hidden in (sys.executable, module.__file__):
            self.setUp()
            self.patch(module.os, "access", lambda path, how, hidden=hidden: path != hidden)
            self.supervisor._environment = Environment("host", run_as_user="mail")
            self.start().opens()
            self.reactor.advance(0)
            self.assertTrue(self.reactor.stopped)
            self.assertEqual((self.numbers(), self.launched[0].told), ([1], []))
            ((id, keys),) = self.events
            self.assertEqual(id, "server.startup-error")
            self.assertIn(f"mail (RUN_AS_USER) has no access to {hidden}", keys["reason"])

    def test_memory_and_launcher_are_made_when_it_begins(self) -> None:
        launched: list[tuple[int, int]] = []
        self.patch(
            Launcher, "__call__", lambda launcher, number, *_: launched.append((number, launcher._memory.workers))
        )
        supervisor = Supervisor(self.reactor, 5, Startup(data="d"), Environment("host"))
        supervisor.startService()
        self.reactor.hooks[-1]()
        self.assertEqual(launched, [(1, 5)])
        supervisor._memory.close()  # type: ignore[union-attr]


class EndTests(SupervisorCase):
    """Workers that die while it runs."""

    def dies_quickly(self, position: int) -> None:
        """For the first time, so that another one is there at once."""
        self.launched[position].ends("status 1")
        self.reactor.advance(0)

    def wait_for_launch(self) -> None:
        """Until the next one is there, and no longer."""
        (call,) = self.reactor.getDelayedCalls()
        self.reactor.advance(call.getTime() - self.reactor.seconds())

    def test_who_has_lived_for_a_while_is_followed_at_once(self) -> None:
        self.all_open()
        self.reactor.advance(LONG)
        self.launched[1].ends("signal 9")
        self.assertEqual(self.numbers(), [1, 2, 3])
        self.reactor.advance(0)
        self.assertEqual(self.numbers(), [1, 2, 3, 2])
        self.assertEqual(self.ends(), [(2, "signal 9", "at once")])

    def test_the_others_look_at_what_it_may_have_changed_without_a_word(self) -> None:
        ring = ChangeRing(self.memory)
        self.addCleanup(ring.close)
        self.all_open()
        for process in self.launched:
            process.told.clear()
        self.launched[1].ends("signal 9")
        self.assertEqual([process.told for process in self.launched], [["look"], [], ["look"]])
        wanted = {Kind.ACCOUNTS, Kind.SETTINGS, Kind.KEYS, Kind.CERTIFICATES, Kind.ALL_OBJECTS, Kind.ALL_SUBSCRIPTIONS}
        self.assertEqual(ring.take().kinds, wanted)

    def test_pause_grows_with_quick_deaths_up_to_a_limit(self) -> None:
        self.all_open()
        self.dies_quickly(1)
        pause = SHORTEST_PAUSE
        for _ in range(9):
            count = len(self.launched)
            self.launched[-1].ends("status 1")
            self.reactor.advance(pause - 0.01)
            self.assertEqual(len(self.launched), count)
            self.reactor.advance(0.01)
            self.assertEqual(len(self.launched), count + 1)
            pause = min(pause * 2, LONGEST_PAUSE)
        self.assertEqual(pause, LONGEST_PAUSE)
        told = [again for *_, again in self.ends()]
        self.assertEqual((told[:4], told[-1]), (["at once", "in 0.5 s", "in 1 s", "in 2 s"], "in 30 s"))

    def test_long_life_makes_up_for_quick_deaths(self) -> None:
        self.all_open()
        for life in (0, 0, 0, LONG, 0, 0):
            self.reactor.advance(life)
            self.launched[-1].ends("status 1")
            self.wait_for_launch()
        told = [again for *_, again in self.ends()]
        self.assertEqual(told, ["at once", "in 0.5 s", "in 1 s", "at once", "at once", "in 0.5 s"])

    def test_each_seat_has_a_pause_of_its_own(self) -> None:
        self.all_open()
        self.dies_quickly(1)
        self.launched[2].ends("status 1")
        self.launched[3].ends("status 1")
        self.assertEqual([(worker, again) for worker, _, again in self.ends()[1:]], [(3, "at once"), (2, "in 0.5 s")])

    def test_launch_that_fails_is_tried_again_after_a_pause(self) -> None:
        self.all_open()
        self.problem = OSError(11, "Resource temporarily unavailable")
        self.launched[1].ends("signal 9")
        self.reactor.advance(0)
        self.assertEqual(self.ends()[-1], (2, "Resource temporarily unavailable", "in 0.5 s"))
        self.problem = None
        self.reactor.advance(SHORTEST_PAUSE)
        self.assertEqual(self.numbers(), [1, 2, 3, 2])

    def test_its_places_are_free_and_its_sockets_wait(self) -> None:
        self.all_open()
        for worker in (1, 2):
            SharedPlaces(self.memory, worker).take("uploads", 7, None)
        self.keeper.asked.clear()
        self.launched[1].ends("signal 9")
        self.assertEqual(SharedPlaces(self.memory, 3).taken("uploads", 7), 1)
        self.assertEqual(self.keeper.asked, [("gone", 2)])

    def test_sockets_are_tidied_when_all_serve_again_and_not_before(self) -> None:
        self.all_open()
        self.assertEqual(self.keeper.asked, ["tidy"])
        self.launched[1].ends("signal 9")
        self.launched[2].ends("signal 9")
        self.reactor.advance(SHORTEST_PAUSE)
        self.launched[3].opens()
        self.assertNotIn("tidy", self.keeper.asked[1:])
        self.launched[4].opens()
        self.assertEqual(self.keeper.asked[-1], "tidy")

    def test_house_that_is_opened_again_starts_nobody_who_has_a_pause(self) -> None:
        self.start().opens()
        self.launched[1].ends("signal 9")
        self.launched[0].opens()
        self.assertEqual(self.numbers(), [1, 2, 3])


class LeaderTests(SupervisorCase):
    """One of them leads."""

    def leaders(self) -> list[int]:
        """The positions in ``launched`` of all that were told to lead."""
        return [number for number, process in enumerate(self.launched) if "lead" in process.told]

    def test_first_that_serves_leads_and_nobody_else(self) -> None:
        self.start()
        self.assertEqual(self.leaders(), [])
        self.launched[0].opens()
        for process in self.launched[1:]:
            process.opens()
        self.assertEqual((self.leaders(), self.launched[0].told.count("lead")), ([0], 1))

    def test_when_it_dies_another_one_that_serves_does(self) -> None:
        self.start().opens()
        self.launched[2].opens()
        self.launched[0].ends("signal 9")
        self.assertEqual(self.leaders(), [0, 2])

    def test_when_nobody_else_serves_the_next_that_does_leads(self) -> None:
        self.start().opens()
        self.launched[0].ends("signal 9")
        self.assertEqual(self.leaders(), [0])
        self.launched[1].opens()
        self.launched[2].opens()
        self.assertEqual(self.leaders(), [0, 1])

    def test_who_follows_a_leader_does_not_lead(self) -> None:
        self.all_open()
        self.launched[0].ends("signal 9")
        self.reactor.advance(SHORTEST_PAUSE)
        self.launched[3].opens()
        self.assertEqual(self.leaders(), [0, 1])

    def test_death_of_another_one_changes_nothing(self) -> None:
        self.all_open()
        self.launched[1].ends("signal 9")
        self.assertEqual(self.leaders(), [0])

    def test_tasks_of_a_leader_that_died_are_running_no_more(self) -> None:
        self.all_open()
        begin = self.memory.tasks
        for victim, left in ((1, b"x"), (0, b"\0")):
            self.memory.buffer[begin : begin + 1] = b"x"
            self.launched[victim].ends("signal 9")
            self.assertEqual(self.memory.buffer[begin : begin + 1], left)

    def test_wishes_about_tasks_go_to_the_leader(self) -> None:
        self.all_open()
        self.launched[2].says("wake")
        self.launched[2].says("letters")
        self.launched[1].says("cancel", task=5)
        self.assertEqual(self.launched[0].told, ["lead", "wake", "letters", ("cancel", {"task": 5})])

    def test_alerts_are_passed_to_the_others_who_keep_up(self) -> None:
        self.all_open()
        self.launched[1].is_full = True
        self.launched[0].says("alert", account=7, alert={"uid": "x"})
        told = ("alert", {"account": 7, "alert": {"uid": "x"}})
        self.assertEqual([told in process.told for process in self.launched], [False, False, True])

    def test_wishes_while_nobody_leads_are_dropped(self) -> None:
        self.start().says("wake")
        self.assertEqual(self.launched[0].told, [])


class MessageTests(SupervisorCase):
    """What workers say."""

    def test_change_is_looked_at_by_all_others(self) -> None:
        self.all_open()
        for process in self.launched:
            process.told.clear()
        self.launched[1].says("changed")
        self.assertEqual([process.told for process in self.launched], [["look"], [], ["look"]])

    def test_dead_ones_are_told_nothing(self) -> None:
        self.all_open()
        self.launched[2].ends("signal 9")
        self.launched[2].told.clear()
        self.launched[1].says("changed")
        self.assertEqual(self.launched[2].told, [])

    def test_sighup_reaches_everybody(self) -> None:
        self.all_open()
        self.handlers[signal.SIGHUP](signal.SIGHUP, None)
        self.assertEqual([process.told[-1] for process in self.launched], ["reload"] * 3)

    def test_line_of_the_log_is_logged_with_the_number_of_its_worker(self) -> None:
        events: list[Any] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        self.all_open()
        self.launched[1].says("log", text="line", level="info", namespace="stalwart", system=None, time=1.0)
        self.assertEqual(events[-1]["text"], "line worker=2")

    def test_form_of_the_log_is_that_of_the_workers_until_the_end(self) -> None:
        shaped: list[LogForm] = []
        self.patch(module, "shape_log", lambda form, _reactor: shaped.append(form))
        self.all_open()
        self.launched[1].says("shape-log", form={"ansi": False, "multiline": False, "json": True, "buffered": True})
        self.supervisor.stopService()
        self.launched[1].says("shape-log", form={"ansi": True, "multiline": False, "json": False, "buffered": True})
        for process in self.launched:
            process.ends("status 0")
        self.assertEqual(shaped, [LogForm(json=True, buffered=True), LogForm(json=True)])

    def test_socket_of_another_listener(self) -> None:
        self.all_open()
        self.launched[0].says("move", former=["a", "x"], name=["b", "x"])
        self.assertEqual(self.keeper.asked[-1], ("move", ("a", "x"), ("b", "x")))


class StopTests(SupervisorCase):
    """The end of all."""

    def stop(self) -> Deferred[None]:
        stopping = self.supervisor.stopService()
        self.addCleanup(end, stopping)
        return stopping

    def test_it_is_over_when_all_have_ended(self) -> None:
        self.all_open()
        stopping = self.stop()
        self.assertEqual([process.signals for process in self.launched], [["TERM"]] * 3)
        for process in self.launched:
            self.assertNoResult(stopping)
            process.ends("status 0")
        self.successResultOf(stopping)
        self.assertEqual((self.ends(), self.reactor.getDelayedCalls()), ([], []))
        self.assertEqual(self.keeper.asked[-1], "close")
        self.assertRaises(OSError, os.fstat, self.memory.descriptor)

    def test_nobody_follows_or_leads_any_more(self) -> None:
        self.all_open()
        self.stop()
        self.launched[0].ends("status 0")
        self.reactor.advance(LONGEST_PAUSE)
        self.assertEqual(self.numbers(), [1, 2, 3])
        self.assertNotIn("lead", self.launched[1].told)

    def test_those_that_do_not_end_are_killed(self) -> None:
        self.all_open()
        stopping = self.stop()
        self.launched[0].ends("status 0")
        self.reactor.advance(KILL_AFTER)
        self.assertEqual([process.signals for process in self.launched], [["TERM"], ["TERM", "KILL"], ["TERM", "KILL"]])
        for process in self.launched[1:]:
            process.ends("signal 9")
        self.successResultOf(stopping)

    def test_those_that_serve_on_have_that_time_besides(self) -> None:
        self.all_open()
        self.supervisor._environment = Environment("host", drain=30.0)
        self.stop()
        self.reactor.advance(KILL_AFTER + 29)
        self.assertEqual([process.signals for process in self.launched], [["TERM"]] * 3)
        self.reactor.advance(1)
        self.assertEqual([process.signals for process in self.launched], [["TERM", "KILL"]] * 3)
        for process in self.launched:
            process.ends("signal 9")

    def test_workers_have_longer_than_a_house_needs(self) -> None:
        self.assertGreater(KILL_AFTER, GRACE + 1)

    def test_those_that_were_to_be_started_again_are_not(self) -> None:
        self.all_open()
        for process in self.launched:
            process.ends("signal 9")
        self.successResultOf(self.stop())
        self.reactor.advance(LONGEST_PAUSE)
        self.assertEqual(self.numbers(), [1, 2, 3])

    def test_before_the_reactor_runs_there_is_nothing_to_end(self) -> None:
        self.supervisor.startService()
        self.successResultOf(self.stop())
        self.reactor.hooks[0]()
        self.assertEqual(self.launched, [])

    def test_first_worker_that_is_still_starting_is_waited_for(self) -> None:
        self.start()
        stopping = self.stop()
        self.assertNoResult(stopping)
        self.launched[0].ends("status 0")
        self.successResultOf(stopping)
        self.assertEqual((self.reactor.stopped, self.events), (False, []))

    def test_first_worker_that_serves_only_now_is_followed_by_nobody(self) -> None:
        self.start()
        stopping = self.stop()
        self.launched[0].opens()
        self.assertEqual((self.numbers(), self.launched[0].told), ([1], []))
        self.launched[0].ends("status 0")
        self.successResultOf(stopping)


class SocketTests(TestCase):
    """Two workers in this process, over real pairs of sockets, and what their parent hands them."""

    timeout = 20

    def setUp(self) -> None:
        if not IReactorSocket.providedBy(real_reactor):
            raise SkipTest("this reactor cannot adopt sockets")
        self.patch(module.signal, "signal", lambda *_: None)
        self.sides: dict[int, Worker] = {}
        self.supervisor = Supervisor(
            real_reactor,
            2,
            Startup(data="d"),
            Environment("host"),
            memory=SharedMemory.create(2),
            launch=self.launch,
        )
        self.events: list[str] = []
        self.supervisor._telemetry.observe(lambda event, keys: self.events.append(event.id), Level.INFO)
        self.supervisor.startService()
        self.addCleanup(self.supervisor.stopService)

    async def both(self) -> None:
        """Both workers are there."""
        await self.until(lambda: 1 in self.sides)
        self.sides[1].channel.send("opened", mode="normal")
        await self.until(lambda: 2 in self.sides)

    def launch(self, number: int, is_first: bool, heard: Heard, ended: Ended) -> Worker:
        self.sides[number] = Worker(heard, ended)
        return self.sides[number]

    def until(self, holds: Callable[[], object]) -> Deferred[None]:
        """Fires when the condition holds."""

        async def wait() -> None:
            while not holds():
                await deferLater(real_reactor, 0.001)  # type: ignore[arg-type]

        return Deferred.fromCoroutine(wait())

    def wanted(self, name: str, where: str, **options: Any) -> Wanted:
        return Wanted("http", stored(name, where, **options), bind=where)

    def free(self) -> str:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return f"127.0.0.1:{probe.getsockname()[1]}"

    async def bound(self, worker: int, wanted: Wanted) -> Bound:
        """A listener of a worker."""
        door = Door(None, "a")
        port = await self.sides[worker].sockets.listen(wanted, door, ())
        bound = Bound(wanted, port, door)
        self.sides[worker].bound.append(bound)
        return bound

    async def test_both_have_the_same_socket(self) -> None:
        await self.both()
        where = self.free()
        made = [await self.bound(worker, self.wanted("a", where)) for worker in (1, 2)]
        inodes = {os.fstat(bound.port.fileno()).st_ino for bound in made}
        self.assertEqual(len(inodes), 1)

    async def test_it_is_closed_when_both_have_given_it_up(self) -> None:
        await self.both()
        where = self.free()
        for worker in (1, 2):
            await self.bound(worker, self.wanted("a", where))
        await self.sides[1].close()
        settled = self.sides[1].sockets.settled()
        self.assertNoResult(settled)
        self.assertEqual(self.events, [])
        await self.sides[2].close()
        await settled
        self.assertEqual(self.events, ["network.listen-stop"])
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(where.split(":"))  # type: ignore[arg-type]

    async def test_refusal_is_new_to_the_first_that_asks(self) -> None:
        await self.both()
        with socket.create_server(("127.0.0.1", 0)) as holder:
            where = f"127.0.0.1:{holder.getsockname()[1]}"
            told = []
            for worker in (1, 2):
                opening = Deferred.fromCoroutine(self.bound(worker, self.wanted("a", where)))
                problem = await self.assertFailure(opening, OSError)
                told.append((problem.strerror, problem.is_told))
        self.assertEqual(told, [("Address already in use", False), ("Address already in use", True)])

    async def test_endpoint_that_fails_has_the_words_of_the_system_too(self) -> None:
        await self.both()
        with socket.create_server(("127.0.0.1", 0)) as holder:
            where = f"tcp:{holder.getsockname()[1]}:interface=127.0.0.1"
            opening = Deferred.fromCoroutine(self.bound(1, Wanted("http", stored("a"), endpoint=where)))
            problem = await self.assertFailure(opening, OSError)
        self.assertEqual(problem.strerror, "Address already in use")

    async def test_option_that_is_refused_is_named(self) -> None:
        await self.both()
        opening = Deferred.fromCoroutine(self.bound(1, self.wanted("a", self.free(), socketTtl=300)))
        problem: Any = await self.assertFailure(opening, OSError)
        self.assertEqual(problem.property, "socketTtl")

    async def test_socket_outlives_a_worker_and_is_handed_to_the_next(self) -> None:
        await self.both()
        where = self.free()
        host, port = where.split(":")
        for worker in (1, 2):
            self.sides[worker].channel.send("opened", mode="normal")
        first = await self.bound(1, self.wanted("a", where))
        inode = os.fstat(first.port.fileno()).st_ino
        await self.sides[1].die()
        with socket.create_connection((host, int(port))):  # waits in the queue
            await self.until(lambda: not self.sides[1].is_dead)
            again = await self.bound(1, self.wanted("a", where))
            self.assertEqual(os.fstat(again.port.fileno()).st_ino, inode)


class Worker:
    """Both ends of a worker's line: ``Running`` for its parent, and the sockets of the worker."""

    def __init__(self, heard: Heard, ended: Ended) -> None:
        ours, theirs = socket.socketpair()
        self._ended = ended
        self.is_dead = False
        self.bound: list[Bound] = []
        self.parent = open_channel(real_reactor, ours, Channel(heard, lambda: None))
        self.channel = open_channel(real_reactor, theirs, Channel(self._hear, lambda: None))
        self.sockets = SharedSockets(real_reactor, self.channel.send, Share(lambda listener: 0))

    def _hear(self, message: Any, given: socket.socket | None) -> None:
        if message["do"] in ("opened", "refused", "closed"):
            self.sockets.heard(message, given)

    def send(self, do: str, *, descriptor: int | None = None, **members: Any) -> None:
        """See ``Running``."""
        self.parent.send(do, descriptor=descriptor, **members)

    def signal(self, name: str) -> None:
        """See ``Running``: it ends in good order."""
        Deferred.fromCoroutine(self.die())

    async def close(self) -> None:
        """Give everything up."""
        while self.bound:
            await self.sockets.close(self.bound.pop())

    async def die(self) -> None:
        """As the kernel sees it."""
        self.is_dead = True
        self.sockets.leave()
        await self.close()
        await self.channel.finish()
        await self.parent.finish()
        self._ended("signal 9")
