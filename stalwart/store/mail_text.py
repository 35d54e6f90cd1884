"""The full text of mail as the rest of the server sees it: a queue, an index of words, and the texts themselves.

``tx.mail`` queues what it adds, renames and removes, in the same transaction; the index follows. A search may therefore
miss what waits, and find what is gone: callers keep only e-mails that there are. Ids are never used again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from stalwart.codec.search_terms import Unit

Place = tuple[int, int]
"""An e-mail: (account, id)."""

Places = list[Place]


class IndexedText(Struct, frozen=True):
    """What is indexed of an e-mail: its document (``codec.search_document``), packed, and the words of each column."""

    document: bytes
    words: tuple[str, ...]


class MailText(Protocol):
    """Words of e-mails and where they are."""

    def queue(self, account_id: int, email_id: int) -> None:
        """Have an e-mail looked at again: indexed if it is there, forgotten if not. Cheap; ``tx.mail`` does it."""

    def queue_account(self, account_id: int, after: int = -1, limit: int = 5000) -> int | None:
        """Have ``limit`` e-mails of an account with ids above ``after`` looked at again; answers the last, None if
        there are no more.
        """

    def waiting(self, account_id: int | None = None) -> int:
        """How many e-mails are in the queue."""

    def next_waiting(self, after: int, limit: int, accounts: int = 50) -> Places:
        """E-mails in the queue, of at most so many accounts above ``after``, then from the lowest; the newest of each
        first.
        """

    def waiting_of(self, account_id: int, limit: int) -> Places:
        """E-mails of one account in the queue, the newest first."""

    def index(self, texts: Iterable[tuple[int, int, IndexedText]]) -> int:
        """Take up texts by (account, id), in place of older ones, of e-mails that still wait; answers how many."""

    def forget(self, emails: Iterable[Place]) -> int:
        """Take e-mails out of the queue and remove their texts; answers how many had one."""

    def forget_account(self, account_id: int, limit: int) -> int:
        """Remove at most ``limit`` texts of an account; answers how many there were."""

    def accounts(self, after: int, limit: int) -> list[int]:
        """The accounts above ``after`` that have texts, ascending, whether or not they still exist."""

    def match(self, account_id: int, units: Sequence[Unit], columns: Collection[str] = ()) -> frozenset[int]:
        """E-mails with all units, each in one of the columns (none: in any). ``units`` must not be empty."""

    def documents(self, account_id: int, ids: Iterable[int]) -> dict[int, bytes]:
        """The packed documents of those of the e-mails that have one."""

    def form(self) -> str | None:
        """What ``reset`` was told last."""

    def reset(self, form: str) -> None:
        """Forget the whole index and have all mail looked at again; ``form`` says how words are made from now on."""
