"""Tests ``stalwart.cli.importing.items`` and ``stalwart.cli.importing.special_folders``."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.items import Item, Several, batches, crlf
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

    def test_neighbours_of_a_kind_go_together(self) -> None:
        kinds = ("calendar", "calendarEvent", "calendarEvent", "contactCard", "calendarEvent")
        items = [Item(kind, str(n), (), bytes) for n, kind in enumerate(kinds)]  # type: ignore[arg-type]
        found = [[item.key for item in batch] for batch in batches(iter(items), 5)]
        self.assertEqual(found, [["0"], ["1", "2"], ["3"], ["4"]])

    def test_several_sources_are_one(self) -> None:
        closed: list[str] = []

        class One:
            def __init__(self, name: str, many: int | None) -> None:
                self.name, self.many = name, many

            def items(self) -> Any:
                yield Item("file", self.name, (), bytes)

            def count(self) -> int | None:
                return self.many

            def close(self) -> None:
                closed.append(self.name)

        several = Several(One("a", 1), One("b", 2))
        self.assertEqual([item.key for item in several.items()], ["a", "b"])
        self.assertEqual((several.count(), Several(One("a", 1), One("b", None)).count()), (3, None))
        several.close()
        self.assertEqual(closed, ["a", "b"])

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
