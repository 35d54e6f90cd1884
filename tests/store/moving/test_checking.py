"""Whether a database is as it should be: each check finds what it is for, and puts right what can be put right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.moving.bulk import Bulk
from stalwart.store.moving.checking import CHECKS, Finding, check_blobs, check_rows
from stalwart.store.postgresql.bulk import PostgreSqlBulk
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.postgresql import programs, server
from tests.store.moving.sample import fill, silent

DAMAGES: dict[str, tuple[str, bool]] = {
    "accounts whose used octets are another sum": ("UPDATE account SET used_octets = 7", True),
    "accounts that would give numbers away twice": ("UPDATE account SET last_id = 1, seq = 1", True),
    "states that are older than what has changed": ("UPDATE type_state SET seq = 0", True),
    "destinations whose waiting recipients are miscounted": (
        "INSERT INTO queue_lane(id, queue, destination, due, waiting, rests_until, failures, answer)"
        " VALUES (1, 'q', 'd', 0, 3, 0, 0, '')",
        True,
    ),
    "blobs that something holds and that are to go": ("UPDATE blob SET unref_at = 1", True),
    "blobs that nothing holds and that would stay": (
        "INSERT INTO blob(hash, size, stored_at, store) VALUES (CAST('x' AS BYTEA), 1, 0, 'file')",
        True,
    ),
    "octets of no blob": ("INSERT INTO blob_bytes(hash, bytes) VALUES (CAST('x' AS BYTEA), CAST('y' AS BYTEA))", True),
    "blobs in the database whose octets are missing, or of another length": ("DELETE FROM blob_bytes", False),
    "links to blobs that are not there": (
        "INSERT INTO blob_link(hash, account_id, owner_id) VALUES (CAST('x' AS BYTEA), 5, 1)",
        False,
    ),
    "e-mails that do not hold their message": ("DELETE FROM blob_link", True),
    "e-mails that are no objects": ("UPDATE obj SET dead = 1 WHERE type = 2", False),
    "objects that should be e-mails": ("DELETE FROM email", False),
    "e-mails in no mailbox": ("DELETE FROM member", False),
    "keywords of e-mails that are gone": (
        "INSERT INTO keyword(account_id, keyword, email_id) VALUES (5, 'k', 99)",
        True,
    ),
    "letters in the queue without recipients": (
        "INSERT INTO queue_letter(id, due, return_path, size, blob, tried, data)"
        " SELECT 1, 0, '', 1, blob, 0, '{}' FROM email LIMIT 1",
        False,
    ),
    "recipients in the queue without a letter": (
        "INSERT INTO queue_recipient(letter_id, number, lane, state, priority, due, expires_at, address, queue,"
        " destination, data) VALUES (1, 1, 1, 1, 0, 0, 0, 'a', 'q', 'd', '{}')",
        False,
    ),
    "letters in the queue without their message": (
        "INSERT INTO queue_letter(id, due, return_path, size, blob, tried, data)"
        " VALUES (1, 0, '', 1, CAST('x' AS BYTEA), 0, '{}')",
        False,
    ),
    "unique values of settings objects that are gone": (
        "INSERT INTO registry_key(space, value, type, id) VALUES ('s', 'v', 'Domain', 1)",
        True,
    ),
    "indexed values of settings objects that are gone": (
        "INSERT INTO registry_index(type, property, value, id) VALUES ('Domain', 'p', 'v', 1)",
        True,
    ),
    "references of settings objects that are gone": (
        "INSERT INTO registry_link(type, id, target_type, target_id) VALUES ('Domain', 1, 'Domain', 1)",
        True,
    ),
    "references to settings objects that are gone": (
        "INSERT INTO registry_link(type, id, target_type, target_id) VALUES ('Domain', 1, 'Domain', 1)",
        True,
    ),
    "mailboxes with a counter that is another sum": ("UPDATE container SET total = 9", True),
    "places of threads in mailboxes that are miscounted": ("DELETE FROM thread_count", True),
}
"""What each finding is made of, and whether it can be put right."""


class CheckRowsTests(SynchronousTestCase):
    def database(self) -> Bulk:
        return SqliteBulk(Path(self.mktemp()))

    def filled(self) -> Any:
        database = self.database()
        self.files = DiskBlobFiles(self.mktemp())
        database.prepare()
        database.open(writes=True)
        self.addCleanup(database.close)
        fill(database.session, self.files)
        return database

    def test_nothing_is_wrong_in_what_the_store_has_written(self) -> None:
        self.assertEqual(list(check_rows(self.filled(), silent)), [])

    def test_there_is_a_test_of_every_check(self) -> None:
        self.assertLessEqual({check.what for check in CHECKS}, set(DAMAGES))

    def test_missing_and_damaged_files_are_named(self) -> None:
        database = self.filled()
        look = lambda **kinds: list(check_blobs(database, self.files, silent, **kinds))  # noqa: E731
        self.assertEqual((look(), look(contents=True)), ([], []))
        (file,) = Path(self.files._root).glob("??/*")
        file.write_bytes(b"odd")
        self.assertEqual(
            (look(), look(contents=True)), ([], [Finding(f"large values that are damaged: {file.name}", 1)])
        )
        file.unlink()
        self.assertEqual(look(), [Finding(f"large values that are missing: {file.name}", 1)])
        database.session.run("DELETE FROM blob_link")
        self.assertEqual(look(), [])


class CheckPostgreSqlRowsTests(CheckRowsTests):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def database(self) -> Bulk:
        address = server().address()
        self.addCleanup(server().forget, address)
        return PostgreSqlBulk(address)


def _finds(what: str, damage: str, can_be_repaired: bool) -> Any:
    def test(self: CheckRowsTests) -> None:
        database = self.filled()
        database.session.run(database.session.dialect.schema(damage))
        found = {finding.what: finding for finding in check_rows(database, silent)}
        self.assertIn(what, found)
        self.assertFalse(found[what].repaired)
        list(check_rows(database, silent, repair=True))
        left = {finding.what for finding in check_rows(database, silent)}
        self.assertEqual(what in left, not can_be_repaired)

    return test


for _what, (_damage, _can) in DAMAGES.items():
    _name = "".join(each if each.isalpha() else "_" for each in _what)
    setattr(CheckRowsTests, f"test_{_name}_are_found", _finds(_what, _damage, _can))
