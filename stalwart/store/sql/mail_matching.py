"""Searches in mail by anything but text (RFC 8621 4.4.1): one statement, put together from fixed pieces.

What text search found comes as sets of ids. What callers give is a value or a whole number, never text of a statement.
The statement walks a mailbox or all mail by time of receipt and tests each e-mail, unless a condition that must hold
anyway finds few e-mails: then it walks those and sorts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec
from attrs import frozen

from stalwart.errors import Invalid
from stalwart.store.mail_rows import FLAGS, Combined, Condition, Filter, Sort
from stalwart.store.sql.lists import bounded
from stalwart.store.sql.session import Session

_FEW = 1000
_FEW_IDS = 4000
_MOST_CONDITIONS = 200
_DEEPEST = 20
_MOST_LOOKUPS = 32  # for each e-mail that is tested
_NO_LIMIT = (1 << 63) - 1
_IDS = ":ids"  # where the dialect says how a list of numbers that is one value is read
# + keeps SQLite from the indexes of lists, which begin with the mailbox
_MEMBER = "SELECT 1 FROM member AS t WHERE t.account_id = e.account_id AND t.item_id = e.id AND +t.dead = 0"
_THREAD = "SELECT 1 FROM email AS t WHERE t.account_id = e.account_id AND t.thread_id = e.thread_id"
_KEYWORD = frozenset({"has_keyword", "not_keyword"})
_THREADS = frozenset({f"{which}_in_thread_have_keyword" for which in ("all", "some", "none")})
_LOOKED_UP = frozenset({"in_mailbox", "in_mailbox_other_than"}) | _KEYWORD | _THREADS
_TIMES = {"before": "<", "after": ">="}
_KEYS = {
    "received_at": "e.received_at",
    "sent_at": "COALESCE(e.sent_at, e.received_at)",
    "size": "e.size",
    "from": "e.from_key",
    "to": "e.to_key",
    "subject": "e.subject_key",
}


@frozen
class _Text:
    """A piece of a statement with its values."""

    text: str
    values: tuple[Any, ...] = ()


class Matching:
    """Reads ``email`` with ``member`` and ``keyword``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ids(
        self, account_id: int, filter: Filter | None, sort: Sequence[Sort], limit: int, collapse: bool
    ) -> tuple[int, ...]:
        """See ``store.mail``."""
        _refuse_large(filter, sort)
        keys = tuple(sort) or (Sort("received_at"),)
        source, certain = self._source(account_id, filter)
        time = "m.sort_at" if certain is not None and certain.test == "in_mailbox" else "e.received_at"
        where = _Text("TRUE") if filter is None else _tested(filter, certain, time)
        order = _order(keys, time)
        values = (*source.values, *where.values, *order.values, _NO_LIMIT if collapse else limit)
        statement = f"SELECT e.id, e.thread_id {source.text} AND {where.text} ORDER BY {order.text} LIMIT ?"
        cursor = self._session.run(
            statement.replace(_IDS, self._session.dialect.numbers),
            *(bounded(value) if isinstance(value, int) else value for value in values),
        )
        found: list[int] = []
        seen: set[int] = set()
        while len(found) < limit and (row := cursor.fetchone()) is not None:
            if not collapse or row[1] not in seen:
                seen.add(row[1])
                found.append(row[0])
        return tuple(found)

    def _source(self, account_id: int, filter: Filter | None) -> tuple[_Text, Condition | None]:
        """FROM and the beginning of WHERE, and the condition that needs no test after that."""
        must = _must(filter)
        for condition in must:
            if condition.test == "among" and len(ids := cast(frozenset[int], condition.value)) < _FEW_IDS:
                source = f"FROM ({_IDS}) AS w CROSS JOIN email AS e WHERE e.account_id = ? AND e.id = w.number"
                return _Text(source, (_listed(ids), account_id)), condition
        for condition in must:
            if (
                condition.test == "has_keyword"
                and condition.value not in FLAGS
                and self._is_rare(account_id, condition)
            ):
                source = (
                    "FROM keyword AS k CROSS JOIN email AS e WHERE k.account_id = ? AND k.keyword = ?"
                    " AND e.account_id = k.account_id AND e.id = k.email_id"
                )
                return _Text(source, (account_id, condition.value)), condition
        for condition in must:
            if condition.test == "in_mailbox":
                source = (
                    "FROM member AS m CROSS JOIN email AS e WHERE m.account_id = ? AND m.container_id = ?"
                    " AND m.dead = 0 AND e.account_id = m.account_id AND e.id = m.item_id"
                )
                return _Text(source, (account_id, condition.value)), condition
        return _Text("FROM email AS e WHERE e.account_id = ?", (account_id,)), None

    def _is_rare(self, account_id: int, condition: Condition) -> bool:
        count = self._session.one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM keyword WHERE account_id = ? AND keyword = ? LIMIT ?) AS r",
            *(account_id, condition.value, _FEW),
        )[0]
        return bool(count < _FEW)


def _must(filter: Filter | None) -> list[Condition]:
    """Conditions that hold for whatever matches."""
    if isinstance(filter, Condition):
        return [filter]
    if filter is None or filter.operator != "AND":
        return []
    return [condition for part in filter.filters for condition in _must(part)]


