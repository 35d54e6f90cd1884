"""Members in portions that memory can hold."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.dav.contents import PAGE_OCTETS, CutShort, pairs, portions
from stalwart.store.collection_rows import Content, Member


def member(id: int, size: int = 1) -> Member:
    """An item of some size."""
    return Member(1, str(id), id, 1, False, 1, 1, False, 1, size, 0, 0)


class PortionTests(SynchronousTestCase):
    def test_so_many_at_a_time(self) -> None:
        found = [[each.item_id for each in portion] for portion in portions(map(member, range(5)), 2)]
        self.assertEqual(found, [[0, 1], [2, 3], [4]])

    def test_so_many_octets_at_a_time(self) -> None:
        sizes = (PAGE_OCTETS, PAGE_OCTETS // 2, PAGE_OCTETS // 2, 2 * PAGE_OCTETS, 1)
        members = [member(id, size) for id, size in enumerate(sizes)]
        found = [[each.item_id for each in portion] for portion in portions(members, 100)]
        self.assertEqual(found, [[0], [1, 2], [3], [4]])

    def test_nothing_makes_no_portion(self) -> None:
        self.assertEqual(list(portions((), 3)), [])

    def test_contents_are_pairs(self) -> None:
        one = member(1)
        self.assertEqual(list(pairs([Content(one, b"x")])), [(one, b"x")])

    def test_what_was_written_is_not_lost(self) -> None:
        self.assertEqual(CutShort([b"a", b"b"]).written, [b"a", b"b"])
