"""Somebody with an account, a group and a stranger; mailboxes, threads and quotas asked for through the engine."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.identity.account import Account
from stalwart.directory.access import Access
from stalwart.groupware.granting import Granting
from stalwart.jmap.call import Request, RequestLimits
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.engine import Engine
from stalwart.jmap.mail.capability import MAIL, QUOTA
from stalwart.jmap.mail.mailbox import MAILBOX
from stalwart.jmap.mail.quota import QUOTA as QUOTA_TYPE
from stalwart.jmap.mail.thread import THREAD
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.store import MemoryStore
from stalwart.store.mail_rows import NewEmail
from stalwart.store.store import Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level

NOW = 1_800_000_000
OWN, GROUP, STRANGER = 1, 2, 3
OWN_ID, GROUP_ID, STRANGER_ID = (encode_id(each) for each in (OWN, GROUP, STRANGER))
_VERBS = {
    "Mailbox": ("Get", "Create", "Update", "Destroy", "Changes", "Query", "QueryChanges"),
    "Thread": ("Get", "Changes"),
    "Email": ("Get", "Create", "Update", "Destroy", "Import", "Copy"),
    "Quota": ("Get", "Changes", "Query", "QueryChanges"),
}
PERMISSIONS = frozenset(f"jmap{type}{verb}" for type, verbs in _VERBS.items() for verb in verbs)
ROLES = ("inbox", "trash", "junk", "drafts", "sent")


class OwnSettings:
    """Settings from wire forms that a test may change."""

    def __init__(self) -> None:
        self.wire: dict[str, dict[str, Any]] = {}

    def of(self, kind: Any) -> Any:
        return kind.from_wire(self.wire.get(kind.__name__, {}))


class MailboxCase(SynchronousTestCase):
    """Calls are those of the owner, in the own account, unless it is said otherwise."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        for id, name in ((OWN, "jane"), (GROUP, "staff"), (STRANGER, "stranger")):
            self.write(lambda tx, id=id, name=name: tx.accounts.create(id, f"{name}@example.test", "user"))
        self.settings = OwnSettings()
        services = {
            "store": self.store,
            "clock": self.clock,
            "settings": self.settings,
            "folders": Folders(self.store, self.settings, self.clock),  # type: ignore[arg-type]
            "granting": Granting(self.settings),
            "quotas": Quotas(self.settings, self.clock),  # type: ignore[arg-type]
            "recent_answers": RecentAnswers(self.store),
        }
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        methods = [method for type in (MAILBOX, THREAD, QUOTA_TYPE) for method in type.methods()]
        self.engine = Engine(methods, services, telemetry=telemetry, clock=self.clock)
        self.access = Access(OWN, "jane@example.test", None, PERMISSIONS, group_ids=frozenset((GROUP,)))
        self.request = Request(self.access, using=frozenset((CORE, MAIL, QUOTA)))
        self.account = OWN_ID
        self._numbers = itertools.count()

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def limit(self, **limits: int) -> None:
        """Smaller limits for the calls that follow."""
        self.request.limits = RequestLimits(**limits)

    def become(self, **members: Any) -> None:
        """Go on as somebody else."""
        self.request.access = evolve(self.access, **members)

    def responses(self, name: str, arguments: dict[str, Any]) -> list[Any]:
        """What the engine answers, as clients see it."""
        given = {"accountId": self.account, **arguments}
        work = self.engine.responses(self.request, [(name, given, "0")], 1_000_000)
        return msgspec.json.decode(msgspec.json.encode(self.successResultOf(Deferred.fromCoroutine(work))))

    def call(self, name: str, **arguments: Any) -> Any:
        """The answer to a call that works."""
        ((answered, answer, _),) = self.responses(name, arguments)
        self.assertEqual(answered, name, answer)
        return answer

    def error(self, name: str, **arguments: Any) -> str:
        """The type of the method error of a call that does not."""
        ((answered, problem, _),) = self.responses(name, arguments)
        self.assertEqual(answered, "error")
        return str(problem["type"])

    def folders(self, account_id: str | None = None) -> dict[str, str]:
        """The ids of mailboxes by name."""
        found = self.call("Mailbox/get", accountId=account_id or self.account)["list"]
        return {each["name"]: each["id"] for each in found}

    def folder(self, id: str, **arguments: Any) -> dict[str, Any]:
        """One mailbox as it is now."""
        (found,) = self.call("Mailbox/get", ids=[id], **arguments)["list"]
        return dict(found)

    def made(self, *names: str, **members: Any) -> list[str]:
        """The ids of new mailboxes."""
        create = {f"n{index}": {"name": name, **members} for index, name in enumerate(names)}
        answer = self.call("Mailbox/set", create=create)
        self.assertIsNone(answer["notCreated"])
        return [answer["created"][key]["id"] for key in create]

    def refused(self, id: str | None = None, /, **members: Any) -> dict[str, Any]:
        """The SetError for a creation with ``members``, or an update of ``id``."""
        if id is None:
            answer = self.call("Mailbox/set", create={"k": members})
            self.assertIsNone(answer["created"])
            return dict(answer["notCreated"]["k"])
        answer = self.call("Mailbox/set", update={id: members})
        self.assertIsNone(answer["updated"])
        return dict(answer["notUpdated"][id])

    def update(self, id: str, /, **members: Any) -> Any:
        """What the client is told of an update that works."""
        answer = self.call("Mailbox/set", update={id: members})
        self.assertIsNone(answer["notUpdated"])
        return answer["updated"][id]

    def put(self, *mailboxes: str, account_id: int = OWN, **members: Any) -> tuple[str, str]:
        """A new e-mail: its id and that of its thread."""

        def work(tx: Transaction) -> tuple[str, str]:
            blob = tx.blobs.put(b"message %d" % next(self._numbers), now=NOW)
            given = {"size": 10, "received_at": NOW, "mailboxes": frozenset(map(decode_id, mailboxes)), **members}
            added = tx.mail.add_email(account_id, NewEmail(blob=blob.hash, **given), now=NOW)
            return encode_id(added.id), encode_id(added.thread_id)

        found = self.write(work)
        return found[0], found[1]

    def state(self) -> str:
        """The state of the mailboxes."""
        return str(self.call("Mailbox/get", ids=[])["state"])

    def quotas(self, account_id: int = OWN, **members: Any) -> None:
        """Give an account of the registry ``quotas`` and other members."""
        data = {"@type": "User", "name": "jane", "domainId": "b", **members}

        def work(tx: Transaction) -> None:
            if tx.registry.get(Account.type_name, account_id) is not None:
                tx.registry.delete(Account.type_name, account_id)
            tx.registry.insert(Account.type_name, data, id=account_id)

        self.write(work)
