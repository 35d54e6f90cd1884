"""A program for terminals that a test looks at and types into: a pseudo-terminal, and what would be on its screen.

Enough of a terminal for programs that place text by cursor addresses; colours and scrolling are left out.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

ROWS, COLUMNS = 40, 140
PATIENCE = 30.0
_STEP = 0.05
_PIECES = re.compile(
    r"\x1b\[(?P<numbers>[0-9;?]*)(?P<command>[A-Za-z])|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07]*\x07|(?P<letter>[^\x1b])",
    re.DOTALL,
)


class Screen:
    """What is shown after text and commands."""

    def __init__(self) -> None:
        self._rows = self._blank()
        self._row = self._column = 0

    @property
    def text(self) -> str:
        """All rows."""
        return "\n".join("".join(row).rstrip() for row in self._rows)

    def feed(self, output: str) -> None:
        """Go on with what a program has written."""
        for piece in _PIECES.finditer(output):
            if piece["command"]:
                self._obey(piece["command"], piece["numbers"])
            elif piece["letter"]:
                self._put(piece["letter"])

    def _obey(self, command: str, numbers: str) -> None:
        if command == "H":
            row, column = ([int(each or 1) for each in (numbers or "1;1").split(";")] + [1])[:2]
            self._row, self._column = min(row, ROWS) - 1, min(column, COLUMNS) - 1
        elif command == "J":
            self._rows = self._blank()
        elif command == "K":
            self._rows[self._row][self._column :] = [" "] * (COLUMNS - self._column)

    def _put(self, letter: str) -> None:
        if letter == "\n":
            self._row = min(self._row + 1, ROWS - 1)
        elif letter == "\r":
            self._column = 0
        elif letter >= " " and self._column < COLUMNS:
            self._rows[self._row][self._column] = letter
            self._column += 1

    @staticmethod
    def _blank() -> list[list[str]]:
        return [[" "] * COLUMNS for _ in range(ROWS)]


class Terminal:
    """``command`` running with ``environment`` alone, until ``close``."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.screen = Screen()
        self._pid, self._line = pty.fork()
        if not self._pid:  # pragma: no cover
            try:
                os.execve(command[0], list(command), {"TERM": "xterm", "LANG": "C.UTF-8", **environment})
            finally:
                os._exit(127)
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def type(self, keys: str) -> None:
        """As if somebody typed, one key after the other."""
        for key in keys:
            os.write(self._line, key.encode())
            self._look()

    def wait_for(self, *texts: str) -> None:
        """Until all of ``texts`` are on the screen. Raises AssertionError when they do not come."""
        self.wait_until(lambda: all(text in self.screen.text for text in texts), f"{texts} not seen")

    def rest(self, seconds: float) -> None:
        """Let the program go on for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._look()

    def shows(self, text: str, patience: float) -> bool:
        """Whether ``text`` comes within ``patience`` seconds."""
        until = time.monotonic() + patience
        while text not in self.screen.text and time.monotonic() < until:
            self._look()
        return text in self.screen.text

    def wait_until(self, is_so: Callable[[], bool], problem: str) -> None:
        """Let the program go on until something is so."""
        until = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > until:
                raise AssertionError(f"{problem}; the screen:\n{self.screen.text}")
            self._look()

    def close(self) -> None:
        """End it."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._line)

    def _look(self) -> None:
        if select.select([self._line], [], [], _STEP)[0]:
            try:
                self.screen.feed(os.read(self._line, 1 << 16).decode(errors="replace"))
            except OSError:  # the program has ended
                time.sleep(_STEP)
