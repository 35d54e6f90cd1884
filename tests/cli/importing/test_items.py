"""Tests ``stalwart.cli.importing.items`` and ``stalwart.cli.importing.special_folders``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.items import Item, batches, crlf
from stalwart.cli.importing.special_folders import role_of


class ItemTests(SynchronousTestCase):
    def test_line_ends(self) -> None:
        for given, made in (
            (b"a\nb\n", b"a\r\nb\r\n"),
            (b"a\r\nb\r\n", b"a\r\nb\r\n"),
            (b"a\r\nb\n", b"a\r\nb\r\n"),
            (b"a", b"a"),
        ):
            self.assertEqual(crlf(given), made)

    def test_emails_go_together_and_all_else_alone(self) -> None:
        items = [Item(kind, str(n), (), bytes) for n, kind in enumerate(("email",) * 3 + ("file", "email", "card"))]  # type: ignore[arg-type]
        found = [[item.key for item in batch] for batch in batches(iter(items), 2)]
        self.assertEqual(found, [["0", "1"], ["2"], ["3"], ["4"], ["5"]])

    def test_what_folders_are_for(self) -> None:
        for place, attributes, role in (
            (("INBOX",), (), "inbox"),
            (("Sent Items",), (), "sent"),
            (("INBOX", "Trash"), (), "trash"),
            (("[Gmail]", "Gesendet"), ("\\HasNoChildren", "\\Sent"), "sent"),
            (("Work", "Sent"), (), None),
            (("Projects",), (), None),
        ):
            self.assertEqual(role_of(place, attributes), role, place)
