"""Answers to calls that clients repeat: the same list is asked for again and again, and mostly nothing has changed.

An answer is good for one state of the data type: whoever asks again reads the state in his transaction, and takes the
answer only if it is still that one. What is not in the state must not be in an answer that is kept here.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from attrs import frozen

MOST_OCTETS = 8 << 20
LARGEST = 256 << 10

_OCTETS = 512


@frozen
class RecentAnswer:
    """``value`` is whatever the method makes its answer of, and never changed; ``octets`` is about its size."""

    state: int
    value: Any
    octets: int


class RecentAnswers:
    """The last answers, at most ``most`` octets with what was asked, roughly. For the reactor thread."""

    def __init__(self, most: int = MOST_OCTETS) -> None:
        self._most = most
        self._octets = 0
        self._answers: OrderedDict[Hashable, tuple[RecentAnswer, int]] = OrderedDict()

    def find(self, key: Hashable) -> RecentAnswer | None:
        """The last answer to a call, whatever the state is now."""
        found = self._answers.get(key)
        if found is None:
            return None
        self._answers.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, answer: RecentAnswer) -> None:
        """Remember an answer, and forget the oldest ones for it."""
        former = self._answers.pop(key, None)
        if former is not None:
            self._octets -= former[1]
        octets = _OCTETS + answer.octets
        if octets <= LARGEST:
            octets += octets_of(key, LARGEST - octets)
        if octets > LARGEST:
            return
        self._answers[key] = answer, octets
        self._octets += octets
        while self._octets > self._most:
            self._octets -= self._answers.popitem(last=False)[1][1]


def octets_of(key: Hashable, enough: int) -> int:
    """What a key of tuples, sets, texts and numbers takes in memory; counting ends once it is more than ``enough``."""
    octets, waiting = 0, [key]
    while waiting and octets <= enough:
        each = waiting.pop()
        octets += sys.getsizeof(each)
        if isinstance(each, (tuple, frozenset)) and octets <= enough:
            waiting += each
    return octets
