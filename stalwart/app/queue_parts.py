"""Builds the queue of mail, and what empties it: rules, attempts, reports to senders."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from stalwart.app.company import Alone, Company
from stalwart.app.foundations import Foundations
from stalwart.codec.expression import ExpressionIO
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.delivery.outgoing import Limits
from stalwart.mail.delivery.sending import Sender
from stalwart.mail.delivery.shipment import TlsResult
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.queue.aging import Aging
from stalwart.mail.queue.attempts import Attempts
from stalwart.mail.queue.dispatcher import LONGEST_TIMER, Dispatcher
from stalwart.mail.queue.intake import Intake
from stalwart.mail.queue.local import LocalDeliveries
from stalwart.mail.queue.notices import Notices
from stalwart.mail.queue.queue import MailQueue
from stalwart.mail.queue.quotas import QueueQuotas, Reached
from stalwart.mail.queue.recording import Recording
from stalwart.mail.queue.senders import Senders
from stalwart.mail.queue.signatures import Signatures
from stalwart.mail.queue.strategies import Strategies
from stalwart.mail.queue.throttles import Throttles
from stalwart.mail.recipients import Recipients

POLL = 10.0
"""Seconds after which the process that sends looks for letters of others of which nobody could tell it."""


@frozen
class QueueParts:
    """What was built: the queue, which delivers once it leads, and what it sends with."""

    queue: MailQueue
    sender: Sender

    async def close(self) -> None:
        """Stop what runs; connections that are kept are taken leave of."""
        await self.queue.close()
        await self.sender.close()


def queue_parts(
    below: Foundations,
    company: Company,
    io: ExpressionIO,
    recipients: Recipients,
    messages: Messages,
    delivering: Delivering,
    signing: Signing,
    tls_result: Callable[[TlsResult], None] = lambda result: None,
) -> QueueParts:
    """The parts; nothing runs yet."""
    store, settings, clock, telemetry = below.store, below.settings, below.reactor, below.telemetry
    strategies = Strategies(settings, io, telemetry, store)

    def full(reached: Reached) -> None:
        queue.full(reached)

    intake = Intake(store, strategies, QueueQuotas(settings, io, lambda reached: clock.callFromThread(full, reached)))
    queue = MailQueue(store, intake, telemetry, clock)

    def limits() -> Limits:
        chosen = settings.of(Diagnosis)
        return Limits(strategies.hostname(), port=chosen.port, allow_private=chosen.allow_private_targets)

    sender = Sender(
        below.outgoing, limits, telemetry, own_names=lambda: (strategies.hostname(),), tls_result=tls_result
    )
    notices = Notices(
        store,
        intake,
        telemetry,
        hostname=strategies.hostname,
        domain=lambda: str(io.system("domain") or ""),
        sign=signing.signed,
    )
    recording = Recording(store, intake, notices, telemetry, clock, tell=queue.tell, queued=queue.queued)
    local = LocalDeliveries(recipients, messages, delivering, intake, strategies.hostname, clock)
    throttles = Throttles(settings, io, clock)
    senders = Senders(settings, clock)
    attempts = Attempts(
        *(store, strategies, senders, sender, local, throttles, recording, telemetry, clock),
        signatures=Signatures(signing.signed),
    )
    aging = Aging(store, strategies, recording, telemetry, clock)
    poll = LONGEST_TIMER if isinstance(company, Alone) else POLL
    queue.delivery = Dispatcher(store, attempts, aging, strategies.threads, telemetry, clock, poll=poll)
    queue.woken = company.letters(queue.delivery.wake)
    return QueueParts(queue, sender)
