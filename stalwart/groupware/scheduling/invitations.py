"""Writes the mail of scheduling messages: one letter for each recipient, signed, in the queue (x:Task
CalendarItipMessage; spec/dav.md 8.5).

The task was written with the object that people are told of. All letters of it are written in one transaction, which
remembers that for a week: a task that comes again, because its end was not noted, sends nothing twice.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

from attrs import frozen

from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.itip.kept import restored
from stalwart.codec.itip.outcomes import ItipMessage
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.groupware.scheduling.invitation_mail import ASKING, Sender, invitation
from stalwart.groupware.scheduling.people import People, Person
from stalwart.groupware.scheduling.rsvp import Rsvp
from stalwart.groupware.scheduling.wording import language_of
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.mail.queue.queue import MailQueue
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.incoming import discard
from stalwart.store.seen import INVITED
from stalwart.tasks.work import HopelessTask, Work
from stalwart.telemetry import Telemetry
from stalwart.telemetry.calendar_events import ITIP_ERROR, ITIP_SENT

REMEMBERED: Final = 7 * 86_400
TIME_LIMIT: Final = 300.0
_DIGEST: Final = 16


@frozen
class _Written:
    letter: Letter
    message: ItipMessage


class Invitations:
    """Carries out tasks. ``clock`` tells the time, ``hostname`` is in the ids of messages."""

    def __init__(
        self,
        store: Store,
        people: People,
        rsvp: Rsvp,
        signing: Signing,
        queue: MailQueue,
        telemetry: Telemetry,
        clock: Any,
        hostname: str,
    ) -> None:
        self._store = store
        self._people = people
        self._rsvp = rsvp
        self._signing = signing
        self._queue = queue
        self._telemetry = telemetry
        self._clock = clock
        self._hostname = hostname

    def work(self) -> Work:
        """How tasks of the kind are done."""
        return Work(self.run, lambda task: ("itip", task.account_id), time_limit=TIME_LIMIT)

    async def run(self, task: Any) -> None:
        """Write the letters of a task. Raises HopelessTask for one that cannot be read, OverQuota, Unavailable."""
        account_id = task.account_id
        person = await self._store.read(lambda tx: self._people.person(tx, account_id)) if account_id else None
        if person is None:
            raise HopelessTask("There is no such account.")
        written: list[_Written] = []
        try:
            for contents in task.messages:
                message = await self._message(contents)
                for recipient in message.recipients:
                    written += await self._written(account_id, person, message, recipient)
            digest = _digest(task)
            ids = await self._store.write(lambda tx: self._queued(tx, account_id, digest, written))
        finally:
            discard(self._store, [each.letter.content for each in written if isinstance(each.letter.content, Stored)])
        for each, id in zip(written, ids, strict=False):
            self._queue.queued(each.letter, id)
            self._tell(ITIP_SENT, account_id, each.message, each.letter.recipients[0].address)

    async def _message(self, contents: Any) -> ItipMessage:
        text, sender, to = contents.i_calendar_data or "", contents.sender or "", tuple(sorted(contents.to))
        try:
            message: ItipMessage = await self._store.blob_work(lambda files: restored(text, sender, to))
        except MalformedCalendar as error:
            raise HopelessTask(error.detail) from error
        return message

    async def _written(self, account_id: int, person: Person, message: ItipMessage, recipient: str) -> list[_Written]:
        """The letter to a recipient; none for one to whom none can be written."""
        links = None
        organizer = message.facts.organizer
        if message.method in ASKING and organizer is not None and organizer.address == message.sender:
            links = self._rsvp.links_for(account_id, message.facts.uid, recipient)
        now = int(self._clock.seconds())

        def compose(files: Any) -> bytes:
            return invitation(
                Sender(person.name, message.sender),
                recipient,
                message,
                message.calendar.octets(),
                links,
                language_of(person.locale),
                hostname=self._hostname,
                now=now,
            )

        try:
            content: bytes = await self._store.blob_work(compose)
        except InvalidValue as error:
            self._tell(ITIP_ERROR, account_id, message, recipient, reason=str(error))
            return []
        domain = message.sender.rpartition("@")[2]
        content = await self._signing.signed(content, domain) + content
        letter = Letter(
            content=await self._queue.prepare(content),
            return_path=message.sender,
            recipients=(LetterRecipient(recipient),),
            source="autogenerated",
            account_id=account_id,
            smtputf8=not (message.sender.isascii() and recipient.isascii()),
            body="7BIT" if content.isascii() else "8BITMIME",
            signed_for=domain,
        )
        return [_Written(letter, message)]

    def _queued(self, tx: Transaction, account_id: int, digest: bytes, written: list[_Written]) -> list[int]:
        """The ids of the letters; none if they were written before."""
        now = int(self._clock.seconds())
        if tx.seen.known(account_id, INVITED, (digest,), now):
            return []
        tx.seen.note(account_id, INVITED, digest, now + REMEMBERED)
        return [self._queue.add(tx, each.letter, now) for each in written]

    def _tell(self, event: Any, account_id: int, message: ItipMessage, to: str, **more: Any) -> None:
        keys = {"from": message.sender, "method": message.method, "id": message.facts.uid}
        self._telemetry.emit(event, accountId=account_id, to=to, **keys, **more)


def _digest(task: Any) -> bytes:
    """What tells a task from others: the moment at which it was made, and what it says."""
    hash = blake2b(str(task.status.created_at).encode(), digest_size=_DIGEST)
    for each in task.messages:
        for text in (each.sender or "", *sorted(each.to), each.i_calendar_data or ""):
            hash.update(len(text).to_bytes(4, "big") + text.encode())
    return hash.digest()
