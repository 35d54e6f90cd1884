"""All rows of a source into an empty database: in one transaction, read again before it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from stalwart.codec.search_document import UnreadableDocument, columns, unpack
from stalwart.errors import Conflict, Invalid
from stalwart.store.moving.bulk import Bulk, Row, Tally
from stalwart.store.moving.tables import DOCUMENTS, EMAILS, QUEUE, Table, tables_of
from stalwart.store.sql.mail_text import queue_text

Report = Callable[[str, int], None]
"""Told what is done now, and how many rows of it are."""

_TOLD = 1000


class Source(Protocol):
    """Where rows come from: a database, or a backup."""

    def rows(self, table: Table) -> Iterable[Row]:
        """All rows of a table."""


def copy_rows(
    source: Source, schema: int, target: Bulk, report: Report, *, indexes: bool = False
) -> dict[str, tuple[int, str]]:
    """Fill ``target``, which is prepared for ``schema`` and open for writing, and commit nothing. Answers what each
    table has. Full text is indexed here if ``indexes``, else by the server, when it has the time.

    Raises Conflict if it is not empty, Invalid if it keeps something else than was read.
    """
    refuse_data(target, tables_of(schema))
    tables = [table for table in tables_of(schema) if indexes or table.name not in (DOCUMENTS, QUEUE)]
    tallies: dict[str, tuple[int, str]] = {}
    wanted: dict[str, tuple[int, str]] = {}
    changed = 0
    for table in tables:
        tally, fitting = Tally(), _Fitting(target)
        target.add(table, told(fitting.over(tally.over(source.rows(table))), table.name, report))
        tallies[table.name] = tally.value
        wanted[table.name] = fitting.value(tally)
        changed += fitting.count
    if changed:
        report("rows in which U+FFFD stands for a character 0, which the database cannot keep", changed)
    unreadable: list[tuple[int, int]] = []
    if indexes:
        documents = next(table for table in tables if table.name == DOCUMENTS)
        unreadable = _index(target, told(source.rows(documents), "search index", report))
    for table in tables:
        tally = Tally()
        for row in told(target.rows(table), f"check of {table.name}", report):
            tally.add(row)
        if tally.value != wanted[table.name]:
            raise Invalid(f"The table {table.name} did not become what was read; nothing was written.")
    for account_id, email_id in unreadable:
        queue_text(target.session, account_id, email_id)
    if not indexes and any(table.name == QUEUE for table in tables_of(schema)):
        target.session.run(f"INSERT INTO {QUEUE}(account_id, email_id) SELECT account_id, id FROM {EMAILS}")
    return tallies


def refuse_data(target: Bulk, tables: Sequence[Table]) -> None:
    """Raises Conflict if any table has rows."""
    for table in tables:
        if target.session.one(f"SELECT 1 FROM {table.name} LIMIT 1") is not None:
            raise Conflict("The data store to write to holds data already; choose an empty one.")


def told(rows: Iterable[Row], what: str, report: Report) -> Iterator[Row]:
    """The same rows, reported now and then."""
    count = 0
    report(what, 0)
    for row in rows:
        yield row
        count += 1
        if count % _TOLD == 0:
            report(what, count)
    report(what, count)


class _Fitting:
    """Rows as the database can keep them."""

    def __init__(self, target: Bulk) -> None:
        self._target = target
        self._difference = Tally()
        self.count = 0

    def over(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, some of which may be others; ``count`` says how many."""
        for row in rows:
            fit = self._target.fit(row)
            if fit is not row:
                self._difference.change(row, fit)
                self.count += 1
            yield fit

    def value(self, read: Tally) -> tuple[int, str]:
        """What the table is to have where ``read`` is what was read."""
        return (read + self._difference).value


def _index(target: Bulk, documents: Iterable[Row]) -> list[tuple[int, int]]:
    """Index the words of the documents; answers the e-mails whose document is unreadable, for the server to index."""
    unreadable: list[tuple[int, int]] = []

    def words() -> Iterator[tuple[int, int, Sequence[str]]]:
        for account_id, email_id, document in documents:
            try:
                yield account_id, email_id, columns(unpack(document))
            except UnreadableDocument:
                unreadable.append((account_id, email_id))

    target.add_words(words())
    return unreadable
