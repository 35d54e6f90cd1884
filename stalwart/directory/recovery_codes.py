"""Recovery codes: what stands in for a second factor that is lost (auth-api 13.1).

An account has ten or none. A code is two groups of five letters in Crockford's base 32, which has no two letters that
look alike, so 50 random bits: what the store has is a SHA-256 of account and code. Each is good once.
"""

from __future__ import annotations

import secrets
from hashlib import sha256

from stalwart.store.store import Transaction

KIND = "recovery-code"
NUMBER = 10

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_READ_AS = str.maketrans("oil", "011")
_GROUP = 5


def make_codes() -> tuple[str, ...]:
    """Fresh codes to be shown once: ``7k3pt-2mq9x``."""
    codes: set[str] = set()
    while len(codes) < NUMBER:
        letters = "".join(secrets.choice(_ALPHABET) for _ in range(2 * _GROUP))
        if not letters.isdecimal():  # what has digits only is a one-time code to whoever reads it
            codes.add(f"{letters[:_GROUP]}-{letters[_GROUP:]}")
    return tuple(codes)


def read_code(text: str) -> str | None:
    """The letters of what somebody has typed, None if it has not the form of a recovery code.

    Case, white space and hyphens do not count, and `O`, `I` and `L` are taken for the digits that they look like.
    """
    letters = "".join(text.replace("-", "").split()).lower().translate(_READ_AS)
    if len(letters) != 2 * _GROUP or not all(letter in _ALPHABET for letter in letters):
        return None
    return letters


def replace_codes(tx: Transaction, account_id: int, codes: tuple[str, ...], now: float) -> None:
    """Make ``codes`` the only ones of the account."""
    forget_codes(tx, account_id)
    for code in codes:
        letters = read_code(code)
        assert letters is not None
        tx.factors.insert(account_id, KIND, _key(account_id, letters), {}, now=int(now))


def use_code(tx: Transaction, account_id: int, code: str) -> bool:
    """Whether ``code`` is one of the account's; it is used up then: of several takers exactly one gets True."""
    letters = read_code(code)
    if letters is None:
        return False
    found = tx.factors.find(KIND, _key(account_id, letters))
    return found is not None and tx.factors.delete(account_id, found.id)


def remaining(tx: Transaction, account_id: int) -> int:
    """How many are left."""
    return len(tx.factors.of_account(account_id, KIND))


def forget_codes(tx: Transaction, account_id: int) -> None:
    """Make all of them void."""
    tx.factors.delete_of_account(account_id, KIND)


def _key(account_id: int, letters: str) -> str:
    return f"{account_id}:{sha256(f'{account_id}:{letters}'.encode()).hexdigest()}"
