"""Series: the numbers of a measure with certain labels, counted on the reactor thread in well under a microsecond.

They lie in lists of this process, or, where several processes are one server, in memory of all (``Shelf``): then what
is read is the sum, whichever process reads.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, MutableSequence, Sequence
from typing import Protocol

from stalwart.telemetry.measures import MOST_SERIES, OTHER, Measure

Labels = tuple[str, ...]
Exemplar = tuple[int, float, float]
"""A span in which something was measured, the value, and the moment in seconds since 1970."""


class Shelf(Protocol):
    """Memory that the processes of a server share."""

    def claim(self, name: str, labels: Labels, size: int, kind: str) -> tuple[MutableSequence[float], int] | None:
        """Where this process counts a series: the numbers, and the place of the first; None if there is no room."""

    def read(self) -> Iterable[tuple[str, Labels, Sequence[float]]]:
        """Every series of every process: name of the measure, labels, numbers."""


class Series:
    """The numbers of a measure with certain labels."""

    __slots__ = ("_bounds", "_cells", "_place", "exemplars")

    def __init__(self, bounds: tuple[float, ...], cells: MutableSequence[float], place: int) -> None:
        self._bounds = bounds
        self._cells = cells
        self._place = place
        self.exemplars: list[Exemplar | None] = [None] * (len(bounds) + 1) if bounds else []

    def add(self, amount: float = 1.0) -> None:
        """Count (counter), or go up or down (gauge)."""
        self._cells[self._place] += amount

    def set(self, value: float) -> None:
        """What there is now (gauge)."""
        self._cells[self._place] = value

    def observe(self, value: float) -> None:
        """Count a value (histogram)."""
        cells, place = self._cells, self._place
        cells[place] += value
        cells[place + 1 + bisect_left(self._bounds, value)] += 1

    def observe_in(self, span: int, value: float, now: float, counter: Series | None = None) -> None:
        """As ``observe``, and remember that it was in ``span``: the last one of each bucket is an exemplar.

        A ``counter`` counts too: one call less where every tenth of a microsecond does.
        """
        bounds = self._bounds
        bucket = 0 if value <= bounds[0] else bisect_left(bounds, value)
        if counter is not None:
            counter._cells[counter._place] += 1
        cells, place = self._cells, self._place
        cells[place] += value
        cells[place + 1 + bucket] += 1
        self.exemplars[bucket] = (span, value, now)

    def numbers(self, size: int) -> list[float]:
        """As they are now, in this process."""
        return list(self._cells[self._place : self._place + size])

    def move(self, cells: MutableSequence[float], place: int, size: int) -> None:
        """Count there from now on, on top of what is there."""
        for offset, value in enumerate(self.numbers(size)):
            cells[place + offset] += value
        self._cells, self._place = cells, place

    def withdraw(self, size: int) -> None:
        """Count in this process alone from now on."""
        self._cells, self._place = self.numbers(size), 0


class SeriesBook:
    """All series of a process, by measure and labels. Of the series that have no place on ``shelf`` only this process
    knows.
    """

    def __init__(self) -> None:
        self._series: dict[Measure, dict[Labels, Series]] = {}
        self._beside: set[tuple[Measure, Labels]] = set()
        self._shelf: Shelf | None = None

    def series(self, measure: Measure, *labels: str) -> Series:
        """The series of ``measure`` with these values of its labels; keep it where it is asked for often."""
        held = self._series.setdefault(measure, {})
        found = held.get(labels)
        if found is not None:
            return found
        if len(labels) != len(measure.labels):
            raise ValueError(f"{measure.name} has the labels {measure.labels}")
        if len(held) >= MOST_SERIES:
            labels = (OTHER,) * len(labels)
            if labels in held:
                return held[labels]
        made = held[labels] = Series(measure.bounds, [0.0] * measure.size, 0)
        if self._shelf is not None:
            self._put(self._shelf, measure, labels, made)
        return made

    def join(self, shelf: Shelf | None) -> None:
        """Count on ``shelf`` from now on, also what was counted already; None: alone again."""
        if shelf is self._shelf:
            return
        self._shelf = shelf
        self._beside.clear()
        for measure, held in self._series.items():
            for labels, series in held.items():
                if shelf is None:
                    series.withdraw(measure.size)
                else:
                    self._put(shelf, measure, labels, series)

    def read(self, measures: Iterable[Measure]) -> dict[Measure, dict[Labels, list[float]]]:
        """The numbers of all series of ``measures``, summed over the processes."""
        by_name = {measure.name: measure for measure in measures}
        found: dict[Measure, dict[Labels, list[float]]] = {measure: {} for measure in by_name.values()}
        if self._shelf is not None:
            for name, labels, numbers in self._shelf.read():
                measure = by_name.get(name)
                if measure is not None and len(numbers) == measure.size and len(labels) == len(measure.labels):
                    _add(found[measure], labels, numbers)
        for measure in found:
            for labels, series in self._series.get(measure, {}).items():
                if self._shelf is None or (measure, labels) in self._beside:
                    _add(found[measure], labels, series.numbers(measure.size))
        return found

    def exemplars(self, measure: Measure) -> dict[Labels, list[Exemplar | None]]:
        """The exemplars that this process has, by labels."""
        return {labels: series.exemplars for labels, series in self._series.get(measure, {}).items()}

    def _put(self, shelf: Shelf, measure: Measure, labels: Labels, series: Series) -> None:
        place = shelf.claim(measure.name, labels, measure.size, measure.kind)
        if place is None:
            self._beside.add((measure, labels))
        else:
            series.move(*place, measure.size)


def _add(found: dict[Labels, list[float]], labels: Labels, numbers: Sequence[float]) -> None:
    held = found.get(labels)
    if held is None:
        found[labels] = list(numbers)
    else:
        for place, value in enumerate(numbers):
            held[place] += value
