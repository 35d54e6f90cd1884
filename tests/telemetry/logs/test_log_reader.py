"""Log files read from their end and from any place, whatever is in them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.logs import log_reader
from stalwart.telemetry.logs.log_reader import Found, LogReader


class LogReaderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def write(self, data: bytes) -> None:
        self.path.write_bytes(data)

    def back(self, before: int | None = None) -> list[Found]:
        with LogReader(self.path) as reader:
            return list(reader.newest_first(before))

    def forth(self, place: int = 0) -> list[Found]:
        with LogReader(self.path) as reader:
            return list(reader.oldest_first(place))

    def at(self, place: int) -> str | None:
        with LogReader(self.path) as reader:
            return reader.at(place)

    def test_both_directions(self) -> None:
        self.write(b"one\ntwo\n    key=value\nthree\n")
        expected = [(0, "one"), (4, "two\n    key=value"), (22, "three")]
        self.assertEqual((self.forth(), self.back()), (expected, expected[::-1]))
        self.assertEqual((self.forth(4), self.back(22)), (expected[1:], expected[1::-1]))
        self.assertEqual((self.back(0), self.forth(28)), ([], []))

    def test_empty_file(self) -> None:
        self.write(b"")
        self.assertEqual((self.forth(), self.back(), self.at(0)), ([], [], None))

    def test_line_that_is_being_written_is_not_there_yet(self) -> None:
        self.write(b"one\ntw")
        self.assertEqual((self.forth(), self.back()), ([(0, "one")], [(0, "one")]))
        self.write(b"on")
        self.assertEqual((self.forth(), self.back()), ([], []))

    def test_place_of_an_event(self) -> None:
        self.write(b"one\ntwo\n    key=value\nthree\n")
        self.assertEqual([self.at(place) for place in (0, 4, 22)], ["one", "two\n    key=value", "three"])
        self.assertEqual([self.at(place) for place in (1, 3, 28, 1000)], [None] * 4)

    def test_places_stay_while_the_file_grows(self) -> None:
        self.write(b"one\ntwo\n")
        place = self.back()[0][0]
        self.write(b"one\ntwo\nthree\n")
        self.assertEqual((self.at(place), self.back(place)), ("two", [(0, "one")]))

    @given(st.lists(st.text("ab \u00e4\u4e00", max_size=9)), st.integers(1, 9))
    def test_blocks_of_any_size(self, lines: list[str], block: int) -> None:
        self.write("".join(f"{line}\n" for line in lines).encode())
        places = [0]
        for line in lines:
            places.append(places[-1] + len(line.encode()) + 1)
        whole = [found for found in zip(places, lines, strict=False) if not found[1].startswith(" ")]
        self.patch(log_reader, "BLOCK", block)
        with LogReader(self.path) as reader:
            forth = [(place, text.split("\n")[0]) for place, text in reader.oldest_first(0, block)]
        self.assertEqual([(place, text.split("\n")[0]) for place, text in self.back()][::-1], whole)
        self.assertEqual([found for found in forth if not found[1].startswith(" ")], whole)

    def test_bytes_that_are_no_text_and_colours(self) -> None:
        self.write(b"\xff\x1b[31mred\x1b[0m\n")
        self.assertEqual(self.back(), [(0, "\ufffdred")])

    def test_search_ends_with_its_bytes(self) -> None:
        self.patch(log_reader, "BLOCK", 8)
        self.write(b"line 01\n" * 4)
        with LogReader(self.path, most_bytes=16) as reader:
            self.assertEqual(([place for place, _ in reader.newest_first()], reader.is_spent), ([24], True))
        with LogReader(self.path, most_bytes=16) as reader:
            self.assertEqual(([place for place, _ in reader.oldest_first(0, 8)], reader.is_spent), ([0], True))

    def test_search_ends_with_its_time(self) -> None:
        self.write(b"one\n")
        times = [0.0, 2.5]
        with LogReader(self.path, most_seconds=2.0, seconds=lambda: times.pop(0)) as reader:
            self.assertEqual((list(reader.newest_first()), reader.is_spent), ([], True))

    def test_endless_line_takes_no_endless_memory(self) -> None:
        self.patch(log_reader, "BLOCK", 16)
        self.patch(log_reader, "LONGEST", 64)
        self.write(b"first\n" + b"x" * 1000 + b"\nlast\n")
        self.assertEqual(self.back(), [(1007, "last")])
        with LogReader(self.path) as reader:
            self.assertEqual(list(reader.oldest_first(0, 16)), [(0, "first")])

    def test_file_that_was_cut_meanwhile(self) -> None:
        self.write(b"one\ntwo\n")
        with LogReader(self.path) as reader:
            self.write(b"")
            self.assertEqual(list(reader.newest_first()), [])
