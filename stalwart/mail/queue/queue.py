"""The queue as those who send see it: a letter is put in, found again, and cancelled.

What ``put`` has answered is durable. Who has more to write in the same transaction prepares the content first, so that
a large one is a file, and then says ``add``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stalwart.mail.queue.letter import Letter
from stalwart.store import Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import QueuedLetter, QueuedRecipient

Observer = Callable[[Transaction, QueuedLetter, Sequence[QueuedRecipient], int], None]
"""Told of recipients whose state has changed, in the write transaction that changes them, at a time."""


class MailQueue:
    """Letters that wait. The service ``mail_queue``."""

    async def prepare(self, content: bytes | Stored) -> bytes | Stored:
        """``content`` so that ``add`` writes it quickly. Raises Invalid for what runs in a circle, Unavailable."""
        raise NotImplementedError

    async def put(self, letter: Letter) -> int:
        """Keep a letter; its id, when it is durable. Raises OverQuota, Invalid, Unavailable."""
        raise NotImplementedError

    def add(self, tx: Transaction, letter: Letter, now: int) -> int:
        """The same in a write transaction, for content that was prepared. Raises OverQuota, Invalid.

        Afterwards, when it is durable, say ``wake``.
        """
        raise NotImplementedError

    def cancel(self, tx: Transaction, id: int, now: int) -> bool:
        """Remove a letter of which nothing has been tried; False if it is gone, or was tried or is being tried."""
        raise NotImplementedError

    def find(self, tx: Transaction, id: int) -> QueuedLetter | None:
        """A letter with its recipients; None once all of them are done with."""
        raise NotImplementedError

    def observe(self, observer: Observer) -> None:
        """Tell ``observer`` of every change of a recipient's state."""
        raise NotImplementedError

    def lead(self) -> None:
        """Deliver, from now on; for the leading process."""
        raise NotImplementedError

    def wake(self) -> None:
        """Look soon for what is due."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop; what was being tried is due again at the next start."""
        raise NotImplementedError
