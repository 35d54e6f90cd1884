"""A progress bar on standard error: for a person at a terminal, or when it was asked for."""

from __future__ import annotations

import sys
import time
from typing import Self

WIDTH = 30
GAP = 0.1  # seconds between two drawings


class Progress:
    """Counts up to ``total``; shown when ``forced``, or on a terminal unless ``quiet`` or soon over."""

    def __init__(self, total: int, *, forced: bool = False, quiet: bool = False) -> None:
        self._total = max(total, 1)
        self._done = 0
        terminal = sys.stderr is not None and sys.stderr.isatty()
        self._live = terminal
        self._shown = forced or (terminal and not quiet and total > 50)
        self._started = self._drawn = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._draw()
            print(file=sys.stderr)

    def advance(self) -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if self._shown and now - self._drawn >= GAP:
            self._drawn = now
            self._draw()

    def _draw(self) -> None:
        share = min(self._done / self._total, 1.0)
        bar = "#" * int(share * WIDTH)
        rate = self._done / max(time.monotonic() - self._started, 0.001)
        end = "" if self._live else "\n"
        text = f"[{bar.ljust(WIDTH)}] {self._done}/{self._total}  {rate:.0f}/s"
        print(f"\r{text}" if self._live else text, end=end, file=sys.stderr, flush=True)
