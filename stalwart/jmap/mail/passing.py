"""E-mails and threads that come into the sight of a guest and leave it, as mailboxes remember what came and went."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen

from stalwart.errors import NotFound
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.standard.asking import Asking
from stalwart.store.store import Transaction

MOST: Final = 10_000
"""What may have come into a mailbox and left it; after more, reading everything anew is as good."""


@frozen
class PassingMail:
    """``jmap.sharing.seeing.Passing`` of e-mails: what came into each readable mailbox, and what left any."""

    tx: Transaction
    account_id: int
    sight: Sight
    arrived: Mapping[int, frozenset[int]]
    gone: frozenset[int]

    @classmethod
    def since(cls, tx: Transaction, asking: Asking, state: int) -> PassingMail | None:
        """What has passed since a state of e-mails; None if that is not known any more."""
        account_id, sight = asking.account_id, Sight.of(tx, asking.access, asking.account_id)
        arrived: dict[int, frozenset[int]] = {}
        gone: set[int] = set()
        for mailbox in sight.readable(sight.rights or ()):
            try:
                changes = tx.mail.list_changes(account_id, mailbox, state, limit=MOST)
            except NotFound:
                continue
            if changes is None or changes.too_many:
                return None
            arrived[mailbox] = frozenset(id for _, id in changes.added)
            gone.update(changes.removed)
        return cls(tx, account_id, sight, arrived, frozenset(gone))

    def seen(self, ids: Collection[int]) -> frozenset[int]:
        """See ``Passing``."""
        return self.sight.seen(self.tx, self.account_id, ids)

    def came(self, ids: Collection[int]) -> set[int]:
        """See ``Passing``."""
        places = self.sight.places(self.tx, self.account_id, [id for id in ids if id not in self.gone])
        return {id for id, there in places.items() if all(id in self.arrived.get(box, ()) for box in there)}

    def left(self, ids: Collection[int]) -> frozenset[int]:
        """See ``Passing``."""
        return self.gone.intersection(ids)


@frozen
class PassingThreads:
    """The same of threads."""

    mail: PassingMail

    def seen(self, ids: Collection[int]) -> set[int]:
        """See ``Passing``."""
        return {id for id, emails in self._emails(ids).items() if self.mail.seen(emails)}

    def came(self, ids: Collection[int]) -> set[int]:
        """See ``Passing``: all of it that is seen has come."""
        found = set()
        for id, emails in self._emails(ids).items():
            seen = self.mail.seen(emails)
            if seen and self.mail.came(seen) == seen:
                found.add(id)
        return found

    def left(self, ids: Collection[int]) -> set[int]:
        """See ``Passing``."""
        rows = self.mail.tx.mail.list_rows(self.mail.account_id, self.mail.gone)
        return {row.thread_id for row in rows.values()}.intersection(ids)

    def _emails(self, ids: Collection[int]) -> Mapping[int, tuple[int, ...]]:
        return self.mail.tx.mail.threads(self.mail.account_id, ids)
