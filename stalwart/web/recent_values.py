"""What is answered again and again, as long as nothing has changed: values, each good for states of types of objects.

A value may be given at once while its states stand (``store.known_states``); otherwise whoever asks reads the states,
and the value is good if they are those that it was made of. What is not in a state must not be in such a value, or must
be in what it is kept under.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from attrs import frozen

from stalwart.store.known_states import KnownStates

MOST_OCTETS = 8 << 20
LARGEST = 256 << 10

_OCTETS = 512

States = tuple[tuple[int, int], ...]
"""(type, number of its last change)."""


@frozen
class Kept:
    """A value of the states of an account, which were read after ``moment``."""

    account_id: int
    states: States
    moment: int | None
    value: Any
    octets: int


class RecentValues:
    """The last ones, at most ``most`` octets with what was asked, roughly; none larger than ``largest``. For the
    reactor thread.
    """

    def __init__(self, known: KnownStates, *, most: int = MOST_OCTETS, largest: int = LARGEST) -> None:
        self._known = known
        self._most = most
        self._largest = largest
        self._octets = 0
        self._values: OrderedDict[Hashable, Kept] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def moment(self) -> int | None:
        """To be asked for before the states of a value are read."""
        return self._known.moment()

    def find(self, key: Hashable) -> Kept | None:
        """What is kept, of whatever states."""
        found = self._values.get(key)
        if found is not None:
            self._values.move_to_end(key)
        return found

    async def stands(self, kept: Kept) -> bool:
        """Whether it is good without reading its states."""
        return await self._known.still_stand(kept.account_id, kept.states, kept.moment)

    def keep(self, key: Hashable, account_id: int, states: States, moment: int | None, value: Any, octets: int) -> None:
        """Remember a value of about so many octets, and forget the oldest ones for it."""
        former = self._values.pop(key, None)
        if former is not None:
            self._octets -= former.octets
        if former is not None and former.value is value:
            octets = former.octets
        else:
            octets += _OCTETS
            if octets <= self._largest:
                octets += octets_of(key, self._largest - octets)
        if octets > self._largest:
            return
        self._values[key] = Kept(account_id, states, moment, value, octets)
        self._octets += octets
        while self._octets > self._most:
            self._octets -= self._values.popitem(last=False)[1].octets


def octets_of(key: Hashable, enough: int) -> int:
    """What a key of tuples, sets, texts and numbers takes in memory; counting ends once it is more than ``enough``."""
    octets, waiting = 0, [key]
    while waiting and octets <= enough:
        each = waiting.pop()
        octets += sys.getsizeof(each)
        if isinstance(each, (tuple, frozenset)) and octets <= enough:
            waiting += each
    return octets
