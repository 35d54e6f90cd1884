"""The queue of mail in its tables. What is due, over or overdue is read along an index; nothing is ever scanned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from stalwart.errors import Conflict
from stalwart.store.queue_rows import (
    FAILED,
    WAITING,
    Answer,
    LaneRow,
    NewRecipient,
    QueuedLetter,
    QueuedRecipient,
    Settled,
)
from stalwart.store.seen import UNDELIVERED, UNDELIVERED_KEPT, of_letter
from stalwart.store.sql.blobs import SqlBlobs
from stalwart.store.sql.queue_lanes import Lanes
from stalwart.store.sql.queue_search import LetterFinder
from stalwart.store.sql.seen import SqlSeen
from stalwart.store.sql.session import Session

HOLDER: Final = 0
"""The account that the blobs of letters are linked to: no real one has this number."""

_PROOF = "proof"  # a key that is never there after a transaction
_NEVER = 1 << 62  # later than any time
_PAUSED = "paused"  # a key of no letter, which is there while nothing is to be sent
_RECIPIENT = "letter_id, number, lane, state, due, expires_at, notice_at, address, queue, destination, data"
_IN_COLUMNS = frozenset(("id", "tenant_id", "account_id", "return_path", "size", "blob", "tried", "recipients"))


class _Kept(msgspec.Struct, omit_defaults=True):
    """What a row of a recipient holds as JSON."""

    attempts: int = 0
    notices: int = 0
    attempts_left: int | None = None
    orcpt: str | None = None
    notify: tuple[str, ...] = ()
    answer: Answer = Answer()


_encode = msgspec.json.Encoder().encode
_decode_kept = msgspec.json.Decoder(_Kept).decode


class SqlQueue:
    """``store.Queue`` on a session."""

    def __init__(self, session: Session, blobs: SqlBlobs, seen: SqlSeen) -> None:
        self._session = session
        self._blobs = blobs
        self._seen = seen
        self._lanes = Lanes(session)
        self._finder = LetterFinder(session)
        self.queues = self._lanes.queues
        self.lane = self._lanes.get
        self.rest = self._lanes.rest
        self.correct = self._lanes.correct
        self.search = self._finder.search
        self.count_found = self._finder.count
        self.position = self._finder.position

    def insert(self, letter: QueuedLetter, recipients: Sequence[NewRecipient], now: int) -> None:
        due = min(each.due for each in recipients)
        made = self._session.changed(
            "INSERT INTO queue_letter(id, tenant_id, account_id, due, return_path, size, blob, tried, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING",
            *(letter.id, letter.tenant_id, letter.account_id, due),
            *(letter.return_path, letter.size, letter.blob, _letter_data(letter)),
        )
        if not made:
            raise Conflict("There is such a letter already.", "id")
        self._blobs.link(letter.blob, HOLDER, letter.id)
        for key in letter.counted:
            self._count(key, 1, letter.size)
        together: dict[tuple[str, str], list[tuple[int, NewRecipient]]] = {}
        for number, each in enumerate(recipients):
            together.setdefault((each.queue, each.destination), []).append((number, each))
        for (queue, destination), group in together.items():
            lane = self._lanes.join(queue, destination, min(each.due for _, each in group), len(group))
            for number, each in group:
                kept = _Kept(0, 0, each.attempts_left, each.orcpt, each.notify)
                self._session.later(
                    f"INSERT INTO queue_recipient(priority, {_RECIPIENT}) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)",
                    *(letter.priority, letter.id, number, lane, each.due, each.expires_at, each.notice_at),
                    *(each.address, queue, destination, _encode(kept).decode()),
                )

    def get(self, id: int, lane: int | None = None) -> QueuedLetter | None:
        row = self._session.one(
            "SELECT tenant_id, account_id, return_path, size, blob, tried, data FROM queue_letter WHERE id = ?", id
        )
        if row is None:
            return None
        tenant_id, account_id, return_path, size, blob, tried, data = row
        only, values = ("", ()) if lane is None else (" AND lane = ?", (lane,))
        recipients = self._session.all(
            f"SELECT {_RECIPIENT} FROM queue_recipient WHERE letter_id = ?{only} ORDER BY number", id, *values
        )
        return msgspec.convert(
            {
                **msgspec.json.decode(data),
                "id": id,
                "tenant_id": tenant_id,
                "account_id": account_id,
                "return_path": return_path,
                "size": size,
                "blob": bytes(blob),
                "tried": bool(tried),
                "recipients": tuple(_recipient(*each) for each in recipients),
            },
            QueuedLetter,
        )

    def many(self, ids: Iterable[int], lane: int | None = None) -> dict[int, QueuedLetter]:
        found = {id: self.get(id, lane) for id in ids}
        return {id: letter for id, letter in found.items() if letter is not None}

    def change(self, id: int, settled: Sequence[Settled], now: int) -> bool:
        for each in settled:
            row = self._session.one(
                f"SELECT {_RECIPIENT} FROM queue_recipient WHERE letter_id = ? AND number = ?", id, each.number
            )
            if row is not None and row[3] == WAITING:
                self._settle(_recipient(*row), each)
        if any(each.state == FAILED for each in settled):
            self._undelivered(id, now)
        return self._settled(id, now)

    def _settle(self, former: QueuedRecipient, each: Settled) -> None:
        queue = former.queue if each.queue is None else each.queue
        lane = former.lane
        if each.state != WAITING:
            self._lanes.leave(lane)
        elif queue != former.queue:
            self._lanes.leave(lane)
            lane = self._lanes.join(queue, former.destination, each.due)
        elif each.due < former.due:
            self._lanes.hasten(lane, each.due)
        kept = _Kept(each.attempts, each.notices, each.attempts_left, former.orcpt, former.notify, each.answer)
        self._session.later(
            "UPDATE queue_recipient SET lane = ?, queue = ?, state = ?, due = ?, expires_at = ?, notice_at = ?,"
            " data = ? WHERE letter_id = ? AND number = ?",
            *(lane, queue, each.state, each.due, each.expires_at, each.notice_at, _encode(kept).decode()),
            *(former.letter_id, former.number),
        )

    def _settled(self, id: int, now: int) -> bool:
        due = self._session.one("SELECT MIN(due) FROM queue_recipient WHERE letter_id = ? AND state = 0", id)[0]
        if due is None:
            return self.remove(id, now)
        self._session.later("UPDATE queue_letter SET due = ? WHERE id = ? AND due <> ?", due, id, due)
        return False

    def drop(self, id: int, numbers: Collection[int], now: int) -> bool:
        for number in numbers:
            row = self._session.one(
                "DELETE FROM queue_recipient WHERE letter_id = ? AND number = ? RETURNING lane, state", id, number
            )
            if row is not None and row[1] == WAITING:
                self._lanes.leave(row[0])
                self._undelivered(id, now)
        return self._settled(id, now)

    def _undelivered(self, id: int, now: int) -> None:
        self._seen.note(HOLDER, UNDELIVERED, of_letter(id), now + UNDELIVERED_KEPT)

    def begin(self, id: int) -> bool:
        return self._session.changed("UPDATE queue_letter SET tried = tried + 1 WHERE id = ?", id) > 0

    def release(self, id: int) -> None:
        self._session.later("UPDATE queue_letter SET tried = tried - 1 WHERE id = ? AND tried > 0", id)

    def touch(self, id: int, now: int, *, priority: int | None = None, env_id: str | None = None) -> bool:
        row = self._session.one("SELECT data FROM queue_letter WHERE id = ?", id)
        if row is None:
            return False
        data: dict[str, Any] = msgspec.json.decode(row[0])
        if priority is not None:
            data["priority"] = priority
            self._session.later("UPDATE queue_recipient SET priority = ? WHERE letter_id = ?", priority, id)
        data["env_id"] = env_id
        self._session.later("UPDATE queue_letter SET data = ? WHERE id = ?", _encode(data).decode(), id)
        return True

    def hurry(self, id: int, due: int) -> None:
        """See ``store.queue``."""
        rows = self._session.all(
            "UPDATE queue_recipient SET due = ? WHERE letter_id = ? AND state = 0 RETURNING lane", due, id
        )
        for lane in {row[0] for row in rows}:
            self._lanes.rouse(lane)
        self._session.later("UPDATE queue_letter SET due = ? WHERE id = ?", due, id)

    def remove(self, id: int, now: int) -> bool:
        row = self._session.one("DELETE FROM queue_letter WHERE id = ? RETURNING size, data", id)
        if row is None:
            return False
        gone = self._session.all("DELETE FROM queue_recipient WHERE letter_id = ? RETURNING lane, state", id)
        waiting: dict[int, int] = {}
        for lane, state in gone:
            if state == WAITING:
                waiting[lane] = waiting.get(lane, 0) + 1
        for lane, count in waiting.items():
            self._lanes.leave(lane, count)
        if waiting:
            self._undelivered(id, now)
        self._blobs.unlink(HOLDER, id, now)
        for key in msgspec.json.decode(row[1])["counted"]:
            self._count(key, -1, -row[0])
        return True

    def of_account(self, account_id: int, after: int | None, limit: int) -> list[int]:
        rows = self._session.all(
            "SELECT id FROM queue_letter WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?",
            *(account_id, -_NEVER if after is None else after, limit),
        )
        return [int(row[0]) for row in rows]

    def lanes(self, queue: str, now: int, limit: int, spare: Collection[int] = ()) -> list[LaneRow]:
        return self._lanes.due(queue, now, limit, spare)

    def next_due(self, queue: str, spare: Collection[int] = ()) -> int | None:
        return self._lanes.next_due(queue, spare)

    def take(self, lane: int, now: int, limit: int, spare: Collection[int] = ()) -> list[int]:
        return self._lanes.take(lane, now, limit, spare)

    def expired(self, now: int, limit: int, spare: Collection[int] = ()) -> list[int]:
        return self._first_of("expires_at", now, limit, spare)

    def next_expiry(self, spare: Collection[int] = ()) -> int | None:
        return next((at for id, at in self._by_time("expires_at", _NEVER, len(spare) + 1) if id not in spare), None)

    def overdue(self, now: int, limit: int, spare: Collection[int] = ()) -> list[int]:
        return self._first_of("notice_at", now, limit, spare)

    def next_notice(self, spare: Collection[int] = ()) -> int | None:
        return next((at for id, at in self._by_time("notice_at", _NEVER, len(spare) + 1) if id not in spare), None)

    def prove(self) -> None:
        self._session.later(
            "INSERT INTO queue_used(key, letters, size) VALUES (?, 0, 0) ON CONFLICT DO NOTHING", _PROOF
        )
        self._session.later("DELETE FROM queue_used WHERE key = ?", _PROOF)

    def pause(self, paused: bool) -> None:
        if paused:
            self._session.later(
                "INSERT INTO queue_used(key, letters, size) VALUES (?, 0, 0) ON CONFLICT DO NOTHING", _PAUSED
            )
        else:
            self._session.later("DELETE FROM queue_used WHERE key = ?", _PAUSED)

    def is_paused(self) -> bool:
        return self._session.one("SELECT 1 FROM queue_used WHERE key = ?", _PAUSED) is not None

    def count(self) -> int:
        return int(self._session.one("SELECT COUNT(*) FROM queue_letter")[0])

    def used(self, key: str) -> tuple[int, int]:
        row = self._session.one("SELECT letters, size FROM queue_used WHERE key = ?", key)
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def _first_of(self, column: str, now: int, limit: int, spare: Collection[int]) -> list[int]:
        found: dict[int, None] = {}
        for id, _ in self._by_time(column, now, limit + len(spare)):
            if id not in spare:
                found[id] = None
                if len(found) == limit:
                    break
        return list(found)

    def _by_time(self, column: str, until: int, page: int) -> Iterator[tuple[int, int]]:
        """Letters with what they have in ``column``, the earliest first; ``page`` of them are read at once."""
        at, id = -_NEVER, 0
        while True:
            rows = self._session.all(
                f"SELECT DISTINCT letter_id, {column} FROM queue_recipient WHERE state = 0"
                f" AND {column} >= ? AND {column} <= ? AND ({column} > ? OR letter_id > ?)"
                f" ORDER BY {column}, letter_id LIMIT ?",
                *(at, until, at, id, page),
            )
            yield from ((int(row[0]), int(row[1])) for row in rows)
            if len(rows) < page:
                return
            id, at = rows[-1]

    def _count(self, key: str, letters: int, size: int) -> None:
        left = self._session.one(
            "INSERT INTO queue_used(key, letters, size) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET letters = queue_used.letters + excluded.letters, size = queue_used.size + excluded.size"
            " RETURNING letters",
            *(key, letters, size),
        )
        if left[0] <= 0:
            self._session.later("DELETE FROM queue_used WHERE key = ?", key)


def _letter_data(letter: QueuedLetter) -> str:
    members = {name: getattr(letter, name) for name in letter.__struct_fields__ if name not in _IN_COLUMNS}
    return _encode(members).decode()


def _recipient(
    letter_id: int,
    number: int,
    lane: int,
    state: int,
    due: int,
    expires_at: int,
    notice_at: int | None,
    address: str,
    queue: str,
    destination: str,
    data: str,
) -> QueuedRecipient:
    kept = _decode_kept(data)
    return QueuedRecipient(
        *(letter_id, number, address, lane, queue, destination, state, due, kept.attempts, notice_at, kept.notices),
        *(expires_at, kept.attempts_left, kept.orcpt, kept.notify, kept.answer),
    )
