"""How results are shown: tables for a person at a terminal, one JSON object a line for everything else."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_BOLD, _DIM, _RED, _PLAIN = "\033[1m", "\033[2m", "\033[31m", "\033[0m"
WIDEST = 48
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # inside emoji and words of many languages


class Output:
    """Where results go. ``as_json`` is forced, or follows from standard output not being a terminal."""

    def __init__(self, as_json: bool = False, no_color: bool = False) -> None:
        terminal = sys.stdout is not None and sys.stdout.isatty()
        self.as_json = as_json or not terminal
        self._color = terminal and not no_color and not os.environ.get("NO_COLOR")

    def objects(self, found: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> int:
        """A table of ``columns``, or the whole objects as NDJSON; answers how many there were."""
        if self.as_json:
            count = 0
            for each in found:
                self.json(each)
                count += 1
            return count
        rows = [[cell(each.get(column)) for column in columns] for each in found]
        self._table(columns, rows)
        return len(rows)

    def object(self, found: Mapping[str, Any]) -> None:
        """One object: a line for each member, or a line of JSON."""
        if self.as_json:
            self.json(found)
            return
        width = max(map(len, found), default=0)
        for name, value in found.items():
            text = json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) and value else cell(value)
            lines = [printable(line) for line in text.split("\n")]
            print(f"{self._styled(name.ljust(width), _BOLD)}  {lines[0]}")
            for line in lines[1:]:
                print(" " * (width + 2) + line)

    def json(self, value: Any) -> None:
        """One line of JSON."""
        print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def text(self, line: str = "") -> None:
        """A line for a person; nothing where programs read."""
        if not self.as_json:
            print(line)

    def heading(self, line: str) -> None:
        """A line that stands out."""
        self.text(self._styled(line, _BOLD))

    def note(self, line: str) -> None:
        """A remark on standard error."""
        print(line, file=sys.stderr)

    def problem(self, line: str) -> None:
        """Something that went wrong, on standard error."""
        colored = sys.stderr is not None and sys.stderr.isatty() and self._color
        print(f"{_RED}{line}{_PLAIN}" if colored else line, file=sys.stderr)

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table of ready texts."""
        self._table(columns, rows)

    def _table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if not rows:
            self.text(self._styled("none", _DIM))
            return
        widths = _widths(columns, rows)
        print(self._styled(_line(columns, widths), _BOLD))
        for row in rows:
            print(_line(row, widths))

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._color else text


def cell(value: Any) -> str:
    """A wire value in a few characters: sets as their members, objects as their ``@type`` or as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        if value and all(mark is True for mark in value.values()):
            return ", ".join(value)
        if list(value) == ["@type"]:
            return str(value["@type"])
        return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value)


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Widths that fit the terminal: the widest columns give way first."""
    widths = [
        min(WIDEST, max(len(heading), *(len(row[place]) for row in rows))) for place, heading in enumerate(columns)
    ]
    room = shutil.get_terminal_size((100, 24)).columns - 2 * (len(columns) - 1)
    while sum(widths) > room and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = (
        printable(text) if len(text) <= width else printable(text[: width - 1]) + "…"
        for text, width in zip(cells, widths, strict=True)
    )
    return "  ".join(text.ljust(width) for text, width in zip(shown, widths, strict=True)).rstrip()


def printable(text: str) -> str:
    """``text`` without what would act on the terminal."""
    return "".join(char if char.isprintable() or char in _JOINERS else "?" for char in text)
