"""Calendars, address books, folders and what is in them: reading. Lists are one walk along an index each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from stalwart.store.collection_rows import ITEMS, Collection, Content, Member, Question, Span, Spanned
from stalwart.store.collections import Members
from stalwart.store.sql.blobs import SqlBlobs
from stalwart.store.sql.collection_copying import CollectionCopying
from stalwart.store.sql.collection_writing import MEMBER, CollectionWriting, as_member
from stalwart.store.sql.file_nodes import SqlFileNodes
from stalwart.store.sql.gathering import Gathering
from stalwart.store.sql.item_index import SqlItemIndex, escaped_pattern
from stalwart.store.sql.lists import bounded, possible
from stalwart.store.sql.session import Session

_DEEPEST = 256
_COLLECTION = (
    "SELECT c.account_id, c.id, c.type, c.parent_id, c.segment, c.seq, c.items, o.created_seq, o.data"
    " FROM collection AS c JOIN obj AS o ON o.account_id = c.account_id AND o.id = c.id WHERE c.account_id = ?"
)
_SPAN = "s.kind, s.first_at, s.last_at, s.periods, s.alarm_at"
_OCTETS = "c.account_id = b.account_id AND c.id = b.item_id"
# The order of tables is the order in which they are to be read: a database that knows nothing of their sizes keeps it
# where joins are written CROSS JOIN.
_WITH_OCTETS = (
    "binding AS b{} CROSS JOIN content AS c"
    f" WHERE b.account_id = ? AND b.collection_id = ? AND b.dead = 0 AND {_OCTETS}"
)
_KINDS = " ".join(f"WHEN {type} THEN {item}" for type, item in ITEMS.items())
_LOW = "SELECT MAX(s.low_seq) FROM type_state AS s WHERE s.account_id = a.id AND s.type IN"
_KNOWN_BELOW = f"SELECT a.seq, ({_LOW} (?, ?)) FROM account AS a WHERE a.id = ?"
_KNOWN_IN = (
    f"SELECT a.seq, ({_LOW} (c.type, CASE c.type {_KINDS} END)) FROM account AS a"
    " LEFT JOIN collection AS c ON c.account_id = a.id AND c.id = ? WHERE a.id = ?"
)
_PATTERNS = {"=": "{}", "*": "%{}%", "^": "{}%", "$": "%{}"}
_AT_ONCE = 16  # questions in one statement
_EARLIEST, _LATEST = -(1 << 62), 1 << 62
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlCollections:
    """``store.collections.Collections`` on a session."""

    def __init__(self, session: Session, blobs: SqlBlobs) -> None:
        self._session = session
        self._by_item = session.dialect.by_index("binding_item")
        self._gathering = Gathering(session)
        self._indexed = (
            f"indexed_value AS v CROSS JOIN binding AS b{self._by_item} WHERE b.collection_id = ? AND b.dead = 0"
            " AND b.account_id = v.account_id AND b.item_id = v.id AND v.account_id = ? AND v.property = ?"
        )
        writing = CollectionWriting(session, blobs)
        self.put = writing.put
        self.link = writing.link
        self.move = writing.move
        self.remove = writing.remove
        self.update = writing.update
        self.copy = CollectionCopying(session, writing).copy
        self.nodes = SqlFileNodes(session)
        self.index = SqlItemIndex(session)
        self._writing = writing

    def create(
        self,
        account_id: int,
        type: int,
        parent_id: int,
        segment: str,
        *,
        now: int,
        mark: int = 0,
        data: Mapping[str, Any] | None = None,
    ) -> Member:
        return self._writing.create(account_id, type, parent_id, segment, now=now, mark=mark, data=data)

    def type_of(self, account_id: int, id: int) -> int | None:
        found = self._writing.node(account_id, id)
        return None if found is None else found[0]

    def data_of(self, account_id: int, id: int) -> dict[str, Any] | None:
        ask = (
            "SELECT o.data FROM collection AS c JOIN obj AS o ON o.account_id = c.account_id AND o.id = c.id"
            " WHERE c.account_id = ? AND c.id = ?"
        )
        asked = (account_id, bounded(id))
        found = self._session.recalled("collection obj", ("data", *asked), lambda: self._session.one(ask, *asked))
        return None if found is None else {} if found[0] is None else _decode(found[0])

    def get(self, account_id: int, id: int) -> Collection | None:
        found = self._session.one(f"{_COLLECTION} AND c.id = ?", account_id, bounded(id))
        return _collection(found) if found else None

    def of_type(self, account_id: int, type: int) -> list[Collection]:
        by_type = self._session.dialect.by_index("collection_type")
        found = self._session.all(
            f"{_COLLECTION} AND c.type = ? ORDER BY c.id".replace(" AS c ", f" AS c{by_type} "), account_id, type
        )
        return [_collection(columns) for columns in found]

    def count(self, account_id: int, type: int) -> int:
        found = self._session.one("SELECT COUNT(*) FROM collection WHERE account_id = ? AND type = ?", account_id, type)
        return int(found[0])

    def path(self, account_id: int, id: int) -> tuple[str, ...] | None:
        segments: list[str] = []
        while id > 0 and len(segments) < _DEEPEST:
            found = self._writing.node(account_id, id)
            if not found:
                return None
            id = found[1]
            segments.append(found[2])
        return tuple(reversed(segments))

    def walk(self, account_id: int, home: int, segments: Sequence[str]) -> Members:
        found: Members = []
        place, recall = home, self._session.recall
        if len(segments) > 1 and recall.find("collection", ("named", account_id, home, segments[0])) is None:
            found = self._two(account_id, home, *segments[:2])  # most are items in a collection of the home
            if found and found[0].is_collection:
                recall.put("collection", ("named", account_id, home, segments[0]), found[0])
            if len(found) < 2 or not found[1].is_collection:
                return found
            place = found[1].item_id
        for segment in segments[len(found) :]:
            named = (account_id, place, segment)
            member = recall.find("collection", ("named", *named)) or self.member(*named)
            if member is None:
                break
            found.append(member)
            if not member.is_collection:
                break
            recall.put("collection", ("named", *named), member)
            place = member.item_id
        return found

    def _two(self, account_id: int, home: int, segment: str, inside: str) -> Members:
        """A member of a home and a member of that, as far as they are there."""
        found = self._session.one(
            f"SELECT {MEMBER}, {MEMBER.replace('b.', 'i.')} FROM binding AS b LEFT JOIN binding AS i"
            " ON i.account_id = b.account_id AND i.collection_id = b.item_id AND i.segment = ? AND i.dead = 0"
            " AND b.is_collection = 1 WHERE b.account_id = ? AND b.collection_id = ? AND b.segment = ? AND b.dead = 0",
            *(inside, account_id, bounded(home), segment),
        )
        if not found:
            return []
        return [as_member(each) for each in (found[:12], found[12:]) if each[0] is not None]

    def member(self, account_id: int, collection_id: int, segment: str, *, with_data: bool = False) -> Member | None:
        found = self._session.one(
            f"{_members(with_data)} AND b.segment = ? AND b.dead = 0", account_id, bounded(collection_id), segment
        )
        return as_member(found) if found else None

    def members(
        self, account_id: int, collection_id: int, *, after: str = "", limit: int, with_data: bool = False
    ) -> Members:
        return self._gathering.members(
            f"{_members(with_data)} AND b.segment > ? AND b.dead = 0 ORDER BY b.segment LIMIT ?",
            *(account_id, bounded(collection_id), after, bounded(limit)),
            with_data=with_data,
        )

    def named(self, account_id: int, collection_id: int, segments: Iterable[str]) -> dict[str, Member]:
        found = ((each, self.member(account_id, collection_id, each)) for each in dict.fromkeys(segments))
        return {segment: member for segment, member in found if member is not None}

    def contents(self, account_id: int, collection_id: int, *, after: str = "", limit: int) -> list[Content]:
        found = self._session.all(
            f"SELECT {MEMBER}, c.octets FROM {_WITH_OCTETS.format('')} AND b.segment > ? ORDER BY b.segment LIMIT ?",
            *(account_id, bounded(collection_id), after, bounded(limit)),
        )
        return [_content(columns) for columns in found]

    def named_contents(self, account_id: int, collection_id: int, segments: Iterable[str]) -> dict[str, Content]:
        source = f"{_WITH_OCTETS.format('')} AND b.segment IN"
        found = self._gathering.contents(source, account_id, bounded(collection_id), among=segments)
        return {content.member.segment: content for content in found}

    def item_contents(self, account_id: int, collection_id: int, item_ids: Iterable[int]) -> list[Content]:
        source = f"{_WITH_OCTETS.format(self._by_item)} AND b.item_id IN"
        return self._gathering.contents(source, account_id, bounded(collection_id), among=possible(item_ids))

    def octets(self, account_id: int, item_id: int) -> bytes | None:
        ask, asked = "SELECT octets FROM content WHERE account_id = ? AND id = ?", (account_id, bounded(item_id))
        found = self._session.recalled("content", asked, lambda: self._session.one(ask, *asked))
        return bytes(found[0]) if found else None

    def octets_of(self, account_id: int, item_ids: Iterable[int]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        unknown: list[int] = []
        for id in item_ids:
            known = self._session.recall.find("content", (account_id, id))
            if known is not None:
                found[id] = bytes(known[0])
            else:
                unknown.append(id)
        if len(unknown) == 1:
            octets = self.octets(account_id, unknown[0])
            return found if octets is None else found | {unknown[0]: octets}
        return found | self._gathering.octets(account_id, unknown)

    def changes(
        self,
        account_id: int,
        collection_id: int,
        since: int,
        *,
        limit: int,
        with_data: bool = False,
        begun: int | None = None,
    ) -> Members | None:
        known = since if begun is None else begun
        place = bounded(collection_id)
        if known and not self._is_known(account_id, place, known):
            return None
        return self._changed(_members(with_data), account_id, place, since, limit, with_data=with_data)

    def home_changes(
        self, account_id: int, home: int, since: int, *, limit: int, begun: int | None = None
    ) -> Members | None:
        known = since if begun is None else begun
        if known and not (self._is_known(account_id, home, known) and self._are_same(account_id, -home, known)):
            return None
        return self._changed(
            f"SELECT {MEMBER} FROM binding AS b WHERE b.account_id = ? AND b.home = ?", account_id, -home, since, limit
        )

    def states(self, account_id: int, type: int) -> tuple[int, int]:
        one = "(SELECT seq FROM type_state WHERE account_id = ? AND type = ?)"
        values = (account_id, type, account_id, ITEMS.get(type, type))
        collections, items = self._session.one(f"SELECT {one}, {one}", *values)
        return collections or 0, items or 0

    def places(self, account_id: int, item_id: int) -> Members:
        return self._writing.places(account_id, item_id)

    def by_uid(self, account_id: int, type: int, uid: str) -> Members:
        ask = "SELECT id FROM obj WHERE account_id = ? AND type = ? AND uid = ? AND dead = 0 ORDER BY +id"
        asked = (account_id, type, uid)
        found = self._session.recalled("obj", ("uid", *asked), lambda: self._session.all(ask, *asked))
        return [member for (id,) in found for member in self._writing.places(account_id, id)]

    def spans(
        self,
        account_id: int,
        collection_id: int | None,
        *,
        start: int | None = None,
        end: int | None = None,
        kind: int | None = None,
        with_octets: bool = False,
    ) -> list[Spanned]:
        content, join = "NULL", ""
        if with_octets:
            content, join = "c.octets", " CROSS JOIN content AS c"
        conditions, values = f" AND {_OCTETS}" if with_octets else "", []
        if collection_id is not None:
            conditions, values = f"{conditions} AND b.collection_id = ?", [bounded(collection_id)]
        if kind is not None:
            conditions, values = f"{conditions} AND s.kind = ?", [*values, kind]
        found = self._session.all(
            f"SELECT {_SPAN}, {content}, {MEMBER} FROM span AS s"
            f" CROSS JOIN binding AS b{self._by_item}{join}"
            " WHERE s.account_id = ? AND s.last_at >= ? AND s.first_at <= ?"
            f" AND b.account_id = s.account_id AND b.item_id = s.id AND b.dead = 0{conditions}",
            account_id,
            _EARLIEST if start is None else bounded(start),
            _LATEST if end is None else bounded(end),
            *values,
        )
        return [Spanned(as_member(columns[6:]), Span(*columns[:5]), columns[5]) for columns in found]

    def span(self, account_id: int, item_id: int) -> Span | None:
        found = self._session.one(
            f"SELECT {_SPAN} FROM span AS s WHERE s.account_id = ? AND s.id = ?", account_id, bounded(item_id)
        )
        return Span(*found) if found else None

    def due_alarms(self, now: int, limit: int) -> list[tuple[int, int, int]]:
        return self._session.all(
            "SELECT account_id, id, alarm_at FROM span WHERE alarm_at IS NOT NULL AND alarm_at <= ?"
            " ORDER BY alarm_at LIMIT ?",
            *(now, limit),
        )

    def next_alarm(self) -> int | None:
        found = self._session.one("SELECT MIN(alarm_at) FROM span WHERE alarm_at IS NOT NULL")
        return None if found is None else found[0]

    def set_alarm(self, account_id: int, item_id: int, at: int | None) -> None:
        self._session.later("UPDATE span SET alarm_at = ? WHERE account_id = ? AND id = ?", at, account_id, item_id)

    def matching(
        self, account_id: int, collection_id: int, property: str, values: Sequence[tuple[str, str]], *, every: bool
    ) -> set[int]:
        return self.found_by(account_id, collection_id, [Question(property, tuple(values), every)])[0]

    def having(self, account_id: int, collection_id: int, property: str) -> set[int]:
        return self.found_by(account_id, collection_id, [Question(property)])[0]

    def found_by(self, account_id: int, collection_id: int, questions: Sequence[Question]) -> list[set[int]]:
        found: list[set[int]] = []
        for start in range(0, len(questions), _AT_ONCE):
            sources: list[str] = []
            values: list[Any] = []
            for property, conditions, every in questions[start : start + _AT_ONCE]:
                tests = (" AND " if every else " OR ").join(["v.value LIKE ? ESCAPE '\\'"] * len(conditions))
                sources.append(self._indexed + (f" AND ({tests})" if tests else ""))
                patterns = (_PATTERNS[how].format(escaped_pattern(text)) for how, text in conditions)
                values += (bounded(collection_id), account_id, property, *patterns)
            found += map(set, self._gathering.ids("DISTINCT v.id", sources, *values))
        return found

    def forget_removed(self, account_id: int, limit: int) -> int:
        forgotten = 0
        for type, item in ITEMS.items():
            found = self._session.one(
                "SELECT MAX(low_seq) FROM type_state WHERE account_id = ? AND type IN (?, ?)", account_id, type, item
            )
            low = found[0] if found else None
            if low and forgotten < limit:
                forgotten += self._session.changed(
                    "DELETE FROM binding WHERE (account_id, collection_id, segment) IN (SELECT account_id,"
                    " collection_id, segment FROM binding WHERE account_id = ? AND home = ? AND seq <= ? AND dead = 1"
                    " ORDER BY seq LIMIT ?)",
                    *(account_id, type, low, limit - forgotten),
                )
        return forgotten

    def _changed(
        self, statement: str, account_id: int, place: int, since: int, limit: int, *, with_data: bool = False
    ) -> Members:
        return self._gathering.members(
            f"{statement} AND b.seq > ? AND NOT (b.dead = 1 AND b.added_seq > ?) ORDER BY b.seq LIMIT ?",
            *(account_id, place, since, since, bounded(limit)),
            with_data=with_data,
        )

    def _are_same(self, account_id: int, type: int, since: int) -> bool:
        """Whether no name has come to mean another collection since then: nobody remembers what was in the former one,
        so who has seen that has to begin anew.
        """
        found = self._session.one(
            "SELECT 1 FROM binding WHERE account_id = ? AND home = ? AND seq > ? AND is_collection = 1 AND dead = 0"
            " AND bound_seq > ? AND added_seq <= ? LIMIT 1",
            *(account_id, type, since, since, since),
        )
        return not found

    def _is_known(self, account_id: int, place: int, since: int) -> bool:
        """Whether it is known what was removed since then from a collection, or below a home."""
        if place < 0:
            found = self._session.one(_KNOWN_BELOW, -place, ITEMS.get(-place, -place), account_id)
        else:
            found = self._session.one(_KNOWN_IN, place, account_id)
        return bool(found) and (found[1] or 0) <= since <= found[0]


def _members(with_data: bool) -> str:
    if with_data:
        return (
            f"SELECT {MEMBER}, o.data FROM binding AS b CROSS JOIN obj AS o"
            " WHERE b.account_id = ? AND b.collection_id = ? AND o.account_id = b.account_id AND o.id = b.item_id"
        )
    return f"SELECT {MEMBER} FROM binding AS b WHERE b.account_id = ? AND b.collection_id = ?"


def _collection(columns: tuple[Any, ...]) -> Collection:
    data = columns[-1]
    return Collection(*(*columns[:-1], None if data is None else _decode(data)))


def _content(columns: tuple[Any, ...]) -> Content:
    return Content(as_member(columns[:-1]), bytes(columns[-1]))
