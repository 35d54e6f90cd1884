"""Range, Content-Range and If-Range."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.byte_ranges import (
    ByteRange,
    UnsatisfiableError,
    range_still_holds,
    requested_range,
    unsatisfied_range,
)

TAG = '"abc"'


class RequestedRangeTests(SynchronousTestCase):
    """RFC 9110 14.1.2, of ten bytes."""

    def check(self, field: str | None, start: int, length: int) -> None:
        self.assertEqual(requested_range(field, 10), ByteRange(start, length))

    def test_first_and_last(self) -> None:
        self.check("bytes=2-4", 2, 3)

    def test_one_byte(self) -> None:
        self.check("bytes=0-0", 0, 1)

    def test_open_end(self) -> None:
        self.check("bytes=7-", 7, 3)

    def test_a_last_byte_behind_the_end_is_the_end(self) -> None:
        self.check("bytes=7-99", 7, 3)

    def test_suffix(self) -> None:
        self.check("bytes=-4", 6, 4)

    def test_a_suffix_longer_than_the_content_is_all_of_it(self) -> None:
        self.check("bytes=-99", 0, 10)

    def test_the_unit_is_read_in_any_case(self) -> None:
        self.check("Bytes= 1-1 ", 1, 1)

    def test_whatever_is_not_one_sound_range_counts_as_none(self) -> None:
        fields = (None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "items=0-1", "bytes=0-1,3-4")
        found = [requested_range(field, 10) for field in (*fields, "bytes=0-" + "9" * 200, "bytes=\u0661-2")]
        self.assertEqual(found, [None] * len(found))

    def test_a_first_byte_behind_the_end_cannot_be_satisfied(self) -> None:
        self.assertRaises(UnsatisfiableError, requested_range, "bytes=10-", 10)
        self.assertRaises(UnsatisfiableError, requested_range, "bytes=10-12", 10)

    def test_the_last_no_bytes_cannot_be_satisfied(self) -> None:
        self.assertRaises(UnsatisfiableError, requested_range, "bytes=-0", 10)

    def test_empty_content_has_no_first_byte_and_a_suffix_of_it_is_all(self) -> None:
        self.assertRaises(UnsatisfiableError, requested_range, "bytes=0-", 0)
        self.assertIsNone(requested_range("bytes=-5", 0))

    def test_content_range(self) -> None:
        self.assertEqual(ByteRange(2, 3).content_range(10), "bytes 2-4/10")
        self.assertEqual(unsatisfied_range(10), "bytes */10")

    @given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
    def test_what_is_found_is_what_was_asked_and_lies_within(self, first: int, last: int, complete: int) -> None:
        content = bytes(range(complete))
        try:
            found = requested_range(f"bytes={first}-{last}", complete)
        except UnsatisfiableError:
            self.assertGreaterEqual(first, complete)
            return
        part = content if found is None else content[found.start : found.start + found.length]
        self.assertEqual(part, content if last < first else content[first : last + 1])


class IfRangeTests(SynchronousTestCase):
    """RFC 9110 13.1.5."""

    def test_without_the_field_the_range_counts(self) -> None:
        self.assertTrue(range_still_holds(None, TAG))

    def test_the_same_strong_tag_holds(self) -> None:
        self.assertTrue(range_still_holds(f" {TAG} ", TAG))

    def test_another_tag_a_weak_one_and_a_date_do_not(self) -> None:
        fields = ('"b"', f"W/{TAG}", "Sat, 21 Nov 2026 01:02:03 GMT", "")
        self.assertEqual([range_still_holds(field, TAG) for field in fields], [False] * 4)
        self.assertFalse(range_still_holds(f"W/{TAG}", f"W/{TAG}"))
