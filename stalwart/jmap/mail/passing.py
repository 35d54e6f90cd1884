"""E-mails and threads that come into the sight of a guest and leave it, as mailboxes remember what came and went."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen

from stalwart.errors import NotFound
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.sharing.seeing import is_outdated, seen_state
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.states import State
from stalwart.store.object_types import EMAIL, MAILBOX, THREAD
from stalwart.store.rows import Changes
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


def thread_changes(tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
    """Changes of threads, for who does not belong to the account: a thread is there for him while he sees an e-mail
    of it, whatever the log of threads says of that. None if they are more than ``limit``, or cannot be told.
    """
    objects, account_id = tx.objects, asking.account_id
    state = thread_state(tx, asking)
    if since.origin is not None or since.number > state or is_outdated(tx, asking, MAILBOX, since):
        return None
    log = objects.changes(account_id, THREAD, min(since.number, objects.state(account_id, THREAD)), MOST)
    mail = PassingMail.since(tx, asking, min(since.number, objects.state(account_id, EMAIL)))
    if log is None or log.has_more or mail is None:
        return None
    told = _told(tx, account_id, log, mail)
    if told is None or sum(map(len, told)) > limit:
        return None
    created, updated, destroyed = (tuple(sorted(each)) for each in told)
    return Changes(
        created, updated, destroyed, since.number, state, has_more=False, only_counts=False, origin=since.number
    )


def thread_state(tx: Transaction, asking: Asking) -> int:
    """The state of threads for who does not belong to the account: what is moved into his sight is a change."""
    return max(tx.objects.state(asking.account_id, THREAD), seen_state(tx, asking, EMAIL))


def _told(
    tx: Transaction, account_id: int, log: Changes, mail: PassingMail
) -> tuple[set[int], set[int], set[int]] | None:
    """The threads that are created, updated and destroyed for him."""
    passed = tx.mail.list_rows(account_id, mail.gone.union(*mail.arrived.values()))
    had = {row.thread_id for id, row in passed.items() if id in mail.gone}
    is_lost = not mail.gone <= passed.keys()  # whose thread the e-mails were in nobody knows
    moved = {row.thread_id for row in passed.values()}
    threads = tx.mail.threads(account_id, {*log.created, *log.updated, *moved})
    seen = mail.seen([email for emails in threads.values() for email in emails])
    came = mail.came(seen)
    created, updated, destroyed = set[int](), set[int](), set(log.destroyed)
    for id, emails in threads.items():
        shown = seen.intersection(emails)
        was_shown = id not in log.created and (id in had or not shown <= came)
        is_uncertain = is_lost and id in log.updated and not was_shown
        if is_uncertain and shown:
            return None
        if shown:
            (updated if was_shown else created).add(id)
        elif was_shown or is_uncertain:
            destroyed.add(id)
    return created, updated, destroyed
