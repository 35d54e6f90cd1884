"""One import from its source to its targets: what is done is skipped, what fails is told, and the rest goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TextIO

from attrs import define, field

from stalwart.cli.importing.items import Item, Source, Unreadable, batches
from stalwart.cli.importing.journal import Journal
from stalwart.cli.importing.targets import Loaded, Outcome
from stalwart.cli.settings.output import printable

MOST_AT_ONCE = 50
_OCTETS_AT_ONCE = 16 << 20
_MOST_TOLD = 20
_GAP = 0.2


class Target(Protocol):
    """Where things of a kind go."""

    def store(self, loaded: Sequence[Loaded]) -> list[Outcome]:
        """What became of each."""


@define
class Summary:
    """How many of each outcome there are, and of the first failures why."""

    imported: int = 0
    present: int = 0
    failed: int = 0
    skipped: int = 0
    octets: int = 0
    failures: list[tuple[str, str]] = field(factory=list)

    def note(self, item: Item, outcome: Outcome) -> None:
        """One more."""
        setattr(self, outcome.what, getattr(self, outcome.what) + 1)
        if outcome.what == "failed" and len(self.failures) < _MOST_TOLD:
            self.failures.append((item.key, outcome.reason))

    @property
    def total(self) -> int:
        """All that was looked at."""
        return self.imported + self.present + self.failed + self.skipped

    def lines(self, is_dry: bool) -> list[str]:
        """For a person."""
        done = "would be imported" if is_dry else "imported"
        told = [f"{self.imported} {done} ({self.octets / 1e6:.1f} MB)"]
        if self.present:
            told.append(f"{self.present} were there already")
        if self.skipped:
            told.append(f"{self.skipped} were done by an earlier run")
        if self.failed:
            told.append(f"{self.failed} failed")
        lines = [", ".join(told)]
        lines += [f"  {printable(key)[:100]}: {printable(why)[:300]}" for key, why in self.failures]
        if self.failed > len(self.failures):
            lines.append(f"  and {self.failed - len(self.failures)} more")
        return lines


class ProgressLine:
    """A line on a terminal that is written over; elsewhere nothing."""

    def __init__(self, total: int | None, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._drawn = self._began - _GAP
        self._is_live = stream.isatty()

    def show(self, summary: Summary, *, last: bool = False) -> None:
        """How far it has come."""
        now = self._clock()
        if not self._is_live or (not last and now - self._drawn < _GAP):
            return
        self._drawn = now
        done = summary.total
        of = f"/{self._total} ({done / self._total:.0%})" if self._total else ""
        rate = (done - summary.skipped) / max(now - self._began, 0.001)
        text = f"{done}{of}  {rate:.0f}/s  {summary.failed} failed"
        self._stream.write(f"\r{text:<60}{chr(10) if last else ''}")
        self._stream.flush()


def run(
    source: Source, targets: Mapping[str, Target], journal: Journal, progress: ProgressLine, *, is_dry: bool = False
) -> Summary:
    """Import everything; ``targets`` are by kind. Raises Problem where it cannot go on, with the journal as it is."""
    summary = Summary()
    with journal:
        waiting = (item for item in source.items() if not _is_done(item, journal, summary))
        try:
            for batch in batches(waiting, MOST_AT_ONCE):
                _carry_out(batch, targets, journal, summary, progress, is_dry)
        finally:
            progress.show(summary, last=True)
    return summary


def _is_done(item: Item, journal: Journal, summary: Summary) -> bool:
    if _key(item) not in journal.done:
        return False
    summary.skipped += 1
    return True


def _carry_out(
    batch: Sequence[Item],
    targets: Mapping[str, Target],
    journal: Journal,
    summary: Summary,
    progress: ProgressLine,
    is_dry: bool,
) -> None:
    loaded: list[Loaded] = []
    for item in batch:
        try:
            loaded.append(Loaded(item, item.read()))
        except Unreadable as problem:
            summary.note(item, Outcome("failed", str(problem)))
        if sum(len(each.octets) for each in loaded) >= _OCTETS_AT_ONCE:
            _store(loaded, targets, journal, summary, is_dry)
            loaded = []
    _store(loaded, targets, journal, summary, is_dry)
    progress.show(summary)


def _store(
    loaded: Sequence[Loaded], targets: Mapping[str, Target], journal: Journal, summary: Summary, is_dry: bool
) -> None:
    if not loaded:
        return
    outcomes = [Outcome("imported")] * len(loaded) if is_dry else targets[loaded[0].item.kind].store(loaded)
    for each, outcome in zip(loaded, outcomes, strict=True):
        summary.note(each.item, outcome)
        summary.octets += len(each.octets) if outcome.what == "imported" else 0
    if not is_dry:
        done = [_key(each.item) for each, outcome in zip(loaded, outcomes, strict=True) if outcome.what != "failed"]
        journal.note(done)


def _key(item: Item) -> str:
    return f"{item.kind} {item.key}"


def stream() -> TextIO:
    """Where progress is shown."""
    return sys.stderr
