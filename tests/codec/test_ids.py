"""Ids of settings A.3: the alphabet, the range, what is refused."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import SINGLETON, decode_id, encode_id, lettered, snowflake

numbers = st.integers(min_value=0, max_value=2**64 - 1)


class IdTests(SynchronousTestCase):
    @given(numbers)
    def test_every_number_comes_back(self, number: int) -> None:
        self.assertEqual(decode_id(encode_id(number)), number)

    def test_zero_is_a(self) -> None:
        self.assertEqual(encode_id(0), "a")

    def test_first_sequential_id_is_b(self) -> None:
        self.assertEqual(encode_id(1), "b")

    def test_restored_account_77_is_cn(self) -> None:
        self.assertEqual(encode_id(77), "cn")

    def test_recovery_administrator_is_d333333(self) -> None:
        self.assertEqual(encode_id(4294967295), "d333333")

    def test_singleton_is_a_number(self) -> None:
        self.assertEqual(SINGLETON, 20080258862541)

    def test_digits_are_an_id(self) -> None:
        self.assertEqual(decode_id("7"), 26)

    @given(st.integers(0, 40_000), st.integers(1, 200))
    def test_ids_are_found_that_begin_with_letters(self, number: int, count: int) -> None:
        def good(first: int) -> bool:
            return all(encode_id(each)[0].isalpha() for each in range(first, first + count))

        found = lettered(number, count)
        self.assertTrue(found >= number and good(found))
        self.assertFalse(any(good(each) for each in range(max(number, found - 40), found)))

    def test_more_than_64_bits_are_not_written(self) -> None:
        self.assertRaises(ValueError, encode_id, 2**64)

    def test_negative_number_is_not_written(self) -> None:
        self.assertRaises(ValueError, encode_id, -1)


class SnowflakeTests(SynchronousTestCase):
    @given(st.integers(1_600_000_000_000, 3_000_000_000_000), st.integers(0, 2**40), st.integers(0, 2**40))
    def test_later_sorts_after_earlier(self, now: int, one: int, two: int) -> None:
        self.assertLess(snowflake(now, one), snowflake(now + 1, two))

    def test_same_millisecond_differs_by_sequence(self) -> None:
        self.assertNotEqual(snowflake(1_700_000_000_000, 1), snowflake(1_700_000_000_000, 2))

    def test_fits_a_signed_column(self) -> None:
        self.assertLess(snowflake(10**15, 2**30), 2**63)


def _refused(text: str):  # type: ignore[no-untyped-def]
    def test(self: SynchronousTestCase) -> None:
        self.assertRaises(ValueError, decode_id, text)

    return test


for _name, _text in {
    "empty": "",
    "upper_case": "B",
    "foreign_letter": "!",
    "foreign_digit": "8",
    "leading_zero": "ab",
    "too_long": "b" * 14,
    "more_than_64_bits": "3" * 13,
    "white_space": " b",
}.items():
    setattr(IdTests, f"test_{_name}_is_no_id", _refused(_text))
