"""Tables and NDJSON."""

from __future__ import annotations

from stalwart.cli.settings.output import Output, cell, printable
from stalwart.cli.settings.progress import Progress
from tests.cli.settings.small_schema import CommandCase


class OutputTests(CommandCase):
    """What a person and what a program sees."""

    def test_without_a_terminal_objects_are_lines_of_json(self) -> None:
        self.assertEqual(Output().objects([{"id": "b", "name": "x"}], ["id"]), 1)
        self.assertEqual(self.lines(), [{"id": "b", "name": "x"}])

    def test_tables_show_the_columns(self) -> None:
        self.person().objects([{"id": "b", "name": "Ärger", "x": 1}], ["id", "name"])
        self.assertEqual(self.output.getvalue(), "id  name\nb   Ärger\n")

    def test_long_cells_are_cut(self) -> None:
        self.person().objects([{"name": "x" * 100}], ["name"])
        self.assertIn("x…", self.output.getvalue())

    def test_an_empty_table_says_so(self) -> None:
        self.person().objects([], ["name"])
        self.assertEqual(self.output.getvalue(), "none\n")

    def test_objects_have_a_line_for_each_member(self) -> None:
        self.person().object({"id": "b", "rate": {"count": 1}})
        self.assertEqual(self.output.getvalue(), 'id    b\nrate  {\n        "count": 1\n      }\n')

    def test_cells(self) -> None:
        for value, text in (
            (None, ""),
            (True, "yes"),
            ({"a": True, "b": True}, "a, b"),
            ({"@type": "Inherit"}, "Inherit"),
            ({}, ""),
            ({"a": 1}, '{"a": 1}'),
        ):
            self.assertEqual(cell(value), text)

    def test_escape_codes_do_not_reach_the_terminal(self) -> None:
        self.assertEqual(printable("a\x1b[31m"), "a?[31m")


class ProgressTests(CommandCase):
    """The bar."""

    def test_shown_when_asked_for(self) -> None:
        with Progress(2, forced=True) as progress:
            progress.advance()
            progress.advance()
        self.assertIn("2/2", self.errors.getvalue())

    def test_silent_without_a_terminal(self) -> None:
        with Progress(1000) as progress:
            progress.advance()
        self.assertEqual(self.errors.getvalue(), "")
