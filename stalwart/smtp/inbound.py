"""Takes mail: of other servers for the accounts here, and of people who have signed in, for everybody (RFC 6409).

What is answered with 250 is durable: in the inboxes of those who are here, and in the queue for all others, by one
transaction. With SMTP, which has one answer for all recipients, a message is stored for all of them or for nobody; of
the members of a list those get it who have room. Mail for other servers is taken if the rule allows it, and mail that
addresses here lead on to. What other servers send is checked before it is given to anybody; what leaves is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from typing import Any

from attrs import define, evolve, field, frozen

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.authors import Authors, read_authors
from stalwart.codec.smtp.message_head import MessageHead, read_head
from stalwart.codec.smtp.parameters import MailParameters, RcptParameters
from stalwart.codec.smtp.paths import Path
from stalwart.codec.smtp.received import return_path
from stalwart.codec.smtp_reply import Reply
from stalwart.config.domains.domain import Domain
from stalwart.config.mail.sender_auth import SenderAuth
from stalwart.config.mail.session_stages import MtaStageAuth, MtaStageData, MtaStageRcpt
from stalwart.config.settings import Settings
from stalwart.errors import StalwartError, Unavailable
from stalwart.mail.authentication.checking import Checked, Checking, SenderChecked
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.circles import USUALLY_TAKEN, RunsInACircle, most_taken
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import ACCOUNTS_AT_ONCE, Delivering, Outcome, accounts_alone, accounts_of
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.queue.letter import OVERTAKES, Letter
from stalwart.mail.queue.queue import MailQueue
from stalwart.mail.queue.repetitions import Repetitions
from stalwart.mail.recipients import STATUSES, Problem, Recipients, Resolved
from stalwart.smtp.checks import has_passed, judges_senders, modes_of, refusal_of, sender_refusal_of
from stalwart.smtp.departing import Origin, Split, letters, split
from stalwart.smtp.envelope import Envelope, Peer, Recipient
from stalwart.smtp.faults import reply_to
from stalwart.smtp.inbound_rules import SessionRules, Variable, variables_of
from stalwart.smtp.inbound_spool import Held, InboundSpool
from stalwart.smtp.inquiries import Inquiries
from stalwart.smtp.offers import Offering
from stalwart.smtp.reception import Refusal, Refused
from stalwart.smtp.sending_rights import SendingRights
from stalwart.smtp.throttles import InboundThrottles
from stalwart.smtp.trace import Additions, additions, completing_fields, received_field
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.incoming import discard, discarding, put_before
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SMTP_LOOP_DETECTED, SMTP_RELAYED, Event
from stalwart.telemetry.queue_events import QUEUE_TAKEN_BEFORE
from stalwart.telemetry.refusal_events import SMTP_NO_MAILBOX, SMTP_NO_RELAYING

Added = list[tuple[Letter, int]]
"""Letters in the queue, with their ids."""

SENDER_REFUSED = Refusal(550, "5.7.1", "Mail from this sender is not taken")
REFUSALS: Mapping[Problem, Refusal] = {
    problem: Refusal(452 if status.startswith("4") else 550, status, text)
    for problem, (status, text) in STATUSES.items()
    if problem is not Problem.REMOTE  # it is passed on
}
NOT_SET_UP = Refusal(451, "4.3.5", "This server is not set up yet")
"""Of a server without domains (RFC 3463 3.4): it may have been given an empty store by mistake, and what is bounced
then is lost to its people.
"""
_TOLD: Mapping[Problem | None, Event] = {Problem.UNKNOWN: SMTP_NO_MAILBOX, Problem.ELSEWHERE: SMTP_NO_RELAYING}


@define
class _Taking:
    """What is known of a message: what is added to it, by when it leaves, and who gets it, for each recipient.

    ``signed_for`` is the domain that signs it, ``handed_over`` the digest by which its letters are known, ``first``
    the ids of those that were written when it was handed over before, ``is_lost``: its client is gone.
    """

    adds: Additions
    most_received: int
    must_match: bool
    hold_until: int | None
    resolved: list[Resolved] = field(factory=list)
    received: bytes = b""
    completing: bytes = b""
    authors: Authors | None = None
    sender_checked: SenderChecked | None = None
    checked: Checked | None = None
    signed_for: str | None = None
    handed_over: bytes | None = None
    first: list[int] = field(factory=list)
    is_lost: bool = False


@frozen(eq=False)
class Surroundings:
    """What mail is taken with. ``look`` takes over what other processes have changed; it answers None, or what has to
    be waited for.
    """

    store: Store
    settings: Settings
    rules: SessionRules
    offering: Offering
    recipients: Recipients
    messages: Messages
    delivering: Delivering
    quotas: Quotas
    queue: MailQueue
    repetitions: Repetitions
    signing: Signing
    checking: Checking
    rights: SendingRights
    throttles: InboundThrottles
    telemetry: Telemetry
    clock: Any
    default_domain: Callable[[], str]
    look: Callable[[], Any] = lambda: None


class Inbound:
    """``reception.Reception`` of this server, for all roles."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._inquiries = Inquiries(around.recipients)
        self._held = Held()

    async def connect(self, peer: Peer) -> Refusal | None:
        """Serve everybody by the settings; whom to keep out is known before this."""
        await self._catch_up()
        await self._around.rules.connected(peer)
        return None

    async def hello(self, peer: Peer) -> Refusal | None:
        """Offer what the settings say."""
        await self._catch_up()
        if peer.login is not None:
            await self._around.rights.begin(peer)
        await self._around.offering.named(peer)
        return None

    async def ask(self, peer: Peer, verb: str, text: str) -> Reply:
        """Answer VRFY and EXPN."""
        await self._catch_up()
        return await self._inquiries.answer(peer, verb, text)

    async def sender(self, envelope: Envelope, path: Path, parameters: MailParameters) -> Refusal | None:
        """Ask the rule for senders, and whether it is the sender of whoever has signed in."""
        await self._catch_up()
        around, peer = self._around, envelope.peer
        rules, stage = around.rules, around.settings.of(MtaStageData)
        if not await rules.sender_named(envelope):
            return SENDER_REFUSED
        variable, must_match = variables_of(peer, envelope), False
        if peer.login is not None:
            rule = around.settings.of(MtaStageAuth).must_match_sender
            must_match = await rules.flag(rule, variable, True, "mustMatchSender")
            refusal = await around.rights.sender_refusal(peer, path, must_match=must_match)
            if refusal is not None:
                return refusal
        release = around.rights.release(envelope)
        if isinstance(release, Refusal):
            return release
        envelope.state = _Taking(
            await additions(rules, stage, variable, peer),
            most_taken(await rules.number(stage.max_received_headers, variable, USUALLY_TAKEN, "maxReceivedHeaders")),
            must_match,
            release,
        )
        return await around.throttles.refusal(envelope) or await self._sender_judged(envelope)

    async def _sender_judged(self, envelope: Envelope) -> Refusal | None:
        """Why mail of another server is refused already, where what is known of the sender may be enough."""
        around, peer = self._around, envelope.peer
        if peer.login is not None or peer.role.is_lmtp:
            return None
        modes = await modes_of(around.rules, around.settings.of(SenderAuth), variables_of(peer, envelope))
        if modes is None or not judges_senders(modes):
            return None
        found = await around.checking.check_sender(
            ip=peer.remote_ip, helo=peer.hello or "", mail_from=envelope.sender.text, modes=modes
        )
        envelope.state.sender_checked = found
        return sender_refusal_of(found, modes)

    async def recipient(self, envelope: Envelope, path: Path, parameters: RcptParameters) -> Refusal | None:
        """Whether somebody gets it: here, with room for it, or elsewhere, if mail is passed on there."""
        await self._catch_up()
        around, size = self._around, envelope.parameters.size or 1
        variable = variables_of(envelope.peer, envelope, path.text)
        resolved = await around.recipients.resolve(
            path,
            has_room=lambda tx, account_id: around.quotas.check(tx, account_id, size, 1),
            variable=variable,
            own_ip=envelope.peer.local_ip,
        )
        refusal = REFUSALS.get(resolved.problem) if resolved.problem is not None else None
        if resolved.problem is Problem.ELSEWHERE and await self._relays(envelope.peer, variable):
            refusal = None
        elif resolved.problem is Problem.ELSEWHERE and not around.settings.all(Domain):
            refusal = NOT_SET_UP
        if refusal is not None and (event := _TOLD.get(resolved.problem)) is not None:
            who = {"from": envelope.sender.text, "to": path.text}
            around.telemetry.emit(event, spanId=envelope.peer.span, remoteIp=envelope.peer.remote_ip, **who)
        refusal = refusal or await around.throttles.refusal(envelope, path.text)
        if refusal is None:
            envelope.state.resolved.append(resolved)
        return refusal

    async def _relays(self, peer: Peer, variable: Variable) -> bool:
        """Whether mail for another server is taken: never of a server next door."""
        rule = self._around.settings.of(MtaStageRcpt).allow_relaying
        return not peer.role.is_lmtp and await self._around.rules.flag(rule, variable, False, "allowRelaying")

    def spool(self, envelope: Envelope) -> InboundSpool:
        """See ``Reception``."""
        peer = envelope.peer
        read = None if peer.role.is_lmtp else partial(self._read, envelope)
        prefix, room = partial(self._prefix, envelope), partial(self._room, envelope)
        return InboundSpool(self._around.store, prefix, self._held, room, read)

    async def _room(self, envelope: Envelope) -> int | None:
        """How many octets may come. Of those who must all get it the one with the least room counts, else the one with
        the most; of very many somebody has room.
        """
        resolved = [each for each in envelope.state.resolved if each.accounts]
        alone = frozenset() if envelope.peer.role.is_lmtp else accounts_alone(resolved)
        accounts = tuple(alone) or accounts_of(resolved)
        if not accounts or (not alone and len(accounts) > ACCOUNTS_AT_ONCE):
            return None

        def look(tx: Transaction) -> int | None:
            found = [self._around.quotas.room(tx, id).message for id in accounts]
            known = [each for each in found if each is not None]
            if alone:
                return min(known, default=None)
            return max(known) if len(known) == len(found) else None

        return await self._around.store.read(look)

    async def deliver(self, envelope: Envelope, spool: Any) -> Sequence[Reply]:
        """Take it (``spool`` is one of ours), and say what became of it."""
        around, taking = self._around, envelope.state
        began = around.clock.seconds()
        front = await self._front(envelope, spool)
        parts = split(envelope, taking.resolved, is_held=taking.hold_until is not None)
        resolved = [each for _, each in parts.at_once]
        is_local = any(each.accounts for each in resolved)
        outcomes: Mapping[int, Outcome] = {}
        leaving: tuple[Letter, ...] = ()
        added: Added = []
        made: list[bytes | Stored] = []
        with discarding(around.store, made):
            content: bytes | Stored = b""
            if parts.leaves:
                taking.handed_over = _digest(envelope, spool)
                if is_local and not front and taking.adds.return_path and isinstance(spool.content, Stored):
                    front = received_field(envelope, began)  # the file that stays must be another one
                content = await self._leaving_content(spool, front, is_local and taking.adds.return_path, made)
                leaving = letters(parts, self._origin(envelope, spool, content))
            queue = partial(self._queue, leaving, added, taking) if leaving else None
            with self._doubting(taking):
                if is_local:
                    is_same = isinstance(content, Stored) and not taking.adds.return_path
                    source = content if is_same else spool.content
                    outcomes = await self._store(envelope, source, spool, front, parts, queue, began)
                elif queue is not None:
                    await around.store.write(queue)
        spool.release()
        self._tell_leaving(envelope, added)
        self._tell_repetition(envelope)
        answers = self._answers(envelope, parts, outcomes)
        if envelope.peer.role.is_lmtp:
            return answers
        return [next((answer for answer in answers if not answer.positive), replies.ACCEPTED)]

    @contextmanager
    def _doubting(self, taking: _Taking) -> Iterator[None]:
        """Around what writes letters: where it is open whether it has done so, the message is in doubt."""
        try:
            if taking.is_lost:
                self._doubt(taking)
            yield
        except BaseException as problem:
            if not isinstance(problem, StalwartError) or isinstance(problem, Unavailable):
                self._doubt(taking)
            raise

    def _doubt(self, taking: _Taking) -> None:
        if taking.handed_over is not None:
            self._around.repetitions.doubted(taking.handed_over)

    def settle(self, envelope: Envelope, *, is_told: bool) -> None:
        """See ``Reception``."""
        taking: _Taking | None = envelope.state
        if taking is None:
            return
        if not is_told:
            taking.is_lost = True
            self._doubt(taking)
        elif taking.handed_over is not None:
            self._around.repetitions.answered(taking.handed_over, again=bool(taking.first))

    async def _front(self, envelope: Envelope, spool: InboundSpool) -> bytes:
        """What is put before the message, wherever it goes: results of checks or signatures, and trace fields."""
        taking: _Taking = envelope.state
        if envelope.peer.role.is_lmtp:
            return taking.received
        if envelope.peer.login is not None:
            return await self._signature(envelope, spool) + taking.received + taking.completing
        return await self._judged(envelope, spool) + taking.received + taking.completing

    async def _judged(self, envelope: Envelope, spool: InboundSpool) -> bytes:
        """Check whose message it is, and write what was found."""
        around, taking, peer = self._around, envelope.state, envelope.peer
        modes = await modes_of(around.rules, around.settings.of(SenderAuth), variables_of(peer, envelope))
        if modes is None:
            return b""
        checked = taking.checked = await around.checking.check(
            spool.content,
            ip=peer.remote_ip,
            helo=peer.hello or "",
            mail_from=envelope.sender.text,
            modes=modes,
            sender=taking.sender_checked,
        )
        refusal = refusal_of(checked, modes)
        if refusal is not None:
            raise Refused(refusal)
        host = peer.hostname or "localhost"
        results = checked.authentication_results(host) if taking.adds.results else b""
        return results + (checked.received_spf(host) if taking.adds.spf else b"")

    async def _signature(self, envelope: Envelope, spool: InboundSpool) -> bytes:
        """See whether the authors are the sender's own addresses, and sign in the name of his domain."""
        around, taking = self._around, envelope.state
        authors: Authors = taking.authors
        if taking.must_match:
            refusal = await around.rights.author_refusal(envelope.peer, envelope.sender, authors)
            if refusal is not None:
                raise Refused(refusal)
        variable = variables_of(envelope.peer, envelope)
        if envelope.sender.is_null and authors.paths:  # a report: signed for its author
            variable = _with_domain(variable, authors.paths[0].domain)
        rule = around.settings.of(SenderAuth).dkim_sign_domain
        domain = await around.rules.word(rule, variable, "", "dkimSignDomain")
        if not domain:
            return b""
        taking.signed_for = domain
        content = spool.content
        if not isinstance(content, Stored):
            return await around.signing.signed(taking.completing + content, domain)
        if not taking.completing:
            return await around.signing.signed(content, domain)
        whole = await put_before(around.store, taking.completing, content)
        with discarding(around.store, (whole,)):
            return await around.signing.signed(whole, domain)

    async def _leaving_content(
        self, spool: InboundSpool, front: bytes, is_needed: bool, made: list[bytes | Stored]
    ) -> bytes | Stored:
        """The message as it leaves, ready for the queue, and in ``made``; the file of ``spool`` goes, unless it
        ``is_needed``.
        """
        around, content = self._around, spool.content
        if not isinstance(content, Stored):
            content = front + content
        elif front:
            whole = await put_before(around.store, front, content, spool.begun)
            made.append(whole)
            if not is_needed:
                discard(around.store, (content,))
            content = whole
        ready = await around.queue.prepare(content)
        if ready not in made:
            made.append(ready)
        return ready

    def _origin(self, envelope: Envelope, spool: InboundSpool, content: bytes | Stored) -> Origin:
        taking, login, checked = envelope.state, envelope.peer.login, envelope.state.checked
        return Origin(
            envelope,
            content,
            spool.is_8bit,
            getattr(login, "account_id", None),
            taking.hold_until,
            self._around.default_domain(),
            dmarc_pass=has_passed(checked),
            reports_failure=checked is None or checked.may_be_answered,
            signed_for=taking.signed_for,
            overtakes=login is not None and login.may(OVERTAKES),
        )

    async def _store(
        self,
        envelope: Envelope,
        content: bytes | Stored,
        spool: InboundSpool,
        front: bytes,
        parts: Split,
        queue: Callable[[Transaction], None] | None,
        began: float,
    ) -> Mapping[int, Outcome]:
        """Give it to those who are here, and in the same transaction to the queue."""
        around, taking, checked = self._around, envelope.state, envelope.state.checked
        if taking.adds.return_path:
            front = return_path(envelope.sender) + front
        prepared = await around.messages.prepare(content, prefix=front)
        here = [(recipient.path.text, resolved) for recipient, resolved in parts.at_once if resolved.accounts]
        return await around.delivering.deliver(
            prepared,
            [resolved for _, resolved in here],
            sender=envelope.sender.text,
            recipients=[address for address, _ in here],
            all_or_nobody=not envelope.peer.role.is_lmtp,
            has_message_id=spool.has_message_id,
            began=began,
            dmarc_pass=has_passed(checked),
            is_ours=envelope.peer.login is not None,
            reports_failure=checked is None or checked.may_be_answered,
            besides=None if queue is None else lambda tx, found: queue(tx),
        )

    def _queue(self, leaving: Sequence[Letter], added: Added, taking: _Taking, tx: Transaction) -> None:
        around, digest = self._around, taking.handed_over
        taking.first = around.repetitions.first(tx, digest) if digest is not None else []
        if taking.first:
            return  # they are in the queue, or were delivered
        now = int(around.clock.seconds())
        added.extend((letter, around.queue.add(tx, letter, now)) for letter in leaving)
        if digest is not None:
            around.repetitions.note(tx, digest, [id for _, id in added])

    def _tell_repetition(self, envelope: Envelope) -> None:
        for id in envelope.state.first:
            peer = envelope.peer
            keys = {"from": envelope.sender.text, "accountName": peer.login_name, "remoteIp": peer.remote_ip}
            self._around.telemetry.emit(QUEUE_TAKEN_BEFORE, queueId=id, spanId=peer.span, **keys)

    def _tell_leaving(self, envelope: Envelope, added: Added) -> None:
        if not added:
            return
        for letter, id in added:
            self._around.queue.queued(letter, id)
        keys = {"from": envelope.sender.text}
        content = added[0][0].content
        self._around.telemetry.emit(
            SMTP_RELAYED,
            spanId=envelope.peer.span,
            remoteIp=envelope.peer.remote_ip,
            accountName=envelope.peer.login_name,
            total=sum(len(letter.recipients) for letter, _ in added),
            size=content.size if isinstance(content, Stored) else len(content),
            **keys,
        )

    def _answers(self, envelope: Envelope, parts: Split, outcomes: Mapping[int, Outcome]) -> list[Reply]:
        """What is said of each recipient."""
        found = {id(recipient): resolved for recipient, resolved in parts.at_once}
        answers = []
        for recipient in envelope.recipients:
            resolved = found.get(id(recipient))
            if resolved is None or resolved.forwards:
                answers.append(replies.ACCEPTED)
            else:
                answers.append(_answer([outcomes[each] for each in resolved.accounts]))
        return answers

    async def _catch_up(self) -> None:
        waiting = self._around.look()
        if waiting is not None:
            await waiting

    def _read(self, envelope: Envelope, octets: bytes) -> MessageHead:
        """Read the head of a message that is not from next door."""
        peer = envelope.peer
        is_ours = peer.login is not None
        head = read_head(octets, authserv_id=peer.hostname or "localhost", without_bcc=is_ours)
        if is_ours:
            envelope.state.authors = read_authors(head.octets[: head.size] + b"\r\n" if head.has_fields else b"")
        return head

    def _prefix(self, envelope: Envelope, head: MessageHead) -> bytes:
        """The trace fields (RFC 5321 4.4). A message that would have no field at all gets one in any case."""
        around, taking, peer = self._around, envelope.state, envelope.peer
        if head.received > taking.most_received:
            around.telemetry.emit(
                SMTP_LOOP_DETECTED,
                spanId=peer.span,
                remoteIp=peer.remote_ip,
                total=head.received,
                limit=taking.most_received,
                **{"from": envelope.sender.text},
            )
            raise RunsInACircle
        moment = around.clock.seconds()
        taking.completing = completing_fields(envelope, head, taking.adds, moment)
        if taking.adds.received or not (head.has_fields or taking.completing):
            taking.received = received_field(envelope, moment)
        fields = taking.received + taking.completing
        return return_path(envelope.sender) + fields if taking.adds.return_path else fields


