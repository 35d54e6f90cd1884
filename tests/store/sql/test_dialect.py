"""Dialects: the same statements for every database."""

from __future__ import annotations

import ast
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import stalwart.store
from stalwart.store.sql.dialect import POSTGRESQL, SQLITE
from stalwart.store.sql.migrate import load_migrations

STORE = Path(stalwart.store.__file__).parent


class DialectTests(SynchronousTestCase):
    def test_sqlite_takes_statements_as_they_are(self) -> None:
        self.assertEqual(SQLITE.statement("SELECT x % 2 FROM t WHERE y = ?"), "SELECT x % 2 FROM t WHERE y = ?")

    def test_postgresql_has_its_own_placeholders(self) -> None:
        self.assertEqual(POSTGRESQL.statement("SELECT x % 2 FROM t WHERE y = ?"), "SELECT x % 2 FROM t WHERE y = $1")

    def test_type_names_are_replaced_as_whole_words(self) -> None:
        self.assertEqual(SQLITE.schema("CREATE TABLE t (BYTEAS BYTEA)"), "CREATE TABLE t (BYTEAS BLOB)")
        self.assertEqual(POSTGRESQL.schema("CREATE TABLE t (b BYTEA)"), "CREATE TABLE t (b BYTEA)")

    def test_each_dialect_has_its_piece_of_the_schema(self) -> None:
        for dialect, word in ((SQLITE, "fts5"), (POSTGRESQL, "TSVECTOR")):
            first = load_migrations(dialect)[0]
            self.assertEqual(sum(word in statement for statement in first.statements), 1)


class BorderTests(SynchronousTestCase):
    """Where a database may be named."""

    def strings(self, path: Path) -> list[str]:
        tree = ast.parse(path.read_text())
        return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]

    def test_statements_are_in_the_sql_package_and_its_engines(self) -> None:
        words = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "PRAGMA ", "BEGIN")
        found = {
            path.relative_to(STORE).parts[0]
            for path in STORE.rglob("*.py")
            for text in self.strings(path)
            if text.lstrip().startswith(words)
        }
        self.assertLessEqual(found, {"sql", "sqlite", "postgresql", "moving", "checks"})

    def test_pragmas_are_in_the_sqlite_engine(self) -> None:
        found = {path.name for path in (STORE / "sql").rglob("*.py") if any("PRAGMA" in s for s in self.strings(path))}
        self.assertEqual(found, set())

    def test_the_driver_is_imported_by_its_engine(self) -> None:
        for driver, engine in (("sqlite3", "sqlite"), ("psycopg", "postgresql")):
            found = {path.parent.name for path in STORE.rglob("*.py") if f"import {driver}" in path.read_text()}
            self.assertEqual(found, {engine})
