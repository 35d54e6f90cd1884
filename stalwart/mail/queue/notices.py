"""What senders are told: of failures, delays and, if they want to know, of delivery (RFC 3461, RFC 5321 6.1).

Nobody is told where there is nobody to tell: a null return path, NOTIFY=NEVER, or a sender that is likely to be forged.
Reports are letters from the null sender, so that no report is ever about a report.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from twisted.internet.defer import CancelledError

from stalwart.codec.ids import encode_id
from stalwart.errors import StalwartError, Unavailable
from stalwart.mail.delivery import reports
from stalwart.mail.delivery.content import HeldContent, content_of
from stalwart.mail.queue.intake import Intake, is_address
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.mail.queue.outcomes import Ended
from stalwart.store import Store
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import QueuedLetter, QueuedRecipient
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event
from stalwart.telemetry.queue_events import (
    DELIVERY_DOUBLE_BOUNCE,
    DELIVERY_DSN_PERM_FAIL,
    DELIVERY_DSN_SUCCESS,
    DELIVERY_DSN_TEMP_FAIL,
    QUEUE_ERROR,
)

Sign = Callable[[bytes, str], Awaitable[bytes]]
"""The signatures to put in front of a message from a domain."""

Compose = Callable[[reports.Reported, Sequence[reports.Fate], int], Awaitable[bytes]]

DAEMON: Final = "MAILER-DAEMON"


def wants(letter: QueuedLetter, recipient: QueuedRecipient, event: str) -> bool:
    """Whether the sender is told of SUCCESS, FAILURE or DELAY of a recipient (RFC 3461 4.1)."""
    if not is_address(letter.return_path) or (event != "SUCCESS" and not letter.reports_failure):
        return False
    return event in recipient.notify if recipient.notify else event != "SUCCESS"


class Notices:
    """Writes reports as letters. ``domain`` is where they come from, ``hostname`` who reports, ``sign`` signs them."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        telemetry: Telemetry,
        *,
        hostname: Callable[[], str],
        domain: Callable[[], str],
        sign: Sign | None = None,
    ) -> None:
        self._store = store
        self._intake = intake
        self._telemetry = telemetry
        self._hostname = hostname
        self._domain = domain
        self._sign = sign

    async def of_failure(
        self, letter: QueuedLetter, content: bytes | Stored | None, ends: Sequence[Ended], now: int
    ) -> Letter | None:
        """The letter that tells of those who have failed; None if nobody is told."""
        told = [each for each in ends if wants(letter, each.recipient, "FAILURE")]
        for each in ends:
            if each not in told:
                reason = each.outcome.message or each.recipient.answer.text
                self._telemetry.emit(
                    DELIVERY_DOUBLE_BOUNCE, queueId=letter.id, to=each.recipient.address, reason=reason
                )
        if not told:
            return None
        return await self._letter(reports.bounce, DELIVERY_DSN_PERM_FAIL, letter, content, told, now)

    async def of_delay(
        self, letter: QueuedLetter, content: bytes | Stored | None, ends: Sequence[Ended], now: int
    ) -> Letter | None:
        """The letter that tells of those who still wait."""
        if not ends:
            return None
        return await self._letter(reports.delay, DELIVERY_DSN_TEMP_FAIL, letter, content, ends, now)

    async def of_success(
        self, letter: QueuedLetter, content: bytes | Stored | None, ends: Sequence[Ended], now: int
    ) -> Letter | None:
        """The letter that tells of those who have it, as far as no other server will."""
        told = [each for each in ends if _is_ours_to_tell(each) and wants(letter, each.recipient, "SUCCESS")]
        if not told:
            return None
        return await self._letter(reports.success, DELIVERY_DSN_SUCCESS, letter, content, told, now)

    def _about(self, letter: QueuedLetter, content: bytes | Stored | None) -> reports.Reported:
        return reports.Reported(
            hostname=self._hostname(),
            postmaster=f"{DAEMON}@{self._domain() or self._hostname()}",
            return_path=letter.return_path,
            arrived=letter.created_at,
            content=HeldContent(b"") if content is None else content_of(content, self._store),
            env_id=letter.env_id,
            ret=letter.ret,
            smtputf8=letter.smtputf8,
        )

    async def _letter(
        self,
        compose: Compose,
        event: Event,
        letter: QueuedLetter,
        content: bytes | Stored | None,
        told: Sequence[Ended],
        now: int,
    ) -> Letter | None:
        """A report as a letter. Nothing that is wrong with the content keeps what happened from being written down."""
        fates = [_fate(each, now) for each in told]
        for shown in (content, None):
            try:
                made = await compose(self._about(letter, shown), fates, now)
                signature = await self._signature(letter, made)
                ready = await self._intake.prepare(signature + made)
            except (CancelledError, Unavailable):
                raise
            except Exception as problem:
                reason = f"a report: {type(problem).__name__}: {problem}"
                self._telemetry.emit(QUEUE_ERROR, queueId=letter.id, reason=reason, trace=traceback.format_exc())
                continue
            self._telemetry.emit(event, queueId=letter.id, to=letter.return_path, total=len(told))
            return Letter(
                content=ready,
                return_path="",
                recipients=(LetterRecipient(letter.return_path, notify=frozenset(("NEVER",))),),
                source="dsn",
                account_id=letter.account_id,
                env_id=encode_id(letter.id),
                smtputf8=letter.smtputf8,
                body="8BITMIME" if not made.isascii() else "7BIT",
                signed_for=self._domain() if signature else None,
            )
        return None

    async def _signature(self, letter: QueuedLetter, made: bytes) -> bytes:
        if self._sign is None:
            return b""
        try:
            return await self._sign(made, self._domain())
        except StalwartError as problem:
            reason = f"a report was not signed: {problem.detail}"
            self._telemetry.emit(QUEUE_ERROR, queueId=letter.id, reason=reason)
            return b""


def _is_ours_to_tell(each: Ended) -> bool:
    return each.outcome.arrived or each.outcome.relayed_without_dsn


def _fate(each: Ended, now: int) -> reports.Fate:
    recipient = each.recipient
    return reports.Fate(
        outcome=each.outcome,
        orcpt=recipient.orcpt,
        attempted=now if recipient.attempts else None,
        until=recipient.expires_at,
        attempts=recipient.attempts,
    )
