"""One attempt to deliver a letter to those who wait in one lane, from the rules to what is written about it.

What another server has accepted is written at once (``taken``). Who has failed for good is written together with the
report to the sender, afterwards: whenever the server ends in between, whoever is still waiting is tried again, and
nobody gets a letter twice who is known to have it.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, Final, Protocol

from attrs import define, evolve, field, frozen
from msgspec.structs import replace
from twisted.internet.defer import CancelledError, Deferred, TimeoutError

from stalwart.codec.expression import ExpressionIO
from stalwart.codec.smtp_reply import Reply
from stalwart.errors import StalwartError, Unavailable
from stalwart.mail.delivery import shipment
from stalwart.mail.delivery.content import content_of
from stalwart.mail.delivery.handing_over import IN_A_TRANSACTION
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment, ShipmentRecipient
from stalwart.mail.queue.asking import Asking
from stalwart.mail.queue.local import Arrival
from stalwart.mail.queue.outcomes import Ended, answer_to, ended, given_up
from stalwart.mail.queue.recording import Recording
from stalwart.mail.queue.relays import Busy, Relays, Suspects
from stalwart.mail.queue.schedules import Plan
from stalwart.mail.queue.senders import Senders, Standing
from stalwart.mail.queue.signatures import Signatures
from stalwart.mail.queue.strategies import Route, Strategies, ToAccounts, Unknown
from stalwart.mail.queue.taken import Taken
from stalwart.mail.queue.throttles import Admission, Throttles
from stalwart.mail.queue.variables import Subject
from stalwart.net.smtp_message import Content
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import WAITING, Answer, LaneRow, QueuedLetter, QueuedRecipient
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import DELIVERY_ATTEMPT_DURATION
from stalwart.telemetry.queue_events import (
    DELIVERY_ATTEMPT_END,
    DELIVERY_ATTEMPT_START,
    QUEUE_BLOB_NOT_FOUND,
    QUEUE_ERROR,
)

AFTER_A_FAULT: Final = 900
"""Seconds until a letter is tried again over which this server has stumbled."""
AFTER_A_MISS: Final = 60
"""The same if something did not answer, other than the store as a whole."""
WHILE_BUSY: Final = 60
"""Seconds until a relay is asked again that has no connection to spare."""
LONGEST_TRANSACTION: Final = 3 * 3600
"""Seconds that one transaction with another server takes at most, as one that hangs would."""


class Sends(Protocol):
    """``mail.delivery.sending.Sender``."""

    async def send(self, shipment: Shipment) -> list[RecipientOutcome]:
        """One attempt."""


class DeliversHere(Protocol):
    """``mail.queue.local.LocalDeliveries``."""

    async def deliver(self, arrival: Arrival) -> list[RecipientOutcome]:
        """One attempt."""


@frozen
class Loaded:
    """A letter with its content, None if that is lost; ``standing`` says whether it may leave."""

    letter: QueuedLetter
    content: bytes | Stored | None
    standing: Standing = Standing.GOOD


@define
class Result:
    """What others in the lane may learn of an attempt: ``reached``: somebody answered; ``rests``: try no others now.
    ``taken``: somebody may have got the letter.
    """

    reached: bool = False
    rests: bool = False
    taken: bool = False


@define
class _Course:
    """Recipients that take one route."""

    route: Route
    plan: Plan
    recipients: list[QueuedRecipient] = field(factory=list)


class Attempts:
    """Tries letters. ``sender`` is for other servers, ``local`` for people here; ``senders`` knows who may send."""

    def __init__(
        self,
        store: Store,
        strategies: Strategies,
        senders: Senders,
        sender: Sends,
        local: DeliversHere,
        throttles: Throttles,
        recording: Recording,
        telemetry: Telemetry,
        clock: Any,
        signatures: Signatures,
    ) -> None:
        self._store = store
        self._strategies = strategies
        self._senders = senders
        self._sender = sender
        self._local = local
        self._throttles = throttles
        self._recording = recording
        self._telemetry = telemetry
        self._clock = clock
        self._signatures = signatures
        self._relays = Relays(clock)
        self._lasted = telemetry.series(DELIVERY_ATTEMPT_DURATION)
        self._suspects = Suspects()

    async def load(self, lane: int, limit: int, spare: Collection[int]) -> list[Loaded]:
        """Letters that are due in a lane, with their contents. None of them can be taken back until it is ``released``
        or was attempted.
        """
        now = self._now()

        def read(tx: Transaction) -> list[Loaded]:
            if tx.queue.is_paused():
                return []
            found = tx.queue.many(tx.queue.take(lane, now, limit, spare), lane)
            return [self._loaded(tx, letter) for letter in found.values()]

        found: list[Loaded] = await self._store.read(read)
        revocable = [each.letter.id for each in found if each.letter.submission_id is not None]
        if not revocable:
            return found
        gone = await self._store.write(lambda tx: {id for id in revocable if not tx.queue.begin(id)})
        return [each for each in found if each.letter.id not in gone]

    def _loaded(self, tx: Transaction, letter: QueuedLetter) -> Loaded:
        return Loaded(letter, content_in(tx, letter), self._senders.standing(tx, letter))

    @property
    def is_stuck(self) -> bool:
        """Whether what came of an attempt cannot be written at present: nothing is to be begun."""
        return self._recording.insistence.is_stuck

    async def again(self, loaded: Loaded, lane: int) -> Loaded | None:
        """A letter as it is now, that was loaded a while ago, without recipients if it is gone; None if nothing is to
        be sent.
        """

        def read(tx: Transaction) -> Loaded | None:
            if tx.queue.is_paused():
                return None
            letter = tx.queue.many((loaded.letter.id,), lane).get(loaded.letter.id)
            if letter is None:
                return evolve(loaded, letter=replace(loaded.letter, recipients=()))
            return evolve(loaded, letter=letter, standing=self._senders.standing(tx, letter))

        found: Loaded | None = await self._store.read(read)
        return found

    async def release(self, letters: Iterable[Loaded]) -> None:
        """Letters that were loaded, and that nobody can have got."""
        ids = [each.letter.id for each in letters if each.letter.submission_id is not None]

        def write(tx: Transaction) -> None:
            for id in ids:
                tx.queue.release(id)

        if ids:
            await self._store.write(write)

    async def attempt(self, loaded: Loaded, lane: LaneRow) -> Result:
        """Try those of a letter who are due in a lane. Raises Unavailable if nothing can be written."""
        try:
            result = await self._attempted(loaded, lane)
        except CancelledError:
            raise
        except Exception as problem:  # the next letter may well go
            if isinstance(problem, Unavailable) and not await self._recording.is_writable():
                raise
            reason = f"{type(problem).__name__}: {problem}"
            self._telemetry.emit(QUEUE_ERROR, queueId=loaded.letter.id, reason=reason, trace=traceback.format_exc())
            wait = AFTER_A_MISS if isinstance(problem, Unavailable) else AFTER_A_FAULT
            await self._recording.postponed(loaded.letter, _of_lane(loaded.letter, lane), wait)
            return Result(taken=True)
        if not result.taken:
            await self.release((loaded,))
        return result

    async def _attempted(self, loaded: Loaded, lane: LaneRow) -> Result:
        letter, now, result = loaded.letter, self._now(), Result()
        if loaded.standing is Standing.GONE:
            await self._recording.withdrawn(letter)
            return result
        due = [each for each in _of_lane(letter, lane) if each.due <= now]
        over = [given_up(each, lane) for each in due if each.expires_at <= now]
        if over:
            await self._recording.failed(letter, loaded.content, over)
        due = [each for each in due if each.expires_at > now]
        if not due:
            return result
        if loaded.standing is Standing.BARRED:
            await self._bar(loaded, due)
            return result
        if loaded.content is None:
            await self._lose(letter, due)
            return result
        began = self._clock.seconds()
        self._telemetry.emit(
            DELIVERY_ATTEMPT_START,
            queueId=letter.id,
            queueName=lane.queue,
            domain=lane.destination,
            size=letter.size,
            total=len(due),
            **{"from": letter.return_path},
        )
        try:
            await self._tried(loaded, loaded.content, due, lane, result)
        finally:
            elapsed = max(self._clock.seconds() - began, 0)
            self._telemetry.emit(DELIVERY_ATTEMPT_END, queueId=letter.id, elapsed=int(elapsed * 1000))
            self._lasted.observe(elapsed)
        return result

    async def _tried(
        self,
        loaded: Loaded,
        content: bytes | Stored,
        due: Sequence[QueuedRecipient],
        lane: LaneRow,
        result: Result,
    ) -> None:
        """All courses, one after the other."""
        letter, now = loaded.letter, self._now()
        asking = Asking(self._strategies.io, self._clock)
        for course in await self._courses(letter, due, asking, now):
            if isinstance(course.route, shipment.Relay) and (answer := self._relays.resting(course.route)) is not None:
                until, heard = answer
                was_hurried = lane.failures and not lane.rests_until  # somebody wants it to be tried all the same
                if not was_hurried:
                    await self._recording.rest(lane, until, max(lane.failures, 1), heard)
                    result.rests = True
                    continue
            for begin in range(0, len(course.recipients), IN_A_TRANSACTION):
                if result.rests:
                    break
                part = course.recipients[begin : begin + IN_A_TRANSACTION]
                await self._try(loaded, content, lane, course, part, asking, result)

    async def _courses(
        self, letter: QueuedLetter, due: Sequence[QueuedRecipient], asking: Asking, now: int
    ) -> list[_Course]:
        """Which way they go; those whose schedule says so go on in another part of the queue."""
        found: dict[tuple[Route, Plan], _Course] = {}
        moved: list[QueuedRecipient] = []
        addresses = tuple(each.address for each in due)
        for recipient in due:
            variables = Subject.of(letter, recipient, addresses).variables(now)
            plan = await self._strategies.schedule(variables, asking)
            if plan.queue != recipient.queue:
                moved.append(replace(recipient, queue=plan.queue))
                continue
            route = await self._strategies.route(variables, recipient.destination, asking)
            found.setdefault((route, plan), _Course(route, plan)).recipients.append(recipient)
        if moved:
            await self._recording.moved(letter, moved)
        return list(found.values())

    async def _try(
        self,
        loaded: Loaded,
        content: bytes | Stored,
        lane: LaneRow,
        course: _Course,
        recipients: Sequence[QueuedRecipient],
        asking: Asking,
        result: Result,
    ) -> None:
        """One transaction with whoever takes the mail, and what is written about it."""
        letter = loaded.letter
        addresses = tuple(each.address for each in recipients)
        admission = self._throttles.admission(Subject.of(letter, recipients[0], addresses), asking)
        taken = Taken(self._recording, letter, content, lane, course.plan, self._clock)
        outcomes = await self._outcomes(letter, content, course.route, recipients, admission, taken)
        outcomes = await self._despite_tls(letter, content, course.route, recipients, admission, outcomes, taken)
        result.taken = result.taken or any(each.kind == "delivered" or not each.sure for each in outcomes)
        now = self._now()
        held_until = None if admission.until is None else int(admission.until) + 1
        ends = [
            ended(recipient, outcome, course.plan, now, held_until=held_until)
            for recipient, outcome in zip(recipients, outcomes, strict=True)
        ]
        rest = self._rest(letter.id, lane, course, ends, admission, now)
        result.rests = result.rests or rest is not None
        is_suspect = all(each.outcome.in_transaction for each in ends)
        result.reached = result.reached or (rest is None and not is_suspect)
        unwritten = [each for each in ends if not taken.has(each.recipient)]
        if unwritten or rest is not None:
            await self._recording.tried(letter, content, lane, unwritten, rest)

    def _rest(
        self,
        letter_id: int,
        lane: LaneRow,
        course: _Course,
        ends: Sequence[Ended],
        admission: Admission,
        now: int,
    ) -> tuple[int, int, Answer] | None:
        """Until when the lane rests, after how many failures, and why; None if it does not."""
        last = ends[-1]
        if all(each.outcome.unreachable and each.outcome.kind == "temporary" for each in ends):
            failures = lane.failures + 1
            until = now + course.plan.rest(failures)
            in_transaction = all(each.outcome.in_transaction for each in ends)
            # a 421 may be about this domain, and so may be what happens to its messages
            if (
                isinstance(course.route, shipment.Relay)
                and all(each.outcome.reply is None for each in ends)
                and (not in_transaction or self._suspects.confirms(_key(course.route), lane.id))
            ):
                self._relays.rest(course.route, until, last.recipient.answer)
            if in_transaction and not self._suspects.confirms(lane.id, letter_id):
                return None
            return until, failures, last.recipient.answer
        if admission.until is not None and admission.is_general and last.outcome.kind != "delivered":
            return int(admission.until) + 1, lane.failures, last.recipient.answer
        self._suspects.clear(lane.id)
        if isinstance(course.route, shipment.Relay):
            self._suspects.clear(_key(course.route))
            self._relays.reached(course.route)
        return None

    async def _despite_tls(
        self,
        letter: QueuedLetter,
        content: bytes | Stored,
        route: Route,
        recipients: Sequence[QueuedRecipient],
        admission: Admission,
        outcomes: list[RecipientOutcome],
        taken: Taken,
    ) -> list[RecipientOutcome]:
        """The outcomes, after those whom TLS has failed were tried once more as the rules say for that: what is wrong
        with a certificate holds no mail up where nothing vouches for one (RFC 7435). The second session does not count
        in reports; a letter that requires TLS has nothing to gain.
        """
        subject, now = admission.subject, self._now()
        failed = [number for number, each in enumerate(outcomes) if _is_of_tls(each)]
        if not failed or letter.require_tls or isinstance(route, Unknown | ToAccounts):
            return outcomes
        last = outcomes[failed[0]]
        later = evolve(subject, retries=subject.retries + 1, answer=answer_to(last))
        before, after = (_strategy_of(self._strategies, each, now, admission.io) for each in (subject, later))
        hosts = ("", last.hostname or "")
        if [(await before(host)).tls for host in hosts] == [(await after(host)).tls for host in hosts]:
            return outcomes
        again = await self._outcomes(
            letter, content, route, [recipients[number] for number in failed], admission, taken, later
        )
        found = dict(zip(failed, again, strict=True))
        return [found.get(number, each) for number, each in enumerate(outcomes)]

    async def _outcomes(
        self,
        letter: QueuedLetter,
        content: bytes | Stored,
        route: Route,
        recipients: Sequence[QueuedRecipient],
        admission: Admission,
        taken: Taken,
        later: Subject | None = None,
    ) -> list[RecipientOutcome]:
        """``later``: as whom rules see it if it is tried once more."""
        found = await self._sent(letter, content, route, recipients, admission, taken, later)
        return taken.known(recipients, found)

    async def _sent(
        self,
        letter: QueuedLetter,
        content: bytes | Stored,
        route: Route,
        recipients: Sequence[QueuedRecipient],
        admission: Admission,
        taken: Taken,
        later: Subject | None,
    ) -> list[RecipientOutcome]:
        try:
            if isinstance(route, Unknown):
                return _all(recipients, "io", f"The route {route.name} cannot be used: {route.reason}.", "4.3.5")
            if isinstance(route, ToAccounts):
                return await self._local.deliver(self._arrival(letter, content, recipients))
            front = await self._signatures.front(letter, content, self._now())
            packed = content_of(content, self._store, front)
            shipped = self._shipment(letter, packed, route, recipients, admission, later)
            shipped = evolve(shipped, taken=taken.by(recipients))
            if isinstance(route, shipment.Relay):
                return await self._relays.one_of_few(route, lambda: self._bounded(self._sender.send(shipped)))
            return await self._bounded(self._sender.send(shipped))
        except CancelledError:
            raise
        except Busy:
            admission.until, admission.is_general = self._clock.seconds() + WHILE_BUSY, True
            return _all(recipients, "concurrencyLimited", "All connections to the relay are in use.", "4.4.5")
        except TimeoutError:
            return _all(recipients, "io", "The attempt took too long.", "4.4.2")
        except StalwartError as problem:
            return _all(recipients, "io", problem.detail, "4.3.0")
        except Exception as problem:
            reason = f"{type(problem).__name__}: {problem}"
            self._telemetry.emit(QUEUE_ERROR, queueId=letter.id, reason=reason, trace=traceback.format_exc())
            return _all(recipients, "io", "There was a fault in the server.", "4.3.0")

    def _bounded(self, running: Awaitable[list[RecipientOutcome]]) -> Deferred[list[RecipientOutcome]]:
        return Deferred.fromCoroutine(running).addTimeout(LONGEST_TRANSACTION, self._clock)  # type: ignore[arg-type]

    def _arrival(self, letter: QueuedLetter, content: bytes | Stored, recipients: Sequence[QueuedRecipient]) -> Arrival:
        now = self._now()
        return Arrival(letter, content, tuple(recipients), lambda each: Subject.of(letter, each).variables(now))

    def _shipment(
        self,
        letter: QueuedLetter,
        content: Content,
        route: shipment.Destination,
        recipients: Sequence[QueuedRecipient],
        admission: Admission,
        later: Subject | None,
    ) -> Shipment:
        subject, now = later or admission.subject, self._now()
        return Shipment(
            destination=route,
            return_path=letter.return_path,
            recipients=tuple(
                ShipmentRecipient(each.address, each.orcpt, frozenset(each.notify)) for each in recipients
            ),
            content=content,
            smtputf8=letter.smtputf8,
            body=letter.body,
            env_id=letter.env_id,
            ret=letter.ret,
            require_tls=letter.require_tls,
            counts_tls=letter.source != "report" and later is None,
            strategy=_strategy_of(self._strategies, subject, now, admission.io),
            admit=admission.admit,
        )

    async def _lose(self, letter: QueuedLetter, due: Sequence[QueuedRecipient]) -> None:
        """The content is gone, and will not come back."""
        self._telemetry.emit(QUEUE_BLOB_NOT_FOUND, queueId=letter.id)
        text = "The content of the message is lost on this server."
        outcome = RecipientOutcome("", "permanent", "5.3.0", error_type="io", message=text)
        await self._end(letter, None, due, outcome)

    async def _bar(self, loaded: Loaded, due: Sequence[QueuedRecipient]) -> None:
        """The sender may not send any more, and is told so."""
        reply, own = Reply(550, "5.7.1", ("The sender may not send mail any more",)), self._strategies.hostname()
        outcome = RecipientOutcome("", "permanent", "5.7.1", own, reply, "io")
        await self._end(loaded.letter, loaded.content, due, outcome)

    async def _end(
        self,
        letter: QueuedLetter,
        content: bytes | Stored | None,
        due: Sequence[QueuedRecipient],
        outcome: RecipientOutcome,
    ) -> None:
        """Give all of them up for the same reason."""
        plan, now = Plan(""), self._now()
        ends = [ended(each, evolve(outcome, address=each.address), plan, now) for each in due]
        await self._recording.failed(letter, content, ends)

    def _now(self) -> int:
        return int(self._clock.seconds())


def _strategy_of(
    strategies: Strategies, subject: Subject, now: int, io: ExpressionIO
) -> Callable[[str], Awaitable[shipment.HostStrategy]]:
    """How each host is connected; each is asked for once."""
    known: dict[str, shipment.HostStrategy] = {}

    async def strategy(host: str) -> shipment.HostStrategy:
        if host not in known:
            known[host] = await strategies.host(subject.variables(now, mx=host), io)
        return known[host]

    return strategy


def _all(recipients: Sequence[QueuedRecipient], error: str, text: str, status: str) -> list[RecipientOutcome]:
    return [RecipientOutcome(each.address, "temporary", status, error_type=error, message=text) for each in recipients]


def _is_of_tls(outcome: RecipientOutcome) -> bool:
    """Whether TLS has failed, and nothing else."""
    return outcome.kind == "temporary" and outcome.error_type == "tlsError" and outcome.sure


def _key(relay: shipment.Relay) -> tuple[str, int]:
    return relay.host, relay.port


def _of_lane(letter: QueuedLetter, lane: LaneRow) -> list[QueuedRecipient]:
    return [each for each in letter.recipients if each.state == WAITING and each.lane == lane.id]


def content_in(tx: Transaction, letter: QueuedLetter) -> bytes | Stored | None:
    """The content of a letter: a small one itself, of a large one where its file is; None if it is lost."""
    blob = tx.blobs.find(letter.blob)
    if blob is None:
        return None
    return Stored(blob.hash, blob.size) if blob.store == "file" else tx.blobs.get(letter.blob)
