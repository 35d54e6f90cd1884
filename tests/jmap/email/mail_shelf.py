"""An account with mail in memory: alice is account 7 (``h``); messages are put there as they would be at arrival."""

from __future__ import annotations

from typing import Any

import msgspec

from stalwart.codec.ids import decode_id, encode_id
from stalwart.directory.access import Access
from stalwart.jmap.call import Call, Request, RequestLimits
from stalwart.jmap.email import blobs, changes, get, parse, query
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.methods import Method
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.mail.messages.parsing import parsed
from stalwart.store.mail_rows import NewEmail
from stalwart.store.store import Store, Transaction
from tests.jmap.blobs.shelf import ALICE, BLOB_PERMISSIONS, NOW, ShelfCase

HOUR = 3600
METHODS: dict[str, Method] = {
    "Email/get": get.get,
    "Email/query": query.query,
    "Email/parse": parse.parse,
    **{method.name: method for method in changes.EMAIL_CHANGES.methods()},
}
__all__ = ["ALICE", "HOUR", "METHODS", "NOW", "FakeTextSearch", "MailShelfCase", "blobs", "message"]


def message(
    subject: str = "Hello", sender: str = "Bob <bob@example.test>", body: str = "Some words.", **more: str
) -> bytes:
    """A plain message; ``more`` are further fields, with _ for -."""
    fields = {"From": sender, "Subject": subject} | {name.replace("_", "-"): value for name, value in more.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n" + body.encode()


class FakeTextSearch:
    """Finds what a test says: ``found[test, value]``; raises ``fault`` if there is one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.found: dict[tuple[str, Any], frozenset[int]] = {}
        self.awaited: list[int] = []
        self.conditions: list[tuple[str, Any]] = []
        self.fault: Exception | None = None

    async def ready(self, account_id: int) -> None:
        self.awaited.append(account_id)

    async def search(self, account_id: int, conditions: Any, work: Any) -> Any:
        await self.ready(account_id)
        self.conditions = conditions
        return await self.store.read(lambda tx: work(tx, self))

    def find(self, test: str, value: Any) -> frozenset[int]:
        if self.fault is not None:
            raise self.fault
        return self.found.get((test, tuple(value) if isinstance(value, list) else value), frozenset())


class MailShelfCase(ShelfCase):
    """``inbox`` and ``other`` are mailboxes of alice, as ids."""

    def setUp(self) -> None:
        super().setUp()
        self.text_search = FakeTextSearch(self.store)
        self.recent_answers = RecentAnswers(self.store)
        self.limits = RequestLimits()
        self.inbox = self.mailbox("Inbox", "inbox")
        self.other = self.mailbox("Other")

    def mailbox(self, name: str, role: str | None = None) -> str:
        """The id of a new one."""
        make = lambda tx: tx.mail.mailboxes.create(7, name, name.lower(), now=NOW, role=role)  # noqa: E731
        return encode_id(self.write(make).id)

    def put(
        self,
        data: bytes,
        *mailboxes: str,
        keywords: tuple[str, ...] = (),
        received_at: int = NOW,
        account_id: int = 7,
        **changed: Any,
    ) -> str:
        """The id of an e-mail; ``changed`` are members of its row."""
        read = parsed(data)
        numbers = frozenset(map(decode_id, mailboxes or (self.inbox,)))

        def work(tx: Transaction) -> int:
            blob = tx.blobs.put(data, NOW)
            email = NewEmail(
                blob=blob.hash,
                size=len(data),
                received_at=received_at,
                mailboxes=numbers,
                keywords=frozenset(keywords),
                sent_at=read.sent_at,
                has_attachment=read.has_attachment,
                from_key=read.from_key,
                to_key=read.to_key,
                subject_key=read.subject_key,
                subject_hash=read.subject_hash,
                references=read.references,
                fragment=read.fragment,
                parts=read.parts,
            )
            email = msgspec.structs.replace(email, **changed)
            return tx.mail.add_email(account_id, email, now=NOW).id

        return encode_id(self.write(work))

    def ask(self, name: str, arguments: dict[str, Any] | None = None, **request: Any) -> Any:
        """What the method answers alice, as plain JSON."""
        method = METHODS[name]
        made = self._call(name, arguments or {}, request)
        answer = self.settle(method.handler(made, **self._services(method)))
        return msgspec.json.decode(msgspec.json.encode(answer))

    def ask_refused(self, name: str, arguments: dict[str, Any] | None = None, **request: Any) -> str:
        """The type of the error that it answers."""
        from twisted.internet.defer import Deferred

        from stalwart.errors import StalwartError
        from stalwart.jmap.errors import MethodError, method_error

        method = METHODS[name]
        made = self._call(name, arguments or {}, request)
        running = Deferred.fromCoroutine(method.handler(made, **self._services(method)))
        problem = self.failureResultOf(running, MethodError, StalwartError).value
        return problem.type if isinstance(problem, MethodError) else method_error(problem).type

    def get(self, *ids: str, **arguments: Any) -> list[dict[str, Any]]:
        """The ``list`` of Email/get."""
        return self.ask("Email/get", {"ids": list(ids), **arguments})["list"]

    def query(self, filter: dict[str, Any] | None = None, **arguments: Any) -> list[str]:
        """The ``ids`` of Email/query."""
        return self.ask("Email/query", {"filter": filter, **arguments})["ids"]

    def _call(self, name: str, arguments: dict[str, Any], request: dict[str, Any]) -> Call:
        access = Access(7, "alice@example.test", None, BLOB_PERMISSIONS, group_ids=frozenset((9,)))
        made = {"using": frozenset((MAIL,)), "limits": self.limits} | request
        return Call(name, {"accountId": ALICE} | arguments, "0", Request(access, **made))

    def _services(self, method: Method) -> dict[str, Any]:
        services = {
            "store": self.store,
            "settings": self.settings,
            "clock": self.clock,
            "text_search": self.text_search,
            "recent_answers": self.recent_answers,
        }
        return {name: services[name] for name in method.services}
