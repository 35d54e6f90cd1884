"""Trees in query results against the words of RFC 8621 2.3, taken literally."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cmp_to_key
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.mail.mailbox_tree import as_tree, height, rooted, with_ancestors, with_descendants

Id = TypeVar("Id", int, str)


def ancestors(id: Id, parents: Mapping[Id, Id | None]) -> list[Id]:
    """The mailbox and those above it, from below."""
    found: list[Id] = []
    here: Id | None = id
    while here is not None:
        found.append(here)
        here = parents[here]
    return found


def compared(one: Id, other: Id, parents: Mapping[Id, Id | None], ids: list[Id]) -> int:
    """The comparison that RFC 8621 2.3 describes."""
    above_one, above_other = ancestors(one, parents), ancestors(other, parents)
    if one in above_other:
        return -1 if one != other else 0
    if other in above_one:
        return 1
    for a in above_one:
        for b in above_other:
            if parents[a] == parents[b]:
                return ids.index(a) - ids.index(b)
    raise AssertionError("all are below the top")


@st.composite
def forests(draw: st.DrawFn) -> tuple[list[int], dict[int, int | None]]:
    """Mailboxes in some order, and the parent of each, which is one with a smaller number."""
    count = draw(st.integers(0, 12))
    parents = {id: draw(st.sampled_from([None, *range(id)])) for id in range(count)}
    return draw(st.permutations(list(parents))), parents


class TreeTests(SynchronousTestCase):
    @given(forests())
    def test_the_order_is_that_of_the_comparison(self, forest: tuple[list[int], dict[int, int | None]]) -> None:
        ids, parents = forest
        expected = sorted(ids, key=cmp_to_key(lambda one, other: compared(one, other, parents, ids)))
        self.assertEqual(as_tree(ids, parents), expected)

    @given(forests(), st.sets(st.integers(0, 11)))
    def test_filtered_as_a_tree(self, forest: tuple[list[int], dict[int, int | None]], chosen: set[int]) -> None:
        ids, parents = forest
        matching = chosen.intersection(ids)
        self.assertEqual(rooted(matching, parents), {id for id in ids if matching.issuperset(ancestors(id, parents))})

    @given(forests(), st.sets(st.integers(0, 11)))
    def test_everything_below(self, forest: tuple[list[int], dict[int, int | None]], chosen: set[int]) -> None:
        ids, parents = forest
        begun = chosen.intersection(ids)
        expected = {id for id in ids if begun.intersection(ancestors(id, parents))}
        self.assertEqual(with_descendants(begun, parents), expected)

    @given(forests(), st.sets(st.integers(0, 11)))
    def test_everything_above(self, forest: tuple[list[int], dict[int, int | None]], chosen: set[int]) -> None:
        ids, parents = forest
        begun = chosen.intersection(ids)
        self.assertEqual(with_ancestors(begun, parents), {each for id in begun for each in ancestors(id, parents)})

    @given(forests())
    def test_levels(self, forest: tuple[list[int], dict[int, int | None]]) -> None:
        ids, parents = forest
        for id in ids:
            paths = [ancestors(each, parents) for each in ids]
            self.assertEqual(height(id, parents), max(path.index(id) + 1 for path in paths if id in path))

    def test_a_parent_that_is_not_known(self) -> None:
        parents = {1: 9, 2: 1, 3: None}
        self.assertEqual(as_tree([3, 2, 1], parents), [3, 1, 2])
        self.assertEqual(rooted({1, 2}, parents), {1, 2})
