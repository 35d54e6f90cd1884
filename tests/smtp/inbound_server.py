"""Our SMTP and LMTP servers over the accounts of a small world, in memory; clients as in ``twin``."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from attrs import Factory, define, evolve
from twisted.internet.defer import Deferred

from stalwart.mail.authentication.checking import Checked, Modes, Refusal, SenderChecked
from stalwart.mail.inbound_rates import InboundRates
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.queue.letter import Letter
from stalwart.mail.queue.repetitions import Repetitions
from stalwart.smtp.authentication import Authenticator
from stalwart.smtp.inbound import Inbound, Surroundings
from stalwart.smtp.inbound_rules import SessionRules
from stalwart.smtp.limits import DEFAULT
from stalwart.smtp.offers import Offering
from stalwart.smtp.policy import Policy
from stalwart.smtp.role import LMTP, MX, SUBMISSION, Role
from stalwart.smtp.sasl import MECHANISMS, DirectoryAuthenticator
from stalwart.smtp.sending_rights import SendingRights
from stalwart.smtp.server import SmtpFactory
from stalwart.smtp.throttles import InboundThrottles
from stalwart.store.blob_files import Stored
from stalwart.web.connection import Listener
from tests.directory.world import PASSWORD
from tests.mail.post_office import PostOffice
from tests.smtp.twin import Client, Wire

MESSAGE = "From: a@sender.test\r\nMessage-ID: <1@sender.test>\r\nSubject: Hello\r\n\r\nText\r\n"


@define(eq=False)
class KeptLetters:
    """A queue that keeps what it is given, as the transaction does that gives it. ``problem`` is raised by ``add``."""

    letters: list[Letter] = Factory(list)
    problem: Exception | None = None
    woken: int = 0

    async def prepare(self, content: Any) -> Any:
        return content

    def add(self, tx: Any, letter: Letter, now: int) -> int:
        if self.problem is not None:
            raise self.problem
        if isinstance(letter.content, Stored):
            tx.blobs.adopt(letter.content, now)
        self.letters.append(letter)
        return len(self.letters)

    def queued(self, letter: Letter, id: int) -> None:
        """See ``MailQueue``."""
        self.woken += 1


@define
class Signer:
    """Signs in the name of a domain, in words."""

    async def signed(self, content: Any, domain: str) -> bytes:
        return f"DKIM-Signature: d={domain}\r\n".encode()


@define
class Judged(Checked):
    """What is found of every message; ``refused`` is the reply to it."""

    refused: Refusal | None = None
    is_genuine: bool = True

    @property
    def may_be_answered(self) -> bool:
        return self.is_genuine

    def authentication_results(self, authserv_id: str) -> bytes:
        return f"Authentication-Results: {authserv_id}; none\r\n".encode()

    def received_spf(self, receiver: str) -> bytes:
        return f"Received-SPF: none receiver={receiver}\r\n".encode()

    def refusal(self, modes: Modes) -> Refusal | None:
        return self.refused


@define(eq=False)
class Judge:
    """Checks messages; ``asked`` is with what."""

    found: Judged = Factory(lambda: Judged(SenderChecked("", "", "")))
    asked: list[dict[str, Any]] = Factory(list)
    senders: list[dict[str, Any]] = Factory(list)

    async def check_sender(self, **asked: Any) -> SenderChecked:
        self.senders.append(asked)
        return self.found.sender

    async def check(self, content: Any, **asked: Any) -> Checked:
        self.asked.append({"content": content, **asked})
        return self.found


class InboundCase(PostOffice):
    """``client`` connects; ``mail_of`` says what somebody has, ``queue`` what leaves."""

    def setUp(self) -> None:
        super().setUp()
        self.ids["sue"] = self.user("sue", aliases={"0": {"name": "susan", "domainId": self.home}})
        quotas = Quotas(self.settings, self.clock)
        messages = Messages(self.store, self.settings, quotas, self.clock, self.telemetry)
        folders = Folders(self.store, self.settings, self.clock)
        delivering = Delivering(self.store, messages, folders, self.clock)
        self.rules = SessionRules(self.settings, self.io, self.telemetry)
        self.waits: list[Deferred[None]] = []
        self.queue, self.judge, self.blocked = KeptLetters(), Judge(), set[str]()
        own = OwnAddresses(self.settings, self.clock)
        rights = SendingRights(self.store, own, self.directory.standing, self.telemetry, self.clock)
        fakes: Any = Signer(), self.judge
        self.repetitions = Repetitions(self.store, self.clock)
        self.addCleanup(lambda: self.successResultOf(Deferred.fromCoroutine(self.repetitions.close())))
        self.inbound = Inbound(
            Surroundings(
                *(self.store, self.settings, self.rules),
                Offering(self.settings, self.rules, tuple(MECHANISMS), self.clock),
                *(self.recipients, messages, delivering, quotas, self.queue),  # type: ignore[arg-type]
                *(self.repetitions, *fakes, rights),
                InboundThrottles(InboundRates(self.store, self.settings, self.telemetry, self.clock), self.rules),
                *(self.telemetry, self.clock, lambda: "example.test"),
                lambda: self.waits.pop() if self.waits else None,
            )
        )
        self.authenticator: Authenticator = DirectoryAuthenticator(
            self.directory, rights.is_own, self.blocked.__contains__
        )
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, values: self.told.append((event.id, values)))

    def client(
        self,
        *,
        lmtp: bool = False,
        host: str = "198.51.100.7",
        tls: Any = None,
        hello: str = "a.test",
        role: Role = MX,
    ) -> Client:
        """Somebody who has said hello."""
        role = LMTP if lmtp else role
        said = self.telemetry, self.clock, "x", "x", evolve(DEFAULT), tls
        policy = Policy(role, self.inbound, *said, None if lmtp else self.authenticator)
        factory = SmtpFactory(Listener("smtp"), policy)
        wire = Wire(host)
        connection: Any = factory.buildProtocol(wire.getPeer())
        connection.makeConnection(wire)
        self.clock.pump([0, 0])
        client = Client(self, connection, wire)  # type: ignore[arg-type]  # as much of a server as it needs
        if hello:
            client.greeting = client.lines()  # type: ignore[attr-defined]
            client.offers = client.say(f"{'LHLO' if lmtp else 'EHLO'} {hello}")  # type: ignore[attr-defined]
        return client

    def secure(self, *, role: Role = SUBMISSION, **options: Any) -> Client:
        """Somebody who has said hello over TLS."""
        client = self.client(role=role, tls=object(), **options)
        client.connection.session.tls_started()
        client.offers = client.say("EHLO a.test")  # type: ignore[attr-defined]
        return client

    def signed_in(self, name: str = "sue", **options: Any) -> Client:
        """Somebody who has signed in for submission."""
        client = self.secure(**options)
        words = b64encode(f"\0{name}@example.test\0{PASSWORD}".encode()).decode()
        self.assertEqual(client.codes(f"AUTH PLAIN {words}"), ["235 2.7.0"])
        return client

    def send(
        self, client: Client, *recipients: str, message: str = MESSAGE, sender: str = "a@sender.test"
    ) -> list[str]:
        """Codes of the replies to a whole transaction."""
        named = [f"RCPT TO:<{recipient}>" for recipient in recipients]
        codes = client.codes(f"MAIL FROM:<{sender}>", *named, "DATA")
        if codes[-1][:3] == "354":
            codes[-1:] = [" ".join(line.split(" ")[:2]) for line in client.send(message.encode() + b".\r\n")]
        return codes

    @property
    def events(self) -> list[str]:
        """The ids of what was told."""
        return [id for id, _ in self.told]
