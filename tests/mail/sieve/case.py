"""A post office whose people have scripts and vacation responses, and an outbox that keeps what is sent."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from attrs import define, field

from stalwart.mail.messages.arriving import Messages, Prepared
from stalwart.mail.messages.delivering import Delivering, Outcome
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.queue.letter import Letter
from stalwart.mail.sieve.dispatch import Dispatch
from stalwart.mail.sieve.filtering import Filtering
from stalwart.mail.sieve.placing import Placing
from stalwart.mail.sieve.scripts import ACTIVE, VACATION_ID
from stalwart.store.blob_files import Stored
from stalwart.store.object_types import SIEVE_SCRIPT, VACATION
from tests.directory.world import NOW
from tests.mail.post_office import PostOffice

MESSAGE = (
    b"From: a@sender.test\r\nTo: alice@example.test, bob@example.test\r\nMessage-ID: <1@sender.test>\r\n"
    b"Subject: Hello\r\n\r\nText\r\n"
)


@define
class Outbox:
    """A queue that only keeps."""

    letters: list[Letter] = field(factory=list)
    woken: int = 0
    error: Exception | None = None

    async def prepare(self, content: bytes | Stored) -> bytes | Stored:
        return content

    def add(self, tx: Any, letter: Letter, now: int) -> int:
        if self.error is not None:
            raise self.error
        self.letters.append(letter)
        return len(self.letters)

    def wake(self) -> None:
        self.woken += 1


class SieveCase(PostOffice):
    """``deliver`` gives a message to addresses; ``mail`` says in which folders somebody has it, with what keywords."""

    def setUp(self) -> None:
        super().setUp()
        self.quotas = Quotas(self.settings, self.clock)
        self.messages = Messages(self.store, self.settings, self.quotas, self.clock, self.telemetry)
        self.folders = Folders(self.store, self.settings, self.clock)
        self.outbox = Outbox()
        placing = Placing(self.settings, self.folders, self.quotas)
        self.dispatch = Dispatch(self.store, self.messages, placing, self.sign)
        self.dispatch.outbox = self.outbox
        own = OwnAddresses(self.settings, self.clock)
        shared = self.telemetry, self.clock, "mail.example.test"
        self.filtering = Filtering(self.store, self.settings, self.messages, own, self.dispatch, *shared)
        self.delivering = Delivering(self.store, self.messages, self.folders, self.clock, self.filtering)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, values: self.told.append((event.id, values)))

    async def sign(self, content: bytes, domain: str) -> bytes:
        """A signature that says for whom."""
        return f"DKIM-Signature: d={domain}\r\n".encode()

    def script(self, name: str, source: str) -> None:
        """The active script of somebody, in place of a former one."""
        id, octets = self.ids[name], source.encode()

        def work(tx: Any) -> None:
            former = tx.objects.by_uid(id, SIEVE_SCRIPT, ACTIVE)
            if former is not None:
                tx.objects.kill(id, former.id, now=NOW)
            tx.blobs.put(octets, NOW)
            made = tx.objects.insert(
                id, SIEVE_SCRIPT, now=NOW, uid=ACTIVE, blob=sha256(octets).digest(), data={"name": "x"}
            )
            tx.blobs.link(sha256(octets).digest(), id, made.id)

        self.settle(self._write(work))

    def vacation(self, name: str, **members: Any) -> None:
        """The vacation response of somebody."""
        id, data = self.ids[name], {"isEnabled": True, "textBody": "I am away.", **members}
        self.settle(self._write(lambda tx: tx.objects.insert(id, VACATION, now=NOW, uid=VACATION_ID, data=data)))

    async def _write(self, work: Any) -> Any:
        return await self.store.write(work)

    def prepare(self, content: bytes = MESSAGE) -> Prepared:
        """A message that can be added."""
        return self.settle(self.messages.prepare(content, prefix=b"Return-Path: <a@sender.test>\r\n"))

    def deliver(self, *names: str, content: bytes = MESSAGE, **options: Any) -> list[Outcome]:
        """What became of it, in the order of the accounts."""
        addresses = [name if "@" in name else f"{name}@example.test" for name in names]
        resolved = [self.resolve(address) for address in addresses]
        options = {"sender": "a@sender.test", "recipients": addresses, **options}
        found = self.settle(self.delivering.deliver(self.prepare(content), resolved, **options))
        return list(found.values())

    def mail(self, name: str) -> list[str]:
        """The e-mails of somebody: folders, keywords."""
        id = self.ids[name]

        def look(tx: Any) -> list[str]:
            names = {str(row.id): row.name for row in tx.mail.mailboxes.list(id)}
            found = []
            for row in tx.mail.list_rows(id, tx.mail.page(id, limit=100, ascending=True).ids).values():
                folders = sorted(names[str(number)] for number in _numbers(row.mailboxes))
                found.append(" ".join([*folders, *sorted(_keys(row.keywords))]))
            return found

        return self.successResultOf(self.store.read(look))

    def octets(self, name: str) -> list[bytes]:
        """The e-mails of somebody as they are stored."""
        id = self.ids[name]

        def look(tx: Any) -> list[bytes]:
            rows = tx.mail.list_rows(id, tx.mail.page(id, limit=100, ascending=True).ids)
            return [tx.blobs.get(row.blob) for row in rows.values()]

        return self.successResultOf(self.store.read(look))

    @property
    def events(self) -> list[str]:
        """The ids of what was told."""
        return [id for id, _ in self.told if id.startswith(("sieve.", "resource."))]


def _numbers(mailboxes: str) -> list[int]:
    from stalwart.codec.ids import decode_id

    return [decode_id(id) for id in _keys(mailboxes)]


def _keys(text: str) -> list[str]:
    import json

    return list(json.loads(text))
