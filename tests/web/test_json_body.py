"""JSON request bodies: I-JSON or nothing."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.web.json_body import MAX_DEPTH, MOST_VALUES, decode_json, has_many_values, is_json

REFUSED = {
    "nothing": b"",
    "half_an_object": b"{",
    "duplicate_members": b'{"a":1,"a":2}',
    "duplicate_members_deep_inside": b'[{"x":{"a":1,"\\u0061":2}}]',
    "not_a_number": b"[NaN]",
    "infinity": b"[-Infinity]",
    "a_number_out_of_range": b"[1e400]",
    "a_lone_surrogate": b'["\\ud800"]',
    "broken_utf_8": b'["\xff"]',
    "a_byte_order_mark": b"\xef\xbb\xbf{}",
    "trailing_text": b"{} x",
    "an_array_as_deep_as_the_sea": b"[" * 100000 + b"]" * 100000,
    "objects_deeper_than_the_limit": b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    "an_endless_integer": b"[" + b"9" * 5000 + b"]",
}


class RefusedTests(SynchronousTestCase):
    """What is not I-JSON."""


def _expand() -> None:
    for name, body in REFUSED.items():

        def test(self: SynchronousTestCase, body: bytes = body) -> None:
            self.assertRaises(Invalid, decode_json, body)

        setattr(RefusedTests, f"test_{name}_is_refused", test)


_expand()

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab:"', max_size=3), inner, max_size=4),
    max_leaves=12,
)


class ManyTests(SynchronousTestCase):
    """Values are counted before they are read."""

    def test_values_and_not_what_texts_look_like(self) -> None:
        for many in (b"[" + b"[]," * MOST_VALUES + b"1]", b"[" + b"0," * MOST_VALUES + b"0]", b"[" * (MOST_VALUES + 1)):
            self.assertTrue(has_many_values(many))
        text = json.dumps([",[{" * MOST_VALUES, '"' * MOST_VALUES, "\\" * MOST_VALUES]).encode()
        self.assertFalse(has_many_values(text))
        self.assertFalse(has_many_values(b"[" + b"0," * (MOST_VALUES - 2) + b"0]"))

    def test_what_is_no_json_is_counted_fast(self) -> None:
        for octets in (b'\\"' * 3_000_000, b'"' * 3_000_001, b'["\\', b'"' + b",\\" * 3_000_000):
            self.assertFalse(has_many_values(octets))
        self.assertTrue(has_many_values(b'"a",' * (MOST_VALUES + 2)))


class ReadTests(SynchronousTestCase):
    """What is."""

    @given(_VALUES)
    def test_any_json_is_read_as_it_was_written(self, value: object) -> None:
        self.assertEqual(decode_json(json.dumps(value).encode()), value)

    def test_the_same_member_in_different_objects_is_no_duplicate(self) -> None:
        self.assertEqual(decode_json(b'[{"a":1},{"a":{"a":2}}]'), [{"a": 1}, {"a": {"a": 2}}])

    def test_nesting_up_to_the_limit_is_read(self) -> None:
        decode_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)

    def test_the_media_type_alone_decides(self) -> None:
        self.assertTrue(is_json("Application/JSON ; charset=utf-8"))
        for other in (None, "", "text/json", "application/jsonx"):
            self.assertFalse(is_json(other))
