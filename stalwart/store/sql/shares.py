"""Who else may use objects of accounts (RFC 3744, RFC 9670).

A right that was taken away leaves a row of no rights, so that who had it learns that what he knew is outdated; the row
goes with the object. Somebody to whom an account shows more or less than before is told by a state of his own account,
``SHARES``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from stalwart.store.collection_rows import Grant, SharedType
from stalwart.store.object_types import SHARES
from stalwart.store.sql.lists import bounded, select_in
from stalwart.store.sql.session import Session

_SEQ = "(SELECT seq FROM account WHERE id = ?)"
_WITH_OBJECTS = "acl AS a JOIN obj AS o ON o.account_id = a.account_id AND o.id = a.obj_id"


class SqlShares:
    """``store.collections.Shares`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_object(self, account_id: int, object_id: int) -> dict[int, int]:
        return dict(
            self._session.all(
                "SELECT grantee, rights FROM acl WHERE account_id = ? AND obj_id = ? AND rights <> 0 ORDER BY grantee",
                *(account_id, bounded(object_id)),
            )
        )

    def of_objects(self, account_id: int, object_ids: Iterable[int]) -> dict[int, dict[int, int]]:
        rows = select_in(
            self._session,
            "SELECT obj_id, grantee, rights FROM acl WHERE account_id = ? AND rights <> 0 AND obj_id IN",
            account_id,
            ids=object_ids,
        )
        found: dict[int, dict[int, int]] = {}
        for object_id, grantee, rights in sorted(rows):
            found.setdefault(object_id, {})[grantee] = rights
        return found

    def replace(self, account_id: int, object_id: int, grants: Mapping[int, int]) -> None:
        before = self.of_object(account_id, object_id)
        for grantee in sorted(before.keys() | grants.keys()):
            former, rights = before.get(grantee, 0), grants.get(grantee, 0)
            if former == rights:
                continue
            self._session.later(
                f"INSERT INTO acl(account_id, obj_id, grantee, rights, since_seq) VALUES (?, ?, ?, ?, {_SEQ})"
                " ON CONFLICT (account_id, obj_id, grantee)"
                " DO UPDATE SET rights = excluded.rights, since_seq = excluded.since_seq",
                *(account_id, object_id, grantee, rights, account_id),
            )
            if not all(self._is_elsewhere(account_id, object_id, grantee, each) for each in (former, rights)):
                _tell(self._session, grantee)

    def granted(self, grantees: Iterable[int], account_id: int | None = None) -> list[Grant]:
        only, values = ("", ()) if account_id is None else (" AND a.account_id = ?", (account_id,))
        found: list[Grant] = []
        for grantee in dict.fromkeys(grantees):
            rows = self._session.all(
                f"SELECT a.account_id, a.obj_id, o.type, a.grantee, a.rights FROM {_WITH_OBJECTS}"
                f" WHERE a.grantee = ? AND a.rights <> 0{only} ORDER BY a.account_id, a.obj_id",
                *(bounded(grantee), *values),
            )
            found += (Grant(*columns) for columns in rows)
        return found

    def accounts(self, grantees: Iterable[int]) -> list[SharedType]:
        found: dict[SharedType, None] = {}
        for grantee in dict.fromkeys(grantees):
            rows = self._session.all(
                f"SELECT DISTINCT a.account_id, o.type, a.rights FROM {_WITH_OBJECTS}"
                " WHERE a.grantee = ? AND a.rights <> 0 AND o.dead = 0 ORDER BY a.account_id, o.type, a.rights",
                bounded(grantee),
            )
            found.update((SharedType(*columns), None) for columns in rows)
        return list(found)

    def grantees(self, account_id: int) -> set[int]:
        found = self._session.all("SELECT DISTINCT grantee FROM acl WHERE account_id = ? AND rights <> 0", account_id)
        return {grantee for (grantee,) in found}

    def last_change(self, account_id: int, grantees: Iterable[int]) -> int:
        last = 0
        for grantee in dict.fromkeys(grantees):
            found = self._session.one(
                "SELECT MAX(since_seq) FROM acl WHERE grantee = ? AND account_id = ?", bounded(grantee), account_id
            )
            last = max(last, found[0] or 0)
        return last

    def changed_since(self, account_id: int, grantees: Iterable[int], type: int, since: int) -> bool:
        return any(
            self._session.one(
                f"SELECT 1 FROM {_WITH_OBJECTS}"
                " WHERE a.grantee = ? AND a.account_id = ? AND a.since_seq > ? AND o.type = ? AND o.created_seq <= ?"
                " LIMIT 1",
                *(bounded(grantee), account_id, bounded(since), type, bounded(since)),
            )
            for grantee in dict.fromkeys(grantees)
        )

    def _is_elsewhere(self, account_id: int, object_id: int, grantee: int, rights: int) -> bool:
        """Whether somebody has the same rights on another object of the same type, or there are none to have."""
        return not rights or bool(
            self._session.one(
                f"SELECT 1 FROM {_WITH_OBJECTS}"
                " WHERE a.grantee = ? AND a.account_id = ? AND a.rights = ? AND a.obj_id <> ?"
                " AND o.type = (SELECT type FROM obj WHERE account_id = ? AND id = ?) LIMIT 1",
                *(grantee, account_id, rights, object_id, account_id, object_id),
            )
        )


def forget_shares(session: Session, account_id: int, ids: Sequence[int]) -> None:
    """Nobody has rights any more on objects of an account that are gone."""
    _forget(session, account_id, f" AND obj_id IN ({session.dialect.numbers})", msgspec.json.encode(ids).decode())


def forget_account(session: Session, account_id: int) -> None:
    """Nobody has rights any more on anything in an account, nor the account on anything elsewhere."""
    _forget(session, account_id, "")
    session.later("DELETE FROM acl WHERE grantee = ?", account_id)


def _forget(session: Session, account_id: int, only: str, *values: str) -> None:
    grantees = session.all(
        f"SELECT DISTINCT grantee FROM acl WHERE account_id = ? AND rights <> 0{only}", account_id, *values
    )
    before = {grantee: _shown(session, account_id, grantee) for (grantee,) in grantees}
    session.later(f"DELETE FROM acl WHERE account_id = ?{only}", account_id, *values)
    for grantee, shown in before.items():
        if _shown(session, account_id, grantee) != shown:
            _tell(session, grantee)


def _shown(session: Session, account_id: int, grantee: int) -> list[tuple[int, int]]:
    """What somebody may do with objects of which types of an account."""
    return session.all(
        f"SELECT DISTINCT o.type, a.rights FROM {_WITH_OBJECTS}"
        " WHERE a.grantee = ? AND a.account_id = ? AND a.rights <> 0 ORDER BY o.type, a.rights",
        *(grantee, account_id),
    )


def _tell(session: Session, grantee: int) -> None:
    found = session.one("UPDATE account SET seq = seq + 1 WHERE id = ? RETURNING seq", grantee)
    if found:  # what was granted to nobody tells nobody
        session.took(grantee, found[0])
        session.note(grantee, SHARES, found[0])
        session.later(
            "INSERT INTO type_state(account_id, type, seq) VALUES (?, ?, ?)"
            " ON CONFLICT (account_id, type) DO UPDATE SET seq = excluded.seq",
            *(grantee, SHARES, found[0]),
        )
