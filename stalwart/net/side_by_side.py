"""Several coroutines at once, as one wait that can be cancelled and fails with what failed, unwrapped."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")


async def side_by_side(*work: Coroutine[Deferred[Any], Any, T]) -> list[T]:
    """The results of ``work`` in its order. The first to raise, or cancelling the wait, cancels the others."""
    running = [Deferred.fromCoroutine(one) for one in work]
    try:
        return [await one for one in running]
    finally:
        for one in running:
            one.cancel()
            one.addErrback(lambda _cancelled: None)
