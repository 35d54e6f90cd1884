"""The queue of mail: letters, those who wait for them, destinations, and by what waiting letters are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from stalwart.store.checks.check import Check, Found
from stalwart.store.sql.lists import insert_new
from stalwart.store.sql.session import Session

_PAGE = 1000
_PAUSED = "paused"
_WAITING = "(SELECT COUNT(*) FROM queue_recipient AS r WHERE r.lane = queue_lane.id AND r.state = 0)"
_DUE = "(SELECT MIN(r.due) FROM queue_recipient AS r WHERE r.lane = queue_lane.id AND r.state = 0)"
_FIRST = "(SELECT MIN(r.due) FROM queue_recipient AS r WHERE r.letter_id = queue_letter.id AND r.state = 0)"
_LATE = f"due > rests_until AND due > {{now}} + 3600 AND due > {_DUE}"  # those that others wait behind are put back
_LANE = "queue_recipient.state = 0 AND NOT EXISTS (SELECT 1 FROM queue_lane AS l WHERE l.id = queue_recipient.lane)"
_SAME = "l.queue = queue_recipient.queue AND l.destination = queue_recipient.destination"
_GONE = "EXISTS (SELECT 1 FROM queue_recipient AS r WHERE r.letter_id = queue_letter.id)"


class _Counted(msgspec.Struct):
    counted: tuple[str, ...] = ()


_decode = msgspec.json.Decoder(_Counted).decode

QUEUE = (
    Check(
        "letters in the queue without recipients",
        f"FROM queue_letter WHERE NOT {_GONE}",
        key="id",
        advice="who was to get them is in the last backup; they can be deleted from the queue",
    ),
    Check(
        "recipients in the queue without a letter",
        "FROM queue_recipient WHERE NOT EXISTS"
        " (SELECT 1 FROM queue_letter AS l WHERE l.id = queue_recipient.letter_id)",
        key="letter_id, number, address",
    ),
    Check(
        "letters in the queue without their message",
        "FROM queue_letter WHERE NOT EXISTS (SELECT 1 FROM blob AS b WHERE b.hash = queue_letter.blob)",
        key="id, blob",
        advice="the message is in the last backup; they can be deleted from the queue",
    ),
    Check(
        "recipients in the queue whose destination is not there",
        f"FROM queue_recipient WHERE {_LANE}",
        (
            f"UPDATE queue_recipient SET lane = (SELECT l.id FROM queue_lane AS l WHERE {_SAME})"
            f" WHERE {_LANE} AND EXISTS (SELECT 1 FROM queue_lane AS l WHERE {_SAME})",
            "INSERT INTO queue_lane(id, queue, destination, due, waiting, rests_until, failures, answer)"
            " SELECT MIN(lane), queue, destination, MIN(due), COUNT(*), 0, 0, '{}' FROM queue_recipient"
            f" WHERE {_LANE} GROUP BY queue, destination ON CONFLICT DO NOTHING",
            f"UPDATE queue_recipient SET lane = (SELECT l.id FROM queue_lane AS l WHERE {_SAME})"
            f" WHERE {_LANE} AND EXISTS (SELECT 1 FROM queue_lane AS l WHERE {_SAME})",
        ),
        key="letter_id, number",
    ),
    Check(
        "destinations whose waiting recipients are miscounted",
        f"FROM queue_lane WHERE waiting <> {_WAITING} OR waiting = 0",
        (
            f"UPDATE queue_lane SET waiting = {_WAITING} WHERE waiting <> {_WAITING}",
            "DELETE FROM queue_lane WHERE waiting = 0",
        ),
        key="id, queue, destination",
    ),
    Check(
        "destinations that would be looked at too late",
        f"FROM queue_lane WHERE {_LATE}",
        (f"UPDATE queue_lane SET due = {_DUE} WHERE {_LATE}",),
        key="id, queue, destination",
    ),
    Check(
        "letters in the queue that say another time than their recipients",
        f"FROM queue_letter WHERE due <> {_FIRST}",
        (f"UPDATE queue_letter SET due = {_FIRST} WHERE due <> {_FIRST}",),
        key="id",
    ),
)


def check_used(session: Session, now: int, repair: bool) -> Iterator[Found]:
    """What waiting letters are counted by; there are as many keys as senders, receivers and queues that have quotas."""
    letters: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    after = -(1 << 62)
    while rows := session.all("SELECT id, size, data FROM queue_letter WHERE id > ? ORDER BY id LIMIT ?", after, _PAGE):
        for _, size, data in rows:
            for key in _decode(data).counted:
                letters[key] += 1
                sizes[key] += size
        after = rows[-1][0]
    wanted = {(key, count, sizes[key]) for key, count in letters.items()}
    there = set(session.all("SELECT key, letters, size FROM queue_used WHERE key <> ?", _PAUSED))
    wrong = {key for key, *_ in wanted ^ there}
    if wrong:
        if repair:
            session.later("DELETE FROM queue_used WHERE key <> ?", _PAUSED)
            insert_new(session, "INSERT INTO queue_used(key, letters, size)", sorted(wanted))
        yield Found("sums of waiting letters that are others", len(wrong), tuple(sorted(wrong)[:5]))
