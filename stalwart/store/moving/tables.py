"""What tables there are, as the migrations make them; nothing here names one that holds data.

The tables are those of SQLite at a schema, but for its full-text index: what another dialect has beside them is made
anew (the index of words) or is of the moment (nodes, what they have committed last).
"""

from __future__ import annotations

from functools import cache

from attrs import frozen

from stalwart.store.sql.dialect import POSTGRESQL, SQLITE
from stalwart.store.sql.migrate import load_migrations, migrate
from stalwart.store.sqlite.connection import open_memory

RECORD = "migration"
"""The table that says which steps a database has had."""
DOCUMENTS, QUEUE, EMAILS = "mail_text", "mail_text_queue", "email"
"""What was indexed of e-mails, what is to be indexed, and the e-mails: the first two can be made anew of the third."""

_OURS = {"BLOB": "BYTEA"}


@frozen
class Table:
    """Columns with their types (BIGINT, SMALLINT, TEXT, BYTEA), in the order of every row."""

    name: str
    columns: tuple[tuple[str, str], ...]

    @property
    def names(self) -> str:
        """The columns as a list for a statement."""
        return ", ".join(name for name, _ in self.columns)


@cache
def tables_of(schema: int | None = None) -> tuple[Table, ...]:
    """The tables of a schema, by default of this version's."""
    session = open_memory()
    try:
        migrate(session, load_migrations(SQLITE, newest=schema), 0)
        made = session.all("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name")
        virtual = [name for name, sql in made if sql.upper().startswith("CREATE VIRTUAL")]
        return tuple(
            Table(name, tuple((row[1], _OURS.get(row[2], row[2])) for row in session.all(f"PRAGMA table_info({name})")))
            for name, _ in made
            if name != RECORD and not any(name == each or name.startswith(f"{each}_") for each in virtual)
        )
    finally:
        session.close()


def newest_schema() -> int:
    """The highest number that a step has in any dialect."""
    return max(step.number for dialect in (SQLITE, POSTGRESQL) for step in load_migrations(dialect))
