"""Tables of a database that know people and the hashes of their passwords (settings C.4, auth-api 2.2).

The queries are the administrator's; `store.queries` runs them. Columns are found by the names in the settings, whatever
their case; of queries for groups and aliases the first column counts. Nobody is let in whose address several rows have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from stalwart.config.identity.directory import Default, Sql
from stalwart.config.storage.data_store import Sqlite
from stalwart.directory import hashes
from stalwart.directory.external.found import Found
from stalwart.directory.external.markers import marker_of
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid, Unauthenticated, Unavailable
from stalwart.schema.formats import email_address
from stalwart.store.queries import QueryRunner, QueryThreads, query_problem
from stalwart.store.sqlite.query import SqliteSource
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_DIRECTORY_AMBIGUOUS,
    AUTH_DIRECTORY_ERROR,
    AUTH_DIRECTORY_UNUSABLE,
    AUTH_ERROR,
)

_DECOY = "argon2id"
_QUERIES = (
    ("query_login", "queryLogin"),
    ("query_recipient", "queryRecipient"),
    ("query_member_of", "queryMemberOf"),
    ("query_email_aliases", "queryEmailAliases"),
)


def open_sql_directory(
    settings: Sql,
    reactor: Any,
    data_store: Path | None,
    hashing: Hashing,
    telemetry: Telemetry,
    *,
    marker_key: bytes,
) -> SqlDirectory:
    """The directory that ``settings`` describe. ``data_store`` is the file of the server's own store, if it has one.

    ``marker_key``: a secret of this server for `markers`. Raises Invalid for settings that cannot work.
    """
    check_sql(settings)
    if isinstance(settings.store, Sqlite):
        source = SqliteSource(settings.store.path, data_store)
        queries = QueryThreads(source, reactor, telemetry, name=f"of the directory {settings.description}")
    elif data_store is not None:
        queries = QueryThreads(SqliteSource(data_store, data_store), reactor, telemetry)
    else:
        raise Invalid("The data store of this server is not in a file, so it has no tables to ask.", ("store",))
    return SqlDirectory(settings, queries, hashing, telemetry, marker_key=marker_key)


def check_sql(settings: Sql) -> None:
    """Raises Invalid for what cannot work, naming the property."""
    for attribute, property in _QUERIES:
        query = getattr(settings, attribute)
        problem = query_problem(query) if query is not None else None
        if problem is not None:
            raise Invalid(problem, (property,))
    store = settings.store
    if isinstance(store, Default):
        return
    if not isinstance(store, Sqlite):
        text = "This server has no engine for PostgreSql; the tables can be in its own data store or in a Sqlite file."
        raise Invalid(text, ("store",))
    if not Path(store.path).is_absolute() or "\0" in store.path:
        raise Invalid("The path of the Sqlite file must be absolute.", ("store/path",))


class SqlDirectory:
    """The `PasswordDirectory` of a `Sql` settings object."""

    def __init__(
        self, settings: Sql, queries: QueryRunner, hashing: Hashing, telemetry: Telemetry, *, marker_key: bytes
    ) -> None:
        self._settings = settings
        self._queries = queries
        self._hashing = hashing
        self._telemetry = telemetry
        self._marker_key = marker_key

    async def check(self, address: str, secret: str) -> Found | None:
        """See `PasswordDirectory`."""
        if not secret or not _is_text(address):
            return None
        row = await self._one(self._settings.query_login, "queryLogin", address)
        stored = self._column(row, "column_secret", "columnSecret") if row is not None else None
        if not await self._fits(stored or None, address, secret) or row is None:
            return None
        return await self._found(row)

    async def find(self, address: str) -> Found | None:
        """See `PasswordDirectory`."""
        if not _is_text(address):
            return None
        row = await self._one(self._settings.query_recipient, "queryRecipient", address)
        return await self._found(row) if row is not None else None

    async def close(self) -> None:
        """See `PasswordDirectory`."""
        await self._queries.close()

    async def _rows(self, query: str, property: str, value: str) -> Sequence[Mapping[str, Any]]:
        try:
            return await self._queries.run(query, value)
        except Unavailable as problem:
            raise self._broken(property, problem.detail) from problem

    async def _one(self, query: str, property: str, address: str) -> Mapping[str, Any] | None:
        rows = await self._rows(query, property, address)
        if len(rows) > 1:
            self._telemetry.emit(AUTH_DIRECTORY_AMBIGUOUS, directory=self._settings.description, accountName=address)
            return None
        return rows[0] if rows else None

    async def _fits(self, stored: str | None, address: str, secret: str) -> bool:
        try:
            return await self._hashing.check(stored, secret, _DECOY)
        except hashes.UnknownHash as problem:  # whoever knows the password cannot help it (auth-api 2.2)
            self._telemetry.emit(AUTH_ERROR, accountName=address, reason=str(problem))
            raise Unauthenticated() from None

    async def _found(self, row: Mapping[str, Any]) -> Found | None:
        own = self._column(row, "column_email", "columnEmail")
        address = _address(own)
        if own is None or address is None:
            self._telemetry.emit(
                AUTH_DIRECTORY_UNUSABLE,
                directory=self._settings.description,
                accountName=own,
                reason=f"no address in the column {self._settings.column_email}",
            )
            return None
        settings = self._settings
        aliases = await self._list(settings.query_email_aliases, "queryEmailAliases", own)
        kind = self._kind(row)
        groups = await self._list(settings.query_member_of, "queryMemberOf", own) if kind == "User" else None
        return Found(
            address=address,
            name=_text(row.get((settings.column_description or "").lower())),
            groups=groups,
            aliases=None if aliases is None else aliases - {address},
            kind=kind,
            marker=self._marker(row),
        )

    async def _list(self, query: str | None, property: str, value: str) -> frozenset[str] | None:
        """The first column; None without a query."""
        if query is None:
            return None
        rows = await self._rows(query, property, value)
        found = (_text(next(iter(row.values()))) for row in rows)
        return frozenset(text.lower() for text in found if text)

    def _kind(self, row: Mapping[str, Any]) -> Literal["User", "Group"]:
        kind = _text(row.get((self._settings.column_class or "").lower()))
        return "Group" if (kind or "").lower() == "group" else "User"

    def _marker(self, row: Mapping[str, Any]) -> str | None:
        """Queries for recipients need not tell the secret."""
        stored = _text(row.get(self._settings.column_secret.lower()))
        return marker_of(self._marker_key, () if not stored else (stored.encode(),))

    def _column(self, row: Mapping[str, Any], attribute: str, property: str) -> str | None:
        name = getattr(self._settings, attribute)
        if name.lower() not in row:
            raise self._broken(property, f"The query gives no column {name}.")
        return _text(row[name.lower()])

    def _broken(self, property: str, why: str) -> Unavailable:
        name = self._settings.description
        self._telemetry.emit(AUTH_DIRECTORY_ERROR, directory=name, property=property, reason=why)
        return Unavailable(f"{property} of the directory {name} does not work. {why}")


def _text(value: Any) -> str | None:
    """A value of a column as text; None for NULL and what is no text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _address(text: str | None) -> str | None:
    try:
        return email_address(text or "")
    except ValueError:
        return None


def _is_text(address: str) -> bool:
    """Whether it can be bound as UTF-8: half of a surrogate pair cannot."""
    return all(not "\ud800" <= sign <= "\udfff" for sign in address)
