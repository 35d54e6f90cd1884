"""Tests ``stalwart.cli.importing.object_files``."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.items import Item, Unreadable
from stalwart.cli.importing.object_files import ObjectFiles
from stalwart.cli.settings.problems import Problem


def zone(id: str) -> str:
    return (
        f"BEGIN:VTIMEZONE\nTZID:{id}\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\n"
        "END:STANDARD\nEND:VTIMEZONE\n"
    )


ICS = (
    f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:PUBLISH\nX-WR-CALNAME:Work\n{zone('Here')}{zone('There')}"
    "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Here:20260101T100000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
    "BEGIN:VEVENT\nUID:b\nDTSTART;TZID=There:20260101T100000\nEND:VEVENT\n"
    "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;TZID=Here:20260102T100000\nDTSTART;TZID=Here:20260102T110000\nEND:VEVENT\n"
    "BEGIN:VTODO\nSUMMARY:without\nEND:VTODO\nEND:VCALENDAR\n"
)
VCF = "BEGIN:VCARD\nVERSION:3.0\nUID:u1\nFN:One\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:Two\nX-ODD:kept\nEND:VCARD\n"


class FileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        (self.folder / "sub").mkdir(parents=True)
        (self.folder / "cal.ics").write_text(ICS)
        (self.folder / "sub" / "friends.vcf").write_text(VCF)

    def items(self, kind: str, into: tuple[str, ...] | None = None) -> list[Item]:
        source = ObjectFiles([self.folder], kind, into)
        self.addCleanup(source.close)
        return list(source.items())

    def test_an_object_for_each_uid_with_its_zones(self) -> None:
        a, b, todo = self.items("event")
        self.assertEqual((a.name, a.place), ("a", ("Work",)))
        text = a.read().decode()
        self.assertEqual(text.count("BEGIN:VEVENT"), 2)
        self.assertIn("TZID:Here\r\n", text)
        self.assertNotIn("There", text)
        self.assertNotIn("METHOD", text)
        self.assertIn("TZID:There", b.read().decode())
        self.assertIn(f"UID:{todo.name}\r\n", todo.read().decode())
        self.assertEqual([item.key for item in self.items("event")], [a.key, b.key, todo.key])

    def test_cards_with_and_without_uid(self) -> None:
        one, two = self.items("card")
        self.assertEqual((one.name, one.place), ("u1", ("friends",)))
        self.assertTrue(two.name.startswith("urn:uuid:"))
        self.assertIn(f"UID:{two.name}\r\n", two.read().decode())
        self.assertIn("X-ODD:kept\r\n", two.read().decode())
        self.assertEqual(self.items("card", ("Mine",))[0].place, ("Mine",))

    def test_what_is_readable_beside_something_bad_is_taken(self) -> None:
        (self.folder / "cal.ics").write_text(ICS.replace("SUMMARY:without\nEND:VTODO\nEND:VCALENDAR\n", "SUMMARY:wi"))
        *good, bad = sorted(self.items("event"), key=lambda item: item.name or "~")
        self.assertEqual([item.name for item in good], ["a", "b"])
        self.assertEqual(good[0].read().decode().count("BEGIN:VEVENT"), 2)
        self.assertIn("TZID:Here\r\n", good[0].read().decode())
        self.assertIn("PRODID:x\r\n", good[0].read().decode())
        self.assertEqual(good[0].place, ("Work",))
        self.assertTrue(bad.key.endswith("cal.ics, part 6"), bad.key)
        self.assertRaises(Unreadable, bad.read)
        (self.folder / "sub" / "friends.vcf").write_text(VCF.replace("UID:u1\n", "UID:u1\nno line at all\n"))
        found = self.items("card")
        self.assertRaises(Unreadable, found[0].read)
        self.assertTrue(found[0].key.endswith("friends.vcf, card 1"), found[0].key)
        self.assertIn("X-ODD:kept", found[1].read().decode())

    def test_what_cannot_be_read_is_told(self) -> None:
        (self.folder / "bad.ics").write_text("no calendar")
        (self.folder / "bad.vcf").write_text("no card")
        for kind in ("event", "card"):
            bad = self.items(kind)[0]
            self.assertRaises(Unreadable, bad.read)
        self.assertRaises(Problem, ObjectFiles, [self.folder / "missing.ics"], "event", None)
