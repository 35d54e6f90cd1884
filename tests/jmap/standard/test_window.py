"""The window of a query over a source that counts lazily (RFC 8620 5.5)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import QueryArguments
from stalwart.jmap.standard.window import Listed, Part, Window


class Counting:
    """Ten results; notes what is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def count(self) -> int:
        self.asked.append("count")
        return 10

    def place(self, id: int) -> int | None:
        self.asked.append("place")
        return id if id < 10 else None

    def page(self, offset: int, limit: int) -> list[int]:
        self.asked.append("page")
        return list(range(10))[offset : offset + limit]


class WindowTests(SynchronousTestCase):
    def cut(self, expected: Part, asked: list[str], **members: object) -> None:
        results = Counting()
        window = Window(limit=3) if not members else Window(**{"limit": 3, **members})  # type: ignore[arg-type]
        self.assertEqual(window.cut(results), expected)
        self.assertEqual(results.asked, asked)

    def test_a_page_needs_no_counting(self) -> None:
        self.cut(Part([0, 1, 2], 0, None), ["page"])
        self.cut(Part([9], 9, None), ["page"], position=9)
        self.cut(Part([], 12, None), ["page"], position=12)

    def test_from_the_end(self) -> None:
        self.cut(Part([6, 7, 8], 6, None), ["count", "page"], position=-4)
        self.cut(Part([0, 1, 2], 0, None), ["count", "page"], position=-99)

    def test_by_anchor(self) -> None:
        self.cut(Part([4, 5, 6], 4, None), ["place", "page"], anchor=4, position=7)
        self.cut(Part([0, 1, 2], 0, None), ["place", "page"], anchor=1, anchor_offset=-5)
        self.cut(Part([], 11, None), ["place", "page"], anchor=9, anchor_offset=2)

    def test_an_anchor_that_is_not_there(self) -> None:
        problem = self.assertRaises(MethodError, Window(anchor=-1, limit=1).cut, Listed([1, 2]))
        self.assertEqual(problem.type, "anchorNotFound")

    def test_nothing_wanted_but_the_total(self) -> None:
        self.cut(Part([], 2, 10), ["count"], position=2, limit=0, calculate_total=True)

    def test_the_lower_limit_is_in_force(self) -> None:
        for wanted, limit, lowered in ((None, 5, True), (6, 5, True), (5, 5, False), (0, 0, False)):
            window = Window.of(QueryArguments(limit=wanted), None, 5)
            self.assertEqual((window.limit, window.lowered), (limit, lowered))
