"""Folders that scripts name."""

from __future__ import annotations

from stalwart.codec.sieve.actions import Filing
from stalwart.config.collaboration.email import Email
from stalwart.mail.sieve.placing import Placing
from tests.directory.world import NOW
from tests.mail.sieve.case import SieveCase


class PlacingTests(SieveCase):
    """For alice, who has the usual folders."""

    def place(self, filing: Filing, folder: str = "inbox") -> str:
        """The path of the folder."""
        placing, id = Placing(self.settings, self.folders, self.quotas), self.ids["alice"]

        def work(tx: object) -> str:
            found = placing.mailbox(tx, id, filing, folder, NOW)  # type: ignore[arg-type]
            names = []
            while found is not None:
                row = tx.mail.mailboxes.get(id, found)  # type: ignore[attr-defined]
                names.append(row.name)
                found = row.parent_id
            return "/".join(reversed(names))

        return self.successResultOf(self.store.write(work))

    def test_by_name(self) -> None:
        for name, path in {
            "": "Inbox",
            "INBOX": "Inbox",
            "junk mail": "Junk Mail",
            " /Junk Mail/ ": "Junk Mail",
            "Nowhere": "Inbox",
            "Junk Mail/Below": "Inbox",
        }.items():
            self.assertEqual(self.place(Filing(name)), path, name)
        self.assertEqual(self.place(Filing("Nowhere"), "junk"), "Junk Mail")

    def test_by_special_use(self) -> None:
        self.assertEqual(self.place(Filing("Spam", special_use="junk")), "Junk Mail")
        self.assertEqual(self.place(Filing("Sent Items", special_use="archive")), "Sent Items")

    def test_by_id(self) -> None:
        self.place(Filing())
        id = self.ids["alice"]
        row = self.successResultOf(self.store.read(lambda tx: tx.mail.mailboxes.by_role(id, "trash")))
        from stalwart.codec.ids import encode_id

        self.assertEqual(self.place(Filing("x", mailbox_id=encode_id(row.id))), "Deleted Items")
        for wrong in ("zzzzzz", "?", "UPPER"):
            self.assertEqual(self.place(Filing("Sent Items", mailbox_id=wrong)), "Sent Items", wrong)

    def test_made(self) -> None:
        self.assertEqual(self.place(Filing("Lists/Python", create=True)), "Lists/Python")
        self.assertEqual(self.place(Filing("lists/Perl", create=True)), "Lists/Perl")
        self.assertEqual(self.place(Filing("INBOX/a", create=True)), "Inbox/a")
        self.assertEqual(self.place(Filing("lists/PYTHON")), "Lists/Python")

    def test_not_made(self) -> None:
        for name in ("a//b", "/".join("abcdefghijk"), "x" * 300, "a\nb", "Lists/ "):
            self.assertIn(self.place(Filing(name, create=True)), ("Inbox", "Lists"), name)
        self.set(Email, maxMailboxes=5)
        self.assertEqual(self.place(Filing("Another", create=True)), "Inbox")
