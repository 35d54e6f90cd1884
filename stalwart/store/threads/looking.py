"""Asks the database whether other processes have written to it: one question for all who want to know meanwhile.

Whoever asks is answered by a question that was put after he asked. So what was read before, and stands then, is what he
would read. The same thread asks whether a write that takes long waits for its turn only.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from functools import partial
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
        self._asked: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
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

    def is_in_turn(self) -> Deferred[bool]:
        """Whether writes of this process wait for one that gets on, or are one; False also if that cannot be known."""
        asking: Deferred[bool] = Deferred()
        self._asked.put(partial(self._look_at_turns, asking))
        return asking.addTimeout(PATIENCE, self._reactor).addErrback(self._too_late)

    def run(self) -> None:
        """The body of the thread, until ``close``."""
        while (look := self._asked.get()) is not None:
            look()
        self._disconnect()

    def close(self) -> None:
        """End the thread."""
        self._asked.put(None)

    def _ask(self) -> None:
        self._under_way, self._waiting = self._waiting, []
        self._asked.put(self._look_at_others)

    def _look_at_others(self) -> None:
        """What others have written equals the last answer as long as nobody has committed anything."""
        self._reactor.callFromThread(self._found, self._answer(self._engine.others))

    def _look_at_turns(self, asking: Deferred[bool]) -> None:
        self._reactor.callFromThread(_tell, asking, bool(self._answer(self._engine.is_in_turn)))

    def _answer(self, question: Callable[[Session], object]) -> object:
        """What the database says; None if that cannot be had."""
        try:
            if self._session is None:
                self._session = self._engine.open_reader()
            return question(self._session)
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


def _tell(asking: Deferred[bool], answer: bool) -> None:
    if not asking.called:
        asking.callback(answer)
