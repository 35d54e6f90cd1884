"""People who send mail over JMAP: the world of ``PostOffice``, the methods of mail and sending, a queue that keeps what
it is given, and signatures that are only a word.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec
from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config.permissions import PERMISSIONS
from stalwart.directory.access import Access
from stalwart.errors import StalwartError
from stalwart.jmap.call import Request
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.engine import Engine
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.methods import collected
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.jmap.submission.capability import SUBMISSION
from stalwart.jmap.submission.sending import Sending
from stalwart.jmap.submission.sending_rules import SendingRules
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.inbound_rates import InboundRates
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.queue.letter import Letter
from stalwart.mail.queue.queue import MailQueue
from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import QueuedLetter
from tests.mail.post_office import PostOffice

MDN = "urn:ietf:params:jmap:mdn"
WANTED = ("Identity/", "EmailSubmission/", "Email/", "MDN/", "Core/")


class FakeQueue:
    """Letters by id, in memory; ``refusal`` is raised, ``is_busy`` means that nothing can be cancelled."""

    def __init__(self) -> None:
        self.letters: dict[int, Letter] = {}
        self.prepared: list[Any] = []
        self.told: list[int] = []
        self.refusal: StalwartError | None = None
        self.is_busy = False

    async def prepare(self, content: Any) -> Any:
        self.prepared.append(content)
        return content

    def add(self, tx: Any, letter: Letter, now: int) -> int:
        if self.refusal is not None:
            raise self.refusal
        if isinstance(letter.content, Stored):
            tx.blobs.adopt(letter.content, now)
        id = len(self.prepared) * 100 + len(self.letters)
        self.letters[id] = letter
        return id

    def cancel(self, tx: Any, id: int, now: int) -> bool:
        return not self.is_busy and self.letters.pop(id, None) is not None

    def find(self, tx: Any, id: int) -> QueuedLetter | None:
        letter = self.letters.get(id)
        if letter is None:
            return None
        return QueuedLetter(
            *(id, 0, b"", 0, letter.return_path, letter.source, letter.account_id, None, letter.submission_id),
            *(letter.priority, letter.env_id, letter.ret, "", 0, "", letter.smtputf8, letter.body),
            *(letter.require_tls, letter.dmarc_pass, letter.reports_failure, ()),
        )

    def queued(self, letter: Letter, id: int) -> None:
        assert self.letters[id] is letter
        self.told.append(id)

    @property
    def last(self) -> Letter:
        """What was put in last."""
        return list(self.letters.values())[-1]


class FakeSigning:
    """Puts a line before messages of ``domains``."""

    def __init__(self) -> None:
        self.domains: list[str] = []

    async def signed(self, content: Any, domain: str) -> bytes:
        self.domains.append(domain)
        return f"DKIM-Signature: d={domain}\r\n".encode()


def message(*lines: str, body: str = "Some text.\r\n") -> bytes:
    """A message with these fields, all that it must have before them."""
    head = ("From: Alice <alice@example.test>", "Date: Thu, 1 Jan 2026 00:00:00 +0000", "Message-ID: <1@example.test>")
    given = {line.partition(":")[0].lower() for line in lines}
    fields = [line for line in head if line.partition(":")[0].lower() not in given]
    return "".join(f"{line}\r\n" for line in (*fields, *lines) if not line.endswith(":")).encode() + (
        f"\r\n{body}".encode()
    )


class SendingCase(PostOffice):
    """Alice calls; ``inbox`` is a mailbox of hers."""

    def setUp(self) -> None:
        super().setUp()
        self.queue, self.signing = FakeQueue(), FakeSigning()
        quotas = Quotas(self.settings, self.clock)
        self.messages = Messages(self.store, self.settings, quotas, self.clock, self.telemetry)
        self.own = OwnAddresses(self.settings, self.clock)
        self.rates = InboundRates(self.store, self.settings, self.telemetry, self.clock)
        rules = SendingRules(self.settings, self.io, self.telemetry, self.rates)
        signing, queue = cast(Signing, self.signing), cast(MailQueue, self.queue)
        self.sending = Sending(self.store, self.settings, self.own, self.recipients, rules, signing, queue)
        self.services = {
            "store": self.store,
            "clock": self.clock,
            "settings": self.settings,
            "messages": self.messages,
            "quotas": quotas,
            "recipients": self.recipients,
            "own_addresses": self.own,
            "recent_answers": RecentAnswers(self.store),
            "jmap_sending": self.sending,
            "text_search": None,
        }
        methods = [each for each in collected() if each.name.startswith(WANTED)]
        self.engine = Engine(methods, self.services, telemetry=self.telemetry, clock=self.clock)
        self.alice = self.ids["alice"]
        self.account = encode_id(self.alice)
        access = Access(self.alice, "alice@example.test", None, frozenset(PERMISSIONS) - {"impersonate"})
        self.request = Request(access, using=frozenset((CORE, MAIL, SUBMISSION, MDN)))
        row = self.write(lambda tx: tx.mail.mailboxes.create(self.alice, "Inbox", "inbox", now=0, role="inbox"))
        self.inbox = encode_id(row.id)

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def calls(self, *calls: tuple[str, dict[str, Any]]) -> list[tuple[str, Any, str]]:
        """All responses to a request."""
        self.request.created_ids.clear()
        wire = [(name, {"accountId": self.account, **args}, f"c{n}") for n, (name, args) in enumerate(calls)]
        found = self.successResultOf(Deferred.fromCoroutine(self.engine.responses(self.request, wire, 10_000_000)))
        return [(name, msgspec.json.decode(msgspec.json.encode(told)), id) for name, told, id in found]

    def call(self, name: str, **arguments: Any) -> Any:
        """The arguments of the only response, which is no error."""
        answers = self.calls((name, arguments))
        self.assertEqual([each[0] for each in answers], [name], answers)
        return answers[0][1]

    def refused(self, name: str, **arguments: Any) -> str:
        """The type of a method error."""
        ((answered, problem, _),) = self.calls((name, arguments))
        self.assertEqual(answered, "error", problem)
        return str(problem["type"])

    def email(self, content: bytes, account_id: int | None = None, keywords: tuple[str, ...] = ()) -> str:
        """The id of a new e-mail in the inbox."""
        account_id = account_id or self.alice
        prepared = self.settle(self.messages.prepare(content))

        def add(tx: Any) -> Any:
            boxes = tx.mail.mailboxes.list(account_id) or [
                tx.mail.mailboxes.create(account_id, "Inbox", "inbox", now=0, role="inbox")
            ]
            where = {"mailboxes": frozenset((boxes[0].id,)), "keywords": frozenset(keywords)}
            return self.messages.add(tx, account_id, prepared, **where, now=int(self.clock.seconds()))

        return encode_id(self.write(add).id)

    def identity(self, email: str = "alice@example.test") -> str:
        """The id of alice's identity."""
        found = self.call("Identity/get")["list"]
        return next(str(each["id"]) for each in found if each["email"] == email)
