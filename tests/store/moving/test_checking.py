"""Whether a database is as it should be: each check finds what it is for, and puts right what can be put right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.checks import accounts, blobs, collections, mail, mail_pages, queue, registry
from stalwart.store.checks.check import LOST, Check
from stalwart.store.moving.bulk import Bulk
from stalwart.store.moving.checking import CHECKS, Finding, check_blobs, check_rows
from stalwart.store.postgresql.bulk import PostgreSqlBulk
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.postgresql import programs, server
from tests.store.moving.damages import DAMAGES, fill_all
from tests.store.moving.sample import silent

SAID_ELSEWHERE = frozenset(_left.what for _left in CHECKS if _left.what.startswith("accounts that are not there"))
"""One of these stands for all: they are made of a list of tables."""
SECOND = frozenset({"accounts that have given numbers away twice"})
"""The same as another one, after everything."""


class Undone(Exception):
    """What was done is to be forgotten."""


class CheckRowsTests(SynchronousTestCase):
    every = 1  # how many things of the table one is tried of

    def database(self) -> Bulk:
        return SqliteBulk(Path(self.mktemp()))

    def filled(self) -> Any:
        database = self.database()
        self.files = DiskBlobFiles(self.mktemp())
        database.prepare()
        database.open(writes=True)
        self.addCleanup(database.close)
        fill_all(database.session, self.files)
        return database

    def test_nothing_is_wrong_in_what_the_store_has_written(self) -> None:
        self.assertEqual(list(check_rows(self.filled(), silent)), [])

    def test_there_is_a_test_of_every_check(self) -> None:
        tried = {what for what, *_ in DAMAGES}
        self.assertEqual({check.what for check in CHECKS} - tried - SAID_ELSEWHERE - SECOND, set())

    def test_no_check_is_forgotten(self) -> None:
        modules = (accounts, blobs, collections, mail, mail_pages, queue, registry)
        lists = [each for module in modules for name, each in vars(module).items() if name.isupper() and name[0] != "_"]
        made = {each.what for some in lists if isinstance(some, tuple) for each in some if isinstance(each, Check)}
        self.assertEqual(made, {check.what for check in CHECKS})

    def test_each_thing_that_is_wrong_is_found_and_put_right_and_then_not_found_again(self) -> None:
        database, odd = self.filled(), []
        for what, damage, can_be_repaired in DAMAGES[:: self.every]:
            try:
                with database.session.savepoint():
                    odd += [(what, damage, *each) for each in self.faults(database, what, damage, can_be_repaired)]
                    raise Undone
            except Undone:
                pass
        self.assertEqual(odd, [])
        self.assertEqual(list(check_rows(database, silent)), [])

    def faults(self, database: Bulk, what: str, damage: str, can_be_repaired: bool) -> Iterator[tuple[object, ...]]:
        for statement in damage.split("; "):
            database.session.run(database.session.dialect.schema(statement))
        found = {finding.what: finding for finding in check_rows(database, silent)}
        if what not in found or any(finding.repaired for finding in found.values()):
            yield "not found", found
        kept = [finding for finding in check_rows(database, silent, repair=True) if not finding.repaired]
        said = {finding.what for finding in kept}
        left = list(check_rows(database, silent))
        if said != {finding.what for finding in left}:
            yield "said to be put right, or not", said
        if can_be_repaired and left:
            yield "left", left
        if not can_be_repaired and (what not in said or not all(each.advice for each in kept)):
            yield "not left", left

    def test_missing_and_damaged_files_are_named(self) -> None:
        database = self.filled()
        look = lambda **kinds: list(check_blobs(database, self.files, silent, **kinds))  # noqa: E731
        self.assertEqual((look(), look(contents=True)), ([], []))
        (file,) = Path(self.files._root).glob("??/*")
        file.write_bytes(b"odd")
        self.assertEqual(
            (look(), look(contents=True)),
            ([], [Finding(f"large values that are damaged: {file.name}", 1, advice=LOST)]),
        )
        file.unlink()
        self.assertEqual(look(), [Finding(f"large values that are missing: {file.name}", 1, advice=LOST)])
        database.session.run("DELETE FROM blob_link")
        self.assertEqual(look(), [])


class CheckPostgreSqlRowsTests(CheckRowsTests):
    if programs() is None:
        skip = "PostgreSQL is not installed"
    every = 16  # what differs are statements, all of which are tried below

    def test_every_statement_is_understood_and_changes_nothing_where_nothing_is_wrong(self) -> None:
        database = self.filled()
        for check in CHECKS:
            for statement in check.repairs:
                database.session.run(statement.replace("{now}", "1"))
            database.session.all(f"SELECT {check.key} {check.wrong}".replace("{now}", "1"))
            if check.tells:
                database.session.all(f"SELECT DISTINCT account_id {check.wrong}")
        self.assertEqual(list(check_rows(database, silent)), [])

    def database(self) -> Bulk:
        address = server().address()
        self.addCleanup(server().forget, address)
        return PostgreSqlBulk(address)
