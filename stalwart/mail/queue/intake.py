"""Takes letters in: checks them, and writes them with the lanes of their recipients.

``Intake.add`` runs inside a write transaction, so that a letter and whatever made it are durable together. A letter
that has passed too many servers is refused: it runs in a circle (RFC 5321 6.3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.ids import decode_id
from stalwart.errors import Conflict, Invalid
from stalwart.mail.circles import HEAD, check_circle
from stalwart.mail.queue.letter import MOST_RECIPIENTS, SOURCES, Letter, LetterRecipient
from stalwart.mail.queue.quotas import QueueQuotas
from stalwart.mail.queue.schedules import Plan
from stalwart.mail.queue.strategies import Strategies
from stalwart.mail.queue.variables import Subject, domain_of, source_of
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import LARGE, BlobFiles, Stored
from stalwart.store.queue_rows import NewRecipient, QueuedLetter
from stalwart.telemetry.spans import new_span

_TENANT: Final = "memberTenantId"


class Intake:
    """Writes letters. ``strategies`` says in which part of the queue they wait, ``quotas`` whether there is room."""

    def __init__(self, store: Store, strategies: Strategies, quotas: QueueQuotas) -> None:
        self._store = store
        self._strategies = strategies
        self._quotas = quotas

    async def prepare(self, content: bytes | Stored) -> bytes | Stored:
        """See ``MailQueue``."""
        if isinstance(content, bytes) and len(content) < LARGE:
            check_circle(content)
            return content
        return await self._store.blob_work(lambda files: _filed(files, content), writes=True)

    def add(self, tx: Transaction, letter: Letter, now: int) -> int:
        """See ``MailQueue``."""
        recipients = _checked(letter)
        content = letter.content
        blob = tx.blobs.put(content, now) if isinstance(content, bytes) else tx.blobs.adopt(content, now)
        addresses = tuple(each.address for each in recipients)
        subjects = tuple(_subject(letter, each, addresses, blob.size, now) for each in recipients)
        # a report of failure is part of giving up, and must not fail
        counted = (
            ()
            if letter.source == "dsn"
            else self._quotas.counted(*(tx, subjects, blob.size, now), waits=letter.hold_until is not None)
        )
        waiting = [self._waiting(letter, *pair, now) for pair in zip(recipients, subjects, strict=True)]
        row = _row(letter, blob.hash, blob.size, _tenant(tx, letter), counted, now)
        while True:
            try:
                tx.queue.insert(row, waiting, now)
            except Conflict:  # another process has given that number away; nothing is written yet
                row = replace(row, id=new_span())
            else:
                return row.id

    async def write(self, work: Callable[[Transaction], None]) -> None:
        """Carry ``work`` out in a write transaction."""
        await self._store.write(work)

    def _waiting(self, letter: Letter, recipient: LetterRecipient, subject: Subject, now: int) -> NewRecipient:
        begins = max(letter.hold_until or now, now)
        plan = self._strategies.schedule_at_once(subject.variables(now))
        expires_at = begins + plan.lifetime
        if letter.expires_at is not None:
            expires_at = max(min(expires_at, letter.expires_at), begins)
        return NewRecipient(
            address=recipient.address,
            queue=plan.queue,
            destination=destination_of(recipient.address),
            due=begins,
            expires_at=expires_at,
            notice_at=_first_notice(letter, recipient, plan, begins, expires_at),
            attempts_left=plan.attempts,
            orcpt=recipient.orcpt,
            notify=tuple(sorted(recipient.notify)),
        )


def is_address(text: str) -> bool:
    """Whether the queue can have a letter to it."""
    local, _, domain = text.rpartition("@")
    return bool(local and domain)


def destination_of(address: str) -> str:
    """What the lane of an address is called: its domain in A-labels, or the IP address in its place."""
    domain = domain_of(address)
    try:
        return domain if domain.startswith("[") else to_ascii(domain)
    except InvalidName:
        return domain


def _filed(files: BlobFiles, content: bytes | Stored) -> Stored:
    if isinstance(content, Stored):
        check_circle(files.read(content.hash, 0, HEAD))
        return content
    check_circle(content)
    with files.begin() as writer:
        writer.write(content)
        return writer.commit()


def _checked(letter: Letter) -> list[LetterRecipient]:
    """The recipients, each address once. Raises Invalid."""
    found: dict[str, LetterRecipient] = {}
    for each in letter.recipients:
        found.setdefault(each.address, each)
    if not found:
        raise Invalid("A message in the queue needs a recipient.")
    if len(found) > MOST_RECIPIENTS:
        raise Invalid(f"A message in the queue has at most {MOST_RECIPIENTS} recipients.")
    if letter.source not in SOURCES:
        raise Invalid("The source of a message in the queue is not one that there is.")
    for address in found:
        if not is_address(address):
            raise Invalid("A recipient of a message in the queue needs a domain.")
    return list(found.values())


def _subject(letter: Letter, recipient: LetterRecipient, addresses: tuple[str, ...], size: int, now: int) -> Subject:
    return Subject(
        rcpt=recipient.address,
        recipients=addresses,
        sender=letter.return_path,
        source=source_of(letter),
        role=letter.role,
        priority=letter.priority,
        size=size,
        received_ip=letter.received_ip,
        received_port=letter.received_port,
        created_at=now,
    )


def _first_notice(letter: Letter, recipient: LetterRecipient, plan: Plan, begins: int, expires_at: int) -> int | None:
    """When the sender hears of a delay first: nobody does of reports, nor who does not want to (RFC 3461 4.1)."""
    wanted = not recipient.notify or "DELAY" in recipient.notify
    if not wanted or not letter.return_path or not letter.reports_failure or letter.source in ("dsn", "report"):
        return None
    return plan.next_notice(0, begins, expires_at)


def _tenant(tx: Transaction, letter: Letter) -> int | None:
    """The tenant of the account whose letter it is."""
    row = tx.registry.get("Account", letter.account_id) if letter.account_id is not None else None
    tenant = row.data.get(_TENANT) if row is not None else None
    return None if tenant is None else decode_id(tenant)


def _row(
    letter: Letter, hash: bytes, size: int, tenant_id: int | None, counted: tuple[str, ...], now: int
) -> QueuedLetter:
    return QueuedLetter(
        id=new_span(),
        created_at=now,
        blob=hash,
        size=size,
        return_path=letter.return_path,
        source=letter.source,
        account_id=letter.account_id,
        sent_by=letter.sent_by,
        signed_for=letter.signed_for,
        signed_at=now if letter.signed_at is None else letter.signed_at,
        tenant_id=tenant_id,
        submission_id=letter.submission_id,
        priority=letter.priority,
        env_id=letter.env_id,
        ret=letter.ret,
        received_ip=letter.received_ip,
        received_port=letter.received_port,
        role=letter.role,
        smtputf8=letter.smtputf8,
        body=letter.body,
        require_tls=letter.require_tls,
        dmarc_pass=letter.dmarc_pass,
        reports_failure=letter.reports_failure,
        counted=counted,
    )
