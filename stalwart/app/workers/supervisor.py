"""The parent of several workers: starts them, keeps them running, and does what only one process can (design 5).

It opens no store and serves nobody. The first worker starts alone, so that it creates what is missing; in bootstrap
mode it stays alone until the server is set up. One worker leads: it carries out tasks and keeps house; when it dies,
another one is told to. A worker that dies is started again at once; after a growing pause, if it dies quickly again.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from attrs import define, evolve
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.app.environment import Environment
from stalwart.app.listeners import reason_of
from stalwart.app.privileges import drop_privileges
from stalwart.app.process_log import LogForm, shape_log
from stalwart.app.service import OVER, end_with_failure
from stalwart.app.startup import Startup
from stalwart.app.workers.changes import ChangeRing, Kind
from stalwart.app.workers.channel import Message
from stalwart.app.workers.figures import PARENT, SharedFigures
from stalwart.app.workers.launching import Launch, Launcher, Running
from stalwart.app.workers.log_relay import log_for
from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.socket_keeper import SocketKeeper
from stalwart.app.workers.trace_relay import TraceExchange
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SERVER_STARTUP_ERROR, SERVER_WORKER_ENDED
from stalwart.telemetry.tracing.subscriptions import Subscriptions

QUICK = 5.0
"""A worker that lives shorter than so many seconds has died quickly."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
_DOUBTFUL = (
    Kind.ACCOUNTS,
    Kind.SETTINGS,
    Kind.KEYS,
    Kind.CERTIFICATES,
    Kind.ALL_OBJECTS,
    Kind.ALL_SUBSCRIPTIONS,
)
"""What a worker may have changed in the store before it died, and told nobody."""

KILL_AFTER = 80.0
"""Seconds after SIGTERM, beside those of STALWART_DRAIN: a worker has nine for requests, at most fifty-five for hosts
that have a message and have not answered, five for what watches it, and then closes its store."""


@define(eq=False)
class Seat:
    """The place of a worker; ``process`` is None while nobody sits there. ``is_open``: it serves."""

    number: int
    process: Running | None = None
    is_open: bool = False
    began: float = 0.0
    quick_ends: int = 0
    timer: Any = None


