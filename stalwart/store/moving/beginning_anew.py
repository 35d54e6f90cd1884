"""What a store has to forget when it is not what its clients knew: states, and numbers that may have been given away.

Who restores a backup goes back in time. Ids that were given away after it was made would be given to other things, and
a client that has kept something under such an id would show it, or destroy another thing in its place; so would states
of then tell of other changes. So all numbers go on far above those that can have been given meanwhile, and nobody is
told what has changed since a state of before (RFC 8620 5.2: cannotCalculateChanges; RFC 6578 3.8).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stalwart.store import object_types
from stalwart.store.moving.tables import tables_of
from stalwart.store.sql.session import Session

OF_ACCOUNTS: Final = 1 << 24
"""How many changes and things of an account are passed over."""
OF_SETTINGS: Final = 1 << 16
"""How many settings objects of a type; ids of accounts have 32 bits."""
_TYPES: Final = sorted(number for number in vars(object_types).values() if type(number) is int)


_COLLECTIONS: Final = "collection"
_ANEW: Final = f"UPDATE {_COLLECTIONS} SET seq = a.seq FROM account AS a WHERE a.id = {_COLLECTIONS}.account_id"
"""Collections have states of their own (RFC 6578 3.2)."""


def pass_over(session: Session, schema: int) -> None:
    """Have all accounts and settings begin with numbers that were never given away, and forget all states."""
    session.run("UPDATE account SET seq = seq + ?, last_id = last_id + ?", OF_ACCOUNTS, OF_ACCOUNTS)
    session.run("UPDATE registry_sequence SET last = last + ?", OF_SETTINGS)
    for type in _TYPES:  # of which there was nothing, too: it may have come and gone again
        session.run(
            "INSERT INTO type_state(account_id, type, seq, low_seq)"
            " SELECT id, CAST(? AS SMALLINT), seq, seq FROM account WHERE seq > 0"
            " ON CONFLICT (account_id, type) DO UPDATE SET seq = excluded.seq, low_seq = excluded.low_seq",
            type,
        )
    if any(table.name == _COLLECTIONS for table in tables_of(schema)):
        session.run(_ANEW)


def forget_states(session: Session, accounts: Iterable[int]) -> None:
    """Nobody knows what has changed in these accounts: who has a state of them has to forget it."""
    for id in sorted(accounts):
        session.later("UPDATE account SET seq = seq + 1 WHERE id = ?", id)
        session.later(
            "UPDATE type_state SET seq = a.seq, low_seq = a.seq FROM account AS a"
            " WHERE a.id = type_state.account_id AND type_state.account_id = ?",
            id,
        )
        session.later(f"{_ANEW} AND a.id = ?", id)
