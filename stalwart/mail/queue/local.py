"""The last step to people at home: letters whose route leads to the mailboxes of this server.

A letter that comes again, because the server ended before it had noted the delivery, is not stored twice. What an
address leads to elsewhere becomes a letter of its own, in the same transaction, which also notes that it was sent on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from attrs import field, frozen

from stalwart.codec.smtp.paths import InvalidPath, Path, forward_path, reverse_path
from stalwart.codec.smtp.received import return_path
from stalwart.errors import Forbidden, NotFound, OverQuota, StalwartError
from stalwart.mail.delivery.shipment import RecipientOutcome
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.queue.intake import Intake, RunsInACircle
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.mail.queue.variables import VariableSource
from stalwart.mail.recipients import Forward, Problem, Recipients, Resolved
from stalwart.store import Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import QueuedLetter, QueuedRecipient
from stalwart.store.seen import SENT_ON

_PROBLEMS: Final[Mapping[Problem, tuple[str, str]]] = {
    Problem.ELSEWHERE: ("5.1.2", "The domain is not one of this server's."),
    Problem.UNKNOWN: ("5.1.1", "There is nobody of that name here."),
    Problem.DISABLED: ("5.2.1", "This address takes no mail."),
    Problem.FULL: ("4.2.2", "The mailbox is full."),
    Problem.TOO_MANY: ("5.2.4", "The list has too many members."),
}
_ACCEPTED: Final = "2.1.5"
_NOBODY: Final = 0
_REMEMBERED: Final = 7 * 86_400
"""Seconds for which it is known, after the end of a letter, that it was sent on."""


@frozen
class Arrival:
    """What is delivered to whom, of a letter."""

    letter: QueuedLetter
    content: bytes | Stored
    recipients: tuple[QueuedRecipient, ...]
    variables: Callable[[QueuedRecipient], VariableSource]


@frozen
class _Resolved:
    """Recipients and who gets mail for them, ``outcomes`` of those for whom nobody does."""

    ways: dict[int, Resolved] = field(factory=dict)
    outcomes: dict[int, RecipientOutcome] = field(factory=dict)


class LocalDeliveries:
    """Delivers to accounts."""

    def __init__(
        self,
        recipients: Recipients,
        messages: Messages,
        delivering: Delivering,
        intake: Intake,
        hostname: Callable[[], str],
        clock: Any,
    ) -> None:
        self._recipients = recipients
        self._messages = messages
        self._delivering = delivering
        self._intake = intake
        self._hostname = hostname
        self._clock = clock

    async def deliver(self, arrival: Arrival) -> list[RecipientOutcome]:
        """The outcome of each recipient, in their order."""
        resolved = _Resolved()
        for recipient in arrival.recipients:
            await self._resolve(arrival, recipient, resolved)
        if resolved.ways:
            try:
                await self._store(arrival, resolved)
            except StalwartError as problem:
                for recipient in arrival.recipients:
                    if recipient.number in resolved.ways:
                        resolved.outcomes[recipient.number] = self._failed(recipient, problem)
        return [resolved.outcomes[recipient.number] for recipient in arrival.recipients]

    async def _resolve(self, arrival: Arrival, recipient: QueuedRecipient, found: _Resolved) -> None:
        try:
            path, _ = forward_path(f"<{recipient.address}>")
        except InvalidPath:
            found.outcomes[recipient.number] = self._refused(recipient, "5.1.3", "The address cannot be understood.")
            return
        resolved = await self._recipients.resolve(path, variable=arrival.variables(recipient))
        if resolved.accounts or resolved.forwards:
            found.ways[recipient.number] = resolved
        else:
            status, text = _PROBLEMS.get(resolved.problem or Problem.UNKNOWN, _PROBLEMS[Problem.UNKNOWN])
            found.outcomes[recipient.number] = self._refused(recipient, status, text)

    async def _store(self, arrival: Arrival, found: _Resolved) -> None:
        away = {number: each for number, each in found.ways.items() if each.forwards}
        content = await self._intake.prepare(arrival.content) if away else arrival.content
        to_accounts = {number: each for number, each in found.ways.items() if each.accounts}

        def besides(tx: Transaction, _outcomes: Any = None) -> None:
            self._send_on(tx, arrival, content, away)

        outcomes: Mapping[int, Any] = {}
        if to_accounts:
            sender = _path(arrival.letter.return_path)
            prepared = await self._messages.prepare(arrival.content, prefix=return_path(sender))
            addresses = {each.number: each.address for each in arrival.recipients}
            outcomes = await self._delivering.deliver(
                prepared,
                tuple(to_accounts.values()),
                sender=arrival.letter.return_path,
                recipients=tuple(addresses[number] for number in to_accounts),
                besides=besides,
                dmarc_pass=arrival.letter.dmarc_pass,
                reports_failure=arrival.letter.reports_failure,
            )
        else:
            await self._intake.write(besides)
        by_number = {each.number: each for each in arrival.recipients}
        for number, way in found.ways.items():
            problems = [outcomes[id] for id in way.accounts if isinstance(outcomes.get(id), StalwartError)]
            recipient = by_number[number]
            if way.accounts and len(problems) == len(way.accounts) and not way.forwards:
                found.outcomes[number] = self._failed(recipient, problems[0])
            else:
                found.outcomes[number] = self._taken(recipient, way)

    def _send_on(
        self, tx: Transaction, arrival: Arrival, content: bytes | Stored, ways: Mapping[int, Resolved]
    ) -> None:
        """Write the letters to where recipients lead, but for those whose letters were written before."""
        now, letter = int(self._clock.seconds()), arrival.letter
        digests = {each.number: _digest(letter, each) for each in arrival.recipients if each.number in ways}
        known = tx.seen.known(_NOBODY, SENT_ON, digests.values(), now)
        new = [number for number, digest in digests.items() if digest not in known]
        for owner, addresses in _forwards(ways[number] for number in new).items():
            self._intake.add(tx, _forwarded(letter, content, owner, addresses), now)
        for each in arrival.recipients:
            if each.number in new:
                until = max(now, each.expires_at) + _REMEMBERED
                tx.seen.note(_NOBODY, SENT_ON, digests[each.number], until)

    def _taken(self, recipient: QueuedRecipient, way: Resolved) -> RecipientOutcome:
        """It is in a mailbox or with the members of a list; or has only gone on elsewhere (RFC 3461 5.2.7)."""
        arrived = bool(way.accounts) or any(forward.owner is not None for forward in way.forwards)
        hostname = self._hostname() if arrived else None
        return RecipientOutcome(
            *(recipient.address, "delivered", _ACCEPTED, hostname), arrived=arrived, relayed_without_dsn=not arrived
        )

    def _failed(self, recipient: QueuedRecipient, problem: StalwartError) -> RecipientOutcome:
        if isinstance(problem, OverQuota):
            return self._refused(recipient, "4.2.2", problem.detail)
        if isinstance(problem, NotFound):
            return self._refused(recipient, "5.1.1", problem.detail)
        if isinstance(problem, Forbidden):  # the recipient's own rules refuse it
            return self._refused(recipient, "5.7.1", problem.detail)
        if isinstance(problem, RunsInACircle):
            return self._refused(recipient, "5.4.6", problem.detail)
        status = "5.6.0" if problem.status == 400 else "4.3.0"
        return self._refused(recipient, status, problem.detail)

    def _refused(self, recipient: QueuedRecipient, status: str, text: str) -> RecipientOutcome:
        return RecipientOutcome(
            address=recipient.address,
            kind="permanent" if status.startswith("5") else "temporary",
            status=status,
            hostname=self._hostname(),
            error_type="unexpectedResponse" if status.startswith("5") else "io",
            message=text,
        )


def _path(address: str) -> Path:
    try:
        return reverse_path(f"<{address}>")[0]
    except InvalidPath:
        return Path()


def _digest(letter: QueuedLetter, recipient: QueuedRecipient) -> bytes:
    return blake2b(f"{letter.id} {recipient.number} {recipient.address}".encode(), digest_size=16).digest()


def _forwards(ways: Iterable[Resolved]) -> dict[str | None, dict[str, None]]:
    """The addresses elsewhere by who hears of failures there, each once."""
    found: dict[str | None, dict[str, None]] = {}
    for way in ways:
        for forward in way.forwards:
            assert isinstance(forward, Forward)
            found.setdefault(forward.owner, {})[forward.address] = None
    return found


def _forwarded(
    letter: QueuedLetter, content: bytes | Stored, owner: str | None, addresses: Sequence[str] | Mapping[str, None]
) -> Letter:
    """A letter that goes on elsewhere. From a list it comes with the list's return path, except for reports, which keep
    the null one (RFC 5321 3.9).
    """
    sender = letter.return_path if owner is None or not letter.return_path else owner
    return Letter(
        content=content,
        return_path=sender,
        recipients=tuple(LetterRecipient(address) for address in addresses),
        source=letter.source,
        account_id=letter.account_id,
        env_id=letter.env_id if sender == letter.return_path else None,
        ret=letter.ret,
        priority=letter.priority,
        received_ip=letter.received_ip,
        received_port=letter.received_port,
        role=letter.role,
        smtputf8=letter.smtputf8,
        body=letter.body,
        require_tls=letter.require_tls,
        dmarc_pass=letter.dmarc_pass,
        reports_failure=letter.reports_failure,
    )
