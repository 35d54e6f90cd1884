"""What differs between the databases, and nothing else: placeholders, type names, how a transaction begins.

Statements are written once, with ``?`` and PostgreSQL's type names, in the SQL that both share: ON CONFLICT,
RETURNING, partial indexes, savepoints. ``?`` never stands inside a literal.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping

from attrs import field, frozen

WRITERS = 20080259
"""The lock that whoever writes to PostgreSQL holds."""


@frozen
class Dialect:
    """One database language. ``name`` also picks the dialect's own piece of a migration."""

    name: str
    begin_read: str
    begin_write: str
    begin_migration: tuple[str, ...]
    list_tables: str
    numbers: str  # the column "number" of a JSON list that is one value
    row: str  # values as a JSON list
    rows: str  # one JSON list of what the rows have
    nested: str  # JSON that is kept as text, within JSON
    hexadecimal: str  # octets as text
    types: Mapping[str, str] = field(factory=dict)
    placeholder: str = "?"
    names_indexes: bool = False

    def by_index(self, index: str) -> str:
        """What has to follow the name of a table that is to be read by this index, where the database may be told."""
        return f" INDEXED BY {index}" if self.names_indexes else ""

    def statement(self, text: str) -> str:
        """``text`` with the placeholders of this database."""
        return text if self.placeholder == "?" else _numbered(text)

    def schema(self, text: str) -> str:
        """A DDL statement with the type names of this database."""
        for ours, theirs in self.types.items():
            text = re.sub(rf"\b{ours}\b", theirs, text)
        return text


@functools.lru_cache(maxsize=1024)
def _numbered(text: str) -> str:
    numbers = itertools.count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", text)


SQLITE = Dialect(
    name="sqlite",
    begin_read="BEGIN",
    begin_write="BEGIN IMMEDIATE",
    begin_migration=("BEGIN IMMEDIATE",),
    list_tables="SELECT name FROM sqlite_master WHERE type = 'table'",
    numbers="SELECT value AS number FROM json_each(?)",
    row="json_array({})",
    rows="json_group_array({})",
    nested="json({})",
    hexadecimal="hex({})",
    types={"BYTEA": "BLOB"},
    names_indexes=True,
)

POSTGRESQL = Dialect(
    name="postgresql",
    begin_read="BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    begin_write=f"BEGIN; SELECT pg_advisory_xact_lock({WRITERS})",
    begin_migration=("BEGIN", "SELECT pg_advisory_xact_lock(20080258)", f"SELECT pg_advisory_xact_lock({WRITERS})"),
    list_tables="SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
    numbers="SELECT CAST(value AS BIGINT) AS number FROM json_array_elements_text(CAST(? AS JSON))",
    row="json_build_array({})",
    rows="CAST(COALESCE(json_agg({}), '[]') AS TEXT)",
    nested="CAST({} AS JSON)",
    hexadecimal="encode({}, 'hex')",
    placeholder="$1",
)
