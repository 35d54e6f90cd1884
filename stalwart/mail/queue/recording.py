"""Writes what came of attempts, with the reports to senders, and tells of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace

from stalwart.mail.queue.insistence import Insistence
from stalwart.mail.queue.intake import Intake
from stalwart.mail.queue.letter import Letter
from stalwart.mail.queue.notices import Notices, wants
from stalwart.mail.queue.outcomes import Ended, settled
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import DELIVERED, WAITING, Answer, LaneRow, QueuedLetter, QueuedRecipient
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import DELIVERY_TOTAL_DURATION
from stalwart.telemetry.queue_events import (
    DELIVERY_COMPLETED,
    DELIVERY_FAILED,
    QUEUE_CONCURRENCY_LIMIT,
    QUEUE_LANE_RESTS,
    QUEUE_LANE_WAITS,
    QUEUE_RATE_LIMIT,
    QUEUE_RESCHEDULED,
    QUEUE_WITHDRAWN,
)

_HELD_UP = {"rateLimited": QUEUE_RATE_LIMIT, "concurrencyLimited": QUEUE_CONCURRENCY_LIMIT}

LASTING: Final = 4
"""After so many failures in a row, a quarter of an hour by default, an administrator is told of a destination once."""

Rest = tuple[int, int, Answer]
"""Until when a lane rests, after how many failures in a row, and what was heard last."""

Tell = Callable[[Transaction, QueuedLetter, Sequence[QueuedRecipient], int], None]


class Recording:
    """Writes. ``tell`` is called in the transaction with the recipients that have changed; ``queued`` with letters that
    were added to the queue, when they are durable.
    """

    def __init__(
        self,
        store: Store,
        intake: Intake,
        notices: Notices,
        telemetry: Telemetry,
        clock: Any,
        *,
        tell: Tell,
        queued: Callable[[Letter, int], None],
    ) -> None:
        self._store = store
        self._intake = intake
        self._notices = notices
        self._telemetry = telemetry
        self._clock = clock
        self._tell = tell
        self._queued = queued
        self._lasted = telemetry.series(DELIVERY_TOTAL_DURATION)
        self.insistence = Insistence(store, telemetry, clock)

    async def tried(
        self,
        letter: QueuedLetter,
        content: bytes | Stored | None,
        lane: LaneRow,
        ends: Sequence[Ended],
        rest: Rest | None,
    ) -> None:
        """What came of an attempt in a lane, which rests if ``rest`` says so. It takes until it is written.

        Raises Unwritable if that is impossible of those who have failed.
        """
        lost = [each for each in ends if each.has_failed]
        others = [each for each in ends if not each.has_failed]

        async def with_report(*, tells: bool = True) -> None:
            success = await self._notices.of_success(letter, content, _delivered(others), self._now())
            await self._write(letter, others, success, lane, rest, tells=tells)

        if others or rest is not None:
            await self.insistence.carry_out(
                letter.id,
                with_report,
                lambda: with_report(tells=False),
                lambda: self._write(letter, others, None, lane, rest, tells=False),
                ever=True,
            )
        if lost:
            await self.insistence.carry_out(
                letter.id,
                lambda: self.failed(letter, content, lost),
                lambda: self.failed(letter, content, lost, tells=False),
                ever=False,
            )

    async def failed(
        self, letter: QueuedLetter, content: bytes | Stored | None, ends: Sequence[Ended], *, tells: bool = True
    ) -> None:
        """Recipients whose delivery is given up."""
        report = await self._notices.of_failure(letter, content, ends, self._now())
        await self._write(letter, ends, report, tells=tells)

    async def late(self, letter: QueuedLetter, content: bytes | Stored | None, ends: Sequence[Ended]) -> None:
        """Recipients whose sender hears of the delay; they are as they will be afterwards."""
        told = [each for each in ends if wants(letter, each.recipient, "DELAY")]
        report = await self._notices.of_delay(letter, content, told, self._now())
        await self._write(letter, ends, report, quiet=True, tells=False)

    async def moved(self, letter: QueuedLetter, recipients: Sequence[QueuedRecipient]) -> None:
        """Recipients that go on in another part of the queue."""
        now = self._now()
        await self._store.write(lambda tx: tx.queue.change(letter.id, [settled(each) for each in recipients], now))

    async def postponed(self, letter: QueuedLetter, recipients: Sequence[QueuedRecipient], seconds: int) -> None:
        """Recipients of which something has gone wrong here: all that was due of them is due later."""
        now = self._now()
        later = [
            replace(
                each,
                due=max(each.due, now + seconds),
                expires_at=each.expires_at if each.expires_at > now else now + seconds,
                notice_at=now + seconds if each.notice_at is not None and each.notice_at <= now else each.notice_at,
            )
            for each in recipients
        ]
        await self._store.write(lambda tx: tx.queue.change(letter.id, [settled(each) for each in later], now))

    async def withdrawn(self, letter: QueuedLetter) -> None:
        """A letter of an account that is gone: nobody is to get it, and there is nobody to tell."""
        now = self._now()
        if await self._store.write(lambda tx: tx.queue.remove(letter.id, now)):
            self._telemetry.emit(
                QUEUE_WITHDRAWN, queueId=letter.id, accountId=letter.account_id, **{"from": letter.return_path}
            )

    async def is_writable(self) -> bool:
        """Whether the store takes anything at all."""
        return await self.insistence.is_writable()

    async def rest(self, lane: LaneRow, until: int, failures: int, answer: Answer) -> None:
        """Have a lane rest, of which nothing was tried."""
        await self._store.write(lambda tx: tx.queue.rest(lane.id, until, failures, answer))
        self._tell_rest(lane, (until, failures, answer))

    async def _write(
        self,
        letter: QueuedLetter,
        ends: Sequence[Ended],
        report: Letter | None,
        lane: LaneRow | None = None,
        rest: Rest | None = None,
        *,
        quiet: bool = False,
        tells: bool = True,
    ) -> None:
        """``quiet``: nothing has come of it yet; ``tells``: the observers hear of it."""
        now = self._now()
        recipients = [each.recipient for each in ends]

        def write(tx: Transaction) -> tuple[bool, int | None]:
            if report is not None and not _waits(tx, letter.id, recipients):
                return False, None  # somebody else has written what became of them, and told of it
            gone = tx.queue.change(letter.id, [settled(each) for each in recipients], now)
            if lane is not None and rest is not None:
                tx.queue.rest(lane.id, *rest)
            elif lane is not None and lane.failures and _is_as_before(tx, lane):
                tx.queue.rest(lane.id, 0, 0, Answer())
            if recipients and tells:
                self._tell(tx, letter, recipients, now)
            return gone, None if report is None else self._intake.add(tx, report, now)

        gone, id = await self._store.write(write)
        if report is not None and id is not None:
            self._queued(report, id)
        if lane is not None and rest is not None:
            self._tell_rest(lane, rest)
        if not quiet:
            self._emit(letter, ends)
        if gone:
            elapsed = int((self._clock.seconds() - letter.created_at) * 1000)
            self._telemetry.emit(DELIVERY_COMPLETED, queueId=letter.id, elapsed=max(elapsed, 0))
            self._lasted.observe(max(elapsed, 0) / 1000)

    def _emit(self, letter: QueuedLetter, ends: Sequence[Ended]) -> None:
        for each in ends:
            recipient, outcome = each.recipient, each.outcome
            reason = outcome.message or recipient.answer.text
            if recipient.state == WAITING:
                self._telemetry.emit(
                    QUEUE_RESCHEDULED,
                    queueId=letter.id,
                    to=recipient.address,
                    queueName=recipient.queue,
                    nextRetry=recipient.due,
                    reason=reason,
                )
            elif recipient.state != DELIVERED:
                code = recipient.answer.code
                self._telemetry.emit(
                    DELIVERY_FAILED,
                    queueId=letter.id,
                    to=recipient.address,
                    hostname=outcome.hostname,
                    code=code,
                    reason=reason,
                )

    def _tell_rest(self, lane: LaneRow, rest: Rest) -> None:
        until, failures, answer = rest
        if (event := _HELD_UP.get(answer.error)) is not None:
            self._telemetry.emit(event, domain=lane.destination, details=answer.message, due=until)
        else:
            reason = answer.message or answer.text
            self._telemetry.emit(
                QUEUE_LANE_RESTS, domain=lane.destination, queueName=lane.queue, due=until, reason=reason
            )
            if failures == LASTING > lane.failures:
                keys = {"domain": lane.destination, "queueName": lane.queue, "due": until, "reason": reason}
                self._telemetry.emit(QUEUE_LANE_WAITS, total=lane.waiting, **keys)

    def _now(self) -> int:
        return int(self._clock.seconds())


def _waits(tx: Transaction, id: int, recipients: Sequence[QueuedRecipient]) -> bool:
    """Whether any of them still waits."""
    present = tx.queue.get(id)
    numbers = {each.number for each in recipients}
    return present is not None and any(each.number in numbers and each.state == WAITING for each in present.recipients)


def _is_as_before(tx: Transaction, lane: LaneRow) -> bool:
    """Whether nobody has said anything of the failures of a lane since it was read."""
    present = tx.queue.lane(lane.id)
    return present is not None and (present.failures, present.rests_until) == (lane.failures, lane.rests_until)


def _delivered(ends: Sequence[Ended]) -> list[Ended]:
    return [each for each in ends if each.recipient.state == DELIVERED]


def noticed(recipient: QueuedRecipient, next_at: int | None) -> QueuedRecipient:
    """A recipient of whose delay the sender has heard."""
    return replace(recipient, notices=recipient.notices + 1, notice_at=next_at)
