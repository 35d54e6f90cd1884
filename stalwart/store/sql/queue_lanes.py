"""The lanes of the queue: which of them have something due, and what.

``due`` of a lane is never later than what is due there first. It may be earlier: whoever finds nothing has it
corrected. A lane without anybody who waits is gone, and with it what is known of its destination.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator

import msgspec

from stalwart.store.queue_rows import Answer, LaneRow
from stalwart.store.sql.session import Session

_COLUMNS = "id, queue, destination, due, waiting, rests_until, failures, answer"
_ID_BITS = 62
_LOWEST = -(1 << 62)
# what a lane's due becomes when something is due at a time (four times), which does not end its rest
_LATER = "CASE WHEN rests_until > ? THEN rests_until ELSE ? END"
_SOONER = f"CASE WHEN due < {_LATER} THEN due ELSE {_LATER} END"

encode_answer = msgspec.json.Encoder().encode
decode_answer = msgspec.json.Decoder(Answer).decode
_NOTHING = encode_answer(Answer()).decode()


class Lanes:
    """Reads and writes ``queue_lane``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def join(self, queue: str, destination: str, due: int, count: int = 1) -> int:
        """The lane, in which ``count`` more wait, the first of them until ``due``."""
        found = self._session.one(
            f"UPDATE queue_lane SET waiting = waiting + ?, due = {_SOONER}"
            " WHERE queue = ? AND destination = ? RETURNING id",
            *(count, *[due] * 4, queue, destination),
        )
        if found:
            return int(found[0])
        id = secrets.randbits(_ID_BITS)
        self._session.later(
            f"INSERT INTO queue_lane({_COLUMNS}) VALUES (?, ?, ?, ?, ?, 0, 0, ?)",
            *(id, queue, destination, due, count, _NOTHING),
        )
        return id

    def leave(self, lane: int, count: int = 1) -> None:
        """Fewer wait there."""
        left = self._session.one(
            "UPDATE queue_lane SET waiting = waiting - ? WHERE id = ? RETURNING waiting", count, lane
        )
        if left and left[0] <= 0:
            self._session.later("DELETE FROM queue_lane WHERE id = ?", lane)

    def hasten(self, lane: int, due: int) -> None:
        """Something is due then."""
        self._session.later(f"UPDATE queue_lane SET due = {_SOONER} WHERE id = ?", *[due] * 4, lane)

    def rouse(self, lane: int) -> None:
        """It rests no longer."""
        self._session.later("UPDATE queue_lane SET rests_until = 0 WHERE id = ?", lane)
        self.correct(lane)

    def correct(self, lane: int, floor: int = 0) -> None:
        """See ``store.queue``."""
        first = min((self._first(lane, priority) for priority in self._priorities(lane)), default=None)
        if first is None:
            self._session.later("DELETE FROM queue_lane WHERE id = ?", lane)  # nobody waits there
        else:
            first = max(first, floor)
            self._session.later(f"UPDATE queue_lane SET due = {_LATER} WHERE id = ?", first, first, lane)

    def rest(self, lane: int, until: int, failures: int, answer: Answer) -> None:
        """See ``store.queue``."""
        self._session.later(
            "UPDATE queue_lane SET rests_until = ?, failures = ?, answer = ? WHERE id = ?",
            *(until, failures, encode_answer(answer).decode(), lane),
        )
        self.correct(lane)

    def queues(self) -> list[str]:
        """See ``store.queue``: one step along the index for each."""
        found: list[str] = []
        row = self._session.one("SELECT MIN(queue) FROM queue_lane")
        while row[0] is not None:
            found.append(row[0])
            row = self._session.one("SELECT MIN(queue) FROM queue_lane WHERE queue > ?", row[0])
        return found

    def due(self, queue: str, now: int, limit: int, spare: Collection[int]) -> list[LaneRow]:
        """See ``store.queue.Queue.lanes``."""
        found = self._session.all(
            f"SELECT {_COLUMNS} FROM queue_lane WHERE queue = ? AND due <= ? ORDER BY due, id LIMIT ?",
            *(queue, now, limit + len(spare)),
        )
        return [_lane(*row) for row in found if row[0] not in spare][:limit]

    def get(self, id: int) -> LaneRow | None:
        """By id."""
        row = self._session.one(f"SELECT {_COLUMNS} FROM queue_lane WHERE id = ?", id)
        return _lane(*row) if row else None

    def next_due(self, queue: str, spare: Collection[int]) -> int | None:
        """See ``store.queue``."""
        found = self._session.all(
            "SELECT id, due FROM queue_lane WHERE queue = ? ORDER BY due, id LIMIT ?", queue, len(spare) + 1
        )
        return next((due for id, due in found if id not in spare), None)

    def take(self, lane: int, now: int, limit: int, spare: Collection[int]) -> list[int]:
        """See ``store.queue``."""
        found: dict[int, None] = {}
        for priority in self._priorities(lane):
            rows = self._session.all(
                "SELECT DISTINCT letter_id, due FROM queue_recipient"
                " WHERE state = 0 AND lane = ? AND priority = ? AND due <= ? ORDER BY due, letter_id LIMIT ?",
                *(lane, priority, now, limit + len(spare)),
            )
            found.update((id, None) for id, _ in rows if id not in spare)
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def _first(self, lane: int, priority: int) -> int:
        row = self._session.one(
            "SELECT MIN(due) FROM queue_recipient WHERE state = 0 AND lane = ? AND priority = ?", lane, priority
        )
        return int(row[0])

    def _priorities(self, lane: int) -> Iterator[int]:
        """The priorities of those who wait, one step along the index for each."""
        last = _LOWEST
        while True:
            row = self._session.one(
                "SELECT MIN(priority) FROM queue_recipient WHERE state = 0 AND lane = ? AND priority > ?", lane, last
            )
            if row[0] is None:
                return
            last = int(row[0])
            yield last


def _lane(
    id: int, queue: str, destination: str, due: int, waiting: int, rests_until: int, failures: int, answer: str
) -> LaneRow:
    return LaneRow(id, queue, destination, due, waiting, rests_until, failures, decode_answer(answer))
