"""Our SMTP and LMTP servers over the accounts of a small world, in memory; clients as in ``twin``."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import SINGLETON
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.smtp.inbound import Inbound
from stalwart.smtp.inbound_rules import SessionRules
from stalwart.smtp.limits import DEFAULT
from stalwart.smtp.policy import Policy
from stalwart.smtp.role import LMTP, MX
from stalwart.smtp.server import SmtpFactory
from stalwart.store.mail_rows import EmailRow
from stalwart.web.connection import Listener
from tests.mail.post_office import PostOffice
from tests.smtp.twin import Client, Wire

MESSAGE = "From: a@sender.test\r\nMessage-ID: <1@sender.test>\r\nSubject: Hello\r\n\r\nText\r\n"


class InboundCase(PostOffice):
    """``client`` connects; ``mail_of`` says what somebody has."""

    def setUp(self) -> None:
        super().setUp()
        quotas = Quotas(self.settings, self.clock)
        messages = Messages(self.store, self.settings, quotas, self.clock, self.telemetry)
        folders = Folders(self.store, self.settings, self.clock)
        delivering = Delivering(self.store, messages, folders, self.clock)
        self.rules = SessionRules(self.settings, self.io, self.telemetry)
        self.waits: list[Deferred[None]] = []
        self.inbound = Inbound(
            *(self.store, self.settings, self.rules, self.recipients, messages, delivering, quotas),
            *(self.telemetry, self.clock, lambda: self.waits.pop() if self.waits else None),
        )
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, values: self.told.append((event.id, values)))

    def client(
        self, *, lmtp: bool = False, host: str = "198.51.100.7", tls: Any = None, hello: str = "a.test"
    ) -> Client:
        """Somebody who has said hello."""
        policy = Policy(LMTP if lmtp else MX, self.inbound, self.telemetry, self.clock, "x", "x", evolve(DEFAULT), tls)
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

    def send(
        self, client: Client, *recipients: str, message: str = MESSAGE, sender: str = "a@sender.test"
    ) -> list[str]:
        """Codes of the replies to a whole transaction."""
        named = [f"RCPT TO:<{recipient}>" for recipient in recipients]
        codes = client.codes(f"MAIL FROM:<{sender}>", *named, "DATA")
        if codes[-1][:3] == "354":
            codes[-1:] = [" ".join(line.split(" ")[:2]) for line in client.send(message.encode() + b".\r\n")]
        return codes

    def mail_of(self, name: str) -> list[tuple[EmailRow, bytes]]:
        """The e-mails of somebody, the first one first, with their octets."""
        id = self.ids[name]

        def look(tx: Any) -> list[tuple[EmailRow, bytes]]:
            ids = tx.mail.page(id, limit=100, ascending=True).ids
            return [(row, tx.blobs.get(row.blob)) for row in tx.mail.list_rows(id, ids).values()]

        return self.successResultOf(self.store.read(look))

    def set(self, declaration: Any, **patch: Any) -> None:
        """Settings of a singleton."""

        async def write() -> None:
            if await self.store.read(lambda tx: tx.registry.get(declaration.type_name, SINGLETON)) is None:
                await self.settings.create(declaration, patch)
            else:
                await self.settings.change(declaration, patch)

        self.settle(write())

    @property
    def events(self) -> list[str]:
        """The ids of what was told."""
        return [id for id, _ in self.told]
