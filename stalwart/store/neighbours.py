"""The other nodes that use the same database: words to them, and which one of all leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Words = Sequence[Any]
"""Values that JSON can hold."""


class Neighbours(Protocol):
    """For the reactor thread. Words reach the nodes that listen when they are said, each once, or none of them if the
    database cannot be reached: then all of them are told that they may have missed any.
    """

    def listen(self, hear: Callable[[Words | None], object]) -> None:
        """Call ``hear`` with each word of another node, and with None where some may have been missed."""

    def tell(self, word: Words) -> None:
        """Say this to the others, within milliseconds; what is said twice meanwhile may be heard once."""

    def lead(self, begin: Callable[[], object], lost: Callable[[], object]) -> None:
        """Call ``begin`` once this node leads: no other one does then. ``lost`` is called should another one be about
        to lead, or nobody know; a later call may lead again.
        """

    def start(self) -> None:
        """Begin; ``run`` is to be called in a thread then."""

    def run(self) -> None:
        """The body of the thread, until ``close``."""

    def close(self) -> None:
        """Lead no more, and be silent."""
