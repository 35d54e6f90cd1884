"""Finds events in a log file by words, page by page (settings A.6, x:Log)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from attrs import frozen

from stalwart.codec import log_lines
from stalwart.telemetry.logs.log_reader import Found, LogReader


@frozen
class Page:
    """The places that were found; ``is_cut`` says that there are or may be more, ``total`` is None if it is unknown."""

    places: list[int]
    is_cut: bool = False
    total: int | None = None


@frozen
class LogSearch:
    """Events with all ``words`` (lower case, any part of the text), at most ``limit``, the newest first.

    With ``anchor`` the page begins ``offset`` events after the one at that place, which need not have the words.
    ``counts`` asks for the total.
    """

    words: tuple[str, ...] = ()
    anchor: int | None = None
    offset: int = 0
    limit: int = 500
    ascending: bool = False
    counts: bool = False

    def page(self, reader: LogReader) -> Page:
        """What is found before the reader has had enough. Raises LookupError for an anchor that is no event."""
        skipped = max(0, self.offset) if self.anchor is not None else 0
        from_anchor = islice(self._places(self._onward(reader)), skipped, skipped + self.limit + 1)
        places = list(islice(chain(self._before(reader), from_anchor), self.limit + 1))
        total = sum(1 for _ in self._places(reader.newest_first())) if self.counts else None
        return Page(
            places[: self.limit],
            is_cut=len(places) > self.limit or reader.is_spent,
            total=None if reader.is_spent else total,
        )

    def _onward(self, reader: LogReader) -> Iterator[Found]:
        """From the anchor on, itself included."""
        if self.anchor is None:
            return reader.oldest_first() if self.ascending else reader.newest_first()
        text = reader.at(self.anchor)
        if text is None or log_lines.read(text) is None:
            raise LookupError(self.anchor)
        if self.ascending:
            return reader.oldest_first(self.anchor)
        return chain([(self.anchor, text)], reader.newest_first(self.anchor))

    def _before(self, reader: LogReader) -> Iterable[int]:
        """What a negative offset puts before the anchor, in the order of the page."""
        if self.anchor is None or self.offset >= 0:
            return ()
        back = (
            reader.newest_first(self.anchor)
            if self.ascending
            else (found for found in reader.oldest_first(self.anchor) if found[0] != self.anchor)
        )
        return reversed(deque(islice(self._places(back), -self.offset), self.limit + 1))

    def _places(self, found: Iterator[Found]) -> Iterator[int]:
        return (place for place, text in found if self._has_words(text) and log_lines.read(text) is not None)

    def _has_words(self, text: str) -> bool:
        if not self.words:
            return True
        lowered = log_lines.shown(text).lower()
        return all(word in lowered for word in self.words)
