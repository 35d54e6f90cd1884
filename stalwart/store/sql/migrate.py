"""Brings a database to the schema of this version: numbered files, each applied once, in one transaction,
under a lock.

``0002_name.sql`` holds what all databases share, ``0002_name.<dialect>.sql`` the piece of one of them. What
was applied is remembered with a checksum, so that a file changed afterwards is noticed instead of half
believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from attrs import frozen

from stalwart.errors import Invalid
from stalwart.store.sql.dialect import Dialect
from stalwart.store.sql.session import Session

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)(?:\.([a-z]+))?\.sql")
_RECORD = (
    "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, "
    "checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)"
)

OF_ANOTHER = "The database holds tables of another program; choose an empty one."


@frozen
class Migration:
    """One step: its number, name, SHA-256 of the text and the statements for one dialect."""

    number: int
    name: str
    checksum: str
    statements: tuple[str, ...]


def load_migrations(
    dialect: Dialect, folder: Traversable | None = None, newest: int | None = None
) -> tuple[Migration, ...]:
    """The steps for ``dialect`` in order, from ``folder`` or those that come with this version; up to ``newest``, if it
    is given.
    """
    folder = folder if folder is not None else files("stalwart.store") / "migrations"
    texts: dict[tuple[int, str], str] = {}
    for entry in sorted(folder.iterdir(), key=_shared_first):
        match = _NAME.fullmatch(entry.name)
        if match and match[3] in (None, dialect.name):
            step = (int(match[1]), match[2])
            texts[step] = texts.get(step, "") + entry.read_text(encoding="utf-8")
    return tuple(
        Migration(number, name, hashlib.sha256(text.encode()).hexdigest(), tuple(_statements(text, dialect)))
        for (number, name), text in sorted(texts.items())
        if newest is None or number <= newest
    )


def migrate(session: Session, migrations: Sequence[Migration], now: int) -> list[int]:
    """Apply what is missing; answers the numbers. Raises Invalid if the database is not one of ours, or a newer one."""
    tables = {row[0] for row in session.all(session.dialect.list_tables)}
    if "migration" in tables and not _missing(session, migrations):
        return []
    if tables and "migration" not in tables:
        raise Invalid(OF_ANOTHER)
    session.begin_migration()
    try:
        applied = _apply(session, migrations, now)
        session.commit()
    except BaseException:
        with contextlib.suppress(Exception):  # a disk that is full has ended it already, and is what has to be said
            session.rollback()
        raise
    return applied


def schema_of(session: Session) -> int:
    """The number of the last step that the database has had. Raises Invalid if it is not one of ours, or newer."""
    if "migration" not in {row[0] for row in session.all(session.dialect.list_tables)}:
        raise Invalid("The database holds no data of this server.")
    _missing(session, load_migrations(session.dialect))
    return int(session.one("SELECT MAX(number) FROM migration")[0] or 0)


def _apply(session: Session, migrations: Sequence[Migration], now: int) -> list[int]:
    session.run(_RECORD)
    missing = _missing(session, migrations)
    for migration in missing:
        for statement in migration.statements:
            session.run(statement)
        session.run(
            "INSERT INTO migration(number, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
            *(migration.number, migration.name, migration.checksum, now),
        )
    return [migration.number for migration in missing]


def _missing(session: Session, migrations: Sequence[Migration]) -> list[Migration]:
    """What is still to be applied, after making sure that the rest is what we think it is."""
    applied = dict(session.all("SELECT number, checksum FROM migration"))
    known = {migration.number: migration for migration in migrations}
    newest = max(known, default=0)
    if max(applied, default=0) > newest:
        raise Invalid(
            f"The database has schema {max(applied)}, but this version knows only {newest}:"
            " it was written by a newer version. Install that version, or restore a backup."
        )
    for number, checksum in applied.items():
        if number not in known or known[number].checksum != checksum:
            raise Invalid(f"Migration {number} of the database is not the one of this version; restore a backup.")
    return [migration for migration in migrations if migration.number not in applied]


def _statements(text: str, dialect: Dialect) -> Iterable[str]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    for statement in re.split(r";[ \t]*\n", "\n".join(lines) + "\n"):
        if statement.strip():
            yield dialect.schema(statement.strip())


def _shared_first(entry: Traversable) -> tuple[int, str]:
    return (entry.name.count("."), entry.name)
