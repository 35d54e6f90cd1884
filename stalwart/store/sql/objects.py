"""Objects of accounts and the change log: every change has a number of its own, counted per account.

The rows themselves are the log. A number is taken inside the transaction just before writing; as there is one writing
transaction at a time, no reader sees a number before all smaller ones. ``/changes`` reads one index.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from stalwart.errors import NotFound
from stalwart.store.rows import Changes, Object
from stalwart.store.sql.accounts import SqlAccounts
from stalwart.store.sql.found import literal
from stalwart.store.sql.session import Session

_LARGEST = (1 << 63) - 1
_MANY = 2000
_COLUMNS = "account_id, id, type, created_seq, seq, prop_seq, uid, etag, blob, size, created_at, modified_at, data"
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlObjects:
    """``store.Objects`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._accounts = SqlAccounts(session)

    def allocate(self, account_id: int, count: int = 1) -> range:
        first = self._accounts.take(account_id, count)
        return range(first, first + count)

    def insert(
        self,
        account_id: int,
        type: int,
        *,
        now: int,
        id: int | None = None,
        seq: int | None = None,
        uid: str | None = None,
        etag: str | None = None,
        blob: bytes | None = None,
        size: int = 0,
        data: Mapping[str, Any] | None = None,
    ) -> Object:
        if id is None:
            id = self._accounts.new_ids(account_id)[0]
        if seq is None:
            seq = self.allocate(account_id)[0]
        made = Object(
            account_id,
            id,
            type,
            seq,
            seq,
            seq,
            uid,
            etag,
            blob,
            size,
            now,
            now,
            None if data is None else dict(data),
        )
        self._session.recall.forget("obj", ("whole", account_id, id), ("uid", account_id, type, uid))
        self._session.add(
            f"INSERT INTO obj({_COLUMNS})",
            *(account_id, id, type, seq, seq, seq, uid, etag, blob, size, now, now),
            _text(data),
        )
        self.note(account_id, type, seq, size)
        return made

    def update(
        self,
        account_id: int,
        id: int,
        *,
        now: int,
        seq: int | None = None,
        counts_only: bool = False,
        uid: str | UnsetType | None = UNSET,
        etag: str | UnsetType | None = UNSET,
        blob: bytes | UnsetType | None = UNSET,
        size: int | UnsetType = UNSET,
        data: Mapping[str, Any] | UnsetType | None = UNSET,
    ) -> Object:
        old = self._living(account_id, id)
        given = {"uid": uid, "etag": etag, "blob": blob, "size": size, "data": data}
        if seq is None:
            seq = self.allocate(account_id)[0]
        new = msgspec.structs.replace(
            old,
            seq=seq,
            prop_seq=old.prop_seq if counts_only else seq,
            modified_at=now,
            **{name: value for name, value in given.items() if value is not UNSET},
        )
        self._write(new)
        self.note(account_id, new.type, seq, new.size - old.size)
        return new

    def kill(self, account_id: int, id: int, *, now: int, seq: int | None = None) -> None:
        old = self._living(account_id, id)
        if seq is None:
            seq = self.allocate(account_id)[0]
        self._session.later(
            "UPDATE obj SET dead = 1, seq = ?, prop_seq = ?, uid = NULL, etag = NULL, blob = NULL, size = 0,"
            " data = NULL, modified_at = ? WHERE account_id = ? AND id = ?",
            *(seq, seq, now, account_id, id),
        )
        self.note(account_id, old.type, seq, -old.size)

    def kill_many(self, account_id: int, ids: Sequence[int], *, now: int) -> None:
        """As ``kill``, of many live objects in few statements."""
        numbers, given = self._session.dialect.numbers, msgspec.json.encode(list(ids)).decode()
        octets = self._session.all(
            "SELECT type, COUNT(*), SUM(size) FROM obj WHERE account_id = ? AND dead = 0"
            f" AND id IN ({numbers}) GROUP BY type ORDER BY type",
            *(account_id, given),
        )
        for type, count, size in octets:
            begin = self.allocate(account_id, count)[0] - 1
            self._session.later(
                "UPDATE obj SET dead = 1, seq = ? + n.place, prop_seq = ? + n.place, uid = NULL, etag = NULL,"
                " blob = NULL, size = 0, data = NULL, modified_at = ? FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id)"
                f" AS place FROM obj WHERE account_id = ? AND type = ? AND dead = 0 AND id IN ({numbers})) AS n"
                " WHERE obj.account_id = ? AND obj.id = n.id",
                *(begin, begin, now, account_id, type, given, account_id),
            )
            self.note(account_id, type, begin + count, -int(size))

    def touch_many(self, account_id: int, type: int, ids: Sequence[int]) -> None:
        """Live objects of a type have changed, each by a change of its own."""
        if not ids:
            return
        begin = self.allocate(account_id, len(ids))[0] - 1
        for place, id in enumerate(ids, 1):
            self._session.later(
                "UPDATE obj SET seq = ?, prop_seq = ? WHERE account_id = ? AND id = ? AND type = ? AND dead = 0",
                *(begin + place, begin + place, account_id, id, type),
            )
        self.note(account_id, type, begin + len(ids), 0)

    def get(self, account_id: int, id: int) -> Object | None:
        if not 0 <= id <= _LARGEST:
            return None
        ask = f"SELECT {_COLUMNS} FROM obj WHERE account_id = ? AND id = ? AND dead = 0"
        found = self._session.recalled("obj", ("whole", account_id, id), lambda: self._session.one(ask, account_id, id))
        return _object(found) if found else None

    def by_uid(self, account_id: int, type: int, uid: str) -> Object | None:
        found = self._session.one(
            f"SELECT {_COLUMNS} FROM obj WHERE account_id = ? AND type = ? AND uid = ? AND dead = 0"
            " ORDER BY +id LIMIT 1",  # the sign keeps it off the primary key
            *(account_id, type, uid),
        )
        return _object(found) if found else None

    def with_member(self, account_id: int, type: int, name: str, value: str, limit: int) -> list[Object]:
        member = msgspec.json.encode({name: value}).decode()[1:-1]
        found = self._session.all(
            f"SELECT {_COLUMNS} FROM obj WHERE account_id = ? AND type = ? AND dead = 0 AND data LIKE ? ESCAPE '!'"
            " ORDER BY +id LIMIT ?",
            *(account_id, type, f"%{literal(member)}%", limit),
        )
        # LIKE may not tell upper from lower case
        return [_object(columns) for columns in found if member in columns[-1]]

    def list(self, account_id: int, type: int, after: int = -1, limit: int | None = None) -> list[Object]:
        # A type with few objects is found by its index, one with many in the order of the primary key.
        has_many = self._session.one(
            "SELECT 1 FROM obj WHERE account_id = ? AND type = ? LIMIT 1 OFFSET ?", account_id, type, _MANY
        )
        id = "id" if has_many else "+id"
        found = self._session.all(
            f"SELECT {_COLUMNS} FROM obj WHERE account_id = ? AND type = ? AND {id} > ? AND dead = 0"
            f" ORDER BY {id} LIMIT ?",
            *(account_id, type, after, _LARGEST if limit is None else limit),
        )
        return [_object(columns) for columns in found]

    def count(self, account_id: int, type: int) -> int:
        found = self._session.one(
            "SELECT COUNT(*) FROM obj WHERE account_id = ? AND type = ? AND dead = 0", account_id, type
        )
        return int(found[0]) if found else 0

    def state(self, account_id: int, type: int) -> int:
        return self._state(account_id, type)[0]

    def touch(self, account_id: int, type: int) -> None:
        with contextlib.suppress(NotFound):
            self.note(account_id, type, self._accounts.last(account_id), 0)

    def follow(self, account_id: int, type: int, seq: int) -> None:
        """Whoever has a state of ``type`` has another one after the change ``seq`` of something else."""
        asked = (account_id, type)
        following = "UPDATE type_state SET seq = ? WHERE account_id = ? AND type = ? AND seq < ?"
        if self._session.recall.find("type_state", ("there", *asked)):
            self._session.settle(following, seq, *asked, seq, of=asked)
        elif not self._session.changed(following, seq, *asked, seq):
            return
        self._session.recall.put("type_state", ("there", *asked), True)
        self._session.note(account_id, type, seq)

    def states(self, account_id: int) -> dict[int, int]:
        return dict(self._session.all("SELECT type, seq FROM type_state WHERE account_id = ?", account_id))

    def changes(
        self, account_id: int, type: int, since: int, limit: int | None = None, origin: int | None = None
    ) -> Changes | None:
        current, low = self._state(account_id, type)
        start = since if origin is None else origin
        if not low <= since <= current or start > since:
            return None
        # Made and destroyed since then: not worth a word (RFC 8620 5.2).
        rows = self._session.all(
            "SELECT id, created_seq, prop_seq, dead, seq FROM obj"
            " WHERE account_id = ? AND type = ? AND seq > ? AND NOT (dead = 1 AND created_seq > ?)"
            " ORDER BY seq LIMIT ?",
            *(account_id, type, since, since, _LARGEST if limit is None else limit + 1),
        )
        has_more = limit is not None and len(rows) > limit
        return _folded(rows[:limit] if has_more else rows, since, start, current, has_more)

    def purge(self, account_id: int, type: int, before: int) -> int:
        purged = self._session.all(
            "DELETE FROM obj WHERE account_id = ? AND type = ? AND dead = 1 AND modified_at < ? RETURNING seq",
            *(account_id, type, before),
        )
        if purged:
            highest = max(row[0] for row in purged)
            self._session.later(
                "UPDATE type_state SET low_seq = ? WHERE account_id = ? AND type = ? AND low_seq < ?",
                *(highest, account_id, type, highest),
            )
        return len(purged)

    def trim(self, account_id: int, keep: int, limit: int) -> int:
        account = self._accounts.get(account_id)
        low = account.seq - keep if account is not None else 0
        seen = 0
        for type, floor, state in self._session.all(
            "SELECT type, low_seq, seq FROM type_state WHERE account_id = ? AND low_seq < ? AND low_seq < seq",
            *(account_id, low),
        ):
            if seen == limit:
                break
            # Never above the present state: a client that has seen everything goes on from there.
            end = min(low, state)
            found = self._session.all(
                "SELECT seq FROM obj WHERE account_id = ? AND type = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                *(account_id, type, floor, end, limit - seen),
            )
            seen += len(found)
            if seen == limit:
                end = found[-1][0]
            self._session.later(
                "DELETE FROM obj WHERE account_id = ? AND type = ? AND seq > ? AND seq <= ? AND dead = 1",
                *(account_id, type, floor, end),
            )
            self._session.later(
                "UPDATE type_state SET low_seq = ? WHERE account_id = ? AND type = ?", end, account_id, type
            )
        return seen

    def _living(self, account_id: int, id: int) -> Object:
        found = self.get(account_id, id)
        if found is None:
            raise NotFound
        return found

    def _state(self, account_id: int, type: int) -> tuple[int, int]:
        found = self._session.one(
            "SELECT seq, low_seq FROM type_state WHERE account_id = ? AND type = ?", account_id, type
        )
        return found or (0, 0)

    def _write(self, new: Object) -> None:
        self._session.later(
            "UPDATE obj SET seq = ?, prop_seq = ?, uid = ?, etag = ?, blob = ?, size = ?, data = ?,"
            " modified_at = ? WHERE account_id = ? AND id = ?",
            *(new.seq, new.prop_seq, new.uid, new.etag, new.blob, new.size, _text(new.data), new.modified_at),
            *(new.account_id, new.id),
        )

    def note(self, account_id: int, type: int, seq: int, octets: int) -> None:
        """The state of a type is that of the change ``seq``, and the account takes so many octets more."""
        self._session.note(account_id, type, seq)
        self._session.settle(
            "INSERT INTO type_state(account_id, type, seq) VALUES (?, ?, ?) ON CONFLICT (account_id, type)"
            " DO UPDATE SET seq = excluded.seq WHERE excluded.seq > type_state.seq",
            *(account_id, type, seq),
            of=(account_id, type),
        )
        if octets:
            self._accounts.use(account_id, octets)


def _folded(rows: list[Any], since: int, origin: int, current: int, has_more: bool) -> Changes:
    created, updated, destroyed = [], [], []
    only_counts = True
    for id, created_seq, prop_seq, dead, _ in rows:
        if dead:
            destroyed.append(id)
        elif created_seq > origin:
            created.append(id)
        else:
            updated.append(id)
            only_counts = only_counts and prop_seq <= origin
    return Changes(
        tuple(created),
        tuple(updated),
        tuple(destroyed),
        old_state=since,
        new_state=rows[-1][4] if has_more else current,
        has_more=has_more,
        only_counts=bool(updated) and only_counts,
        origin=origin,
    )


def _object(columns: tuple[Any, ...]) -> Object:
    data = columns[-1]
    columns = (*columns[:-1], None if data is None else _decode(data))
    return Object(*columns)


def _text(data: Mapping[str, Any] | None) -> str | None:
    return None if data is None else msgspec.json.encode(data).decode()
