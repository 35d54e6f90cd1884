"""Addresses that prove themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.masked_addresses import LONGEST_LIFETIME, Code, code, read_code, read_local_part


class CodeTests(SynchronousTestCase):
    def test_code_is_the_number_in_base_36(self) -> None:
        # id 1: check is 1 xor 0 xor 0, so the number is 2**64 + 1
        self.assertEqual(int(code(1), 36), (1 << 64) + 1)

    def test_check_takes_in_both_halves_of_the_id_and_the_lifetime(self) -> None:
        number = int(code(0x0000_0003_0000_0005, 9), 36)
        self.assertEqual(number & 0xFFFFFFFF, 5 ^ 3 ^ 9)
        self.assertEqual(number >> 32 & 0xFFFFFFFF, 9)

    @given(st.integers(0, (1 << 64) - 1), st.integers(0, LONGEST_LIFETIME))
    def test_code_is_read_back(self, id: int, lifetime: int) -> None:
        self.assertEqual(read_code(code(id, lifetime)), Code(id, lifetime))

    @given(st.text())
    def test_other_text_is_no_code_or_makes_itself_again(self, text: str) -> None:
        found = read_code(text)
        if found is not None:
            self.assertEqual(code(found.id, found.lifetime), text.lstrip("0") or "0")

    def test_changed_digit_is_noticed(self) -> None:
        text = code(123_456_789_012_345_678, 3600)
        self.assertIsNone(read_code(text[:-1] + ("0" if text[-1] != "0" else "1")))

    def test_out_of_bounds(self) -> None:
        self.assertRaises(ValueError, code, 1 << 64)
        self.assertRaises(ValueError, code, 1, LONGEST_LIFETIME + 1)
        self.assertIsNone(read_code("z" * 25))

    def test_local_part_needs_a_prefix(self) -> None:
        self.assertEqual(read_local_part(f"shop.{code(7)}"), Code(7, 0))
        self.assertIsNone(read_local_part(f".{code(7)}"))
        self.assertIsNone(read_local_part(code(7)))
