"""Those of one attempt whom a host has taken a letter for while others still wait: that is written before the next host
is asked, which may take minutes, so that nobody gets it twice if the server ends meanwhile (RFC 1047).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from stalwart.mail.delivery.shipment import RecipientOutcome, Told
from stalwart.mail.queue.outcomes import ended
from stalwart.mail.queue.recording import Recording
from stalwart.mail.queue.schedules import Plan
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import LaneRow, QueuedLetter, QueuedRecipient


class Taken:
    """Of one attempt for recipients of ``letter`` in ``lane``. ``clock`` tells the time."""

    def __init__(
        self,
        recording: Recording,
        letter: QueuedLetter,
        content: bytes | Stored,
        lane: LaneRow,
        plan: Plan,
        clock: Any,
    ) -> None:
        self._recording = recording
        self._letter = letter
        self._content = content
        self._lane = lane
        self._plan = plan
        self._clock = clock
        self._outcomes: dict[int, RecipientOutcome] = {}
        self._written: set[int] = set()

    def by(self, recipients: Sequence[QueuedRecipient]) -> Callable[[Sequence[Told]], Awaitable[None]]:
        """What a shipment for these calls; it takes until it is written."""

        async def note(told: Sequence[Told]) -> None:
            found = [(recipients[place], outcome) for place, outcome in told]
            self._outcomes.update((recipient.number, outcome) for recipient, outcome in found)
            now = int(self._clock.seconds())
            ends = [ended(recipient, outcome, self._plan, now) for recipient, outcome in found]
            await self._recording.tried(self._letter, self._content, self._lane, ends, None)
            self._written.update(recipient.number for recipient, _ in found)

        return note

    def known(
        self, recipients: Iterable[QueuedRecipient], outcomes: Sequence[RecipientOutcome]
    ) -> list[RecipientOutcome]:
        """The outcomes, where what is known to be delivered is that, whatever has gone wrong since."""
        return [self._outcomes.get(each.number, outcome) for each, outcome in zip(recipients, outcomes, strict=True)]

    def has(self, recipient: QueuedRecipient) -> bool:
        """Whether it is written already that this one has got it."""
        return recipient.number in self._written
