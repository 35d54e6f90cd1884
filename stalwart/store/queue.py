"""The queue of mail as the rest of the server sees it: letters, their recipients, and lanes.

What leaves without having been delivered to everybody is remembered for a while (``seen.UNDELIVERED``).

A lane is a destination (a domain) in a part of the queue. It is kept in step with its recipients in the same
transaction, so that what is due is found along an index, however much waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from stalwart.store.queue_rows import Answer, LaneRow, LetterSearch, NewRecipient, QueuedLetter, Settled


class Queue(Protocol):
    """All letters that wait."""

    def insert(self, letter: QueuedLetter, recipients: Sequence[NewRecipient], now: int) -> None:
        """A new letter; its blob is there. Raises Conflict with ``property`` ``id``, NotFound (blob)."""

    def get(self, id: int) -> QueuedLetter | None:
        """A letter with its recipients, in the order of their numbers."""

    def many(self, ids: Iterable[int], lane: int | None = None) -> dict[int, QueuedLetter]:
        """Those of the letters that there are, by id, in the order of ``ids``; with the recipients in one lane only."""

    def change(self, id: int, settled: Sequence[Settled], now: int) -> bool:
        """Store what those who wait are from now on; True if nobody does any more, and the letter has gone with that.
        Who is done with stays so.
        """

    def drop(self, id: int, numbers: Collection[int], now: int) -> bool:
        """Take recipients out as if they had never been; True if the letter has gone with the last who waited."""

    def begin(self, id: int) -> bool:
        """Somebody is about to try: the letter cannot be taken back for the time being. False if it is gone."""

    def release(self, id: int) -> None:
        """Whoever began has ended, and nobody can have got the letter."""

    def touch(self, id: int, now: int, *, priority: int | None = None, env_id: str | None = None) -> bool:
        """Change the priority if it is given, and ``env_id``; False if there is no such letter."""

    def hurry(self, id: int, due: int) -> None:
        """Have all who wait for a letter be due then, and end the rest of their lanes."""

    def remove(self, id: int, now: int) -> bool:
        """Remove a letter with its recipients; False if there is none."""

    def of_account(self, account_id: int, after: int | None, limit: int) -> list[int]:
        """The ids of letters of an account that follow ``after``, in their order."""

    def queues(self) -> list[str]:
        """The parts of the queue in which something waits."""

    def lanes(self, queue: str, now: int, limit: int, spare: Collection[int] = ()) -> list[LaneRow]:
        """Lanes where something is due, the earliest first, without ``spare``."""

    def lane(self, id: int) -> LaneRow | None:
        """By id."""

    def next_due(self, queue: str, spare: Collection[int] = ()) -> int | None:
        """When something is due next in a part of the queue, lanes in ``spare`` aside."""

    def take(self, lane: int, now: int, limit: int, spare: Collection[int] = ()) -> list[int]:
        """The ids of letters that are due in a lane, lowest priority first, then the earliest, without ``spare``."""

    def rest(self, lane: int, until: int, failures: int, answer: Answer) -> None:
        """Have a lane wait until then; ``until`` 0 ends that."""

    def correct(self, lane: int, floor: int = 0) -> None:
        """Have the due of a lane be when something is due there, or ``floor`` if that is later."""

    def expired(self, now: int, limit: int, spare: Collection[int] = ()) -> list[int]:
        """The ids of letters with recipients whose time is over, without ``spare``."""

    def next_expiry(self, spare: Collection[int] = ()) -> int | None:
        """When the time of a recipient is over next, the letters in ``spare`` aside."""

    def overdue(self, now: int, limit: int, spare: Collection[int] = ()) -> list[int]:
        """The ids of letters whose sender is to hear of a delay, without ``spare``."""

    def next_notice(self, spare: Collection[int] = ()) -> int | None:
        """When a sender is to hear of a delay next, the letters in ``spare`` aside."""

    def prove(self) -> None:
        """Write something that leaves nothing: raises what any write would raise."""

    def pause(self, paused: bool) -> None:
        """Have nothing be sent, until the contrary is said."""

    def is_paused(self) -> bool:
        """Whether nothing is to be sent."""

    def count(self) -> int:
        """How many letters there are."""

    def used(self, key: str) -> tuple[int, int]:
        """How many letters, and octets, are counted under a key (``QueuedLetter.counted``)."""

    def search(self, search: LetterSearch, *, descending: bool, offset: int, limit: int) -> list[int]:
        """The ids of what is found, by the time when they are due next, from ``offset`` on."""

    def count_found(self, search: LetterSearch) -> int:
        """How many are found."""

    def position(self, search: LetterSearch, id: int, *, descending: bool) -> int | None:
        """The place of ``id`` in what is found, the first being 0; None if it is not there."""
