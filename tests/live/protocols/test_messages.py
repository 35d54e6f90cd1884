"""Messages and mailboxes: by LMTP, by the import, by Email/import, and by a submission to somebody else."""

from __future__ import annotations

import shutil
from typing import Any

from tests.live.daemon import new_folder
from tests.live.protocols import messages
from tests.live.protocols.people import Person, ProtocolsCase
from tests.live.protocols.watching import Told, Watch

PROPERTIES = ["blobId", "mailboxIds", "keywords", "size", "subject", "from", "to", "messageId", "bodyValues"]
PROPERTIES += ["textBody", "attachments", "preview", "header:X-Odd:asRaw", "threadId", "hasAttachment"]
MAKERS = "lmtp", "imported", "uploaded"


class MessageCase(ProtocolsCase):
    """``somebody`` has the messages; ``emails``, ``threads`` and ``boxes`` follow what he has."""

    maxDiff = None

    def setUp(self) -> None:
        super().setUp()
        self.somebody = self.person()
        self.boxes = {each["role"]: each["id"] for each in self.somebody.all("Mailbox")}
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.watches = {
            type: self.follow(type, filter={} if type == "Email" else None) for type in ("Email", "Thread", "Mailbox")
        }

    def follow(self, type: str, **given: Any) -> Watch:
        watch = Watch(self.somebody, type, None, **given)
        self.addCleanup(watch.close)
        watch.settled()
        return watch

    def step(self, deed: Any) -> dict[str, Told]:
        """What each of the types tells of a deed."""
        deed()
        return {type: watch.step(lambda: None) for type, watch in self.watches.items()}

    def email(self, id: str, person: Person | None = None) -> dict[str, Any]:
        return (person or self.somebody).shown("Email", id, properties=PROPERTIES, fetchTextBodyValues=True)

    def said(self, found: dict[str, Any]) -> dict[str, Any]:
        """What an e-mail says, in the form of ``messages.read``."""
        attached = [
            (part["type"], part["name"], self.somebody.download(part["blobId"]) if "octet" in part["type"] else None)
            for part in found["attachments"]
        ]
        return {
            "subject": found["subject"],
            "from": [(each["name"] or "", each["email"]) for each in found["from"]],
            "to": [(each["name"] or "", each["email"]) for each in found["to"]],
            "messageId": found["messageId"][0],
            "texts": [found["bodyValues"][part["partId"]]["value"] for part in found["textBody"]],
            "attached": attached,
        }

    # who makes it

    def by_lmtp(self, message: bytes) -> None:
        client = self.mail()
        answers = client.deliver("zoe@sender.test", [self.somebody.login], message)
        self.assertEqual([code for code, _ in answers], [250])

    def by_imported(self, message: bytes) -> None:
        tree = self.folder / "Maildir" / "cur"
        tree.mkdir(parents=True, exist_ok=True)
        for sub in ("new", "tmp"):
            (tree.parent / sub).mkdir(exist_ok=True)
        (tree / "1.a.b:2,").write_bytes(message)
        said = self.somebody.import_files("maildir", str(tree.parent), "--into", "Inbox", folder=self.folder)
        self.assertIn("1 imported", said)

    def by_uploaded(self, message: bytes) -> None:
        given = {"blobId": self.somebody.upload(message, "message/rfc822"), "mailboxIds": {self.boxes["inbox"]: True}}
        answer = self.somebody.jmap("Email/import", emails={"k": given})
        self.assertIsNone(answer["notCreated"])


