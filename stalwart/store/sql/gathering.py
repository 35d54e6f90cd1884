"""Lists that the database hands over as one value.

Each row that is fetched by itself lets the other threads have the interpreter and waits until it comes back: where
several compute, a list of a thousand rows takes four times as long as one value that is taken apart at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from stalwart.store.collection_rows import Content, Member
from stalwart.store.sql.collection_writing import MEMBER
from stalwart.store.sql.lists import in_lists, possible
from stalwart.store.sql.session import Session

# not strict: 0 and 1 are what databases without truth values have
_decode_members = msgspec.json.Decoder(list[Member], strict=False).decode
_decode_contents = msgspec.json.Decoder(list[tuple[Member, str]], strict=False).decode
_decode_octets = msgspec.json.Decoder(list[tuple[int, str]]).decode
_decode_ids = msgspec.json.Decoder(list[list[int]]).decode
_decode_rows = msgspec.json.Decoder(list[list[Any]]).decode


class Gathering:
    """Reads such lists on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        dialect = session.dialect
        row, rows, octets = dialect.row, dialect.rows, dialect.hexadecimal.format("c.octets")
        self._row, self._rows, self._nested = row, rows, dialect.nested
        data = dialect.nested.format("b.data")
        self._members = rows.format(row.format(MEMBER))
        self._with_data = rows.format(row.format(f"{MEMBER}, {data}"))
        self._with_octets = rows.format(row.format(f"{row.format(MEMBER)}, {octets}"))
        self._octets = rows.format(row.format(f"c.id, {octets}"))

    def members(self, statement: str, *values: Any, with_data: bool = False) -> list[Member]:
        """What ``statement`` selects, in its order, which holds because it has a limit: the columns ``MEMBER``, and
        ``data`` behind them.
        """
        columns = self._with_data if with_data else self._members
        return _decode_members(self._session.one(f"SELECT {columns} FROM ({statement}) AS b", *values)[0])

    def contents(self, source: str, *values: Any, among: Iterable[Any]) -> list[Content]:
        """The members ``b`` with the content ``c`` of ``source``, which ends where a list has to follow."""
        found: list[Content] = []
        for marks, chosen in in_lists(list(dict.fromkeys(among))):
            statement = f"SELECT {self._with_octets} FROM {source} {marks}"
            read = _decode_contents(self._session.one(statement, *values, *chosen)[0])
            found += (Content(member, bytes.fromhex(octets)) for member, octets in read)
        return found

    def octets(self, account_id: int, item_ids: Iterable[int]) -> dict[int, bytes]:
        """Contents by the number of their item."""
        found: dict[int, bytes] = {}
        for marks, chosen in in_lists(possible(item_ids)):
            statement = f"SELECT {self._octets} FROM content AS c WHERE c.account_id = ? AND c.id IN {marks}"
            read = _decode_octets(self._session.one(statement, account_id, *chosen)[0])
            found |= {id: bytes.fromhex(octets) for id, octets in read}
        return found

    def rows(self, columns: str, source: str, *values: Any) -> list[list[Any]]:
        """The columns of all rows of a source, in no order."""
        listed = self._rows.format(self._row.format(columns))
        return _decode_rows(self._session.one(f"SELECT {listed} FROM {source}", *values)[0])

    def ids(self, column: str, sources: Sequence[str], *values: Any) -> list[list[int]]:
        """The numbers in a column of each of the ``sources``, which take ``values`` one after the other."""
        rows = self._rows.format(column)
        lists = ", ".join(self._nested.format(f"(SELECT {rows} FROM {source})") for source in sources)
        return _decode_ids(self._session.one(f"SELECT {self._row.format(lists)}", *values)[0])
