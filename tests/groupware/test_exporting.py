"""What is in the zip files of an account: folders, calendars, address books, files, under names that harm nobody."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

from twisted.internet.defer import Deferred

from stalwart.codec.content_lines import decoded
from stalwart.groupware.exporting import Export
from stalwart.groupware.homes import DISPLAY_NAME
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS, FILES
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem
from stalwart.store.mail_rows import NewEmail
from tests.directory.world import NOW, World

MESSAGE = b"Subject: %d\r\n\r\nFrom here\r\n"
EVENT = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%d\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
CARD = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:%d\r\nEND:VCARD"


class ExportTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.user("alice"), self.user("bob")

    def exported(self, kind: str, account_id: int | None = None) -> dict[str, bytes]:
        async def all_of_it() -> bytes:
            export = Export(self.store, account_id or self.alice, NOW)
            return b"".join([piece async for piece in export.pieces(kind)])

        with ZipFile(BytesIO(self.successResultOf(Deferred.fromCoroutine(all_of_it())))) as found:
            self.assertIsNone(found.testzip())
            return {one.filename: found.read(one) for one in found.infolist()}

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def box(self, name: str, parent: int | None = None) -> int:
        return int(
            self.write(lambda tx: tx.mail.mailboxes.create(self.alice, name, name, now=NOW, parent_id=parent)).id
        )

    def message(self, number: int, *boxes: int, keywords: frozenset[str] = frozenset(), large: bool = False) -> None:
        octets = MESSAGE % number + b"x" * (900_000 if large else 0)

        def work(tx: Transaction) -> None:
            blob = tx.blobs.put(octets, NOW)
            email = NewEmail(
                blob=blob.hash, size=blob.size, received_at=NOW + number, mailboxes=frozenset(boxes), keywords=keywords
            )
            tx.mail.add_email(self.alice, email, now=NOW)

        self.write(work)

    def test_mail_is_in_a_file_for_each_folder(self) -> None:
        inbox, work = self.box("Inbox"), self.box("Work")
        deep = self.box("../a/b", work)
        for number in range(100):
            self.message(number, inbox, keywords=frozenset({"$seen"} if number % 2 else ()))
        self.message(200, deep, inbox, large=True)
        found = self.exported("mail")
        self.assertEqual(set(found), {"Inbox.mbox", "Work.mbox", "Work/_a_b.mbox"})
        subjects = [line for line in found["Inbox.mbox"].split(b"\n") if line.startswith(b"Subject")]
        self.assertEqual(subjects, [b"Subject: %d" % number for number in (*range(100), 200)])
        self.assertEqual(found["Inbox.mbox"].count(b"\nStatus: RO\n"), 50)
        self.assertEqual(found["Inbox.mbox"].count(b"\n>From here\n"), 101)
        self.assertIn(b"x" * 900_000, found["Work/_a_b.mbox"])
        self.assertEqual(found["Work.mbox"], b"")

    def test_folders_of_the_same_shown_name_do_not_hide_each_other(self) -> None:
        for name in ("a", "A\u202e", "a:b", "a_b", "..", "\u0007"):
            self.box(name)
        found = {"a.mbox", "A (2).mbox", "a_b.mbox", "a_b (2).mbox", "_.mbox", "_ (2).mbox"}
        self.assertEqual(set(self.exported("mail")), found)

    def test_calendars_and_address_books_are_a_file_each(self) -> None:
        def work(tx: Transaction) -> None:
            for kind, octets in ((CALENDARS, EVENT), (ADDRESS_BOOKS, CARD)):
                for name in ("One", "Two"):
                    data = {DISPLAY_NAME: name}
                    place = tx.collections.create(
                        self.alice, kind.type, kind.home, name.lower(), now=NOW, data=data
                    ).item_id
                    for number in range(70 if name == "One" else 0):
                        item = NewItem(1, octets % number, size=10)
                        tx.collections.put(self.alice, place, f"{number:03}", item, now=NOW)

        self.write(work)
        calendars, cards = self.exported("calendars"), self.exported("contacts")
        self.assertEqual((set(calendars), set(cards)), ({"One.ics", "Two.ics"}, {"One.vcf", "Two.vcf"}))
        text = decoded(calendars["One.ics"])
        self.assertEqual((text.count("BEGIN:VCALENDAR"), text.count("BEGIN:VEVENT")), (1, 70))
        self.assertEqual(cards["One.vcf"].count(b"\r\nEND:VCARD\r\n"), 70)
        self.assertEqual(cards["Two.vcf"], b"")

    def test_files_stand_in_their_folders_and_lost_ones_are_named(self) -> None:
        def work(tx: Transaction) -> None:
            folder = tx.collections.create(self.alice, FILES.type, FILES.home, "docs", now=NOW).item_id
            for place, name, octets in ((FILES.home, "a.txt", b"A"), (folder, "b.txt", b"B" * 600_000)):
                blob = tx.blobs.put(octets, NOW)
                item = NewItem(1, blob=blob.hash, size=blob.size)
                tx.collections.put(self.alice, place, name, item, now=NOW)

        self.write(work)
        self.assertEqual(self.exported("files"), {"a.txt": b"A", "docs/b.txt": b"B" * 600_000})
        self.patch(Export, "_blob", _lost)
        found = self.exported("files")
        self.assertEqual((found["a.txt"], found["MISSING.txt"]), (b"", b"a.txt\ndocs/b.txt\n"))

    def test_account_gets_its_own_and_an_empty_one_nothing(self) -> None:
        self.message(1, self.box("Inbox"))
        self.assertEqual(self.exported("mail", self.bob), {})
        self.assertEqual(self.exported("calendars", self.bob), {})


async def _lost(export: Any, hash: bytes, name: str) -> Any:
    export._lost.append(name)
    return
    yield b""