class MessageTests(MessageCase):
    def life(self, maker: str, text: str) -> None:
        message = messages.octets(text, self.somebody.login, f"{maker}-{len(text)}")
        told = self.step(lambda: getattr(self, f"by_{maker}")(message))
        (id,), (thread,) = told["Email"].created, told["Thread"].created
        self.assertEqual((told["Email"].added, told["Mailbox"].updated), ([id], [self.boxes["inbox"]]))
        found = self.email(id)
        octets = self.somebody.download(found["blobId"])
        if maker == "lmtp":  # which says on top where it came from
            self.assertTrue(octets.endswith(message))
            self.assertTrue(octets.startswith(b"Return-Path: <zoe@sender.test>\r\n"), octets[:100])
        else:
            self.assertEqual(octets, message)
        self.assertEqual((found["size"], found["threadId"]), (len(octets), thread))
        self.assertEqual(found["mailboxIds"], {self.boxes["inbox"]: True})
        self.assertEqual(self.said(found), messages.read(message))
        self.assertEqual(found["header:X-Odd:asRaw"], "  two  spaces ")
        self.assertEqual(found["hasAttachment"], text is messages.MIXED)
        self.assertEqual(self.box("inbox"), (1, 1, 1, 1))
        parsed = self.somebody.jmap(
            "Email/parse", blobIds=[found["blobId"]], properties=PROPERTIES[3:12], fetchTextBodyValues=True
        )["parsed"][found["blobId"]]
        self.assertEqual(self.said(parsed), self.said(found))

        told = self.step(lambda: self.somebody.patch("Email", id, {"keywords/$seen": True, "keywords/mine": True}))
        self.assertEqual((told["Email"].updated, told["Thread"].updated), ([id], []))
        self.assertEqual(self.email(id)["keywords"], {"$seen": True, "mine": True})
        self.assertEqual(self.box("inbox"), (1, 0, 1, 0))
        patch = {f"mailboxIds/{self.boxes['trash']}": True, f"mailboxIds/{self.boxes['inbox']}": None}
        told = self.step(lambda: self.somebody.patch("Email", id, patch))
        self.assertEqual(told["Email"].updated, [id])
        self.assertEqual(sorted(told["Mailbox"].updated), sorted([self.boxes["inbox"], self.boxes["trash"]]))
        self.assertEqual((self.box("inbox"), self.box("trash")), ((0, 0, 0, 0), (1, 0, 1, 0)))
        told = self.step(lambda: self.somebody.remove("Email", id))
        self.assertEqual((told["Email"].destroyed, told["Email"].removed), ([id], [id]))
        self.assertEqual((told["Thread"].destroyed, told["Mailbox"].updated), ([thread], [self.boxes["trash"]]))
        self.assertEqual(self.box("trash"), (0, 0, 0, 0))

    def box(self, role: str) -> tuple[int, ...]:
        found = self.somebody.shown("Mailbox", self.boxes[role])
        return tuple(found[name] for name in ("totalEmails", "unreadEmails", "totalThreads", "unreadThreads"))

    def test_from_one_account_to_another(self) -> None:
        """Email/set and EmailSubmission there, the same words here; what is written is read by Python too."""
        other = self.person()
        boxes = {each["role"]: each["id"] for each in other.all("Mailbox")}
        identity = other.all("Identity")[0]["id"]
        blob = other.upload(b"\0\1\2\3\xff", "application/octet-stream")
        draft = {
            "mailboxIds": {boxes["drafts"]: True},
            "keywords": {"$draft": True},
            "from": [{"name": "Zoë, M.", "email": other.login}],
            "to": [{"name": "Jürgen 🧀", "email": self.somebody.login}],
            "bcc": [{"name": None, "email": "hidden@example.org"}],
            "subject": "Grüße " + "lang " * 30,
            "textBody": [{"partId": "1", "type": "text/plain"}],
            "bodyValues": {"1": {"value": "Zeile\n.\nÄ 🧀 " + "x" * 1200}},
            "attachments": [{"blobId": blob, "type": "application/octet-stream", "name": "Größe.bin"}],
        }
        mail = other.make("Email", draft)
        written = messages.read(other.download(self.email(mail, other)["blobId"]))
        sent = {"identityId": identity, "emailId": mail}
        sent["envelope"] = {"mailFrom": {"email": other.login}, "rcptTo": [{"email": self.somebody.login}]}
        other.make("EmailSubmission", sent)
        self.until(lambda: self.box("inbox")[0])
        told = self.step(lambda: None)
        (id,) = told["Email"].created
        found = self.said(self.email(id))
        self.assertEqual(found, written)
        self.assertEqual(found["subject"], draft["subject"])
        self.assertEqual(found["texts"], [draft["bodyValues"]["1"]["value"]])
        self.assertEqual(found["attached"], [("application/octet-stream", "Größe.bin", b"\0\1\2\3\xff")])
        octets = self.somebody.download(self.email(id)["blobId"])
        self.assertNotIn(b"hidden@example.org", octets)
        self.assertEqual(messages.read(octets), written)

    def test_a_mailbox(self) -> None:
        told = self.step(lambda: self.somebody.make("Mailbox", {"name": "Ärger 100%"}))
        (box,) = told["Mailbox"].created
        inner = self.step(lambda: self.somebody.make("Mailbox", {"name": "in", "parentId": box}))
        self.assertEqual(inner["Mailbox"].updated, [])
        told = self.step(lambda: self.import_into("Ärger 100%/in"))
        self.assertEqual(told["Mailbox"].updated, inner["Mailbox"].created)
        told = self.step(lambda: self.somebody.patch("Mailbox", box, {"name": "Freude"}))
        self.assertEqual(told["Mailbox"].updated, [box])
        (email,) = self.somebody.jmap("Email/query", filter={"inMailbox": inner["Mailbox"].created[0]})["ids"]
        told = self.step(
            lambda: self.somebody.remove("Mailbox", inner["Mailbox"].created[0], onDestroyRemoveEmails=True)
        )
        self.assertEqual((told["Mailbox"].destroyed, told["Email"].destroyed), (inner["Mailbox"].created, [email]))

    def import_into(self, name: str) -> None:
        path = self.folder / "a.mbox"
        path.write_bytes(b"From a@b Thu Jan  1 10:00:00 2026\nMessage-ID: <m@x>\nSubject: x\n\nbody\n>From y\n\n")
        self.assertIn("1 imported", self.somebody.import_files("mbox", str(path), "--into", name, folder=self.folder))


def _test(maker: str, text: str) -> Any:
    return lambda self: self.life(maker, text)


for _maker in MAKERS:
    for _name, _text in messages.ALL.items():
        setattr(MessageTests, f"test_{_name.replace(' ', '_')}_{_maker}", _test(_maker, _text))
