"""Pages of a search in a log file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.log_lines import LogLine, json_line, written
from stalwart.telemetry.logs import log_reader
from stalwart.telemetry.logs.log_reader import LogReader
from stalwart.telemetry.logs.log_search import LogSearch, Page


class LogSearchTests(SynchronousTestCase):
    """Six events, and one line that is none."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        lines = [written(LogLine(n, "info", "Done", "a.b", (f"n={n}", "odd" if n % 2 else "EVEN"))) for n in range(6)]
        lines.insert(3, "Traceback (most recent call last)\n")
        self.path.write_text("".join(lines))
        offsets = [sum(map(len, lines[:count])) for count in range(7)]
        self.noise = offsets.pop(3)
        self.places = offsets

    def found(self, **search: Any) -> list[int]:
        """The numbers of the events of a page."""
        return [self.places.index(place) for place in self.page(**search).places]

    def page(self, most_bytes: int = 1 << 20, **search: Any) -> Page:
        if "anchor" in search:
            search["anchor"] = self.places[search["anchor"]]
        with LogReader(self.path, most_bytes=most_bytes) as reader:
            return LogSearch(**search).page(reader)

    def test_newest_first(self) -> None:
        self.assertEqual(self.found(), [5, 4, 3, 2, 1, 0])

    def test_oldest_first(self) -> None:
        self.assertEqual(self.found(ascending=True), [0, 1, 2, 3, 4, 5])

    def test_all_words_in_any_case_and_any_part(self) -> None:
        self.assertEqual(self.found(words=("even",)), [4, 2, 0])
        self.assertEqual(self.found(words=("ev", "n=2")), [2])
        self.assertEqual(self.found(words=("even", "odd")), [])

    def test_limit_tells_whether_there_is_more(self) -> None:
        self.assertEqual([self.page(limit=limit).is_cut for limit in (0, 5, 6, 7)], [True, True, False, False])
        self.assertEqual(self.found(limit=2), [5, 4])

    def test_pages_go_on_behind_the_anchor(self) -> None:
        self.assertEqual(self.found(anchor=4, offset=1, limit=2), [3, 2])
        self.assertEqual(self.found(anchor=4, offset=1, limit=2, ascending=True), [5])
        self.assertEqual(self.found(anchor=4, limit=2), [4, 3])
        self.assertEqual(self.found(anchor=0, offset=1), [])

    def test_anchor_need_not_have_the_words(self) -> None:
        self.assertEqual(self.found(anchor=3, words=("even",)), [2, 0])
        self.assertEqual(self.found(anchor=4, offset=1, words=("even",)), [2, 0])

    def test_page_before_the_anchor(self) -> None:
        self.assertEqual(self.found(anchor=2, offset=-2, limit=3), [4, 3, 2])
        self.assertEqual(self.found(anchor=2, offset=-3, limit=2), [5, 4])
        self.assertEqual(self.found(anchor=2, offset=-99), [5, 4, 3, 2, 1, 0])
        self.assertEqual(self.found(anchor=2, offset=-1, ascending=True), [1, 2, 3, 4, 5])

    def test_anchor_that_is_no_event(self) -> None:
        with LogReader(self.path) as reader:
            for place in (1, self.noise, 1 << 40):
                self.assertRaises(LookupError, LogSearch(anchor=place).page, reader)

    def test_total_is_that_of_all_pages(self) -> None:
        self.assertEqual(self.page(limit=1, counts=True, words=("odd",)).total, 3)
        self.assertEqual(self.page(anchor=1, counts=True).total, 6)
        self.assertIsNone(self.page().total)

    def test_search_that_had_to_end_says_so(self) -> None:
        self.patch(log_reader, "BLOCK", 100)
        page = self.page(most_bytes=250, counts=True)
        self.assertEqual((page.is_cut, page.total, page.places[0]), (True, None, self.places[5]))
        self.assertLess(len(page.places), 6)

    def test_lines_of_json_are_searched_as_they_are_shown(self) -> None:
        lines = [json_line(n, "info", "Done", "a.b", {"n": n, "who": "Zo\u00eb\u2028"}) for n in range(2)]
        self.path.write_text("".join(lines))
        self.places = [0, len(lines[0].encode())]
        self.assertEqual([self.found(words=(word,)) for word in ("n=1", "zo\u00eb", 'n":1')], [[1], [1, 0], []])
