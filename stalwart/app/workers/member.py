"""What a worker shares with the other ones of its server: ``app.company.Company`` over shared memory and the parent."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from attrs import asdict

from stalwart.app.company import HearsOfCertificates, HearsOfObjects
from stalwart.app.foundations import Foundations
from stalwart.app.listeners import Sockets
from stalwart.app.process_log import LogForm
from stalwart.app.workers.changes import ChangeRing, Kind
from stalwart.app.workers.channel import Message
from stalwart.app.workers.counters import SharedCounters
from stalwart.app.workers.figures import SharedFigures
from stalwart.app.workers.following import Following
from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.places import SharedPlaces
from stalwart.app.workers.shared_ports import Share
from stalwart.app.workers.shared_sockets import SharedSockets
from stalwart.app.workers.shared_tasks import SharedTasks
from stalwart.app.workers.trace_relay import TraceRelay
from stalwart.directory.places import CONNECTIONS, Places
from stalwart.provider.keys import SigningKeys
from stalwart.tasks.runner import TaskRunner
from stalwart.telemetry.events import STORE_ERROR
from stalwart.telemetry.tracing.subscriptions import Subscriptions
from stalwart.web.limits import Counters
from stalwart.web.pipeline import Changes

_WATCHERS = ("object-watchers", 0)
_PAUSE = 0.005  # seconds between two words to the others about what happens often


class Member:
    """Worker ``number``. ``send`` speaks to the parent, who does not keep up while ``is_full()``; ``heard`` takes what
    it says. See ``Company``."""

    settling = 0.5

    def __init__(
        self,
        number: int,
        memory: SharedMemory,
        reactor: Any,
        send: Callable[..., None],
        *,
        is_first: bool,
        is_full: Callable[[], bool] = lambda: False,
    ) -> None:
        self.is_first = is_first
        self.daemon = f"{os.getppid()} {hashlib.sha256(memory.key).hexdigest()[:16]}"
        self.limits: Counters = SharedCounters(memory, ("anonymous", "authenticated", "form"))
        self.lasting: Counters = SharedCounters(memory, ("scan", "dpop-even", "dpop-odd"))
        self.places: Places = SharedPlaces(memory, number)
        self._figures = SharedFigures(memory, number)
        self._ring = ChangeRing(memory)  # before anything is read from the store
        self._memory = memory
        self._reactor = reactor
        self._send = send
        self._is_full = is_full
        self._share = Share(self._lead)
        self._sockets = SharedSockets(reactor, send, self._share)
        self._following: Following | None = None
        self._below: Foundations | None = None
        self._runner: TaskRunner | None = None
        self._trace: TraceRelay | None = None
        self._listen: Message | None = None
        self._begin: Callable[[], object] | None = None
        self._reload: Callable[[], object] = lambda: None
        self._leads = False
        self._objects: HearsOfObjects | None = None
        self._watches = False
        self._wake_sender: Callable[[], None] | None = None
        self._is_waking = False
        self._is_telling = False
        self._told_at = float("-inf")

    def sockets(self, reactor: Any) -> Sockets:
        """Those of the parent."""
        return self._sockets

    def forgot(self, account_id: int | None) -> None:
        """See ``Company``."""
        if account_id is None:
            self._publish(Kind.ACCOUNTS)
        else:
            self._publish(Kind.ACCOUNT, account_id)

    def changed_settings(self) -> None:
        """See ``Company``."""
        self._publish(Kind.SETTINGS)

    def changed_keys(self) -> None:
        """See ``Company``."""
        self._publish(Kind.KEYS)

    def forgot_world(self, answers_only: bool) -> None:
        """See ``Company``."""
        self._publish(Kind.ANSWERS if answers_only else Kind.WORLD)

    def changed_certificate(self, id: int | None) -> None:
        """See ``Company``."""
        if id is None:
            self._publish(Kind.CERTIFICATES)
        else:
            self._publish(Kind.CERTIFICATE, id)

    def changed_challenges(self, domain_id: int) -> None:
        """See ``Company``."""
        self._publish(Kind.CHALLENGE, domain_id)

    def changed_objects(self, account_id: int) -> None:
        """See ``Company``. Whoever begins to watch later reads what is in the store by now."""
        if self.places.taken(*_WATCHERS) > self._watches:
            self._publish(Kind.OBJECTS, account_id, _PAUSE)

    def changed_subscriptions(self, account_id: int) -> None:
        """See ``Company``."""
        self._publish(Kind.SUBSCRIPTIONS, account_id)

    def told_alert(self, account_id: int, alert: Mapping[str, Any]) -> None:
        """See ``Company``. It is no state that could be read, so it goes by way of the parent."""
        if self.places.taken(*_WATCHERS) > self._watches:
            self._send("alert", account=account_id, alert=dict(alert))

    def watches_objects(self, watches: bool) -> None:
        """See ``Company``."""
        if watches and not self._watches:
            self._watches = self.places.take(*_WATCHERS, None)
        elif self._watches and not watches:
            self._watches = False
            self.places.free(*_WATCHERS)

    def share_objects(self, hearer: HearsOfObjects) -> None:
        """See ``Company``."""
        self._objects = hearer
        if self._following is not None:
            self._following.objects = hearer

    def changes(self, below: Foundations, keys: SigningKeys, tls: HearsOfCertificates) -> Changes | None:
        """See ``Company``."""
        self._below = below
        below.telemetry.join(self._figures)
        self._following = Following(self._ring, below, keys, tls)
        self._following.objects = self._objects
        return self._following

    def tasks(self, runner: TaskRunner) -> Any:
        """See ``Company``."""
        self._runner = runner
        return SharedTasks(runner, self._memory, lambda: self._leads, self._send)

    def letters(self, wake: Callable[[], None]) -> Callable[[], None]:
        """See ``Company``."""
        self._wake_sender = wake
        return self._queued

    def share_trace(self, subscriptions: Subscriptions) -> None:
        """See ``Company``."""
        self._trace = TraceRelay(subscriptions, self._reactor, self._send, self._is_full)
        if self._listen is not None:
            self._trace.heard(self._listen)

    def shape_log(self, form: LogForm, reactor: Any) -> None:
        """See ``Company``. The parent writes it."""
        self._send("shape-log", form=asdict(form))

    def lead(self, begin: Callable[[], object]) -> None:
        """See ``Company``."""
        self._begin = begin
        if self._leads:
            begin()

    def opened(self, mode: str, reload: Callable[[], object]) -> None:
        """See ``Company``."""
        self._reload = reload
        self._send("opened", mode=mode)

    def closing(self) -> None:
        """See ``Company``."""
        self._begin = self._following = self._runner = self._objects = self._wake_sender = None
        trace, self._trace = self._trace, None
        if trace is not None:
            trace.close()

    def leave(self) -> None:
        """The process ends, and another one will take its place."""
        self._sockets.leave()

    def heard(self, message: Message, given: socket.socket | None) -> None:
        """The parent has said something."""
        match message["do"]:
            case "opened" | "refused" | "closed":
                self._sockets.heard(message, given)
            case "lead":
                self._leads = True
                if self._begin is not None:
                    self._begin()
            case "look":
                self._look()
            case "trace" if self._trace is not None:
                self._trace.heard(message)
            case "listen":
                self._listen = message  # for the house that is opened next
                if self._trace is not None:
                    self._trace.heard(message)
            case "reload":
                self._reload()
            case "wake" if self._runner is not None:
                self._runner.wake()
            case "cancel" if self._runner is not None:
                self._runner.cancel(message["task"])
            case "alert" if self._objects is not None:
                self._objects.hear_alert(message["account"], message["alert"])
            case "letters" if self._wake_sender is not None:
                self._wake_sender()

    def _lead(self, listener: str) -> int:
        http, mail = CONNECTIONS  # a listener is for one of them
        return self.places.lead(http, listener) or self.places.lead(mail, listener)

    def _publish(self, kind: Kind, subject: int = 0, pause: float = 0.0) -> None:
        """Into the memory now, since requests look there; those that have none at the moment are told in a moment."""
        self._ring.publish(kind, subject)
        if not self._is_telling:
            self._is_telling = True
            self._reactor.callLater(max(self._told_at + pause - self._reactor.seconds(), 0), self._tell)

    def _queued(self) -> None:
        """There are letters: the worker that leads is told, once for those of a moment."""
        if self._leads:
            if self._wake_sender is not None:
                self._wake_sender()
        elif not self._is_waking:
            self._is_waking = True
            self._reactor.callLater(_PAUSE, self._wake_leader)

    def _wake_leader(self) -> None:
        self._is_waking = False
        self._send("letters")

    def _tell(self) -> None:
        self._is_telling = False
        self._told_at = self._reactor.seconds()
        self._send("changed")

    def _look(self) -> None:
        looking = self._following.look() if self._following is not None else None
        if looking is not None and self._below is not None:
            telemetry = self._below.telemetry
            looking.addErrback(lambda failure: telemetry.emit(STORE_ERROR, reason=failure.getErrorMessage()))
