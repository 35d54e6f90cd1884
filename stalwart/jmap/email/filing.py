"""Messages that are ready become e-mails, one by one, in a write transaction: for Email/set, import and copy.

What can be refused before a message is made is refused then: it would be work, and content on the disk, for nothing.
What one cannot become does not matter to the others. Afterwards the events of mail tell of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from attrs import define, field, frozen

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.errors import OverQuota, StalwartError
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.email.placement import Placement, missing_mailboxes, no_mailbox, placing
from stalwart.jmap.errors import SetRefused, set_error
from stalwart.jmap.mail.sight import Sight
from stalwart.mail.messages.arriving import Messages, Prepared
from stalwart.mail.messages.quota import Room
from stalwart.store.blob_files import LARGE
from stalwart.store.mail_rows import AddedEmail
from stalwart.store.store import Transaction


@frozen
class Made:
    """A message that waits to be added; ``given`` are the properties that the client wrote, ``blobs`` the hashes of
    those that it was made of.
    """

    placement: Placement
    prepared: Prepared
    given: frozenset[str] = frozenset()
    blobs: frozenset[bytes] = frozenset()


MOST_OCTETS: Final = 256 << 20
"""Octets of messages that one call composes, or reads to file them."""


@define
class Effort:
    """How much work one call has been. One message may always be made, however large it is."""

    _spent: int = 0

    def spend(self, octets: int) -> None:
        """Before messages of so many octets are read or written; raises ``SetRefused`` ``rateLimit``."""
        if self._spent and self._spent + octets > MOST_OCTETS:
            raise SetRefused("rateLimit", "That is more content than one call takes; send the rest in another one.")
        self._spent += octets


@define
class Target:
    """The account that messages are made for, as it was before: the mailboxes that it does not have, what may be done
    in those that it has, and its room.
    """

    account_id: int
    sight: Sight
    missing: frozenset[int]
    room: Room
    _messages: Messages
    _effort: Effort = field(factory=Effort)
    _is_full: bool = False

    @classmethod
    def seen(
        cls, tx: Transaction, access: Access, account_id: int, wanted: Iterable[Placement], messages: Messages
    ) -> Target:
        """Where all that is ``wanted`` is to go."""
        wanted = tuple(wanted)
        room = messages.room(tx, account_id, len(wanted))
        sight = Sight.of(tx, access, account_id)
        return cls(account_id, sight, missing_mailboxes(tx, account_id, sight, wanted), room, messages)

    def check(self, place: Placement, least: int, effort: int) -> None:
        """Before a message of ``least`` octets or more is made, for which ``effort`` octets are read.

        Raises ``SetRefused``, OverQuota. After a message that turned out to be too large no other large one is tried.
        """
        missing = self.missing and self.missing & place.mailboxes
        if missing:
            raise no_mailbox(min(missing))
        self.sight.check_adding(place.mailboxes)
        try:
            if self._is_full and effort >= LARGE:
                raise OverQuota
            self.room.check(least)
        except OverQuota as problem:
            self._messages.report_full(self.account_id, least, problem)
            raise
        self._effort.spend(effort)

    def take(self, made: Made) -> Made:
        """When it is made; raises OverQuota."""
        try:
            self.room.take(made.prepared.size)
        except OverQuota as problem:
            self._is_full = True
            self._messages.report(self.account_id, made.prepared, problem, 0)
            self._messages.drop((made.prepared,))
            raise
        return made


Makings = Mapping[str, Made | StalwartError]
"""By creation id what is to be added, or why there is nothing."""

Outcomes = dict[str, AddedEmail | StalwartError]
"""By creation id what was added, or why not."""


def file_all(
    tx: Transaction, account_id: int, sight: Sight, makings: Makings, messages: Messages, now: int
) -> Outcomes:
    """Add messages where they belong; uploads that they were made of are used then (RFC 8620 6)."""
    outcomes: Outcomes = {}
    for creation_id, made in makings.items():
        try:
            outcomes[creation_id] = (
                made if isinstance(made, StalwartError) else _file(tx, account_id, sight, made, messages, now)
            )
        except StalwartError as problem:
            outcomes[creation_id] = problem
    return outcomes


def _file(tx: Transaction, account_id: int, sight: Sight, made: Made, messages: Messages, now: int) -> AddedEmail:
    place = made.placement
    sight.check_adding(place.mailboxes)
    with tx.savepoint(), placing():
        added = messages.add(
            *(tx, account_id, made.prepared),
            mailboxes=place.mailboxes,
            keywords=place.keywords or frozenset(),
            received_at=place.received_at,
            now=now,
        )
        for hash in made.blobs:
            tx.blobs.use(hash, account_id)
        return added


def answers(makings: Makings, outcomes: Outcomes) -> tuple[dict[str, Any], dict[str, Any]]:
    """``created`` with what is told of every new e-mail (RFC 8621 4.6, 4.8), and ``notCreated``."""
    created: dict[str, Any] = {}
    not_created: dict[str, Any] = {}
    for creation_id, outcome in outcomes.items():
        made = makings[creation_id]
        if isinstance(outcome, StalwartError):
            not_created[creation_id] = set_error(outcome)
        elif isinstance(made, Made):
            created[creation_id] = _identity(outcome, made.prepared)
    return created, not_created


def _identity(added: AddedEmail, prepared: Prepared) -> dict[str, Any]:
    return {
        "id": encode_id(added.id),
        "blobId": str(BlobId(prepared.hash)),
        "threadId": encode_id(added.thread_id),
        "size": prepared.size,
    }


def report_all(account_id: int, makings: Makings, outcomes: Outcomes, messages: Messages, elapsed: float) -> None:
    """Tell of what has happened, when it is durable, and have removed what was made for nothing; ``elapsed`` are the
    seconds of the whole call.
    """
    refused = []
    for creation_id, outcome in outcomes.items():
        made = makings[creation_id]
        if isinstance(made, Made):
            messages.report(account_id, made.prepared, outcome, elapsed)
            if isinstance(outcome, StalwartError):
                refused.append(made.prepared)
    messages.drop(refused)


@contextmanager
def dropping(makings: Makings, messages: Messages) -> Iterator[None]:
    """Around making and adding: if that fails as a whole, what was made is removed."""
    try:
        yield
    except BaseException:
        messages.drop([made.prepared for made in makings.values() if isinstance(made, Made)])
        raise
