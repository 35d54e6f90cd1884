"""Looks after letters that wait for long: those whose time is over are given up, senders hear of delays.

It is done along indexes of its own, so that letters whose destination rests have their end and their notices too.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Coroutine
from typing import Any, Final

from twisted.internet.defer import CancelledError

from stalwart.errors import Unavailable
from stalwart.mail.delivery.shipment import RecipientOutcome
from stalwart.mail.queue.attempts import AFTER_A_FAULT, content_in
from stalwart.mail.queue.outcomes import Ended, given_up
from stalwart.mail.queue.recording import Recording, noticed
from stalwart.mail.queue.strategies import Strategies
from stalwart.mail.queue.variables import Subject
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import WAITING, LaneRow, QueuedLetter, QueuedRecipient
from stalwart.telemetry import Telemetry
from stalwart.telemetry.queue_events import QUEUE_ERROR

AGED_AT_ONCE: Final = 50
"""Letters that are looked after in one go; the others come with the next one."""

_Lanes = dict[int, LaneRow | None]
_Found = list[tuple[QueuedLetter, bytes | Stored | None, _Lanes]]


class Aging:
    """Gives up, and tells. Letters that are being tried are left to those who try them."""

    def __init__(
        self, store: Store, strategies: Strategies, recording: Recording, telemetry: Telemetry, clock: Any
    ) -> None:
        self._store = store
        self._strategies = strategies
        self._recording = recording
        self._telemetry = telemetry
        self._clock = clock

    async def run(self, trying: Collection[int]) -> None:
        """One go. Raises Unavailable if nothing can be written."""
        now = int(self._clock.seconds())
        over: _Found = await self._store.read(lambda tx: _with_lanes(tx, tx.queue.expired(now, AGED_AT_ONCE, trying)))
        for letter, content, lanes in over:
            await self._guarded(letter, self._give_up(letter, content, lanes, now))
        late: _Found = await self._store.read(lambda tx: _with_lanes(tx, tx.queue.overdue(now, AGED_AT_ONCE, trying)))
        for letter, content, lanes in late:
            await self._guarded(letter, self._tell(letter, content, lanes, now))

    async def _guarded(self, letter: QueuedLetter, work: Coroutine[Any, Any, None]) -> None:
        """Have a fault with one letter not keep others from their end."""
        try:
            await work
        except CancelledError:
            raise
        except Exception as problem:
            if isinstance(problem, Unavailable) and not await self._recording.is_writable():
                raise
            reason = f"{type(problem).__name__}: {problem}"
            self._telemetry.emit(QUEUE_ERROR, queueId=letter.id, reason=reason, trace=traceback.format_exc())
            await self._recording.postponed(letter, _waiting(letter), AFTER_A_FAULT)

    async def _give_up(self, letter: QueuedLetter, content: bytes | Stored | None, lanes: _Lanes, now: int) -> None:
        ends = [given_up(each, lanes.get(each.lane)) for each in _waiting(letter) if each.expires_at <= now]
        await self._recording.failed(letter, content, ends)

    async def _tell(self, letter: QueuedLetter, content: bytes | Stored | None, lanes: _Lanes, now: int) -> None:
        ends = [
            await self._told(letter, each, lanes.get(each.lane), now)
            for each in _waiting(letter)
            if each.notice_at is not None and each.notice_at <= now
        ]
        await self._recording.late(letter, content, ends)

    async def _told(self, letter: QueuedLetter, recipient: QueuedRecipient, lane: LaneRow | None, now: int) -> Ended:
        plan = await self._strategies.schedule(Subject.of(letter, recipient).variables(now))
        answer = recipient.answer
        if not answer.error and lane is not None:
            answer = lane.answer
        outcome = RecipientOutcome(
            address=recipient.address,
            kind="temporary",
            status=answer.enhanced or "4.4.1",
            hostname=answer.hostname or None,
            error_type=answer.error or "io",
            message=answer.message or answer.text or "Delivery was not possible yet.",
        )
        next_at = plan.next_notice(recipient.notices + 1, now, recipient.expires_at)
        return Ended(noticed(recipient, next_at), outcome)


def _waiting(letter: QueuedLetter) -> list[QueuedRecipient]:
    return [each for each in letter.recipients if each.state == WAITING]


def _with_lanes(tx: Transaction, ids: list[int]) -> _Found:
    return [
        (letter, content_in(tx, letter), {each.lane: tx.queue.lane(each.lane) for each in _waiting(letter)})
        for letter in tx.queue.many(ids).values()
    ]
