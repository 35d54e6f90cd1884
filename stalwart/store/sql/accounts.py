"""Accounts as the anchor of user data. Names, passwords and the like are settings objects in the registry."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define

from stalwart.codec.ids import lettered
from stalwart.errors import Conflict, NotFound
from stalwart.store.object_types import MAILBOX
from stalwart.store.rows import AccountName, AccountRow
from stalwart.store.sql.lists import select_in
from stalwart.store.sql.session import Session
from stalwart.store.sql.shares import forget_account

_COLUMNS = "id, login, kind, seq, last_id, used_octets"
_OWNED = (
    "type_state",
    "obj",
    "container",
    "member",
    "email",
    "keyword",
    "thread_ref",
    "thread_count",
    "delivered",
    "seen",
    "pref",
    "collection",
    "binding",
    "content",
    "span",
    "indexed_value",
    "dav_lock",
    "archived",
    "archived_item",
    "blob_link",
    "push_sub",
    "sign_in",
    "factor",
)

_LARGE = {
    "obj": "account_id, id",
    "email": "account_id, id",
    "member": "account_id, container_id, uid",
    "keyword": "account_id, keyword, email_id",
    "thread_ref": "account_id, ref_hash, subject_hash, thread_id",
    "thread_count": "account_id, thread_id, container_id",
    "delivered": "account_id, digest",
    "seen": "account_id, kind, digest",
    "pref": "account_id, obj_id, user_id",
    "binding": "account_id, collection_id, segment",
    "content": "account_id, id",
    "span": "account_id, id",
    "indexed_value": "account_id, property, id, number",
    "archived_item": "account_id, archived_id, path",
}


@define
class _Counters:
    """Of an account, with what this transaction has added."""

    last_id: int
    seq: int
    used_octets: int


class SqlAccounts:
    """``store.Accounts`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, id: int, login: str, kind: str) -> AccountRow:
        added = self._session.changed(
            "INSERT INTO account(id, login, kind) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, login, kind
        )
        if not added:
            self._refuse_taken(login, id)
            raise Conflict("There is an account with this id already.", "id", ("Account", id))
        return AccountRow(id, login, kind, 0, 0, 0)

    def get(self, id: int) -> AccountRow | None:
        ask = f"SELECT {_COLUMNS} FROM account WHERE id = ?"
        found = self._session.recalled("account account#", ("whole", id), lambda: self._session.one(ask, id))
        return AccountRow(*found) if found else None

    def name(self, id: int) -> AccountName | None:
        ask = "SELECT id, login, kind FROM account WHERE id = ?"
        found = self._session.recalled("account", ("name", id), lambda: self._session.one(ask, id))
        return AccountName(*found) if found else None

    def many(self, ids: Iterable[int]) -> dict[int, AccountRow]:
        ids = list(ids)
        found = select_in(self._session, f"SELECT {_COLUMNS} FROM account WHERE id IN", ids=ids)
        rows = {columns[0]: AccountRow(*columns) for columns in found}
        return {id: rows[id] for id in ids if id in rows}

    def by_login(self, login: str) -> AccountRow | None:
        found = self._session.one(f"SELECT {_COLUMNS} FROM account WHERE login = ?", login)
        return AccountRow(*found) if found else None

    def rename(self, id: int, login: str) -> None:
        self._refuse_taken(login, id)
        if not self._session.changed("UPDATE account SET login = ? WHERE id = ?", login, id):
            raise NotFound

    def delete(self, id: int, now: int) -> None:
        if not self._session.changed("DELETE FROM account WHERE id = ?", id):
            raise NotFound
        self._session.later(
            "UPDATE blob SET unref_at = ? WHERE hash IN (SELECT hash FROM blob_link WHERE account_id = ?)"
            " AND NOT EXISTS (SELECT 1 FROM blob_link WHERE hash = blob.hash AND account_id <> ?)",
            now,
            id,
            id,
        )
        forget_account(self._session, id)
        for table in _OWNED:
            self._session.later(f"DELETE FROM {table} WHERE account_id = ?", id)
        self._session.doubt(id, MAILBOX)
        self._session.later("DELETE FROM pref WHERE user_id = ?", id)

    def erase(self, id: int, now: int, limit: int) -> bool:
        if self.get(id) is None:
            raise NotFound
        freed = self._session.all(
            "DELETE FROM blob_link WHERE (hash, account_id, owner_id) IN (SELECT hash, account_id, owner_id"
            " FROM blob_link WHERE account_id = ? LIMIT ?) RETURNING hash",
            *(id, limit),
        )
        for (hash,) in set(freed):
            self._session.later(
                "UPDATE blob SET unref_at = ? WHERE hash = ?"
                " AND NOT EXISTS (SELECT 1 FROM blob_link WHERE blob_link.hash = blob.hash)",
                *(now, hash),
            )
        removed = [len(freed)]
        for table, key in _LARGE.items():
            some = f"SELECT {key} FROM {table} WHERE account_id = ? LIMIT ?"
            removed.append(self._session.changed(f"DELETE FROM {table} WHERE ({key}) IN ({some})", id, limit))
        if max(removed) >= limit:
            return False
        self.delete(id, now)
        return True

    def ids(self, after: int, limit: int) -> list[int]:
        found = self._session.all("SELECT id FROM account WHERE id > ? ORDER BY id LIMIT ?", after, limit)
        return [id for (id,) in found]

    def recount(self, id: int) -> int:
        found = self._session.one(
            "UPDATE account SET used_octets ="
            " (SELECT COALESCE(SUM(size), 0) FROM obj WHERE account_id = ? AND dead = 0)"
            " WHERE id = ? RETURNING used_octets",
            *(id, id),
        )
        if not found:
            raise NotFound
        return int(found[0])

    def new_ids(self, id: int, count: int = 1) -> range:
        counters = self._counters(id)
        first = lettered(counters.last_id + 1, count)
        counters.last_id = first + count - 1
        self._count(id, counters)
        return range(first, first + count)

    def take(self, id: int, count: int = 1, octets: int = 0) -> int:
        """The first of the next ``count`` change numbers; what the account uses grows by ``octets``."""
        counters = self._counters(id)
        first = counters.seq + 1
        counters.seq += count
        counters.used_octets += octets
        self._count(id, counters)
        if count:
            self._session.took(id, first)
        return first

    def last(self, id: int) -> int:
        """The change number that was given away last. Raises NotFound."""
        return self._counters(id).seq

    def use(self, id: int, octets: int) -> None:
        """The account uses so many octets more."""
        counters = self._counters(id)
        counters.used_octets += octets
        self._count(id, counters)

    def _counters(self, id: int) -> _Counters:
        """What they are now, in a transaction in which nobody else writes."""

        def ask() -> _Counters:
            found = self._session.one("SELECT last_id, seq, used_octets FROM account WHERE id = ?", id)
            if not found:
                raise NotFound
            return _Counters(*found)

        return self._session.recalled("account", ("counters", id), ask)

    def _count(self, id: int, counters: _Counters) -> None:
        self._session.settle(
            "UPDATE account SET last_id = ?, seq = ?, used_octets = ? WHERE id = ?",
            *(counters.last_id, counters.seq, counters.used_octets, id),
            of=id,
        )

    def _refuse_taken(self, login: str, id: int) -> None:
        holder = self.by_login(login)
        if holder is not None and holder.id != id:
            raise Conflict("The login is taken.", "login", ("Account", holder.id))
