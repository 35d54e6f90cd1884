"""A queue in memory with a clock, over people who get mail; other servers are a list of answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

from twisted.internet.defer import Deferred

from stalwart.codec.smtp_reply import Reply
from stalwart.config import registry
from stalwart.mail.delivery import reports
from stalwart.mail.delivery.progress import giving
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.queue.aging import Aging
from stalwart.mail.queue.attempts import Attempts
from stalwart.mail.queue.dispatcher import Dispatcher
from stalwart.mail.queue.intake import Intake
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.mail.queue.local import LocalDeliveries
from stalwart.mail.queue.notices import Notices
from stalwart.mail.queue.queue import MailQueue
from stalwart.mail.queue.quotas import QueueQuotas
from stalwart.mail.queue.recording import Recording
from stalwart.mail.queue.senders import Senders
from stalwart.mail.queue.signatures import Signatures
from stalwart.mail.queue.strategies import Strategies
from stalwart.mail.queue.throttles import Throttles
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import Answer, QueuedLetter, QueuedRecipient
from tests.mail.post_office import PostOffice

MESSAGE = b"From: alice@example.test\r\nMessage-ID: <1@example.test>\r\nSubject: Hello\r\n\r\nText\r\n"
ALICE = "alice@example.test"

Answering = Callable[[Shipment, str], RecipientOutcome]


def accepted(shipment: Shipment, address: str) -> RecipientOutcome:
    """The other server takes it."""
    return RecipientOutcome(address, "delivered", "2.0.0", "mx.remote.test", Reply(250, "2.0.0", ("OK",)))


def refused(shipment: Shipment, address: str) -> RecipientOutcome:
    """The other server does not want it."""
    reply = Reply(550, "5.1.1", ("nobody",))
    return RecipientOutcome(address, "permanent", "5.1.1", "mx.remote.test", reply, "unexpectedResponse", "refused")


def postponed(shipment: Shipment, address: str) -> RecipientOutcome:
    """The other server wants it later."""
    reply = Reply(451, "4.3.0", ("later",))
    return RecipientOutcome(address, "temporary", "4.3.0", "mx.remote.test", reply, "unexpectedResponse", "later")


def unreachable(shipment: Shipment, address: str) -> RecipientOutcome:
    """Nobody answers."""
    why = "No connection."
    return RecipientOutcome(address, "temporary", "4.4.1", error_type="connectionError", message=why, unreachable=True)


class FakeSender:
    """Notes shipments; answers as ``answering`` says, once ``gate`` (if there is one) has fired."""

    def __init__(self) -> None:
        self.shipments: list[Shipment] = []
        self.answering: Answering = accepted
        self.by_domain: dict[str, Answering] = {}
        self.gate: Deferred[None] | None = None
        self.has_all = False
        """Whether the host has all of what it has not answered."""
        self.open = 0
        self.most_open = 0

    @property
    def sent(self) -> list[str]:
        """The recipients of all shipments."""
        return [each.address for shipment in self.shipments for each in shipment.recipients]

    async def send(self, shipment: Shipment) -> list[RecipientOutcome]:
        """See ``Sender``."""
        self.shipments.append(shipment)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            if self.gate is not None:
                waiting: Deferred[None] = Deferred()
                self.gate.addCallback(lambda _: waiting.called or waiting.callback(None))
                with giving(cast(Any, SimpleNamespace(is_pending=True))) if self.has_all else nullcontext():
                    await waiting
        finally:
            self.open -= 1
        domain = shipment.recipients[0].address.partition("@")[2]
        answering = self.by_domain.get(domain, self.answering)
        return [answering(shipment, each.address) for each in shipment.recipients]


class QueueCase(PostOffice):
    """``self.queue`` and everything behind it; ``lead`` begins to deliver."""

    def setUp(self) -> None:
        super().setUp()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event.id, keys)))
        self.reported: list[tuple[str, list[str]]] = []
        for name in ("bounce", "delay", "success"):
            self.patch(reports, name, self._report(name))
        store, clock = self.store, self.clock
        self.sender = FakeSender()
        self.told: list[tuple[int, str, int]] = []
        self.strategies = Strategies(self.settings, self.io, self.telemetry, store)
        self.intake = Intake(
            store, self.strategies, QueueQuotas(self.settings, self.io, lambda reached: self.queue.full(reached))
        )
        self.queue = MailQueue(store, self.intake, self.telemetry, clock)
        self.queue.observe(self._tell)
        self.notices = Notices(
            *(store, self.intake, self.telemetry), hostname=self.strategies.hostname, domain=lambda: "example.test"
        )
        tell, queued = self.queue.tell, self.queue.queued
        self.recording = Recording(*(store, self.intake, self.notices, self.telemetry, clock), tell=tell, queued=queued)
        self.messages = Messages(store, self.settings, Quotas(self.settings, clock), clock, self.telemetry)
        self.delivering = Delivering(store, self.messages, Folders(store, self.settings, clock), clock)
        self.local = LocalDeliveries(
            *(self.recipients, self.messages, self.delivering, self.intake, self.strategies.hostname, clock)
        )
        self.throttles = Throttles(self.settings, self.io, clock)
        self.attempts = Attempts(
            *(store, self.strategies, Senders(self.settings, clock), self.sender, self.local),
            *(self.throttles, self.recording, self.telemetry, clock, Signatures(self.sign)),
        )
        self.aging = Aging(store, self.strategies, self.recording, self.telemetry, clock)
        self.dispatcher = Dispatcher(
            *(store, self.attempts, self.aging, self.strategies.threads, self.telemetry, clock)
        )
        self.queue.delivery = self.dispatcher

    async def sign(self, content: bytes | Stored, domain: str) -> bytes:
        """The signatures of a domain, in words."""
        return f"DKIM-Signature: d={domain}; t={self.clock.seconds():.0f}\r\n".encode()

    def _report(self, name: str) -> Any:
        async def write(about: Any, fates: Any, now: int) -> bytes:
            self.reported.append((name, [fate.outcome.address for fate in fates]))
            return b"Subject: %s\r\nMessage-ID: <%d@dsn>\r\n\r\n" % (name.encode(), len(self.reported))

        return write

    def _tell(self, tx: Any, letter: QueuedLetter, recipients: Any, now: int) -> None:
        self.told.extend((letter.id, each.address, each.state) for each in recipients)

    def lead(self) -> None:
        """Deliver from now on, until the test ends."""
        self.queue.lead()
        self.addCleanup(self.stop)

    def stop(self) -> None:
        """End delivering; attempts that wait are cancelled."""
        closing = Deferred.fromCoroutine(self.queue.close())
        if not closing.called:
            self.clock.advance(30)
        self.successResultOf(closing)

    def restart(self) -> None:
        """What begins anew after the server has ended."""
        self.dispatcher = Dispatcher(
            *(self.store, self.attempts, self.aging, self.strategies.threads, self.telemetry, self.clock)
        )
        self.queue.delivery = self.dispatcher
        self.lead()

    def letter(self, *addresses: str, content: bytes = MESSAGE, **members: Any) -> Letter:
        """A letter of alice's."""
        given = {"return_path": ALICE, "source": "authenticated", "account_id": self.ids["alice"]} | members
        notify = frozenset(given.pop("notify", ()))
        return Letter(content, recipients=tuple(LetterRecipient(each, None, notify) for each in addresses), **given)

    def put(self, *addresses: str, **members: Any) -> int:
        """Put one in; its id."""
        return int(self.settle(self.queue.put(self.letter(*addresses, **members))))

    def found(self, id: int) -> QueuedLetter | None:
        """A letter in the queue."""
        result: QueuedLetter | None = self.successResultOf(self.store.read(lambda tx: tx.queue.get(id)))
        return result

    def recipient(self, id: int, number: int = 0) -> QueuedRecipient:
        """One of its recipients."""
        letter = self.found(id)
        assert letter is not None
        return letter.recipients[number]

    def waiting(self) -> int:
        """How many letters there are."""
        return int(self.successResultOf(self.store.read(lambda tx: tx.queue.count())))

    def later(self, seconds: float, steps: int = 1) -> None:
        """Time passes."""
        self.clock.pump([seconds / steps] * steps)

    def create(self, declaration: Any, data: dict[str, Any]) -> int:
        """A new object of the settings; its id."""
        entry = self.successResultOf(
            self.store.write(lambda tx: registry.create(tx, declaration, data, now=self.clock.seconds()))
        )
        self.settle(self.settings.reload())
        return int(entry.id)

    def names(self) -> list[str]:
        """The ids of the events so far."""
        return [name for name, _ in self.events]


def row(number: int = 0, **members: Any) -> QueuedRecipient:
    """A recipient as the store has it."""
    given: dict[str, Any] = {"letter_id": 1, "address": "bob@remote.test", "lane": 7, "queue": "remote", "state": 0}
    given |= {"destination": "remote.test", "due": 100, "attempts": 0, "notice_at": None, "notices": 0}
    given |= {"expires_at": 10_000, "attempts_left": None, "orcpt": None, "notify": (), "answer": Answer()}
    return QueuedRecipient(number=number, **(given | members))
