"""An account with mail in memory, 5, and the search in it. Messages are stored as they would be at arrival."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.messages.parsing import parsed
from stalwart.mail.search.finding import Finder
from stalwart.mail.search.text_search import TextSearch
from stalwart.store import MemoryStore, Transaction
from stalwart.store.mail_rows import NewEmail
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event
from tests.web.fakes import EPOCH, FakeSettings

ACCOUNT = 5
NOW = int(EPOCH)


def message(body: str = "Some words.", **fields: str) -> bytes:
    """A message in UTF-8; ``fields`` have _ for -."""
    given = {"From": "Bob <bob@example.test>", "Subject": "Hello"} | {n.replace("_", "-"): v for n, v in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return (head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + body).encode()


class ArchiveCase(SynchronousTestCase):
    """``search`` are members of x:Search."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(EPOCH)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.telemetry = Telemetry()
        self.telemetry.observe(self._note)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.settings = FakeSettings()
        self.inbox = self.account(ACCOUNT)
        self.search = self.searching()

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def searching(self, store: Any = None) -> TextSearch:
        """Another one over the same store."""
        return TextSearch(store or self.store, self.settings, self.clock, self.telemetry)  # type: ignore[arg-type]

    def account(self, id: int) -> int:
        """A new one; its mailbox."""
        self.write(lambda tx: tx.accounts.create(id, f"{id}@example.test", "user"))
        return self.write(lambda tx: tx.mail.mailboxes.create(id, "Inbox", "inbox", now=NOW)).id

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def put(self, data: bytes, account_id: int = ACCOUNT, mailbox: int | None = None) -> int:
        """The id of a new e-mail."""
        read = parsed(data)

        def work(tx: Transaction) -> int:
            email = NewEmail(
                blob=tx.blobs.put(data, NOW).hash,
                size=len(data),
                received_at=NOW,
                mailboxes=frozenset({mailbox or self.inbox}),
                fragment=read.fragment,
                parts=read.parts,
            )
            return tx.mail.add_email(account_id, email, now=NOW).id

        return self.write(work)

    def waiting(self) -> int:
        return self.read(lambda tx: tx.mail_text.waiting())

    def find(self, test: str, value: str | Sequence[str], account_id: int = ACCOUNT) -> set[int]:
        return set(self.read(lambda tx: Finder(tx, account_id).find(test, value)))
