"""Answers to calls that clients repeat: the same list is asked for again and again, and mostly nothing has changed.

An answer is good for one state of a type of objects. If nothing has been written since that state it is given at once,
else the state is read first. What is not in the state must not be in an answer that is kept here, or must be in what it
is kept under.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

from attrs import frozen

from stalwart.jmap.standard.presence import state_of
from stalwart.store import Store, Transaction

MOST_OCTETS = 8 << 20
LARGEST = 256 << 10

_OCTETS = 512


class Weighed(Protocol):
    """What a method makes its answer of, and never changes."""

    @property
    def octets(self) -> int:
        """About its size."""


T = TypeVar("T", bound=Weighed | None)


@frozen
class _Kept:
    state: int
    moment: int | None
    value: Any
    octets: int


class RecentAnswers:
    """The last answers, at most ``most`` octets with what was asked, roughly. For the reactor thread."""

    def __init__(self, store: Store, *, most: int = MOST_OCTETS) -> None:
        self._store = store
        self._most = most
        self._octets = 0
        self._answers: OrderedDict[Hashable, _Kept] = OrderedDict()

    async def answer(self, account_id: int, type: int, asked: Hashable, make: Callable[[Transaction, int], T]) -> T:
        """What ``make`` makes of a transaction and the state of the ``type`` in it, or has made of that state for the
        same that was ``asked``. None is not kept.

        :raises MethodError: ``accountNotFound``, and what ``make`` raises.
        """
        key = (account_id, type, asked)
        states = self._store.states
        kept = self._find(key)
        if kept is not None and states.stands(account_id, type, kept.state, kept.moment):
            return kept.value
        moment = states.moment()

        def work(tx: Transaction) -> tuple[int, T]:
            state = state_of(tx, account_id, type)
            if kept is not None and kept.state == state:
                return state, kept.value
            return state, make(tx, state)

        state, value = await self._store.read(work)
        if value is not None and state:  # an account without any may go without a trace
            self._keep(key, _Kept(state, moment, value, value.octets))
        return value

    def __contains__(self, key: tuple[int, int, Hashable]) -> bool:
        """Whether there is an answer, of whatever state, to (account, type, what was asked)."""
        return key in self._answers

    def _find(self, key: Hashable) -> _Kept | None:
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def _keep(self, key: Hashable, answer: _Kept) -> None:
        """Remember an answer, and forget the oldest ones for it."""
        former = self._answers.pop(key, None)
        if former is not None:
            self._octets -= former.octets
        if former is not None and former.value is answer.value:
            octets = former.octets
        else:
            octets = _OCTETS + answer.octets
            if octets <= LARGEST:
                octets += octets_of(key, LARGEST - octets)
        if octets > LARGEST:
            return
        self._answers[key] = _Kept(answer.state, answer.moment, answer.value, octets)
        self._octets += octets
        while self._octets > self._most:
            self._octets -= self._answers.popitem(last=False)[1].octets


def octets_of(key: Hashable, enough: int) -> int:
    """What a key of tuples, sets, texts and numbers takes in memory; counting ends once it is more than ``enough``."""
    octets, waiting = 0, [key]
    while waiting and octets <= enough:
        each = waiting.pop()
        octets += sys.getsizeof(each)
        if isinstance(each, (tuple, frozenset)) and octets <= enough:
            waiting += each
    return octets
