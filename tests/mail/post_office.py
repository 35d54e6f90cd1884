"""A server with people who get mail, in memory: alice and bob, a group, a list, domains of several kinds."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.codec.smtp.paths import Path, forward_path
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.mailing_list import MailingList
from stalwart.directory import account_records
from stalwart.mail.expressions import ExpressionWorld
from stalwart.mail.recipients import Recipients, Resolved
from stalwart.store.mail_rows import EmailRow
from tests.directory.world import NOW, World
from tests.net.fake_dns import FakeResolver


class PostOffice(World):
    """``recipients`` over the world; ``ids`` of the accounts by name."""

    def setUp(self) -> None:
        super().setUp()
        self.ids: dict[str, int] = {}
        self.home = encode_id(self.domain_id)
        self.io = ExpressionWorld(
            self.store, self.settings, self.telemetry, lambda: FakeResolver({}), self.clock, "mail.example.test"
        )
        self.recipients = Recipients(self.store, self.settings, self.io, self.clock)
        self.person("alice", aliases={"0": {"name": "al", "domainId": self.home}})
        self.person("bob")

    def person(self, name: str, type: str = "User", domain: str | None = None, **members: Any) -> int:
        """A new account."""
        data = {"@type": type, "name": name, "domainId": domain or self.home, **members}
        entry = self.successResultOf(self.store.write(lambda tx: account_records.insert(tx, data, NOW)))
        self.ids[name] = entry.id
        return int(entry.id)

    def domain(self, name: str, **members: Any) -> str:
        """A new domain; its id."""
        members = {"name": name, **members}
        entry = self.successResultOf(self.store.write(lambda tx: registry.create(tx, Domain, members, now=NOW)))
        self.settle(self.settings.reload())
        return encode_id(entry.id)

    def change_domain(self, **patch: Any) -> None:
        """Other settings of the first domain."""
        self.settle(self.settings.change(Domain, patch, self.domain_id))

    def mailing_list(self, name: str, *recipients: str, **members: Any) -> None:
        """A new list."""
        data = {"name": name, "domainId": self.home, "recipients": dict.fromkeys(recipients, True), **members}
        self.successResultOf(self.store.write(lambda tx: registry.create(tx, MailingList, data, now=NOW)))

    def resolve(self, address: str, **options: Any) -> Resolved:
        """Who gets mail for an address as RCPT has it."""
        return self.settle(self.recipients.resolve(path_of(address), **options))

    def reached(self, address: str, **options: Any) -> list[str]:
        """The names of those who do, in the order in which they were found."""
        names = {id: name for name, id in self.ids.items()}
        return [names[id] for id in self.resolve(address, **options).accounts]

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


def path_of(address: str) -> Path:
    """The path of an address."""
    path, rest = forward_path(f"<{address}>")
    assert not rest
    return path
