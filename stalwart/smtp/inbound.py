"""Takes the mail of accounts: asks who gets it, and has it delivered to all of them.

What is answered with 250 is durable. With SMTP, which has one answer for all recipients, a message is stored for all of
them or for nobody; of the members of a list those get it who have room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from stalwart.codec.ids import encode_id
from stalwart.codec.smtp import replies
from stalwart.codec.smtp.message_head import MessageHead
from stalwart.codec.smtp.parameters import MailParameters, RcptParameters
from stalwart.codec.smtp.paths import Path
from stalwart.codec.smtp.received import received, return_path
from stalwart.codec.smtp_reply import Reply
from stalwart.config.mail.session_stages import MtaStageData
from stalwart.config.settings import Settings
from stalwart.errors import StalwartError
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import TOGETHER, Delivering, Outcome, accounts_alone, accounts_of
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.recipients import MOST_MEMBERS, Problem, Recipients, Resolved
from stalwart.smtp.envelope import Envelope, Peer
from stalwart.smtp.faults import reply_to
from stalwart.smtp.inbound_rules import SessionRules, variables_of
from stalwart.smtp.inbound_spool import Held, InboundSpool
from stalwart.smtp.reception import Refusal, Refused
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SMTP_LOOP_DETECTED
from stalwart.telemetry.spans import new_span

SENDER_REFUSED = Refusal(550, "5.7.1", "Mail from this sender is not taken")
IN_A_CIRCLE = Refusal(554, "5.4.6", "The message has passed too many servers: it seems to run in a circle")
REFUSALS: Mapping[Problem, Refusal] = {
    Problem.ELSEWHERE: Refusal(550, "5.7.1", "The recipient is not at home here, and mail is not passed on"),
    Problem.UNKNOWN: Refusal(550, "5.1.1", "There is nobody of that name here"),
    Problem.DISABLED: Refusal(550, "5.2.1", "This address takes no mail"),
    Problem.REMOTE: Refusal(550, "5.7.1", "This address leads to other servers only, and mail is not passed on yet"),
    Problem.FULL: Refusal(452, "4.2.2", "The mailbox is full"),
    Problem.TOO_MANY: Refusal(550, "5.2.4", f"The list has more than {MOST_MEMBERS} members here"),
}


@frozen
class _Transaction:
    """What is known of a message before it: how it is marked, and who gets it, for each recipient."""

    adds_received: bool
    adds_return_path: bool
    most_received: int
    resolved: list[Resolved] = field(factory=list)


class Inbound:
    """``reception.Reception`` for the accounts of this server.

    ``look`` takes over what other processes have changed; it answers None, or what has to be waited for.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        rules: SessionRules,
        recipients: Recipients,
        messages: Messages,
        delivering: Delivering,
        quotas: Quotas,
        telemetry: Telemetry,
        clock: Any,
        look: Callable[[], Any] = lambda: None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._rules = rules
        self._recipients = recipients
        self._messages = messages
        self._delivering = delivering
        self._quotas = quotas
        self._telemetry = telemetry
        self._clock = clock
        self._look = look
        self._held = Held()

    async def connect(self, peer: Peer) -> Refusal | None:
        """Serve everybody by the settings; whom to keep out is known before this."""
        await self._catch_up()
        await self._rules.connected(peer)
        return None

    async def sender(self, envelope: Envelope, path: Path, parameters: MailParameters) -> Refusal | None:
        """Ask the rule for senders."""
        await self._catch_up()
        if not await self._rules.sender_named(envelope):
            return SENDER_REFUSED
        rules, stage = self._rules, self._settings.of(MtaStageData)
        variable, is_lmtp = variables_of(envelope.peer, envelope), envelope.peer.role.is_lmtp
        envelope.state = _Transaction(
            is_lmtp or await rules.flag(stage.add_received_header, variable, True, "addReceivedHeader"),
            is_lmtp or await rules.flag(stage.add_return_path_header, variable, True, "addReturnPathHeader"),
            await rules.number(stage.max_received_headers, variable, 50, "maxReceivedHeaders"),
        )
        return None

    async def recipient(self, envelope: Envelope, path: Path, parameters: RcptParameters) -> Refusal | None:
        """Whether somebody here gets it, and has room."""
        await self._catch_up()
        size = envelope.parameters.size or 1
        resolved = await self._recipients.resolve(
            path,
            has_room=lambda tx, account_id: self._quotas.check(tx, account_id, size, 1),
            variable=variables_of(envelope.peer, envelope, path.text),
            own_ip=envelope.peer.local_ip,
        )
        if resolved.problem is not None:
            return REFUSALS[resolved.problem]
        envelope.state.resolved.append(resolved)
        return None

    def spool(self, envelope: Envelope) -> InboundSpool:
        """See ``Reception``."""
        return InboundSpool(
            self._store, lambda head: self._prefix(envelope, head), self._held, lambda: self._room(envelope)
        )

    async def _room(self, envelope: Envelope) -> int | None:
        """How many octets may come. Of those who must all get it the one with the least room counts, else the one with
        the most; of very many somebody has room.
        """
        resolved = envelope.state.resolved
        alone = frozenset() if envelope.peer.role.is_lmtp else accounts_alone(resolved)
        accounts = tuple(alone) or accounts_of(resolved)
        if not alone and len(accounts) > TOGETHER:
            return None

        def look(tx: Transaction) -> int | None:
            found = [self._quotas.room(tx, id).message for id in accounts]
            known = [each for each in found if each is not None]
            if alone:
                return min(known, default=None)
            return max(known) if len(known) == len(found) else None

        return await self._store.read(look)

    async def deliver(self, envelope: Envelope, spool: Any) -> Sequence[Reply]:
        """Store it (``spool`` is one of ours), and say what became of it."""
        began = self._clock.seconds()
        transaction: _Transaction = envelope.state
        prepared = await self._messages.prepare(spool.content, prefix=spool.prefix)
        is_lmtp = envelope.peer.role.is_lmtp
        outcomes = await self._delivering.deliver(
            prepared,
            transaction.resolved,
            sender=envelope.sender.text,
            recipients=[recipient.path.text for recipient in envelope.recipients],
            all_or_nobody=not is_lmtp,
            has_message_id=spool.has_message_id,
            began=began,
        )
        spool.release()
        answers = [_answer([outcomes[id] for id in resolved.accounts]) for resolved in transaction.resolved]
        if is_lmtp:
            return answers
        return [next((answer for answer in answers if not answer.positive), replies.ACCEPTED)]

    async def _catch_up(self) -> None:
        waiting = self._look()
        if waiting is not None:
            await waiting

    def _prefix(self, envelope: Envelope, head: MessageHead) -> bytes:
        """The trace fields (RFC 5321 4.4). A message that would have no field at all gets one in any case."""
        transaction: _Transaction = envelope.state
        if head.received > transaction.most_received:
            peer = envelope.peer
            self._telemetry.emit(
                SMTP_LOOP_DETECTED,
                spanId=peer.span,
                remoteIp=peer.remote_ip,
                total=head.received,
                limit=transaction.most_received,
                **{"from": envelope.sender.text},
            )
            raise Refused(IN_A_CIRCLE)
        fields = b""
        if transaction.adds_return_path:
            fields = return_path(envelope.sender)
        if transaction.adds_received or not head.has_fields:
            alone = envelope.recipients[0].path if len(envelope.recipients) == 1 else None
            by = envelope.peer.hostname or "localhost"
            moment = self._clock.seconds()
            fields += received(envelope.transmission(), by, encode_id(new_span()), alone, moment)
        return fields


def _answer(outcomes: Sequence[Outcome]) -> Reply:
    """What is said of one recipient: yes if somebody has got it."""
    problem: StalwartError | None = None
    for outcome in outcomes:
        if not isinstance(outcome, StalwartError):
            return replies.ACCEPTED
        problem = problem or outcome
    return reply_to(problem) if problem is not None else replies.OUT_OF_ORDER
