"""Asks the database whether other processes have written to it: one question for all who want to know meanwhile.

Whoever asks is answered by a question that was put after he asked. So what was read before, and stands then, is what he
would read.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.store.sql.session import Session
from stalwart.store.threads.engine import Engine

PATIENCE = 1.0
"""Seconds after which nobody knows; the connection is cut then."""


class Looker:
    """``news`` is called in the reactor thread when others have written, before anybody is answered."""

    def __init__(self, engine: Engine, reactor: Any, news: Callable[[], object]) -> None:
        self._engine = engine
        self._reactor = reactor
        self._news = news
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._waiting: list[Deferred[bool]] = []
        self._under_way: list[Deferred[bool]] = []
        self._seen: object = None
        self._is_known = False  # who is answered goes on in the same turn, and may ask again
        self._session: Session | None = None

    def look(self) -> Deferred[bool]:
        """True once it is known what others have written; False if that cannot be known."""
        if self._is_known:
            return succeed(True)
        asking: Deferred[bool] = Deferred()
        self._waiting.append(asking)
        if not self._under_way:
            self._ask()
        return asking.addTimeout(PATIENCE, self._reactor).addErrback(self._too_late)

    def run(self) -> None:
        """The body of the thread, until ``close``."""
        while self._asked.get():
            self._reactor.callFromThread(self._found, self._others())
        self._disconnect()

    def close(self) -> None:
        """End the thread."""
        self._asked.put(False)

    def _ask(self) -> None:
        self._under_way, self._waiting = self._waiting, []
        self._asked.put(True)

    def _others(self) -> object:
        """What equals the last one as long as nobody else has committed anything; None if that cannot be had."""
        try:
            if self._session is None:
                self._session = self._engine.open_reader()
            return self._engine.others(self._session)
        except Exception:  # whoever reads is told what it is
            self._disconnect()
            return None

    def _disconnect(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(Exception):
                session.close()

    def _found(self, others: object) -> None:
        if others is None or others != self._seen:
            self._news()
        self._seen = others
        done, self._under_way = self._under_way, []
        self._is_known = others is not None
        try:
            for each in done:
                if not each.called:
                    each.callback(self._is_known)
        finally:
            self._is_known = False
        if self._waiting and not self._under_way:
            self._ask()

    def _too_late(self, failure: Any) -> bool:
        failure.trap(DeferredTimeout)
        session = self._session
        if session is not None:
            with contextlib.suppress(Exception):  # the thread may be closing it just now
                session.interrupt()
        return False
