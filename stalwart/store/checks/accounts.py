"""Accounts, their logs of changes, and what others may do in them."""

from __future__ import annotations

from typing import Final

from stalwart.store.checks.check import BEHIND, CATCH_UP, Check

_RECOVERY: Final = 4_294_967_295
"""The account of nobody: who repairs the server may be signed in (``directory.access``)."""
_CONTENT = (
    *("obj", "container", "member", "email", "collection", "binding", "content", "archived", "archived_item"),
    "blob_link",
)
_DERIVED = ("type_state", "keyword", "thread_ref", "thread_count", "delivered", "span", "indexed_value")
_PASSING = ("dav_lock", "push_sub", "sign_in", "factor", "pref", "seen")

_ORPHANED = (
    f"account_id > 0 AND account_id <> {_RECOVERY} AND NOT EXISTS (SELECT 1 FROM account AS a WHERE a.id = account_id)"
)
_USED = "(SELECT COALESCE(SUM(o.size), 0) FROM obj AS o WHERE o.account_id = account.id AND o.dead = 0)"
_TOP = "(SELECT account_id, type, MAX(seq) AS seq FROM obj GROUP BY account_id, type)"
_NO_OBJECT = (
    "NOT EXISTS (SELECT 1 FROM obj AS o WHERE o.account_id = {0}.account_id AND o.id = {0}.obj_id AND o.dead = 0)"
)
_NOBODY = "NOT EXISTS (SELECT 1 FROM account AS a WHERE a.id = {})"


def _orphans(table: str, is_kept: bool) -> Check:
    return Check(
        f"accounts that are not there and have rows of {table}",
        f"FROM (SELECT DISTINCT account_id FROM {table}) AS d WHERE {_ORPHANED}",
        () if is_kept else (f"DELETE FROM {table} WHERE {_ORPHANED}",),
        key="account_id",
        advice="nobody can sign in to them: their settings objects are in the last backup",
    )


ACCOUNTS = (
    *(_orphans(table, True) for table in _CONTENT),
    *(_orphans(table, False) for table in (*_DERIVED, *_PASSING)),
    Check("accounts that would give numbers away twice", BEHIND, (CATCH_UP,), key="account.id"),
    Check(
        "objects that have changed before they were made, or after they have changed last",
        "FROM obj WHERE prop_seq > seq OR created_seq > seq",
        (
            "UPDATE obj SET prop_seq = CASE WHEN prop_seq > seq THEN seq ELSE prop_seq END,"
            " created_seq = CASE WHEN created_seq > seq THEN seq ELSE created_seq END"
            " WHERE prop_seq > seq OR created_seq > seq",
        ),
        tells=True,
    ),
)
"""First of all: numbers are needed to put other things right."""

STATES = (
    Check("accounts that have given numbers away twice", BEHIND, (CATCH_UP,), key="account.id"),
    Check(
        "accounts whose used octets are another sum",
        f"FROM account WHERE used_octets <> {_USED}",
        (f"UPDATE account SET used_octets = {_USED} WHERE used_octets <> {_USED}",),
        key="id",
    ),
    Check(
        "states that are older than what has changed",
        f"FROM {_TOP} AS top JOIN account AS a ON a.id = top.account_id LEFT JOIN type_state AS s"
        " ON s.account_id = top.account_id AND s.type = top.type WHERE s.seq IS NULL OR s.seq < top.seq",
        (
            "INSERT INTO type_state(account_id, type, seq) SELECT top.account_id, top.type, top.seq"
            f" FROM {_TOP} AS top JOIN account AS a ON a.id = top.account_id WHERE top.seq > 0"
            " ON CONFLICT (account_id, type) DO UPDATE SET seq = excluded.seq WHERE type_state.seq < excluded.seq",
        ),
        key="top.account_id, top.type",
    ),
    Check(
        "states that forget what is to come",
        "FROM type_state WHERE low_seq > seq",
        ("UPDATE type_state SET low_seq = seq WHERE low_seq > seq",),
        key="account_id, type",
    ),
)
"""After everything that changes objects."""

SHARES = tuple(
    Check(f"{what} of {whom}", f"FROM {table} WHERE {wrong}", (f"DELETE FROM {table} WHERE {wrong}",), key=key)
    for what, table, key, column in (
        ("rights", "acl", "account_id, obj_id, grantee", "grantee"),
        ("preferences", "pref", "account_id, obj_id, user_id", "user_id"),
    )
    for whom, wrong in (
        ("objects that are gone", f"obj_id > 0 AND {_NO_OBJECT.format(table)}"),
        ("accounts that are not there", f"{column} <> {_RECOVERY} AND {_NOBODY.format(f'{table}.{column}')}"),
    )
)
