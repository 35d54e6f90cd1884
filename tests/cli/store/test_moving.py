"""Copies, backups and restored stores on the command line."""

from __future__ import annotations

import io
import json
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any

import psycopg

from stalwart.cli.store import moving
from stalwart.cli.store.places import blob_store, data_store, opened
from stalwart.config import registry
from stalwart.config.blob_places import former_places, remember
from stalwart.config.storage.blob_store import BlobStore
from stalwart.store.blob_places import placed
from stalwart.store.config_file import embedded_store_config
from stalwart.store.moving.tables import newest_schema
from stalwart.store.sql.migrate import load_migrations, schema_of
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.cli.store.case import StoreCase
from tests.postgresql import programs, server
from tests.store.moving.sample import MESSAGES, filled, found


class MovingCase(StoreCase):
    def bring_back(self, schema: int, back: Path) -> None:
        """A backup of an older schema is one of this version in ``back``, with what was in it."""
        old, file = self.target.with_name(f"old{schema}"), self.file.with_name(f"{schema}.tar")
        filled(Path(embedded_store_config(old)["path"]), schema)
        self.assertEqual(self.run_cli("backup", old, file), 0, self.said)
        self.assertEqual(self.run_cli("restore", file, back), 0, (schema, self.said))
        with opened(data_store(str(back)), writes=False) as database:
            newest = max(step.number for step in load_migrations(database.session.dialect))
            self.assertEqual(schema_of(database.session), newest)
            for table in ("account", "secret", "token", "registry_link", "blob_bytes"):
                self.assertEqual(database.session.one(f"SELECT COUNT(*) FROM {table}"), (1,), (schema, table))


