"""Answers to calls that clients repeat: the same list is asked for again and again, and mostly nothing has changed.

An answer is good for one state of a type of objects (``web.recent_values``). If nothing has been written since that
state it is given at once, else the state is read first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

from stalwart.jmap.standard.presence import state_of
from stalwart.store import Store, Transaction
from stalwart.web.recent_values import LARGEST, MOST_OCTETS, RecentValues, octets_of

__all__ = ["LARGEST", "MOST_OCTETS", "RecentAnswers", "Weighed", "octets_of"]


class Weighed(Protocol):
    """What a method makes its answer of, and never changes."""

    @property
    def octets(self) -> int:
        """About its size."""


T = TypeVar("T", bound=Weighed | None)


class RecentAnswers:
    """The last answers, at most ``most`` octets with what was asked, roughly. For the reactor thread."""

    def __init__(self, store: Store, *, most: int = MOST_OCTETS) -> None:
        self._store = store
        self._values = RecentValues(store.states, most=most)

    async def answer(self, account_id: int, type: int, asked: Hashable, make: Callable[[Transaction, int], T]) -> T:
        """What ``make`` makes of a transaction and the state of the ``type`` in it, or has made of that state for the
        same that was ``asked``. None is not kept.

        :raises MethodError: ``accountNotFound``, and what ``make`` raises.
        """
        key = (account_id, type, asked)
        values = self._values
        kept = values.find(key)
        if kept is not None and await values.stands(kept):
            value: T = kept.value
            return value
        moment = values.moment()

        def work(tx: Transaction) -> tuple[int, T]:
            state = state_of(tx, account_id, type)
            if kept is not None and kept.states == ((type, state),):
                return state, kept.value
            return state, make(tx, state)

        state, value = await self._store.read(work)
        if value is not None and state:  # an account without any may go without a trace
            values.keep(key, account_id, ((type, state),), moment, value, value.octets)
        return value

    def __contains__(self, key: tuple[int, int, Hashable]) -> bool:
        """Whether there is an answer, of whatever state, to (account, type, what was asked)."""
        return key in self._values
