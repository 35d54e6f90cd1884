"""Answers to calls that clients repeat: the same list is asked for again and again, and mostly nothing has changed.

An answer is good for one state of the data type: whoever asks again reads the state in his transaction, and takes the
answer only if it is still that one. What is not in the state must not be in an answer that is kept here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from attrs import frozen

MOST_OCTETS = 8 << 20
LARGEST = 256 << 10


@frozen
class RecentAnswer:
    """``value`` is whatever the method makes its answer of, and never changed."""

    state: int
    value: Any
    octets: int


class RecentAnswers:
    """The last answers, at most ``most`` octets of them by the callers' own estimate. For the reactor thread."""

    def __init__(self, most: int = MOST_OCTETS) -> None:
        self._most = most
        self._octets = 0
        self._answers: OrderedDict[Hashable, RecentAnswer] = OrderedDict()

    def find(self, key: Hashable) -> RecentAnswer | None:
        """The last answer to a call, whatever the state is now."""
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def keep(self, key: Hashable, answer: RecentAnswer) -> None:
        """Remember an answer, and forget the oldest ones for it."""
        former = self._answers.pop(key, None)
        if former is not None:
            self._octets -= former.octets
        if answer.octets > LARGEST:
            return
        self._answers[key] = answer
        self._octets += answer.octets
        while self._octets > self._most:
            self._octets -= self._answers.popitem(last=False)[1].octets