def _tested(filter: Filter, certain: Condition | None, time: str) -> _Text:
    """``filter`` as a condition on ``e``; ``time`` is the column of the walk that says when it was received."""
    if isinstance(filter, Condition):
        if filter is certain:
            return _Text("TRUE")
        if filter.test in _TIMES:
            return _Text(f"{time} {_TIMES[filter.test]} ?", (filter.value,))
        return _TESTS[filter.test](filter.value)
    parts = [_tested(part, certain, time) for part in filter.filters]
    word = " AND " if filter.operator == "AND" else " OR "
    text = word.join(part.text for part in parts) or ("TRUE" if filter.operator == "AND" else "FALSE")
    values = tuple(value for part in parts for value in part.values)
    return _Text(f"NOT ({text})" if filter.operator == "NOT" else f"({text})", values)


def _order(keys: Sequence[Sort], time: str) -> _Text:
    pieces: list[str] = []
    values: list[Any] = []
    for key in keys:
        if key.key == "received_at":
            expression = _Text(time)
        elif key.key in _KEYS:
            expression = _Text(_KEYS[key.key])
        else:
            test = _TESTS[key.key](key.keyword)
            expression = _Text(f"CASE WHEN {test.text} THEN 1 ELSE 0 END", test.values)
        pieces.append(f"{expression.text} {_direction(key)}")
        values += expression.values
    id = "m.item_id" if time == "m.sort_at" else "e.id"
    return _Text(", ".join([*pieces, f"{id} {_direction(keys[-1])}"]), tuple(values))


def _direction(key: Sort) -> str:
    return "ASC" if key.ascending else "DESC"


def _has_keyword(keyword: str, alias: str = "e") -> _Text:
    if keyword in FLAGS:
        bit = FLAGS[keyword]  # "<> 0" is what indexes of lists say; those of a thread have one of their own
        return _Text(f"({alias}.flags & {bit}) <> 0" if alias == "e" else f"({alias}.flags & {bit}) = {bit}")
    return _Text(
        f"EXISTS (SELECT 1 FROM keyword AS k WHERE k.account_id = {alias}.account_id AND k.keyword = ?"
        f" AND k.email_id = {alias}.id)",
        (keyword,),
    )


def _not(test: _Text) -> _Text:
    return _Text(f"NOT {test.text}", test.values)


def _some_in_thread(test: _Text) -> _Text:
    return _Text(f"EXISTS ({_THREAD} AND {test.text})", test.values)


def _listed(ids: frozenset[int]) -> str:
    """A list of any length as one value: statements with numbers in their text would fill the cache of statements."""
    return msgspec.json.encode(sorted(id for id in ids if bounded(id) == id)).decode()


def _in_other_mailbox(ids: frozenset[int]) -> _Text:
    if not ids:
        return _Text(f"EXISTS ({_MEMBER})")
    return _Text(f"EXISTS ({_MEMBER} AND t.container_id NOT IN ({_IDS}))", (_listed(ids),))


_TESTS: Mapping[str, Callable[[Any], _Text]] = {
    "in_mailbox": lambda id: _Text(f"EXISTS ({_MEMBER} AND +t.container_id = ?)", (id,)),
    "in_mailbox_other_than": _in_other_mailbox,
    "min_size": lambda size: _Text("e.size >= ?", (size,)),
    "max_size": lambda size: _Text("e.size < ?", (size,)),
    "has_keyword": _has_keyword,
    "not_keyword": lambda keyword: _Text("e.flags % 2 = 0") if keyword == "$seen" else _not(_has_keyword(keyword)),
    "all_in_thread_have_keyword": lambda keyword: _not(_some_in_thread(_not(_has_keyword(keyword, "t")))),
    "some_in_thread_have_keyword": lambda keyword: _some_in_thread(_has_keyword(keyword, "t")),
    "none_in_thread_have_keyword": lambda keyword: _not(_some_in_thread(_has_keyword(keyword, "t"))),
    "has_attachment": lambda wanted: _Text("e.has_attachment = ?", (int(wanted),)),
    "among": lambda ids: _Text(f"e.id IN ({_IDS})", (_listed(ids),)) if ids else _Text("FALSE"),
}


def _refuse_large(filter: Filter | None, sort: Sequence[Sort]) -> None:
    pending: list[tuple[Filter, int]] = [(filter, 1)] if filter is not None else []
    count = 0
    lookups = sum(key.key not in _KEYS for key in sort)
    while pending:
        part, depth = pending.pop()
        count += 1
        if count > _MOST_CONDITIONS or depth > _DEEPEST:
            raise Invalid("The filter has too many conditions, or they are nested too deep.", ("filter",))
        if isinstance(part, Combined):
            pending += [(inner, depth + 1) for inner in part.filters]
        else:
            lookups += part.test in _LOOKED_UP and not (part.test in _KEYWORD and part.value in FLAGS)
    if lookups > _MOST_LOOKUPS:
        raise Invalid(f"More than {_MOST_LOOKUPS} conditions are about mailboxes, keywords or threads.", ("filter",))
