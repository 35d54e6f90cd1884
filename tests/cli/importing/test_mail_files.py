"""Tests ``stalwart.cli.importing.mail_files``."""

from __future__ import annotations

import mailbox
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.items import Item
from stalwart.cli.importing.mail_files import MaildirSource, MboxSource
from stalwart.cli.settings.problems import Problem

MBOX = b"""From jane@x.test Thu Jan  1 10:00:00 2026
Status: RO
X-Status: AF
X-Keywords: Work, odd"one
Subject: one

>From the start
>>From twice
\xff octets

From MAILER-DAEMON Thu Jan 01 10:00:00 2026 +0100
Subject: two
Status: O

text
"""


class MboxTests(SynchronousTestCase):
    def items(self, content: bytes, name: str = "Old Mail.mbox", into: tuple[str, ...] | None = None) -> list[Item]:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / name).write_bytes(content)
        source = MboxSource(folder / name, into)
        self.addCleanup(source.close)
        found = list(source.items())
        self.assertEqual(source.count(), len(found))
        return found

    def test_messages_as_they_were_sent(self) -> None:
        one, two = self.items(MBOX)
        self.assertTrue(one.read().startswith(b"Status: RO\r\n"))
        self.assertTrue(one.read().endswith(b"\r\n\r\nFrom the start\r\n>From twice\r\n\xff octets\r\n"))
        self.assertEqual(one.keywords, ("$seen", "$answered", "$flagged", "work"))
        self.assertEqual((one.received_at, one.place, one.role), ("2026-01-01T10:00:00Z", ("Old Mail",), None))
        self.assertEqual((two.keywords, two.received_at), ((), "2026-01-01T10:00:00Z"))

    def test_names_are_always_the_same(self) -> None:
        self.assertEqual([item.key for item in self.items(MBOX)], [item.key for item in self.items(MBOX)])
        self.assertEqual(len({item.key for item in self.items(MBOX)}), 2)

    def test_where_it_goes(self) -> None:
        self.assertEqual(self.items(MBOX, "Sent")[0].role, "sent")
        self.assertEqual(self.items(MBOX, into=("a", "b"))[0].place, ("a", "b"))

    def test_what_is_no_mbox(self) -> None:
        self.assertEqual(self.items(b""), [])
        self.assertEqual(self.items(b"just text\n"), [])
        self.assertRaises(Problem, MboxSource, Path(self.mktemp()), None)

    def test_a_date_that_is_none(self) -> None:
        (item,) = self.items(b"From x\nSubject: a\n\nb\n")
        self.assertIsNone(item.received_at)


class MaildirTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        top = mailbox.Maildir(self.path)
        one = mailbox.MaildirMessage(b"Subject: one\n\nx\n")
        one.set_flags("FRS")
        one.set_subdir("cur")
        top.add(one)
        gone = mailbox.MaildirMessage(b"Subject: gone\n\nx\n")
        gone.set_flags("T")
        gone.set_subdir("cur")
        top.add(gone)
        top.add_folder("Sent").add(b"Subject: two\n\nx\n")
        top.add_folder("Work.&AOk-t&AOk-").add(b"Subject: three\n\nx\n")
        for file in self.path.rglob("*"):
            if file.is_file():
                os.utime(file, (86400, 86400))

    def test_folders_and_flags(self) -> None:
        source = MaildirSource(self.path, None)
        one, two, three = source.items()
        self.assertEqual(one.read(), b"Subject: one\r\n\r\nx\r\n")
        self.assertEqual(
            (one.place, one.role, set(one.keywords)), (("Inbox",), "inbox", {"$flagged", "$answered", "$seen"})
        )
        self.assertEqual((two.place, two.role, two.keywords), (("Sent",), "sent", ()))
        self.assertEqual((three.place, three.received_at), (("Work", "été"), "1970-01-02T00:00:00Z"))
        self.assertEqual(source.count(), 4)

    def test_everything_into_one_folder(self) -> None:
        places = [item.place for item in MaildirSource(self.path, ("Old",)).items()]
        self.assertEqual(places, [("Old",), ("Old", "Sent"), ("Old", "Work", "été")])

    def test_what_is_no_maildir(self) -> None:
        self.assertRaises(Problem, MaildirSource, self.path.parent, None)