class Supervisor(Service):
    """The service of the parent; ``launch`` and ``memory`` are made when it begins, unless they are given."""

    def __init__(
        self,
        reactor: Any,
        workers: int,
        startup: Startup,
        environment: Environment,
        *,
        memory: SharedMemory | None = None,
        launch: Launch | None = None,
    ) -> None:
        self._reactor = reactor
        self._startup = startup
        self._environment = environment
        self._telemetry = Telemetry()
        self._keeper = SocketKeeper(reactor, self._telemetry)
        self._seats = [Seat(number) for number in range(1, workers + 1)]
        self._trace = TraceExchange(Subscriptions(self._telemetry, reactor), reactor, self._lines)
        self._memory = memory
        self._launch = launch
        self._leader: Seat | None = None
        self._has_served = False
        self._is_complete = False
        self._ending: Deferred[None] | None = None
        self._killing: Any = None
        self._form = LogForm()

    def startService(self) -> None:
        """Start workers as soon as the reactor runs."""
        super().startService()
        self._reactor.callWhenRunning(self._begin)

    def stopService(self) -> Deferred[None]:
        """Have all workers end; fires when they have."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    def _begin(self) -> None:
        if not self.running:
            return
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._tell_all, "reload"))
        if self._memory is None:
            self._memory = SharedMemory.create(len(self._seats))
        self._telemetry.join(SharedFigures(self._memory, PARENT))
        if self._launch is None:
            self._launch = Launcher(self._reactor, self._startup, self._memory)
        self._start(self._seats[0])

    # Workers

    def _start(self, seat: Seat) -> None:
        assert self._launch is not None
        seat.timer = None
        seat.began = self._reactor.seconds()
        try:
            seat.process = self._launch(
                seat.number,
                not self._has_served,
                lambda message, _socket: self._heard(seat, message),
                lambda how: self._ended(seat, how),
            )
        except OSError as problem:  # too many processes, not enough memory
            self._ended(seat, problem.strerror or str(problem))
        else:
            self._trace.began(seat.number)

    def _opened(self, seat: Seat, mode: str) -> None:
        """A worker serves."""
        seat.is_open = True
        if not self._has_served:
            self._has_served = True
            if not self._has_become_user():
                return
        if self._leader is None:
            self._name_leader()
        if mode != "bootstrap" and not self._is_complete and self.running:
            self._is_complete = True
            for other in self._seats:
                if other.process is None and other.timer is None:
                    self._start(other)
        if all(each.is_open for each in self._seats):
            self._keeper.tidy()

    def _has_become_user(self) -> bool:
        """Be RUN_AS_USER from now on, to whom the first worker has handed the data over; whether that can be."""
        user = self._environment.run_as_user
        if not user:
            return True
        drop_privileges(user, self._environment.run_as_group, None)
        wanted = {sys.executable: os.X_OK, __file__: os.R_OK}
        hidden = next((path for path, how in wanted.items() if not os.access(path, how)), None)
        if hidden is not None:
            reason = f"{user} (RUN_AS_USER) has no access to {hidden}, so no worker could be started as {user}"
            self._telemetry.emit(SERVER_STARTUP_ERROR, reason=reason)
            self._reactor.callLater(0, end_with_failure, self._reactor)
        return hidden is None

    def _ended(self, seat: Seat, how: str) -> None:
        seat.process, seat.is_open = None, False
        self._keeper.gone(seat.number)
        self._trace.gone(seat.number)
        if self._memory is not None:
            self._memory.free(seat.number)
            if self.running and self._has_served:
                self._tell_what_is_doubtful(self._memory)
        if self._leader is seat:
            self._name_leader()
        if not self.running:
            self._note_end()
        elif self._has_served and how != f"status {OVER}":
            self._start_again(seat, how)
        else:
            self._start_failed(seat, how)

    def _tell_what_is_doubtful(self, memory: SharedMemory) -> None:
        ring = ChangeRing(memory)
        for kind in _DOUBTFUL:
            ring.publish(kind)
        ring.close()
        self._tell_all("look")

    def _start_again(self, seat: Seat, how: str) -> None:
        lived = self._reactor.seconds() - seat.began
        seat.quick_ends = seat.quick_ends + 1 if lived < QUICK else 0
        pause = min(SHORTEST_PAUSE * 2 ** (seat.quick_ends - 2), LONGEST_PAUSE) if seat.quick_ends > 1 else 0.0
        again = f"in {pause:g} s" if pause else "at once"
        self._telemetry.emit(SERVER_WORKER_ENDED, worker=seat.number, reason=how, again=again)
        seat.timer = self._reactor.callLater(pause, self._start, seat)

    def _start_failed(self, seat: Seat, how: str) -> None:
        if how not in ("status 1", f"status {OVER}"):  # in that case it has said why
            self._telemetry.emit(SERVER_STARTUP_ERROR, reason=f"worker {seat.number} ended with {how} before it served")
        self._reactor.callLater(0, end_with_failure, self._reactor)

    def _name_leader(self) -> None:
        """Whoever led is dead, or nobody has yet."""
        if self._memory is not None:
            self._memory.forget_tasks()
        self._leader = next((seat for seat in self._seats if seat.is_open), None) if self.running else None
        if self._leader is not None and self._leader.process is not None:
            self._leader.process.send("lead")

    def _tell_all(self, do: str, but: Seat | None = None) -> None:
        for seat in self._seats:
            if seat.process is not None and seat is not but:
                seat.process.send(do)

    def _pass_alert(self, seat: Seat, alert: Message) -> None:
        """It is of the moment: who does not keep up goes without."""
        for number, line in self._lines().items():
            if number != seat.number and not line.is_full:
                line.send("alert", **alert)

    def _lines(self) -> dict[int, Running]:
        return {seat.number: seat.process for seat in self._seats if seat.process is not None}

    # Their messages

    def _heard(self, seat: Seat, message: Message) -> None:
        match message.pop("do"):
            case "log":
                log_for(seat.number, message)
            case "shape-log" if self.running:
                self._shape_log(LogForm(**message["form"]))
            case "opened":
                self._opened(seat, message["mode"])
            case "open":
                opening = Deferred.fromCoroutine(self._open(seat, **message))
                opening.addErrback(self._refuse, seat, message)
            case "move":
                self._keeper.move(_pair(message["former"]), _pair(message["name"]))
            case "release":
                self._release(seat, **message)
            case "changed":
                self._tell_all("look", but=seat)
            case "alert":
                self._pass_alert(seat, message)
            case "listen":
                self._trace.listens(seat.number, message["level"])
            case "trace":
                self._trace.passed(seat.number, message)
            case "wake" | "cancel" | "letters" as do if self._leader is not None and self._leader.process is not None:
                self._leader.process.send(do, **message)

    def _shape_log(self, form: LogForm) -> None:
        self._form = form
        shape_log(form, self._reactor)

    async def _open(
        self,
        seat: Seat,
        *,
        number: int,
        name: list[str],
        protocol: str,
        endpoint: bool,
        settings: dict[str, Any],
        instead_of: list[list[str]],
    ) -> None:
        process = seat.process
        kept = await self._keeper.open(
            seat.number,
            _pair(name),
            protocol,
            endpoint=endpoint,
            settings=settings,
            instead_of=[_pair(each) for each in instead_of],
        )
        if process is not None and process is seat.process:
            process.send("opened", number=number, descriptor=kept.port.fileno())
        elif seat.process is None:
            kept.holders.discard(seat.number)

    def _release(self, seat: Seat, *, number: int, name: list[str]) -> None:
        process = seat.process
        if process is not None:
            told = process
            self._keeper.release(seat.number, _pair(name), lambda: told.send("closed", number=number))

    def _refuse(self, failure: Failure, seat: Seat, message: Message) -> None:
        problem: Any = failure.value
        inner = getattr(problem, "socketError", None) or problem
        if seat.process is not None:
            seat.process.send(
                "refused",
                number=message["number"],
                errno=getattr(inner, "errno", None),
                reason=reason_of(problem),
                property=getattr(inner, "property", None),
                new=self._keeper.is_new(_pair(message["name"]), problem),
            )

    # The end

    async def _stop(self) -> None:
        for seat in self._seats:
            if seat.timer is not None and seat.timer.active():
                seat.timer.cancel()
            if seat.process is not None:
                seat.process.signal("TERM")
        if any(seat.process is not None for seat in self._seats):
            self._killing = self._reactor.callLater(KILL_AFTER + self._environment.drain, self._kill)
            self._ending = Deferred()
            await self._ending
        await self._keeper.close()
        self._shape_log(evolve(self._form, buffered=False))
        self._telemetry.join(None)
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def _note_end(self) -> None:
        if self._ending is not None and all(seat.process is None for seat in self._seats):
            ending, self._ending = self._ending, None
            if self._killing is not None and self._killing.active():
                self._killing.cancel()
            ending.callback(None)

    def _kill(self) -> None:
        for seat in self._seats:
            if seat.process is not None:
                seat.process.signal("KILL")


def _pair(name: list[str]) -> tuple[str, str]:
    listener, where = name
    return listener, where
