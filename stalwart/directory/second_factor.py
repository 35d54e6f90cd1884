"""One-time codes used up: a code is good once, and so is every earlier one (RFC 6238 5.2).

The last time step that was accepted is kept as a token of the store until it could no longer match anyway, so
a code stays used across restarts and for all processes.
"""

from __future__ import annotations

from hashlib import sha256

from stalwart.directory.totp import Totp
from stalwart.store.store import Transaction

_KIND = "totp"
MOST_WRONG, HELD_BACK = 10, 900
"""Wrong codes of an account, whoever sends them, after which none is looked at for a while (seconds)."""


def use_code(tx: Transaction, account_id: int, totp: Totp, code: str, now: int) -> bool:
    """Whether ``code`` fits at ``now`` and is newer than every code used before; if so it is used from here on."""
    if is_held_back(tx, account_id, now):
        return False
    step = totp.matching_step(code, now)
    if step is None:
        count_wrong(tx, account_id, now)
        return False
    # A new secret starts afresh: its present step was not used, only its predecessor's.
    mark = f"{account_id}:{sha256(totp.secret).hexdigest()[:16]}"
    last = tx.tokens.get(mark, _KIND, now)
    if last is not None and last["step"] >= step:
        return False
    tx.tokens.put(mark, _KIND, {"step": step}, expires_at=(step + 3) * totp.period)
    return True


def is_held_back(tx: Transaction, account_id: int, now: int) -> bool:
    """Whether too many wrong codes came for the account: with the password known, a million codes are not many."""
    return tx.counters.value(f"codes:{account_id}", now) >= MOST_WRONG


def count_wrong(tx: Transaction, account_id: int, now: int) -> None:
    """A code was wrong."""
    tx.counters.increment(f"codes:{account_id}", now + HELD_BACK, now=now)
