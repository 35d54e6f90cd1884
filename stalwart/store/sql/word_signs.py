"""What the words of an account begin with in a full-text index, so that nobody's search touches the words of others."""

from __future__ import annotations

import functools
from collections.abc import Iterable

LARGEST_ACCOUNT = 1 << 31
"""No account has a number as large."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@functools.lru_cache(maxsize=1024)
def sign_of(account_id: int) -> str:
    """How many digits, and the digits: none begins another one."""
    digits, left = "", account_id
    while left:
        left, digit = divmod(left, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return _DIGITS[len(digits)] + digits


def signed(account_id: int, columns: Iterable[str]) -> list[str]:
    """Each column with the sign of the account before its words."""
    sign = sign_of(account_id)
    return [sign + words.replace(" ", f" {sign}") if words else "" for words in columns]
