"""Words in mail, looked for at a real daemon: right after arrival, after a crash, and with the index made anew."""

from __future__ import annotations

import signal
import time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from stalwart.app.demo import read_credentials
from tests.live.daemon import PATIENCE
from tests.live.people import Administrator
from tests.live.test_mail_in import ALICE, SENDER, MailCase

MAIL = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
QUESTIONS = (
    ({"text": "MÜNCHEN"}, "de"),
    ({"body": '"strasse war"'}, "de"),
    ({"from": "joerg"}, "de"),
    ({"from": "@sued.example"}, "de"),
    ({"subject": "お知らせ"}, "ja"),
    ({"body": "タワー"}, "ja"),
    ({"text": "المدرسه"}, "ar"),
    ({"text": "attachedneedle"}, "file"),
    ({"text": "rechnung"}, "file"),
    ({"header": ["X-Note", "größe"]}, "file"),
    ({"header": ["Message-ID", "<ja@example.test>"]}, "ja"),
    ({"operator": "NOT", "conditions": [{"text": "strasse"}, {"to": "bob"}, {"header": ["X-Note"]}]}, "ar ja"),
    ({"operator": "OR", "conditions": [{"text": "東京"}, {"from": "jörg", "subject": "grüße"}]}, "de ja"),
    ({"text": "nowhere"}, ""),
)


def message(key: str, subject: str, body: str, name: str = "", address: str = SENDER, **fields: str) -> bytes:
    """A message; ``attached`` is a text in a file."""
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(name, addr_spec=address)
    made["To"], made["Subject"], made["Message-ID"] = ALICE, subject, f"<{key}@example.test>"
    attached = fields.pop("attached", None)
    for field, value in fields.items():
        made[field.replace("_", "-")] = value
    made.set_content(body)
    if attached is not None:
        made.add_attachment(attached, filename="Rechnung_März.txt")
    return bytes(made)


MESSAGES = (
    message("de", "Grüße aus München", "Die Straße war gesperrt.", "Jörg Müller", "j@sued.example"),
    message("ja", "会議のお知らせ", "明日の会議は東京タワーで開催します。"),
    message("ar", "مرحبا", "هذا نصٌّ عن المَدرسة"),
    message("file", "With a file", "See the file", X_Note="Größe 7", attached="attachedneedle within"),
)


class Person(Administrator):
    """A user of mail."""

    using = MAIL

    @property
    def account(self) -> str:
        session = self.daemon.json("/jmap/session", self._authorization)
        return str(session["primaryAccounts"][MAIL[1]])

    def ask(self, name: str, **arguments: Any) -> Any:
        return self.call(name, {"accountId": self.account, **arguments})


class SearchTests(MailCase):
    """Four messages, and a daemon that is killed as soon as it has taken them."""

    def setUp(self) -> None:
        super().setUp()
        client = self.client(lmtp=True)
        for each in MESSAGES:
            self.assertEqual(client.deliver(SENDER, [ALICE], each)[0][0], 250)
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        self.start()
        self.alice = Person(self.daemon, *next(pair for pair in read_credentials(self.data) if pair[0] == ALICE))

    def found(self, filter: dict[str, Any]) -> str:
        ids = self.alice.ask("Email/query", filter=filter)["ids"]
        emails = self.alice.ask("Email/get", ids=ids, properties=["messageId"])["list"]
        return " ".join(sorted(each["messageId"][0].partition("@")[0] for each in emails))

    def check(self) -> None:
        for filter, expected in QUESTIONS:
            self.assertEqual(self.found(filter), expected, filter)

    def test_what_was_taken_is_found_and_what_is_gone_is_not(self) -> None:
        self.check()
        filter = {"text": "strasse münchen"}
        ids = self.alice.ask("Email/query", filter=filter)["ids"]
        (snippet,) = self.alice.ask("SearchSnippet/get", filter=filter, emailIds=ids)["list"]
        self.assertEqual(snippet["subject"], "Grüße aus <mark>München</mark>")
        self.assertEqual(snippet["preview"], "Die <mark>Straße</mark> war gesperrt.")
        admin = Administrator(self.daemon)
        for members in (
            {"@type": "StoreMaintenance", "maintenanceType": "reindexAccounts"},
            {"@type": "AccountMaintenance", "accountId": self.alice.account, "maintenanceType": "reindex"},
        ):
            admin.create("Task", {**members, "status": {"@type": "Pending"}})
            self.check()
        self.alice.ask("Email/set", destroy=ids)
        self.assertEqual(self.found({"text": "münchen"}), "")
        ids = self.alice.ask("Email/query", filter={"text": "file"})["ids"]
        document = {"documentType": "email", "accountId": self.alice.account, "documentId": ids[0]}
        admin.create("Task", {"@type": "UnindexDocument", **document, "status": {"@type": "Pending"}})
        self.eventually("attachedneedle", "")
        admin.create("Task", {"@type": "IndexDocument", **document, "status": {"@type": "Pending"}})
        self.eventually("attachedneedle", "file")
        self.assertNotIn("Traceback", self.daemon.log)

    def eventually(self, word: str, expected: str) -> None:
        until = time.monotonic() + PATIENCE
        while self.found({"text": word}) != expected:
            self.assertLess(time.monotonic(), until, word)
            time.sleep(0.05)
