"""What a check is: which rows are wrong, and the statements that put them right.

Statements are of the SQL that all engines share, over sets of rows. ``{now}`` stands for the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.store.sql.session import Session

NAMED = 5
LOST = "what is lost is in the last backup"


@frozen
class Found:
    """What one look has found: how many, some of them by name, and in which accounts clients have to hear of it."""

    what: str
    count: int
    named: tuple[str, ...] = ()
    advice: str = ""
    accounts: frozenset[int] = frozenset()


@frozen
class Check:
    """``what`` is wrong where ``wrong`` (``FROM ...``) has rows, which ``key`` names. What no statement of ``repairs``
    puts right stays a finding with ``advice``. ``tells``: clients have seen it; it has a column ``account_id``.
    """

    what: str
    wrong: str
    repairs: tuple[str, ...] = ()
    key: str = "account_id, id"
    advice: str = LOST
    tells: bool = False

    def look(self, session: Session, now: int, repair: bool) -> Iterator[Found]:
        """What there is before it is put right, if it is to be."""
        wrong = self.wrong.replace("{now}", str(now))
        (count,) = session.one(f"SELECT COUNT(*) {wrong}")
        if not count:
            return
        rows = session.all(f"SELECT {self.key} {wrong} LIMIT {NAMED + 1}")
        names = [each.split(" AS ")[-1].split(".")[-1].strip() for each in self.key.split(",")]
        accounts: frozenset[int] = frozenset()
        if repair and self.repairs:
            if self.tells:
                accounts = frozenset(id for (id,) in session.all(f"SELECT DISTINCT account_id {wrong}"))
            for statement in self.repairs:
                session.run(statement.replace("{now}", str(now)))
        advice = self.advice if repair or not self.repairs else ""
        yield Found(self.what, count, named(names, rows), advice, accounts)


Look = Callable[[Session, int, bool], Iterator[Found]]
"""What is wrong, which is put right if it is to be."""


def named(names: list[str], rows: list[Any]) -> tuple[str, ...]:
    """Rows in words, as many as are named; ids also as clients know them."""
    some = [" ".join(_named(*each) for each in zip(names, row, strict=True)) for row in rows[:NAMED]]
    return (*some, "...") if len(rows) > NAMED else tuple(some)


def _named(name: str, value: Any) -> str:
    if isinstance(value, int) and name.endswith("id") and value >= 0:
        return f"{name} {value} ({encode_id(value)})"
    return f"{name} {bytes(value).hex() if isinstance(value, bytes | memoryview) else value}"


def lives(table: str, column: str, type: int) -> str:
    """Whether a row's object is there."""
    return (
        f"EXISTS (SELECT 1 FROM obj AS o WHERE o.account_id = {table}.account_id AND o.id = {table}.{column}"
        f" AND o.type = {type} AND o.dead = 0)"
    )


def matches(table: str, other: str, **columns: str) -> str:
    """Whether there is a row of another table in the same account."""
    same = "".join(f" AND x.{theirs} = {table}.{ours}" for theirs, ours in columns.items())
    return f"EXISTS (SELECT 1 FROM {other} AS x WHERE x.account_id = {table}.account_id{same})"


def objects_for(rows: str, type: str) -> tuple[str, ...]:
    """Make objects, with numbers of the log, for rows (account_id, id, blob, size, at) that lack theirs."""
    return (
        CATCH_UP,
        "INSERT INTO obj(account_id, id, type, created_seq, seq, prop_seq, blob, size, created_at, modified_at)"
        f" SELECT n.account_id, n.id, {type}, a.seq + n.place, a.seq + n.place, a.seq + n.place, n.blob, n.size,"
        " n.at, n.at FROM (SELECT r.*, ROW_NUMBER() OVER (PARTITION BY r.account_id ORDER BY r.id) AS place"
        f" FROM ({rows}) AS r) AS n JOIN account AS a ON a.id = n.account_id WHERE n.id > 0"
        " ON CONFLICT (account_id, id) DO UPDATE SET dead = 0, type = excluded.type, seq = excluded.seq,"
        " prop_seq = excluded.prop_seq, blob = excluded.blob, size = excluded.size WHERE obj.dead = 1",
        CATCH_UP,
    )


_NUMBERS = " UNION ALL ".join(
    f"SELECT account_id, MAX({column}) AS seq, MAX({id}) AS id FROM {table} GROUP BY account_id"
    for table, column, id in (
        ("obj", "seq", "id"),
        ("member", "seq", "item_id * 0"),
        ("container", "seq", "id"),
        ("email", "0", "thread_id"),
        ("binding", "seq", "item_id * 0"),
        ("collection", "seq", "id"),
        ("archived", "0", "id"),
        ("acl", "since_seq", "0"),
        ("type_state", "seq", "0"),
    )
)
_TOP = f"(SELECT account_id, MAX(seq) AS seq, MAX(id) AS id FROM ({_NUMBERS}) AS n GROUP BY account_id) AS top"
BEHIND = (
    f"FROM account JOIN {_TOP} ON top.account_id = account.id WHERE account.seq < top.seq OR account.last_id < top.id"
)
CATCH_UP = (
    "UPDATE account SET seq = CASE WHEN account.seq < top.seq THEN top.seq ELSE account.seq END,"
    " last_id = CASE WHEN account.last_id < top.id THEN top.id ELSE account.last_id END"
    f" FROM {_TOP} WHERE top.account_id = account.id AND (account.seq < top.seq OR account.last_id < top.id)"
)
"""No number is given away twice."""
