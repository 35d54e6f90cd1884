"""A message is given to a host over a connection that is open: what the host must offer, whom it is asked to take, and
in how many transactions.

Nothing is sent that the host says it cannot take: too large (RFC 1870), eight bits without 8BITMIME (RFC 6152; nothing
is converted, for that would break signatures), addresses or fields beyond ASCII without SMTPUTF8 (RFC 6531), or what
insists on REQUIRETLS without it (RFC 8689).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.smtp.envelope_commands import mail_command, rcpt_command
from stalwart.codec.smtp_reply import Capabilities
from stalwart.errors import StalwartError
from stalwart.mail.delivery import stages
from stalwart.mail.delivery.kept_connections import Kept
from stalwart.mail.delivery.lifetime import Lifetime
from stalwart.mail.delivery.progress import giving
from stalwart.mail.delivery.session import Emit, unexpected
from stalwart.mail.delivery.shipment import Mx, RecipientOutcome, Shipment, ShipmentRecipient
from stalwart.mail.delivery.transaction import CONTENT_COMMANDS, verdicts
from stalwart.mail.delivery.waiting import HostFailure, Waiting, WaitingRecipient
from stalwart.net.smtp import COMMAND_LIMIT
from stalwart.net.smtp_message import Envelope, StepLimits, Transmission, transmit
from stalwart.telemetry import Telemetry
from stalwart.telemetry.sending_events import DELIVERY_DELIVERED, DELIVERY_MESSAGE_REJECTED

IN_A_TRANSACTION: Final = 100
"""Recipients of one transaction: what each host takes at least (RFC 5321 4.5.3.1.8)."""
MOST_ROUNDS = 100
STALE = ("closed", "io")
MOMENT = 2000
"""Milliseconds in which a host that had closed before the message came says so; later on it may have taken it."""
LIVELY = 1.0
"""Seconds for which a connection that was kept may be held to be open still. Later on the host is asked before it is
given content, so that one that has closed meanwhile has got nothing."""


@frozen
class _Needs:
    """What the message asks of the host."""

    eight_bit: bool
    smtputf8: bool
    return_path: str


class HandingOver:
    """Gives ``shipment`` to hosts, one after the other; outcomes are noted in ``waiting``."""

    def __init__(
        self, shipment: Shipment, waiting: Waiting, lifetime: Lifetime, tell: Emit, telemetry: Telemetry
    ) -> None:
        self._telemetry = telemetry
        self._shipment = shipment
        self._waiting = waiting
        self._lifetime = lifetime
        self._tell = tell
        self._needs = _needs_of(shipment)

    async def run(self, kept: Kept) -> bool:
        """Ask the host to take the message for all who are left. False if the connection had been closed before
        anything was said; then nothing is noted."""
        offered = kept.connection.capabilities
        failure = self._unfit(kept, offered)
        if failure is not None:
            self._waiting.host_failed(failure)
            return True
        pending = self._writable(kept, offered)
        for _ in range(MOST_ROUNDS):
            if not pending or not kept.connection.usable or self._lifetime.over:
                break
            batch, pending = pending[:IN_A_TRANSACTION], pending[IN_A_TRANSACTION:]
            envelope = self._envelope(batch, offered, lmtp=kept.lmtp)
            began = self._lifetime.now()
            sent = await self._transmit(kept, envelope)
            if sent is None:
                break
            elapsed = self._lifetime.since(began)
            if kept.messages and _was_closed(sent, elapsed):
                return False
            kept.messages += 1
            self._tell_answers(sent, elapsed)
            pending = [*self._note(kept, envelope, sent, batch, elapsed), *pending]
            if not self._waiting.is_over and (taken := self._waiting.taken()):
                await self._shipment.taken(taken)
        if any(each.outcome is None for each in pending):
            reason = "The session ended before it was this recipient's turn"
            self._waiting.host_failed(HostFailure("connectionError", reason, "4.4.2", kept.hostname))
        return True

    def _unfit(self, kept: Kept, offered: Capabilities) -> HostFailure | None:
        """Why the host cannot take this message at all."""
        shipment, needs = self._shipment, self._needs
        if shipment.require_tls and not (offered.requiretls and kept.authenticated and kept.vouched):
            return _insecure(kept, offered)
        if needs.smtputf8 and not offered.smtputf8:
            is_address = not needs.return_path.isascii()
            reason = "The host does not take mail with addresses or fields beyond ASCII"
            return _unfit(kept.hostname, reason, "5.6.7" if is_address else "5.6.9")
        if needs.eight_bit and not offered.eightbitmime:
            return _unfit(kept.hostname, "The host takes no messages of eight bits", "5.6.3")
        if offered.size and shipment.content.size > offered.size:
            reason = f"The message has {shipment.content.size} octets, the host takes {offered.size}"
            return _unfit(kept.hostname, reason, "5.3.4")
        if len(self._mail(offered)) > COMMAND_LIMIT - 2 or _breaks(needs.return_path):
            return _unfit(kept.hostname, "The return path cannot be written in a command", "5.1.7")
        return None

    def _writable(self, kept: Kept, offered: Capabilities) -> list[WaitingRecipient]:
        """Those whose address the host can be told; the others get their outcome, which another host may change."""
        good = []
        for each in self._waiting.left:
            address = _shortest(each.recipient.address)
            if not address.isascii() and not offered.smtputf8:
                each.outcome = self._final(
                    each, kept.hostname, "5.6.7", "The host does not take addresses beyond ASCII"
                )
            elif _breaks(address) or len(_rcpt(each.recipient, offered).encode()) > COMMAND_LIMIT - 2:
                each.outcome = self._final(each, None, "5.1.3", "The address cannot be written in a command")
                each.over = True
            else:
                good.append(each)
        return good

    def _final(self, each: WaitingRecipient, hostname: str | None, status: str, reason: str) -> RecipientOutcome:
        return RecipientOutcome(
            *(each.recipient.address, "permanent", status),
            hostname=hostname,
            error_type="unexpectedResponse",
            message=reason,
        )

    def _mail(self, offered: Capabilities) -> str:
        shipment, needs = self._shipment, self._needs
        return mail_command(
            needs.return_path,
            offered,
            size=shipment.content.size,
            eight_bit=needs.eight_bit,
            smtputf8=needs.smtputf8 or not all(_shortest(one.address).isascii() for one in shipment.recipients),
            ret=shipment.ret,
            env_id=shipment.env_id,
            require_tls=shipment.require_tls,
        )

    def _envelope(self, batch: Sequence[WaitingRecipient], offered: Capabilities, *, lmtp: bool) -> Envelope:
        return Envelope(self._mail(offered), tuple(_rcpt(each.recipient, offered) for each in batch), lmtp)

    async def _transmit(self, kept: Kept, envelope: Envelope) -> Transmission | None:
        """What the host answered; ``None`` if the message cannot be read, which is noted."""
        times = kept.strategy.connecting
        limits = StepLimits(times.mail, times.rcpt, times.data)
        sent, rested = Transmission(), kept.messages > 0 and self._lifetime.now() - kept.idle_since > LIVELY
        try:
            with giving(sent):
                content = self._shipment.content
                return await transmit(kept.connection, envelope, content, limits, sent, asks_first=rested)
        except StalwartError as problem:
            kept.connection.abort()  # in the middle of the content: the host must not take the rest for all of it
            self._waiting.host_failed(HostFailure("io", problem.detail, "4.3.0", unreachable=False))
            return None

    def _note(
        self, kept: Kept, envelope: Envelope, sent: Transmission, batch: Sequence[WaitingRecipient], elapsed: int
    ) -> list[WaitingRecipient]:
        """Note the outcomes; answers those for whom the same host is asked once more."""
        again = []
        judged = verdicts(
            sent,
            envelope,
            [each.recipient for each in batch],
            kept.hostname,
            tells=kept.connection.capabilities.dsn,
        )
        for each, verdict in zip(batch, judged, strict=True):
            each.outcome = verdict.outcome
            each.over = verdict.next in ("done", "later")
            self._tell_outcome(kept, verdict.outcome, elapsed)
            if verdict.next == "again":
                again.append(each)
        return again

    def _tell_outcome(self, kept: Kept, outcome: RecipientOutcome, elapsed: int) -> None:
        """That a message was taken, or that its content was refused; other refusals have been told."""
        reply = outcome.reply
        if reply is None or (outcome.kind != "delivered" and outcome.command not in CONTENT_COMMANDS):
            return
        event = DELIVERY_DELIVERED if outcome.kind == "delivered" else DELIVERY_MESSAGE_REJECTED
        if not self._telemetry.wants(event):
            self._telemetry.count(event)
            return
        domain = self._shipment.destination
        keys = {
            "domain": domain.domain if isinstance(domain, Mx) else domain.host,
            "hostname": kept.hostname,
            "remoteIp": kept.ip,
            "from": self._shipment.return_path,
            "to": outcome.address,
            "code": reply.code,
        }
        if outcome.kind == "delivered":
            keys.update(details=reply.text, size=self._shipment.content.size, elapsed=elapsed)
        else:
            keys.update(reason=reply.describe())
        self._telemetry.emit(event, **keys)

    def _tell_answers(self, sent: Transmission, elapsed: int) -> None:
        if sent.mail is None:
            return
        if not sent.mail.positive:
            self._tell(stages.MailFromError(unexpected(sent.mail), elapsed))
            return
        self._tell(stages.MailFromSuccess(elapsed))
        for reply in sent.rcpts:
            if reply.positive:
                self._tell(stages.RcptToSuccess(elapsed))
            else:
                self._tell(stages.RcptToError(unexpected(reply), elapsed))


def _needs_of(shipment: Shipment) -> _Needs:
    held = shipment.content.held
    is_plain = held is not None and held.isascii()
    return_path = _shortest(shipment.return_path)
    smtputf8 = (shipment.smtputf8 and not is_plain) or not return_path.isascii()
    eight_bit = not is_plain if held is not None else shipment.body != "7BIT"
    return _Needs(eight_bit, smtputf8, return_path)


def _unfit(hostname: str, reason: str, status: str) -> HostFailure:
    return HostFailure("unexpectedResponse", reason, status, hostname, is_final=True, unreachable=False)


def _insecure(kept: Kept, offered: Capabilities) -> HostFailure:
    """RFC 8689 4.2.1. That a certificate is not valid or TLS cannot be begun passes; what is not offered does not."""
    is_in_the_clear = kept.connection.tls is None and offered.starttls and kept.strategy.tls.starttls != "disable"
    if kept.vouched and (offered.requiretls or is_in_the_clear):
        reason = "The message requires TLS with an authenticated host all the way, which failed with this host"
        return HostFailure("tlsError", reason, "4.7.30", kept.hostname, unreachable=False)
    reason = "The message requires TLS with an authenticated host all the way, which the host does not offer"
    return _unfit(kept.hostname, reason, "5.7.30")


def _was_closed(sent: Transmission, elapsed: int) -> bool:
    """Whether the host had closed a connection that was kept before it could take the message."""
    is_stale = sent.is_unanswered and sent.failure is not None and sent.failure.kind in STALE
    return is_stale and (not sent.complete or elapsed < MOMENT)


def _rcpt(recipient: ShipmentRecipient, offered: Capabilities) -> str:
    return rcpt_command(_shortest(recipient.address), offered, notify=recipient.notify, orcpt=recipient.orcpt)


def _shortest(address: str) -> str:
    """The address with its domain as A-labels, where that makes it one that any host takes."""
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    if not local.isascii():
        return address
    try:
        return local + at + to_ascii(domain).rstrip(".")
    except InvalidName:
        return address


def _breaks(address: str) -> bool:
    """Whether the address would end its command or its brackets."""
    return any(character in address for character in "\r\n\0<>")
