"""The service that twistd starts and stops: opens the house, and closes it again in good order.

Everything slow happens once the reactor runs. A start that fails is one log line that says what to do, and ends the
process with status 1. A database that is not there yet is waited for (STALWART_DATABASE_WAIT); who has served and was
cut off from it tries until it is there again. On SIGTERM
the server says for a while (STALWART_DRAIN) that others are to be asked; accepting stops, running requests have nine
seconds, hosts that were given mail have fifty to answer, then the store is closed.
"""

from __future__ import annotations

import contextlib
import gc
import signal
from typing import TYPE_CHECKING, Any

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.logger import Logger
from twisted.python.failure import Failure

from stalwart.app.environment import Environment
from stalwart.app.startup import Startup
from stalwart.errors import StalwartError, Unavailable, Unreachable
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SERVER_SHUTDOWN, SERVER_STARTS_AGAIN, SERVER_STARTUP_ERROR, SERVER_WAITS

if TYPE_CHECKING:
    from stalwart.app.company import Company
    from stalwart.directory.directory import Directory
    from stalwart.smtp.reception import Reception

GRACE = 9.0  # what is left of ten seconds is for the store
_COLLECTING = 10_000, 20, 20  # few of the things that a request makes, or an import, are ever in a circle
ANSWER_FIRST = 0.5  # seconds for the answer that announces the new start to leave
OVER = 3  # the status of a worker that served and cannot start again: no other one could
AGAIN = 2.0  # seconds between two attempts to start, while the data store cannot be reached


@frozen
class Opened:
    """What other servers in the same process may use of a running one: what takes mail, and the accounts."""

    reception: Reception
    directory: Directory


class StalwartService(Service):
    """One process of a daemon; ``company`` are the others, if there are any; ``drain`` is how many seconds it serves on
    when it is told to stop."""

    def __init__(
        self, reactor: Any, startup: Startup, environment: Environment, company: Company | None = None
    ) -> None:
        self._reactor = reactor
        self._startup = startup
        self._environment = environment
        self._company = company
        self.drain = environment.drain
        self._waits_until = 0.0
        self._telemetry = Telemetry()
        self._log = Logger(namespace="stalwart")
        self._house: Any = None
        self._opening: Deferred[None] | None = None
        self._leaving: Deferred[None] | None = None
        self._starts_anew = False
        self._expecting: list[Deferred[Opened]] = []

    def startService(self) -> None:
        """Open the house as soon as the reactor runs."""
        super().startService()
        self._waits_until = self._reactor.seconds() + self._environment.database_wait
        self._reactor.callWhenRunning(self._open)

    def stopService(self) -> Deferred[None]:
        """Close the house; fires when all is flushed and closed."""
        super().stopService()
        return Deferred.fromCoroutine(self._close())

    def when_open(self) -> Deferred[Opened]:
        """Fires once it serves, with what stays the same until it ends. A new server does after its first set-up; one
        that cannot start never does.
        """
        expecting: Deferred[Opened] = Deferred(self._expecting.remove)
        self._expecting.append(expecting)
        self._tell_opened()
        return expecting

    def _tell_opened(self) -> None:
        if self._house is None or not self._expecting:
            return
        entrance = self._house.doors.entrance
        if entrance is None:
            return  # it is being set up, or recovered
        opened = Opened(entrance.reception, self._house.foundations.directory)
        expecting, self._expecting = self._expecting, []
        for each in expecting:
            each.callback(opened)

    def _open(self) -> None:
        if not self.running:
            return
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._reload))
        self._opening = Deferred.fromCoroutine(self._build())
        self._opening.addErrback(self._failed)

    async def _build(self) -> None:
        gc.set_threshold(*_COLLECTING)
        from stalwart.app.descriptors import raise_limit
        from stalwart.app.house import open_house

        raise_limit()
        self._house = await open_house(
            self._reactor, self._startup, self._environment, self._telemetry, self.start_again, self._company
        )
        gc.freeze()  # what is there now stays: going through it again and again would hold the reactor up
        if self._company is not None:
            self._company.opened(self._house.mode, self._reload)
        self._tell_opened()

    def start_again(self) -> None:
        """Close the house and open it anew, after the first set-up; what runs is answered first."""
        self._reactor.callLater(ANSWER_FIRST, self._begin_again)

    def _begin_again(self) -> None:
        if self.running and self._house is not None:
            house, self._house = self._house, None
            self._leaving = Deferred.fromCoroutine(house.close(GRACE))
            self._leaving.addCallbacks(lambda _closed: self._open_anew(), self._failed)

    def _open_anew(self) -> None:
        self._leaving = None
        self._starts_anew = True
        self._telemetry.emit(SERVER_STARTS_AGAIN)
        self._open()

    def _failed(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        if self._starts_anew and isinstance(failure.value, Unavailable):
            self._telemetry.emit(SERVER_STARTUP_ERROR, reason=f"{failure.value.detail} It is tried again.")
            self._reactor.callLater(AGAIN, self._open)
            return
        if isinstance(failure.value, Unreachable) and self._reactor.seconds() < self._waits_until:
            self._telemetry.emit(SERVER_WAITS, reason=failure.value.detail)
            self._reactor.callLater(AGAIN, self._open)
            return
        status = 1
        if isinstance(failure.value, StalwartError):
            self._telemetry.emit(SERVER_STARTUP_ERROR, reason=failure.value.detail)
            status = OVER if self._starts_anew and self._company is not None else 1
        else:
            self._log.failure("The server could not start", failure)
        self._reactor.callLater(0, end_with_failure, self._reactor, status)

    def _reload(self) -> None:
        if self._house is not None:
            reloading = Deferred.fromCoroutine(self._house.reload())
            reloading.addErrback(self._not_reloaded)

    def _not_reloaded(self, failure: Failure) -> None:
        if failure.check(StalwartError):
            self._log.error("The settings could not be reloaded: {reason}", reason=failure.getErrorMessage())
        else:
            self._log.failure("The settings could not be reloaded", failure)

    async def _close(self) -> None:
        if self._leaving is not None:
            await self._leaving
        if self._opening is not None:
            self._opening.cancel()
            await self._opening  # what was open already is closed by then
        house, self._house = self._house, None
        if house is not None:
            if self.drain:
                self._log.info("stopping, and serving for {seconds:g} s more", seconds=self.drain)
            await house.close(GRACE, self.drain)
            self._telemetry.emit(SERVER_SHUTDOWN)


def end_with_failure(reactor: Any, status: int = 1) -> None:
    """End the process in good order, with ``status``."""
    import os

    if reactor.running:
        reactor.addSystemEventTrigger("after", "shutdown", os._exit, status)
        with contextlib.suppress(ReactorNotRunning):  # somebody has told it to stop meanwhile
            reactor.stop()