def _digest(envelope: Envelope, spool: InboundSpool) -> bytes | None:
    """By what a message is known when its client comes again, from whichever address; None for one that can be wanted
    twice, or of which only what stands before it in its file is known too.
    """
    if spool.begun or not spool.is_unlike_others:
        return None
    content, login = spool.content, getattr(envelope.peer.login, "account_id", None)
    digest = blake2b(content.hash if isinstance(content, Stored) else content, digest_size=32)
    said = repr(evolve(envelope.parameters, size=None))
    for word in (str(login), envelope.sender.text, said, *sorted(_wanted(each) for each in envelope.recipients)):
        digest.update(b"\0" + word.encode())
    return digest.digest()[:16]


def _wanted(recipient: Recipient) -> str:
    said = recipient.parameters
    notify = said.notify if said.notify is None else sorted(said.notify)
    return f"{recipient.path.text}\0{notify}\0{said.orcpt}"


def _with_domain(variable: Variable, domain: str) -> Variable:
    return lambda name: domain if name == "sender_domain" else variable(name)


def _answer(outcomes: Sequence[Outcome]) -> Reply:
    """What is said of one recipient: yes if somebody has got it."""
    problem: StalwartError | None = None
    for outcome in outcomes:
        if not isinstance(outcome, StalwartError):
            return replies.ACCEPTED
        problem = problem or outcome
    return reply_to(problem) if problem is not None else replies.OUT_OF_ORDER
