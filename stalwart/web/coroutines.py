"""Running a coroutine to its first wait on the caller's stack, and on from there.

Most route functions are ``async`` and never wait, because what they need is cached; a Deferred and two more frames
would cost them more than their work. A coroutine that does wait goes on as an awaitable. The first part runs in the
caller's ``contextvars`` context, the others in a copy of it.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from contextvars import copy_context
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


@frozen
class Rest:
    """What is left of a coroutine after its first wait; ``waiting`` is what it waits for."""

    coroutine: Coroutine[Any, Any, Any]
    waiting: Any

    def __await__(self) -> Generator[Any, Any, Any]:
        return _going_on(self.coroutine, self.waiting)


class Running(Deferred[Any]):
    """Fires with what comes of a coroutine: ``Deferred.fromCoroutine`` for those that are many.

    Cancelling cancels what it waits for; what comes of the coroutine is still what it makes of that.
    """

    def __init__(self, work: Rest | Coroutine[Any, Any, Any]) -> None:
        super().__init__()
        self._run = copy_context().run
        if work.__class__ is Rest:
            self._coroutine: Coroutine[Any, Any, Any] = work.coroutine
            self._wait_for(work.waiting)
        else:
            self._coroutine = work  # type: ignore[assignment]  # what else
            self._step(None)

    def cancel(self) -> None:
        """See above."""
        if self.called:
            super().cancel()
        else:
            self._waiting.cancel()

    def _wait_for(self, waiting: Deferred[Any]) -> None:
        self._waiting = waiting
        waiting.addBoth(self._step)

    def _step(self, result: Any) -> None:
        try:
            if isinstance(result, Failure):
                waiting = self._run(result.throwExceptionIntoGenerator, self._coroutine)
            else:
                waiting = self._run(self._coroutine.send, result)
        except StopIteration as done:
            value = done.value
        except BaseException:
            self.errback(Failure())
            return
        else:
            self._wait_for(waiting)
            return
        self.callback(value)


def begun(work: Coroutine[Any, Any, Any]) -> Any:
    """The value of ``work`` if it never waits, else its ``Rest``; raises what it raises."""
    try:
        waiting = work.send(None)
    except StopIteration as done:
        return done.value
    return Rest(work, waiting)


def _going_on(work: Coroutine[Any, Any, Any], waiting: Any) -> Generator[Any, Any, Any]:
    value = None
    while True:
        try:
            value = yield waiting
        except BaseException as error:
            failed: BaseException | None = error
        else:
            failed = None
        try:
            waiting = work.send(value) if failed is None else work.throw(failed)
        except StopIteration as done:
            return done.value
