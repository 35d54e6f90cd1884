"""Mailboxes: a row of ``container`` for what lists and counters need, an object for what else is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from stalwart.errors import Conflict, DanglingReference, Linked, NotFound
from stalwart.store.mail import Rows
from stalwart.store.mail_rows import TRASH, MailboxRow
from stalwart.store.object_types import MAILBOX, QUOTA
from stalwart.store.sql.lists import bounded, select_in
from stalwart.store.sql.mail_recount import Recount
from stalwart.store.sql.mail_writing import MailWriting
from stalwart.store.sql.objects import SqlObjects
from stalwart.store.sql.session import Session
from stalwart.store.sql.shares import forget_shares

_AT_ONCE = 500
_SELECT = (
    "SELECT c.id, c.parent_id, c.name, c.name_key, c.role, c.sort_order, c.uidvalidity, c.uidnext, c.seq, c.total,"
    " c.unread, c.total_threads, c.unread_threads, o.data FROM container AS c"
    " JOIN obj AS o ON o.account_id = c.account_id AND o.id = c.id WHERE c.account_id = ? AND c.type = ?"
)
_COLUMNS = ("name", "name_key", "parent_id", "role", "sort_order")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlMailboxes:
    """``store.mail.Mailboxes`` on a session."""

    def __init__(self, session: Session, writing: MailWriting, recount: Recount) -> None:
        self._session = session
        self._objects = SqlObjects(session)
        self._writing = writing
        self._recount = recount

    def create(
        self,
        account_id: int,
        name: str,
        name_key: str,
        *,
        now: int,
        parent_id: int | None = None,
        role: str | None = None,
        sort_order: int = 0,
        data: Mapping[str, Any] | None = None,
    ) -> MailboxRow:
        self._refuse_taken(account_id, None, parent_id, name_key, role)
        made = self._objects.insert(account_id, MAILBOX, now=now, data=data)
        self._session.later(
            "INSERT INTO container(account_id, id, type, parent_id, name, name_key, role, sort_order, uidvalidity, seq)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(account_id, made.id, MAILBOX, parent_id, name, name_key, role, sort_order, now, made.seq),
        )
        self._objects.follow(account_id, QUOTA, made.seq)
        return self._known(account_id, made.id)

    def update(
        self,
        account_id: int,
        id: int,
        *,
        now: int,
        name: str | UnsetType = UNSET,
        name_key: str | UnsetType = UNSET,
        parent_id: int | UnsetType | None = UNSET,
        role: str | UnsetType | None = UNSET,
        sort_order: int | UnsetType = UNSET,
        data: Mapping[str, Any] | UnsetType | None = UNSET,
    ) -> MailboxRow:
        old = self._known(account_id, id)
        given: dict[str, Any] = {
            "name": name,
            "name_key": name_key,
            "parent_id": parent_id,
            "role": role,
            "sort_order": sort_order,
            "data": data,
        }
        new = msgspec.structs.replace(old, **{key: value for key, value in given.items() if value is not UNSET})
        if new == old:
            return old
        self._refuse_taken(account_id, id, new.parent_id, new.name_key, new.role)
        values = [getattr(new, column) for column in _COLUMNS]
        self._session.later(
            f"UPDATE container SET {', '.join(f'{column} = ?' for column in _COLUMNS)} WHERE account_id = ? AND id = ?",
            *(*values, account_id, id),
        )
        self._objects.update(account_id, id, now=now, data=new.data)
        if new.role != old.role and TRASH in (new.role, old.role) and new.total:
            self._recount.mailboxes(account_id, now)
            return self._known(account_id, id)
        return new

    def delete(self, account_id: int, id: int, *, now: int, remove_emails: bool = False) -> None:
        mailbox = self._known(account_id, id)
        children = self._session.all(
            "SELECT id FROM container WHERE account_id = ? AND parent_id = ? ORDER BY id", account_id, id
        )
        if children:
            raise Linked([("Mailbox", child) for (child,) in children], "The mailbox has mailboxes in it.")
        while emails := self._some_emails(account_id, id, _AT_ONCE if remove_emails else 1):
            if not remove_emails:
                raise Linked([("Email", emails[0])], "The mailbox is not empty.")
            self._writing.remove_from(account_id, emails, mailbox.id, now)
        self._session.later("DELETE FROM member WHERE account_id = ? AND container_id = ?", account_id, id)
        self._session.later("DELETE FROM container WHERE account_id = ? AND id = ?", account_id, id)
        seq = self._objects.allocate(account_id)[0]
        self._objects.kill(account_id, id, now=now, seq=seq)
        forget_shares(self._session, account_id, [id])
        self._objects.follow(account_id, QUOTA, seq)

    def get(self, account_id: int, id: int) -> MailboxRow | None:
        return self.many(account_id, [id]).get(id)

    def many(self, account_id: int, ids: Iterable[int]) -> dict[int, MailboxRow]:
        ids = list(ids)
        found = select_in(self._session, f"{_SELECT} AND c.id IN", account_id, MAILBOX, ids=ids)
        rows = {columns[0]: _row(columns) for columns in found}
        return {id: rows[id] for id in ids if id in rows}

    def list(self, account_id: int) -> Rows:
        found = self._session.all(f"{_SELECT} ORDER BY c.id", account_id, MAILBOX)
        return [_row(columns) for columns in found]

    def count(self, account_id: int) -> int:
        (count,) = self._session.one(
            "SELECT COUNT(*) FROM container WHERE account_id = ? AND type = ?", account_id, MAILBOX
        )
        return int(count)

    def by_role(self, account_id: int, role: str) -> MailboxRow | None:
        found = self._session.one(f"{_SELECT} AND c.role = ?", account_id, MAILBOX, role)
        return _row(found) if found else None

    def by_name(self, account_id: int, parent_id: int | None, name_key: str) -> MailboxRow | None:
        found = self._session.one(
            f"{_SELECT} AND COALESCE(c.parent_id, -1) = ? AND c.name_key = ?",
            *(account_id, MAILBOX, -1 if parent_id is None else bounded(parent_id), name_key),
        )
        return _row(found) if found else None

    def ancestors(self, account_id: int, id: int, limit: int = 100) -> tuple[int, ...]:
        found: list[int] = []
        while len(found) < limit:
            row = self._session.one(
                "SELECT parent_id FROM container WHERE account_id = ? AND id = ?", account_id, bounded(id)
            )
            if row is None or row[0] is None:
                break
            id = row[0]
            found.append(id)
        return tuple(found)

    def _known(self, account_id: int, id: int) -> MailboxRow:
        found = self.get(account_id, id)
        if found is None:
            raise NotFound
        return found

    def _some_emails(self, account_id: int, id: int, limit: int) -> Sequence[int]:
        found = self._session.all(
            "SELECT item_id FROM member WHERE account_id = ? AND container_id = ? AND dead = 0"
            " ORDER BY sort_at, item_id LIMIT ?",
            *(account_id, id, limit),
        )
        return [item_id for (item_id,) in found]

    def _refuse_taken(
        self, account_id: int, id: int | None, parent_id: int | None, name_key: str, role: str | None
    ) -> None:
        if parent_id is not None and self.get(account_id, parent_id) is None:
            raise DanglingReference(("Mailbox", parent_id), "parentId")
        holder = self.by_name(account_id, parent_id, name_key)
        if holder is not None and holder.id != id:
            raise Conflict("There is a mailbox with this name already.", "name", ("Mailbox", holder.id))
        holder = None if role is None else self.by_role(account_id, role)
        if holder is not None and holder.id != id:
            raise Conflict("There is a mailbox with this role already.", "role", ("Mailbox", holder.id))


def _row(columns: tuple[Any, ...]) -> MailboxRow:
    data = columns[-1]
    return MailboxRow(*(*columns[:-1], None if data is None else _decode(data)))
