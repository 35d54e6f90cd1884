"""What a long work says on standard error: one line that changes on a terminal, else a line for each step."""

from __future__ import annotations

import sys
import time
from typing import TextIO

GAP = 0.2
"""Seconds between two changes of the line."""


class Steps:
    """Called with what is done now and how many there are so far."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._is_live = self._stream.isatty()
        self._step = ""
        self._count = 0
        self._drawn = 0.0

    def __call__(self, step: str, count: int) -> None:
        """So many of a step."""
        if step != self._step:
            self._end()
            self._step = step
        self._count = count
        now = time.monotonic()
        if self._is_live and now - self._drawn >= GAP:
            self._drawn = now
            print(f"\r{self._line()}", end="", file=self._stream, flush=True)

    def say(self, sentence: str) -> None:
        """A sentence of its own."""
        self._end()
        print(sentence, file=self._stream, flush=True)

    def _end(self) -> None:
        if self._step and (self._count or self._is_live):
            print(f"\r{self._line()}" if self._is_live else self._line(), file=self._stream, flush=True)
        self._step, self._count = "", 0

    def _line(self) -> str:
        return f"{self._step}: {self._count:,}" if self._count else self._step
