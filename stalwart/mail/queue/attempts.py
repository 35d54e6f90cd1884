"""One attempt to deliver a letter to those who wait in one lane, from the rules to what is written about it.

What another server has accepted is written at once. Who has failed for good is written together with the report to the
sender, afterwards: whenever the server ends in between, whoever is still waiting is tried again, and nobody gets a
letter twice who is known to have it.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, Final, Protocol

from attrs import define, evolve, field, frozen
from msgspec.structs import replace
from twisted.internet.defer import CancelledError, Deferred, TimeoutError

from stalwart.errors import StalwartError, Unavailable
from stalwart.mail.delivery import shipment
from stalwart.mail.delivery.content import content_of
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment, ShipmentRecipient
from stalwart.mail.queue.local import Arrival
from stalwart.mail.queue.outcomes import Ended, ended, given_up
from stalwart.mail.queue.recording import Recording
from stalwart.mail.queue.relays import Busy, Relays, Suspects
from stalwart.mail.queue.schedules import Plan
from stalwart.mail.queue.strategies import Route, Strategies, ToAccounts, Unknown
from stalwart.mail.queue.throttles import Admission, Throttles
from stalwart.mail.queue.variables import Subject
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import WAITING, Answer, LaneRow, QueuedLetter, QueuedRecipient
from stalwart.telemetry import Telemetry
from stalwart.telemetry.queue_events import (
    DELIVERY_ATTEMPT_END,
    DELIVERY_ATTEMPT_START,
    QUEUE_BLOB_NOT_FOUND,
    QUEUE_ERROR,
)

TOGETHER: Final = 100
"""Recipients of one transaction with another server: what each takes at least (RFC 5321 4.5.3.1.8)."""
AFTER_A_FAULT: Final = 900
"""Seconds until a letter is tried again over which this server has stumbled."""
AFTER_A_MISS: Final = 60
"""The same if something did not answer, other than the store as a whole."""
WHILE_BUSY: Final = 60
"""Seconds until a relay is asked again that has no connection to spare."""
LONGEST: Final = 3 * 3600
"""Seconds that one transaction with another server takes at most."""


class Sends(Protocol):
    """``mail.delivery.sending.Sender``."""

    async def send(self, shipment: Shipment) -> list[RecipientOutcome]:
        """One attempt."""


class Delivers(Protocol):
    """``mail.queue.local.LocalDeliveries``."""

    async def deliver(self, arrival: Arrival) -> list[RecipientOutcome]:
        """One attempt."""


@frozen
class Loaded:
    """A letter with its content; None if that is lost."""

    letter: QueuedLetter
    content: bytes | Stored | None


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
    """Tries letters. ``sender`` is for other servers, ``local`` for people here."""

    def __init__(
        self,
        store: Store,
        strategies: Strategies,
        sender: Sends,
        local: Delivers,
        throttles: Throttles,
        recording: Recording,
        telemetry: Telemetry,
        clock: Any,
    ) -> None:
        self._store = store
        self._strategies = strategies
        self._sender = sender
        self._local = local
        self._throttles = throttles
        self._recording = recording
        self._telemetry = telemetry
        self._clock = clock
        self._relays = Relays(clock)
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
            return [_loaded(tx, letter) for letter in found.values()]

        found: list[Loaded] = await self._store.read(read)
        revocable = [each.letter.id for each in found if each.letter.submission_id is not None]
        if not revocable:
            return found
        gone = await self._store.write(lambda tx: {id for id in revocable if not tx.queue.begin(id)})
        return [each for each in found if each.letter.id not in gone]

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
            return evolve(loaded, letter=replace(loaded.letter, recipients=()) if letter is None else letter)

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
        due = [each for each in _of_lane(letter, lane) if each.due <= now]
        over = [given_up(each, lane) for each in due if each.expires_at <= now]
        if over:
            await self._recording.failed(letter, loaded.content, over)
        due = [each for each in due if each.expires_at > now]
        if not due:
            return result
        if loaded.content is None:
            await self._lose(letter, due)
            return result
        began = self._clock.seconds()
        for course in await self._courses(letter, due, lane, now):
            if isinstance(course.route, shipment.Relay) and (answer := self._relays.resting(course.route)) is not None:
                until, heard = answer
                was_hurried = lane.failures and not lane.rests_until  # somebody wants it to be tried all the same
                if not was_hurried:
                    await self._recording.rest(lane, until, max(lane.failures, 1), heard)
                    result.rests = True
                    continue
            for begin in range(0, len(course.recipients), TOGETHER):
                if result.rests:
                    break
                part = course.recipients[begin : begin + TOGETHER]
                await self._try(loaded, loaded.content, lane, course, part, result)
        self._telemetry.emit(
            DELIVERY_ATTEMPT_END, queueId=letter.id, elapsed=int((self._clock.seconds() - began) * 1000)
        )
        return result

    async def _courses(
        self, letter: QueuedLetter, due: Sequence[QueuedRecipient], lane: LaneRow, now: int
    ) -> list[_Course]:
        """Which way they go; those whose schedule says so go on in another part of the queue."""
        found: dict[tuple[Route, Plan], _Course] = {}
        moved: list[QueuedRecipient] = []
        addresses = tuple(each.address for each in due)
        for recipient in due:
            variables = Subject.of(letter, recipient, addresses).variables(now)
            plan = await self._strategies.schedule(variables)
            if plan.queue != recipient.queue:
                moved.append(replace(recipient, queue=plan.queue))
                continue
            route = await self._strategies.route(variables, recipient.destination)
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
        result: Result,
    ) -> None:
        """One transaction with whoever takes the mail, and what is written about it."""
        letter = loaded.letter
        self._telemetry.emit(
            DELIVERY_ATTEMPT_START,
            queueId=letter.id,
            queueName=lane.queue,
            domain=lane.destination,
            size=letter.size,
            total=len(recipients),
            **{"from": letter.return_path},
        )
        addresses = tuple(each.address for each in recipients)
        admission = self._throttles.admission(Subject.of(letter, recipients[0], addresses))
        outcomes = await self._outcomes(letter, content, course.route, recipients, admission)
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
        await self._recording.tried(letter, content, lane, ends, rest)

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

    async def _outcomes(
        self,
        letter: QueuedLetter,
        content: bytes | Stored,
        route: Route,
        recipients: Sequence[QueuedRecipient],
        admission: Admission,
    ) -> list[RecipientOutcome]:
        try:
            if isinstance(route, Unknown):
                return _all(recipients, "io", f"The route {route.name} cannot be used: {route.reason}.", "4.3.5")
            if isinstance(route, ToAccounts):
                return await self._local.deliver(self._arrival(letter, content, recipients))
            shipped = self._shipment(letter, content, route, recipients, admission)
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
        return Deferred.fromCoroutine(running).addTimeout(LONGEST, self._clock)  # type: ignore[arg-type]

    def _arrival(self, letter: QueuedLetter, content: bytes | Stored, recipients: Sequence[QueuedRecipient]) -> Arrival:
        now = self._now()
        return Arrival(letter, content, tuple(recipients), lambda each: Subject.of(letter, each).variables(now))

    def _shipment(
        self,
        letter: QueuedLetter,
        content: bytes | Stored,
        route: shipment.Destination,
        recipients: Sequence[QueuedRecipient],
        admission: Admission,
    ) -> Shipment:
        subject, now = admission.subject, self._now()
        return Shipment(
            destination=route,
            return_path=letter.return_path,
            recipients=tuple(
                ShipmentRecipient(each.address, each.orcpt, frozenset(each.notify)) for each in recipients
            ),
            content=content_of(content, self._store),
            smtputf8=letter.smtputf8,
            body=letter.body,
            env_id=letter.env_id,
            ret=letter.ret,
            require_tls=letter.require_tls,
            counts_tls=letter.source != "report",
            strategy=_strategy_of(self._strategies, subject, now),
            admit=admission.admit,
        )

    async def _lose(self, letter: QueuedLetter, due: Sequence[QueuedRecipient]) -> None:
        """The content is gone, and will not come back."""
        self._telemetry.emit(QUEUE_BLOB_NOT_FOUND, queueId=letter.id)
        text = "The content of the message is lost on this server."
        outcomes = [RecipientOutcome(each.address, "permanent", "5.3.0", error_type="io", message=text) for each in due]
        plan, now = Plan(""), self._now()
        ends = [ended(each, outcome, plan, now) for each, outcome in zip(due, outcomes, strict=True)]
        await self._recording.failed(letter, None, ends)

    def _now(self) -> int:
        return int(self._clock.seconds())


def _strategy_of(strategies: Strategies, subject: Subject, now: int) -> Callable[[str], shipment.HostStrategy]:
    """How each host is connected; each is asked for once."""
    known: dict[str, shipment.HostStrategy] = {}

    def strategy(host: str) -> shipment.HostStrategy:
        if host not in known:
            known[host] = strategies.host(subject.variables(now, mx=host))
        return known[host]

    return strategy


def _all(recipients: Sequence[QueuedRecipient], error: str, text: str, status: str) -> list[RecipientOutcome]:
    return [RecipientOutcome(each.address, "temporary", status, error_type=error, message=text) for each in recipients]


def _key(relay: shipment.Relay) -> tuple[str, int]:
    return relay.host, relay.port


def _of_lane(letter: QueuedLetter, lane: LaneRow) -> list[QueuedRecipient]:
    return [each for each in letter.recipients if each.state == WAITING and each.lane == lane.id]


def _loaded(tx: Transaction, letter: QueuedLetter) -> Loaded:
    return Loaded(letter, content_in(tx, letter))


def content_in(tx: Transaction, letter: QueuedLetter) -> bytes | Stored | None:
    """The content of a letter: a small one itself, of a large one where its file is; None if it is lost."""
    blob = tx.blobs.find(letter.blob)
    if blob is None:
        return None
    return Stored(blob.hash, blob.size) if blob.store == "file" else tx.blobs.get(letter.blob)
