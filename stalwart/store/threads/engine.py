"""What a database must bring to be run in threads: connections and the meaning of its errors."""

from __future__ import annotations

from typing import Protocol

from stalwart.errors import StalwartError
from stalwart.store.sql.session import Session


class Engine(Protocol):
    """One database. All methods but ``has_news`` are called in the store's threads."""

    def prepare(self, now: int, newest: int | None = None) -> None:
        """Create and migrate, to the schema ``newest`` if it is given, under a lock. Raises Invalid or Unavailable in a
        sentence for the administrator.
        """

    def open_writer(self) -> Session:
        """A connection that may write."""

    def open_reader(self) -> Session:
        """A connection that may not."""

    def commit(self, session: Session) -> None:
        """Make the transaction of a writer durable, so that ``was_committed`` can tell."""

    def was_committed(self, session: Session) -> bool:
        """Whether what ``commit`` was called for last is durable; asked in a write transaction of a new session."""

    def repeats(self, error: BaseException) -> bool:
        """Whether what failed so may be done again on a new connection: the database is elsewhere, or will be back."""

    @property
    def longest(self) -> float | None:
        """Seconds after which a write that has not ended is to be interrupted, and then repeated; None for never."""

    def has_news(self) -> bool:
        """Whether another process may have committed something since this was asked last; for the reactor thread."""

    looks: bool
    """Whether ``others`` tells what ``has_news`` cannot."""

    def others(self, session: Session) -> object:
        """What equals what it was before as long as no other process has committed anything."""

    def is_in_turn(self, session: Session) -> bool:
        """Whether the last writer waits for a write that gets on, of whatever process, or is in the middle of such a
        one; asked only where the engine ``looks``.
        """

    def fault(self, error: BaseException) -> StalwartError | None:
        """The sentence for an error that lies outside the program (disk full, damaged, locked); None for a bug."""