class MovingTests(MovingCase):
    def emails(self, path: Path) -> list[Any]:
        store = data_store(str(path))
        with opened(store, writes=False) as database:
            files = store.blob_files()
            for (hash,) in database.session.all("SELECT hash FROM blob WHERE store = 'file'"):
                self.assertEqual(files.read(bytes(hash)), MESSAGES[1])
            return database.session.all("SELECT account_id, id, size FROM email ORDER BY id")

    def test_a_copy_has_what_the_source_has(self) -> None:
        self.assertEqual(self.run_cli("copy", self.source, self.target), 0, self.said)
        self.assertEqual(self.emails(self.target), self.emails(self.source))
        self.assertIn("large values were written", self.said)
        self.assertEqual((self.target / "vault.key").read_text(), (self.source / "vault.key").read_text())
        self.assertEqual((self.target / "vault.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.run_cli("check", self.target), 0, self.said)

    def test_a_copy_can_be_indexed_at_once(self) -> None:
        self.assertEqual(self.run_cli("copy", self.source, self.target, "--index"), 0, self.said)
        store = data_store(str(self.target))
        with opened(store, writes=False) as database:
            self.assertEqual(found(database.session, store.blob_files()), 2)

    def test_a_copy_into_a_store_with_data_writes_nothing(self) -> None:
        self.run_cli("copy", self.source, self.target)
        before = (self.target / "store.sqlite3").read_bytes()
        self.assertEqual(self.run_cli("copy", self.source, self.target), 1)
        self.assertIn("holds data already", self.said)
        self.assertEqual((self.target / "store.sqlite3").read_bytes(), before)
        self.assertEqual(self.run_cli("copy", self.source, self.source), 1)

    def test_a_copy_that_was_broken_off_is_begun_again(self) -> None:
        self.patch(moving, "copy_blobs", lambda *_: 1 / 0)
        with self.assertRaises(ZeroDivisionError):
            self.run_cli("copy", self.source, self.target)
        self.flushLoggedErrors()
        self.patch(moving, "copy_blobs", _copy_blobs)
        self.assertEqual(self.run_cli("copy", self.source, self.target), 0, self.said)
        self.assertEqual(self.emails(self.target), self.emails(self.source))

    def test_a_backup_comes_back(self) -> None:
        self.assertEqual(self.run_cli("backup", self.source, self.file), 0, self.said)
        self.assertIn("vault", self.said)
        self.assertEqual(self.run_cli("restore", self.file, self.target), 0, self.said)
        self.assertIn("needs the key of the vault", self.said)
        self.assertEqual(self.emails(self.target), self.emails(self.source))

    def test_a_backup_goes_into_a_pipe(self) -> None:
        stdout = io.TextIOWrapper(io.BytesIO())
        self.patch(sys, "stdout", stdout)
        self.assertEqual(self.run_cli("backup", self.source, "-"), 0, self.said)
        self.file.write_bytes(stdout.buffer.getvalue())  # type: ignore[attr-defined]
        self.assertEqual(self.run_cli("restore", self.file, self.target), 0, self.said)
        self.assertEqual(self.emails(self.target), self.emails(self.source))
        self.patch(stdout, "isatty", lambda: True)
        self.assertEqual(self.run_cli("backup", self.source, "-"), 1)
        self.assertIn("is a terminal", self.said)
        self.assertFalse(Path("-").exists())

    def test_a_restored_store_passes_over_numbers_and_sends_nothing_if_that_is_wished(self) -> None:
        self.run_cli("backup", self.source, self.file)
        self.assertEqual(self.run_cli("restore", self.file, self.target, "--paused"), 0, self.said)
        self.assertIn("Sending is paused, 0 letters wait", self.said)
        states = []
        for path in (self.source, self.target):
            store = data_store(str(path))
            with opened(store, writes=False) as database:
                (row,) = database.session.all("SELECT seq, last_id FROM account")
                states.append(row)
                is_paused = SqlTransaction(database.session, store.blob_files()).queue.is_paused()
                self.assertEqual(is_paused, path == self.target)
        self.assertTrue(all(after > before + 1_000_000 for before, after in zip(*states, strict=True)), states)
        self.assertEqual(self.run_cli("begin-anew", self.source), 0, self.said)
        with opened(data_store(str(self.source)), writes=False) as database:
            self.assertEqual(database.session.all("SELECT seq, last_id FROM account"), [states[1]])
        self.assertEqual(self.run_cli("check", self.target), 0, self.said)

    def test_a_backup_of_every_older_schema_comes_back(self) -> None:
        for schema in range(2, newest_schema()):
            back = self.target.with_name(f"back{schema}")
            self.bring_back(schema, back)

    def test_a_backup_that_is_not_whole_makes_nothing(self) -> None:
        self.run_cli("backup", self.source, self.file)
        self.file.write_bytes(self.file.read_bytes()[:-20_000])
        self.assertEqual(self.run_cli("restore", self.file, self.target), 1)
        self.assertIn("not whole", self.said)
        self.assertFalse(self.target.exists())

    def test_rows_that_are_not_those_of_the_backup_are_not_written(self) -> None:
        self.run_cli("backup", self.source, self.file)
        self.patch(moving, "copy_rows", lambda *_, **__: {})
        self.assertEqual(self.run_cli("restore", self.file, self.target), 1)
        self.assertEqual(self.emails(self.target), [])

    def test_large_values_that_are_missing_are_said(self) -> None:
        for file in (self.source / "store.sqlite3.blobs").glob("??/*"):
            file.unlink()
        self.assertEqual(self.run_cli("copy", self.source, self.target), 1)
        self.assertIn("1 large values are missing", self.said)
        self.assertEqual(len(data_and_emails(self.target)), 2)

    def test_large_values_can_be_put_elsewhere(self) -> None:
        elsewhere = Path(self.mktemp()).absolute()
        choice = self.file.with_suffix(".json")
        choice.write_text(json.dumps({"@type": "FileSystem", "path": str(elsewhere), "depth": 1}))
        self.assertEqual(self.run_cli("copy", self.source, self.target, "--blobs", choice), 0, self.said)
        self.assertEqual(len(list(elsewhere.glob("??/*"))), 1)
        self.assertEqual(self.emails(self.target), self.emails(self.source))
        self.assertNotIn("start only one", self.said)
        self.assertEqual(self.run_cli("copy", self.target, self.target.with_name("shared")), 0)
        self.assertIn("x:BlobStore (FileSystem) says, and both stores use them: start only one", self.said)
        self.assertEqual(self.run_cli("backup", self.target, self.file), 0, self.said)
        back = self.target.with_name("back")
        self.assertEqual(self.run_cli("restore", self.file, back), 0, self.said)
        self.assertEqual(len(list((back / "store.sqlite3.blobs").glob("??/*"))), 1, "a bucket is not shared by chance")
        with opened(data_store(str(back)), writes=False) as database:
            self.assertEqual(type(blob_store(database.session, placed(elsewhere))).__name__, "Default")
        self.assertEqual(self.emails(back), self.emails(self.source))
        kept = self.target.with_name("kept")
        self.assertEqual(self.run_cli("restore", self.file, kept, "--blobs", "keep"), 0, self.said)
        self.assertFalse((kept / "store.sqlite3.blobs").exists())

    def test_a_copy_has_all_large_values_in_one_place(self) -> None:
        elsewhere = Path(self.mktemp()).absolute()
        choice = self.file.with_suffix(".json")
        choice.write_text(json.dumps({"@type": "FileSystem", "path": str(elsewhere), "depth": 1}))
        self.run_cli("copy", self.source, self.target, "--blobs", choice)
        store = data_store(str(self.target))
        with opened(store, writes=True) as database:  # what x:BlobStore/set does
            transaction = SqlTransaction(database.session, placed(elsewhere))
            former = blob_store(database.session, placed(elsewhere))
            remember(transaction, former, registry.create(transaction, BlobStore, {"@type": "Default"}, now=0).value)
            database.commit()
        self.assertEqual(self.emails(self.target), self.emails(self.source))
        self.assertEqual(self.run_cli("check", self.target, "--contents"), 0, self.said)
        back = self.target.with_name("back")
        self.assertEqual(self.run_cli("copy", self.target, back, "--blobs", "keep"), 0, self.said)
        shutil.rmtree(elsewhere)
        self.assertEqual(self.emails(back), self.emails(self.source))
        with opened(data_store(str(back)), writes=False) as database:
            self.assertEqual(former_places(SqlTransaction(database.session, placed(elsewhere))), [])

    def test_a_place_for_large_values_that_cannot_be_is_refused(self) -> None:
        choice = self.file.with_suffix(".json")
        for text in ("[]", "nonsense", '{"@type": "FileSystem"}', '{"@type": "FileSystem", "path": "relative"}'):
            choice.write_text(text)
            self.assertEqual(self.run_cli("copy", self.source, self.target, "--blobs", choice), 1, text)
            self.assertEqual(self.emails(self.target), [])


class PostgreSqlMovingTests(MovingCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def test_there_and_back_again(self) -> None:
        config = self.target.with_name("postgresql.json")
        database = f"copy{secrets.token_hex(4)}"
        server()._do(f"CREATE DATABASE {database}")
        self.addCleanup(server().forget, server().to(database))
        config.write_text(json.dumps({"@type": "PostgreSql", "host": str(server().folder), "database": database}))
        self.assertEqual(self.run_cli("copy", self.source, config), 0, self.said)
        self.assertEqual(self.run_cli("check", config, "--contents"), 0, self.said)
        self.assertEqual(self.run_cli("backup", config, self.file), 0, self.said)
        self.assertEqual(self.run_cli("restore", self.file, self.target), 0, self.said)
        self.assertEqual(self.run_cli("check", self.target, "--contents"), 0, self.said)
        self.assertEqual(data_and_emails(self.target), data_and_emails(self.source))

    def test_backups_of_older_schemas_come_back(self) -> None:
        for schema in (2, 9, newest_schema() - 1):
            config, address = self.target.with_name(f"{schema}.json"), server().empty()
            self.addCleanup(server().forget, address)
            database = address.rpartition("=")[2]
            config.write_text(json.dumps({"@type": "PostgreSql", "host": str(server().folder), "database": database}))
            self.bring_back(schema, config)

    def test_a_backup_that_is_not_whole_leaves_the_database_empty(self) -> None:
        config, address = self.target.with_name("postgresql.json"), server().empty()
        self.addCleanup(server().forget, address)
        database = address.rpartition("=")[2]
        config.write_text(json.dumps({"@type": "PostgreSql", "host": str(server().folder), "database": database}))
        self.run_cli("backup", self.source, self.file)
        whole = self.file.read_bytes()
        for content, said in ((whole[:-20_000], "not whole"), (b"-- PostgreSQL database dump\n" * 500, "is no backup")):
            self.file.write_bytes(content)
            self.assertEqual(self.run_cli("restore", self.file, config), 1)
            self.assertIn(said, self.said)
            with psycopg.connect(address) as connection:
                found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
            self.assertEqual(found, (0,))

    def test_a_server_that_is_not_there_is_said(self) -> None:
        config = self.target.with_name("postgresql.json")
        config.write_text(json.dumps({"@type": "PostgreSql", "host": "/nowhere"}))
        self.assertEqual(self.run_cli("copy", self.source, config), 2)
        self.assertRegex(self.said, "cannot be reached.*nowhere")


def data_and_emails(folder: Path) -> list[Any]:
    """The e-mails of a data folder."""
    database = SqliteBulk(folder / "store.sqlite3")
    database.open(writes=False)
    try:
        return list(database.session.all("SELECT account_id, id, size, blob FROM email ORDER BY id"))
    finally:
        database.close()


_copy_blobs = moving.copy_blobs
