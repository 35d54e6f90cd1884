"""x:QueuedMessage: messages that wait in the queue, for those who look after them (settings A.12, C.7).

An earlier ``nextRetry`` has a message tried again, whatever its destination rests for; taking a recipient out cancels
its delivery without a report; destroying the message cancels all of them. The submission of the sender, if there is
one, says so. While sending is paused, searches and hurried messages are answered with a notice that says so. A
tenant's administrators see the messages of its accounts. Messages are put in by those who send mail, never here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen
from msgspec.structs import replace

from stalwart.codec.ids import encode_id
from stalwart.config.mail.queued_message import (
    Completed,
    ExpiresByAttempts,
    ExpiresByTime,
    PermanentFailure,
    QueuedMessage,
    Scheduled,
    TemporaryFailure,
)
from stalwart.config.mail.queued_message import QueuedRecipient as ShownRecipient
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.errors import MethodError, SetRefused
from stalwart.jmap.registry.filters import MOST_CONDITIONS, Condition, sort_name, text_of, unsupported_filter, words_of
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.waking import Wakeable
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Results
from stalwart.mail.submissions import note_cancellation
from stalwart.schema import Declaration, UtcDateTime
from stalwart.schema.violations import FAILED, Reading
from stalwart.store import Transaction
from stalwart.store.queue_rows import DELIVERED, WAITING, Answer, LetterSearch, QueuedLetter, QueuedRecipient, Settled

FILTERS: Final = ("text", "to", "returnPath", "queueName", "due")
PAUSED: Final = "Sending is paused: nothing leaves until the queue is resumed."
_MADE_ELSEWHERE: Final = "Messages are put in the queue by sending mail."


@frozen
class Found:
    """``window.Results`` of a search, in the order of the next attempt."""

    tx: Transaction
    search: LetterSearch
    descending: bool

    def count(self) -> int:
        return self.tx.queue.count_found(self.search)

    def place(self, id: int) -> int | None:
        return self.tx.queue.position(self.search, id, descending=self.descending)

    def page(self, offset: int, limit: int) -> list[int]:
        return self.tx.queue.search(self.search, descending=self.descending, offset=offset, limit=limit)


@handles("QueuedMessage")
class QueuedMessageHandler(Handler):
    """Filters: ``text`` and ``to`` (words), ``returnPath``, ``queueName``, ``due`` with comparisons; sort ``due``."""

    def __init__(self, declaration: Declaration, *, settings: Settings, mail_queue: Wakeable) -> None:
        super().__init__(declaration, settings=settings)
        self._queue = mail_queue

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The messages that there are among ``ids``; None for those that are due first."""
        if ids is None:
            search = LetterSearch(tenant_id=asking.access.tenant_id)
            ids = tx.queue.search(search, descending=False, offset=0, limit=limit)
        found = tx.queue.many(ids).values()
        return [{**shown(each).to_wire(), "id": encode_id(each.id)} for each in found if _is_visible(asking, each)]

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """See ``Handler.matching``."""
        sort_name(comparator, ("due",))
        descending = comparator is not None and not comparator.is_ascending
        return Found(tx, _search(conditions, asking.access.tenant_id), descending)

    def remarks(self, tx: Transaction) -> list[str]:
        """Whether nothing is tried at all."""
        return [PAUSED] if tx.queue.is_paused() else []

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Refused."""
        raise SetRefused("forbidden", _MADE_ELSEWHERE)

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Apply a patch to a message that waits."""
        letter = self._letter(tx, asking, change)
        former = shown(letter)
        wanted = QueuedMessage.patched(former, change.data)
        now = int(asking.now)
        if unknown := wanted.recipients.keys() - former.recipients.keys():
            path = f"recipients/{min(unknown)}"
            raise SetRefused("forbidden", "Recipients cannot be added to a message that waits.", (path,))
        if (wanted.priority, wanted.env_id) != (former.priority, former.env_id):
            tx.queue.touch(letter.id, now, priority=wanted.priority, env_id=wanted.env_id)
        gone = [each.number for each in letter.recipients if each.address not in wanted.recipients]
        if gone:
            note_cancellation(tx, letter, gone, now)
            if tx.queue.drop(letter.id, gone, now):
                return None
        changed = [
            _settled(each, wanted.recipients[each.address])
            for each in letter.recipients
            if each.state == WAITING
            and each.address in wanted.recipients
            and wanted.recipients[each.address] != former.recipients[each.address]
        ]
        if changed:
            tx.queue.change(letter.id, changed, now)
        if wanted.next_retry is not None and wanted.next_retry != former.next_retry:
            tx.queue.hurry(letter.id, max(wanted.next_retry, now))
            asking.memo[PAUSED] = self.remarks(tx)
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Cancel delivery to all recipients."""
        letter, now = self._letter(tx, asking, change), int(asking.now)
        note_cancellation(tx, letter, [each.number for each in letter.recipients], now)
        tx.queue.remove(letter.id, now)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """What is due now is looked for, if anything is."""
        self._queue.wake()
        return list(asking.memo.get(PAUSED, ()))

    def _letter(self, tx: Transaction, asking: Asking, change: Change) -> QueuedLetter:
        assert change.id is not None
        letter = tx.queue.get(change.id)
        if letter is None or not _is_visible(asking, letter):
            raise NotFound
        return letter


def shown(letter: QueuedLetter) -> QueuedMessage:
    """A message as administrators see it."""
    waiting = [each for each in letter.recipients if each.state == WAITING]
    flags = {letter.source}
    if letter.dmarc_pass:
        flags.add("dmarcPass")
    return QueuedMessage(
        created_at=letter.created_at,
        next_retry=min((each.due for each in waiting), default=None),
        next_notify=min((each.notice_at for each in waiting if each.notice_at is not None), default=None),
        blob_id=str(BlobId(letter.blob)),
        return_path=letter.return_path,
        recipients={each.address: _shown(each) for each in letter.recipients},
        received_from_ip=letter.received_ip or "::",
        received_via_port=letter.received_port or 25,
        flags=frozenset(flags),
        env_id=letter.env_id,
        priority=letter.priority,
        size=letter.size,
    )


def _shown(recipient: QueuedRecipient) -> ShownRecipient:
    expires: Any
    if recipient.attempts_left is None:
        expires = ExpiresByTime(expires_at=recipient.expires_at)
    else:
        expires = ExpiresByAttempts(expires_attempts=recipient.attempts + recipient.attempts_left)
    return ShownRecipient(
        retry_count=recipient.attempts,
        retry_due=recipient.due,
        notify_count=recipient.notices,
        notify_due=recipient.expires_at if recipient.notice_at is None else recipient.notice_at,
        expires=expires,
        queue_name=recipient.queue,
        status=_status(recipient),
        flags=frozenset(("dsnSent",)) if recipient.notices else frozenset(),
        orcpt=recipient.orcpt,
    )


def _status(recipient: QueuedRecipient) -> Any:
    answer = recipient.answer
    response = {
        "response_code": answer.code,
        "response_enhanced": answer.enhanced,
        "response_hostname": answer.hostname or None,
        "response_message": answer.text or None,
    }
    failure = {
        "error_type": answer.error or "io",
        "error_message": answer.message or None,
        "error_command": answer.command or None,
    }
    if recipient.state == DELIVERED:
        return Completed(**response)
    if recipient.state != WAITING:
        return PermanentFailure(**response, **failure)
    return Scheduled() if answer == Answer() else TemporaryFailure(**response, **failure)


def _settled(former: QueuedRecipient, wanted: ShownRecipient) -> Settled:
    """A recipient that waits, with other times."""
    expires: Any = wanted.expires
    expires_at, left = former.expires_at, former.attempts_left
    if isinstance(expires, ExpiresByTime):
        expires_at, left = expires.expires_at, None
    elif isinstance(expires, ExpiresByAttempts):
        left = max(expires.expires_attempts - wanted.retry_count, 1)
    shown_notice = former.expires_at if former.notice_at is None else former.notice_at
    return Settled(
        number=former.number,
        state=WAITING,
        due=wanted.retry_due,
        attempts=wanted.retry_count,
        answer=former.answer,
        notice_at=former.notice_at if wanted.notify_due == shown_notice else wanted.notify_due,
        notices=wanted.notify_count,
        expires_at=expires_at,
        attempts_left=left,
    )


def _is_visible(asking: Asking, letter: QueuedLetter) -> bool:
    tenant = asking.access.tenant_id
    return tenant is None or letter.tenant_id == tenant


def _search(conditions: Sequence[Condition], tenant_id: int | None) -> LetterSearch:
    search = LetterSearch(tenant_id=tenant_id)
    for condition in conditions:
        if condition.property == "due":
            moment: Any = UtcDateTime().read(condition.value, (), Reading())
            if moment is FAILED or moment is None:
                raise unsupported_filter(condition.name)
            search = replace(search, due=(*search.due, (condition.comparison, moment)))
            continue
        if condition.comparison != "=" or condition.property not in FILTERS:
            raise unsupported_filter(condition.name, FILTERS)
        search = replace(search, **_narrowed(search, condition))
    if len(search.text) + len(search.to) > MOST_CONDITIONS:
        raise MethodError("unsupportedFilter", f"At most {MOST_CONDITIONS} words are supported.")
    return search


def _narrowed(search: LetterSearch, condition: Condition) -> Mapping[str, Any]:
    if condition.property == "text":
        return {"text": (*search.text, *words_of(condition))}
    if condition.property == "to":
        return {"to": (*search.to, *words_of(condition))}
    value = text_of(condition)
    name = "queue" if condition.property == "queueName" else "return_path"
    earlier = getattr(search, name)
    if earlier is not None and earlier != value:  # both cannot be true
        return {"due": (*search.due, ("<", 0))}
    return {name: value}
