"""Messages on their way into accounts: prepared off the reactor, then added in one write transaction.

Preparing takes one turn in a thread: octets are hashed, parsed, and written to a file if they are many. Adding looks
up, counts and writes; one transaction may add what was prepared to many accounts, with one blob: what fails in one
changes nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from hashlib import blake2b, sha256
from typing import Any, Final

import attrs

from stalwart.config.collaboration.email import Email
from stalwart.config.settings import Settings
from stalwart.errors import NotFound, OverQuota, StalwartError, TooLarge
from stalwart.mail.messages.parsing import NotAMessage, ParsedMessage, parsed
from stalwart.mail.messages.quota import Quotas, Room
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import LARGE, BlobFiles, Stored
from stalwart.store.incoming import discard
from stalwart.store.mail_rows import AddedEmail, NewEmail
from stalwart.store.object_types import EMAIL_DELIVERY
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import MESSAGE_DUPLICATE, MESSAGE_OVER_QUOTA, MESSAGE_STORED
from stalwart.telemetry.measures import MESSAGE_INGEST_DURATION, MESSAGE_SIZE

__all__ = ["SAME_FOR", "Messages", "NotAMessage", "Prepared"]

SAME_FOR: Final = 7 * 86_400
"""Seconds for which a message that is delivered again is the same."""

_DIGEST = 16


@attrs.frozen
class Prepared:
    """A message that can be added. ``content`` is None where it is in a file or a blob already; ``digest`` is that of
    what the client sent, without the trace fields before it; deliveries with it are the same for ``same_for`` seconds.
    """

    hash: bytes
    size: int
    parsed: ParsedMessage
    digest: bytes
    content: bytes | None = None
    stored: Stored | None = None
    same_for: int = SAME_FOR


class Messages:
    """Prepares and adds. ``clock`` tells the time."""

    def __init__(self, store: Store, settings: Settings, quotas: Quotas, clock: Any, telemetry: Telemetry) -> None:
        self._store = store
        self._settings = settings
        self._quotas = quotas
        self._clock = clock
        self._telemetry = telemetry
        self._lasted = telemetry.series(MESSAGE_INGEST_DURATION)
        self._sizes = telemetry.series(MESSAGE_SIZE)

    async def prepare(self, content: bytes | Stored, *, prefix: bytes = b"") -> Prepared:
        """Make ready what came. ``prefix`` are trace fields of ours: content that does not begin with them gets them;
        they do not count when the same message comes again.

        Raises NotAMessage, TooLarge, Unavailable.
        """
        if isinstance(content, Stored):
            return await self._prepare_file(content, prefix)
        if not content.startswith(prefix):
            content = prefix + content
        self._check_size(len(content))
        work = partial(_of_octets, content, len(prefix))
        return await self._store.blob_work(work, writes=len(content) >= LARGE)

    async def _prepare_file(self, content: Stored, prefix: bytes) -> Prepared:
        try:
            self._check_size(content.size)
            made = await self._store.blob_work(partial(_of_file, content, prefix), writes=True)
        except BaseException:
            discard(self._store, (content,))
            raise
        if made.hash != content.hash:  # it is kept with its prefix
            discard(self._store, (content,))
        return made

    async def prepare_stored(self, hash: bytes, size: int) -> Prepared:
        """Make ready a blob that the store has, such as an upload. Raises NotAMessage, TooLarge, NotFound."""
        self._check_size(size)
        if size >= LARGE:
            return await self._store.blob_work(partial(_of_blob, hash, size))
        content = await self._store.read(lambda tx: tx.blobs.get(hash))
        if content is None:
            raise NotFound
        return await self._store.blob_work(lambda _: _prepared(content, content, hash))

    def add(
        self,
        tx: Transaction,
        account_id: int,
        prepared: Prepared,
        *,
        mailboxes: frozenset[int],
        keywords: frozenset[str] = frozenset(),
        received_at: int | None = None,
        now: int,
        delivered: bool = False,
    ) -> AddedEmail:
        """Add a message to an account, in a write transaction. ``delivered``: it came by SMTP or LMTP, and is not
        added again if one with the same digest came of late.

        ``received_at`` None is now. Raises OverQuota, NotFound (account, blob), DanglingReference (mailbox), Invalid.
        """
        if delivered:
            former = tx.mail.delivered(account_id, prepared.digest, now=now)
            if former is not None:
                return former
        self._quotas.check(tx, account_id, prepared.size, 1)
        if prepared.content is not None:
            tx.blobs.put(prepared.content, now)
        elif prepared.stored is not None:
            tx.blobs.adopt(prepared.stored, now)
        email = _email(prepared, mailboxes, keywords, now if received_at is None else received_at)
        added = tx.mail.add_email(account_id, email, now=now)
        if delivered:
            tx.mail.note_delivery(account_id, prepared.digest, prepared.hash, expires_at=now + prepared.same_for)
            tx.objects.touch(account_id, EMAIL_DELIVERY)
        return added

    def room(self, tx: Transaction, account_id: int, emails: int) -> Room:
        """What an account may take, before so many messages are made for it."""
        return self._quotas.room(tx, account_id, emails)

    def drop(self, messages: Iterable[Prepared]) -> None:
        """Have the files of messages removed that were not added, or are rows; what something needs stays."""
        discard(self._store, [each.stored for each in messages if each.stored is not None])

    def report(self, account_id: int, prepared: Prepared, outcome: AddedEmail | StalwartError, elapsed: float) -> None:
        """Tell of what has happened; on the reactor, when the transaction is durable. ``elapsed`` are seconds."""
        if isinstance(outcome, OverQuota):
            self.report_full(account_id, prepared.size, outcome)
        elif isinstance(outcome, AddedEmail):
            event = MESSAGE_DUPLICATE if outcome.duplicate else MESSAGE_STORED
            self._telemetry.emit(event, accountId=account_id, size=prepared.size, elapsed=round(elapsed * 1000))
            self._lasted.observe(elapsed)
            self._sizes.observe(prepared.size)

    def report_full(self, account_id: int, size: int, problem: OverQuota) -> None:
        """Tell of a message of so many octets that there was no room for."""
        self._telemetry.emit(MESSAGE_OVER_QUOTA, accountId=account_id, size=size, reason=problem.detail)

    def _check_size(self, size: int) -> None:
        most = self._settings.of(Email).max_message_size
        if size > most:
            raise TooLarge(f"The message has {size} octets; at most {most} are accepted.")


def _of_octets(data: bytes, skipped: int, files: BlobFiles) -> Prepared:
    """In a thread; ``skipped`` octets at the beginning are ours."""
    made = _prepared(data, memoryview(data)[skipped:])
    if len(data) < LARGE:
        return made
    with files.begin() as writer:
        writer.write(data)
        return attrs.evolve(made, content=None, stored=writer.commit())


def _of_file(stored: Stored, prefix: bytes, files: BlobFiles) -> Prepared:
    data = files.read(stored.hash)
    if not data.startswith(prefix):
        return _of_octets(prefix + data, len(prefix), files)
    return attrs.evolve(_prepared(data, memoryview(data)[len(prefix) :], stored.hash), stored=stored)


def _of_blob(hash: bytes, size: int, files: BlobFiles) -> Prepared:
    return attrs.evolve(_of_file(Stored(hash, size), b"", files), stored=None)


def _prepared(data: bytes, sent: bytes | memoryview, hash: bytes | None = None) -> Prepared:
    """A message whose hash, if it is known, says that its content is stored already."""
    return Prepared(
        sha256(data).digest() if hash is None else hash,
        len(data),
        parsed(data),
        blake2b(sent, digest_size=_DIGEST).digest(),
        data if hash is None else None,
    )


def _email(prepared: Prepared, mailboxes: frozenset[int], keywords: frozenset[str], received_at: int) -> NewEmail:
    message = prepared.parsed
    return NewEmail(
        blob=prepared.hash,
        size=prepared.size,
        received_at=received_at,
        mailboxes=mailboxes,
        keywords=keywords,
        sent_at=message.sent_at,
        has_attachment=message.has_attachment,
        from_key=message.from_key,
        to_key=message.to_key,
        subject_key=message.subject_key,
        subject_hash=message.subject_hash,
        references=message.references,
        fragment=message.fragment,
        parts=message.parts,
    )
