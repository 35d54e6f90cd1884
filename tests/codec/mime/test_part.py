"""The part table: what is packed is read back, what is no table is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.part import Part, UnreadableTable, leaf, pack, root_of, unpack, walk
from stalwart.codec.mime.scanner import scan
from tests.codec.mime.corpus import HTML, TEXT, attached, multipart

MESSAGE = multipart("mixed", multipart("alternative", TEXT, HTML, boundary="alt"), attached("image/png", "ü.png"))


class TableTests(SynchronousTestCase):
    def test_packed_table_reads_back(self) -> None:
        root = scan(MESSAGE)
        self.assertEqual(unpack(pack(root)), root)

    def test_table_is_small(self) -> None:
        self.assertLess(len(pack(scan(MESSAGE))), 300)

    def test_part_ids_count_all_parts_and_multiparts_have_none(self) -> None:
        # RFC 8621 4.1.4
        self.assertEqual([each.part_id for each in walk(scan(MESSAGE))], [None, None, "2", "3", "4"])

    def test_leaf_is_found_by_its_id(self) -> None:
        found = leaf(scan(MESSAGE), "3")
        self.assertEqual(found.type if found else None, "text/html")

    def test_multipart_and_unknown_ids_are_no_leaves(self) -> None:
        for part_id in ("0", "1", "5", "", "x"):
            self.assertIsNone(leaf(scan(MESSAGE), part_id))

    def test_other_version_is_refused(self) -> None:
        self.assertRaises(UnreadableTable, unpack, b"\x02" + pack(scan(MESSAGE))[1:])

    def test_root_of_what_may_be_no_table(self) -> None:
        root = scan(MESSAGE)
        self.assertEqual(root_of(pack(root)), root)
        self.assertEqual([root_of(each) for each in (None, b"", b"\x02" + pack(root)[1:])], [None] * 3)

    def test_truncated_table_is_refused(self) -> None:
        packed = pack(scan(MESSAGE))
        for length in range(len(packed)):
            self.assertRaises(UnreadableTable, unpack, packed[:length])

    @given(st.binary(max_size=100))
    def test_whatever_is_unpacked_is_a_table_or_refused(self, data: bytes) -> None:
        try:
            self.assertIsInstance(unpack(b"\x01" + data), Part)
        except UnreadableTable:
            return
