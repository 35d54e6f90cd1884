"""Running a coroutine to its first wait on the caller's stack.

Most route functions are ``async`` and never wait, because what they need is cached; a Deferred and two more frames
would cost them more than their work. A coroutine that does wait goes on as an awaitable. The first part runs in the
caller's ``contextvars`` context.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

from attrs import frozen


@frozen
class Rest:
    """What is left of a coroutine after its first wait; ``waiting`` is what it waits for."""

    _coroutine: Coroutine[Any, Any, Any]
    _waiting: Any

    def __await__(self) -> Generator[Any, Any, Any]:
        return _going_on(self._coroutine, self._waiting)


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
