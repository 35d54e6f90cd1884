"""What a search finds in a table: a page of ids, how many there are, the place of one."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from stalwart.store.sql.session import Session


@frozen
class Found:
    """The rows of ``table`` for which ``where`` holds with ``values``."""

    session: Session
    table: str
    where: str
    values: tuple[Any, ...]
    order: tuple[str, ...] = ("id",)

    def ids(self, descending: bool, offset: int, limit: int) -> list[int]:
        """The ids from ``offset`` on."""
        direction = "DESC" if descending else "ASC"
        order = ", ".join(f"{column} {direction}" for column in self.order)
        rows = self.session.all(
            f"SELECT id FROM {self.table} WHERE {self.where} ORDER BY {order} LIMIT ? OFFSET ?",
            *(*self.values, limit, offset),
        )
        return [id for (id,) in rows]

    def count(self) -> int:
        """How many there are."""
        return int(self.session.one(f"SELECT COUNT(*) FROM {self.table} WHERE {self.where}", *self.values)[0])

    def position(self, id: int, descending: bool) -> int | None:
        """The place of ``id``, the first being 0; None if it is not there."""
        columns, marks = ", ".join(self.order), ", ".join("?" * len(self.order))
        found = f"FROM {self.table} WHERE {self.where}"
        here = self.session.one(f"SELECT {columns} {found} AND id = ?", *self.values, id)
        if here is None:
            return None
        before = f"({columns}) {'>' if descending else '<'} ({marks})"
        return int(self.session.one(f"SELECT COUNT(*) {found} AND {before}", *self.values, *here)[0])


def literal(text: str) -> str:
    """``text`` for LIKE, without meaning of its own."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
