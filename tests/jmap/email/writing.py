"""Somebody with mail, a group, and the methods that change e-mails; memory store, a clock, work done at once."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.collaboration.email import Email
from stalwart.config.network.system import SystemSettings
from stalwart.directory.access import Access
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.call import Call, Request, RequestLimits
from stalwart.jmap.email import copying, get, importing, set
from stalwart.jmap.errors import MethodError
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.quota import Quotas
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level

NOW = 1_800_000_000
OWN, GROUP, OTHER = 1, 2, 3
OWN_ID, GROUP_ID = encode_id(OWN), encode_id(GROUP)
VERBS = ("Get", "Create", "Update", "Destroy", "Copy", "Import")
METHODS = {each.name: each for each in (set.set_emails, importing.import_emails, copying.copy_emails, get.get)}


class OwnSettings:
    """Settings from wire forms that a test may change."""

    def __init__(self) -> None:
        self.wire: dict[type, dict[str, Any]] = {}

    def of(self, kind: Any) -> Any:
        return kind.from_wire(self.wire.get(kind, {}))


def message(subject: str = "Hello", body: str = "Some text.\r\n", **fields: str) -> bytes:
    """A small message; ``fields`` are further ones, with underscores for hyphens."""
    given = {"From": "Jane <jane@example.test>", "Subject": subject} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{head}\r\n{body}".encode()


class WritingCase(SynchronousTestCase):
    """Two mailboxes in the own account (``inbox``, ``archive``), one in the group's (``team``)."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.settings = OwnSettings()
        self.settings.wire[SystemSettings] = {"defaultHostname": "mail.example.test"}
        quotas = Quotas(self.settings, self.clock)  # type: ignore[arg-type]
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.messages = Messages(self.store, self.settings, quotas, self.clock, self.telemetry)  # type: ignore[arg-type]
        for id, name in ((OWN, "jane"), (GROUP, "staff"), (OTHER, "other")):
            self.write(lambda tx, id=id, name=name: tx.accounts.create(id, name, "user"))
        self.inbox, self.archive = (self.mailbox(OWN, name) for name in ("inbox", "archive"))
        self.team = self.mailbox(GROUP, "team")
        permissions = frozenset(f"jmapEmail{verb}" for verb in VERBS)
        self.access = Access(OWN, "jane", None, permissions, group_ids=frozenset((GROUP,)))
        self.request = Request(self.access, using=frozenset((MAIL,)))

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def mailbox(self, account_id: int, name: str) -> str:
        """The id of a new mailbox."""
        row = self.write(lambda tx: tx.mail.mailboxes.create(account_id, name, name, now=NOW))
        return encode_id(row.id)

    def without(self, *verbs: str) -> None:
        """Take permissions away."""
        lost = {f"jmapEmail{verb}" for verb in verbs}
        self.request.access = evolve(self.access, permissions=self.access.permissions - lost)

    def limit(self, **limits: int) -> None:
        """Smaller limits for the calls that follow."""
        self.request.limits = RequestLimits(**limits)

    def begin(self, name: str, arguments: dict[str, Any]) -> Deferred[Any]:
        """The call ``Email/name``; the own account unless another is given."""
        call = Call(f"Email/{name}", {"accountId": OWN_ID, **arguments}, "c1", self.request)
        services = {
            "store": self.store,
            "clock": self.clock,
            "settings": self.settings,
            "messages": self.messages,
            "recent_answers": RecentAnswers(self.store),
        }
        found = METHODS[call.name]
        return Deferred.fromCoroutine(found.handler(call, **{name: services[name] for name in found.services}))

    def responses(self, name: str, **arguments: Any) -> list[tuple[str, dict[str, Any]]]:
        """All responses of a call, as clients get them."""
        found = self.successResultOf(self.begin(name, arguments))
        listed = [(f"Email/{name}", found)] if isinstance(found, dict) else found
        return [(each, json.loads(msgspec.json.encode(answer))) for each, answer in listed]

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The first response of a call."""
        return self.responses(name, **arguments)[0][1]

    def error(self, name: str, **arguments: Any) -> str:
        """The type of the method error of a call."""
        problem = self.failureResultOf(self.begin(name, arguments), MethodError).value
        assert isinstance(problem, MethodError)
        return problem.type

    def upload(self, content: bytes, account_id: int = OWN, by: int = OWN) -> str:
        """The id of a blob that ``by`` has uploaded."""

        def work(tx: Any) -> str:
            blob = tx.blobs.put(content, NOW)
            tx.blobs.link(blob.hash, account_id, uploader(by), expires_at=NOW + 3600)
            return str(BlobId(blob.hash))

        found = self.write(work)
        assert isinstance(found, str)
        return found

    def waiting(self) -> int:
        """How many uploads of one's own nothing was made of."""
        count = self.read(lambda tx: tx.blobs.pending(OWN, uploader(OWN), NOW)).count
        assert isinstance(count, int)
        return count

    def email(self, content: bytes | None = None, *mailboxes: str, keywords: tuple[str, ...] = ()) -> str:
        """The id of a new e-mail, in the inbox unless mailboxes are given."""
        prepared = self.successResultOf(Deferred.fromCoroutine(self.messages.prepare(content or message())))
        numbers = frozenset(decode_id(each) for each in mailboxes or (self.inbox,))
        added = self.write(
            lambda tx: self.messages.add(tx, OWN, prepared, mailboxes=numbers, keywords=frozenset(keywords), now=NOW)
        )
        return encode_id(added.id)

    def shown(self, id: str, *properties: str, account: str = OWN_ID, **arguments: Any) -> dict[str, Any]:
        """Properties of an e-mail as it is now."""
        found = self.call("get", accountId=account, ids=[id], properties=list(properties) or None, **arguments)["list"]
        self.assertEqual(len(found), 1)
        return dict(found[0])

    def update(self, id: str, /, **patch: Any) -> Any:
        """The SetError of an update, None if it was done."""
        answer = self.call("set", update={id: patch})
        if answer["notUpdated"] is None:
            self.assertEqual(answer["updated"], {id: None})
            return None
        return answer["notUpdated"][id]

    def create(self, **given: Any) -> dict[str, Any]:
        """What is told of a new e-mail in the inbox."""
        answer = self.call("set", create={"k": {"mailboxIds": {self.inbox: True}} | given})
        self.assertIsNone(answer["notCreated"])
        return dict(answer["created"]["k"])

    def refusal(self, **given: Any) -> dict[str, Any]:
        """The SetError of a creation."""
        answer = self.call("set", create={"k": {"mailboxIds": {self.inbox: True}} | given})
        self.assertIsNone(answer["created"])
        return dict(answer["notCreated"]["k"])

    def configure(self, **members: Any) -> None:
        """Set members of x:Email."""
        self.settings.wire[Email] = members
