"""The part of a reactor that tells the time: passed in everywhere, so that tests own it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """``twisted.internet.interfaces.IReactorTime`` as a type; seconds are since the epoch."""

    def seconds(self) -> float: ...
    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kw: object) -> Any: ...
