"""After a restore no number is given away again, and nobody is told of changes since a state of another time."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.collection_rows import NewItem, home
from stalwart.store.mail_rows import NewEmail
from stalwart.store.moving.beginning_anew import OF_SETTINGS, forget_states, pass_over
from stalwart.store.moving.bulk import Bulk
from stalwart.store.moving.checking import check_rows
from stalwart.store.moving.tables import newest_schema
from stalwart.store.object_types import ADDRESS_BOOK, CALENDAR, CONTACT_CARD, EMAIL, MAILBOX
from stalwart.store.sql.transaction import SqlTransaction
from tests.postgresql import programs, server
from tests.store.moving.sample import ACCOUNT, NOW, fill, filled, silent


class BeginningAnewTests(SynchronousTestCase):
    def opened(self) -> tuple[Bulk, SqlTransaction]:
        made, files = filled(Path(self.mktemp()).absolute() / "store.sqlite3")
        made.open(writes=True)
        self.addCleanup(made.close)
        return made, SqlTransaction(made.session, files)

    def add(self, tx: SqlTransaction, text: bytes) -> int:
        inbox = tx.mail.mailboxes.list(ACCOUNT)[0].id
        blob = tx.blobs.put(text, NOW)
        new = NewEmail(blob=blob.hash, size=len(text), received_at=NOW, mailboxes=frozenset({inbox}), references={9})
        return tx.mail.add_email(ACCOUNT, new, now=NOW).id

    def test_ids_and_states_are_not_given_again(self) -> None:
        made, tx = self.opened()
        domain = registry.create(tx, Domain, {"name": "before.test"}, now=NOW).id
        made.session.run("SAVEPOINT backup")
        lost = [self.add(tx, b"Subject: lost %d\r\n\r\n" % n) for n in range(3)]
        calendar = tx.objects.insert(ACCOUNT, CALENDAR, now=NOW)
        states = {type: tx.objects.state(ACCOUNT, type) for type in (EMAIL, MAILBOX, CALENDAR)}
        made.session.run("ROLLBACK TO backup")
        pass_over(made.session, newest_schema())
        for type, state in states.items():
            self.assertIsNone(tx.objects.changes(ACCOUNT, type, state), type)
        found = [self.add(tx, b"Subject: other %d\r\n\r\n" % n) for n in range(5)]
        other = tx.objects.insert(ACCOUNT, CALENDAR, now=NOW)
        self.assertFalse({*lost, calendar.id} & {*found, other.id})
        for type, state in states.items():
            self.assertIsNone(tx.objects.changes(ACCOUNT, type, state), type)
        state = tx.objects.state(ACCOUNT, EMAIL)
        last = self.add(tx, b"Subject: last\r\n\r\n")
        changes = tx.objects.changes(ACCOUNT, EMAIL, state)
        assert changes is not None
        self.assertEqual(tuple(changes.created), (last,))
        self.assertGreater(registry.create(tx, Domain, {"name": "later.test"}, now=NOW).id, domain + OF_SETTINGS)

    def test_collections_have_other_states_though_nothing_is_written_to_them(self) -> None:
        for anew, argument in ((pass_over, newest_schema()), (forget_states, [ACCOUNT])):
            made, tx = self.opened()
            book = tx.collections.create(ACCOUNT, ADDRESS_BOOK, home(ADDRESS_BOOK), "book", now=NOW).item_id
            tx.collections.put(ACCOUNT, book, "a", NewItem(CONTACT_CARD, b"a"), now=NOW)
            before = tx.collections.get(ACCOUNT, book)
            assert before is not None
            self.assertIsNotNone(tx.collections.changes(ACCOUNT, book, before.seq, limit=9))
            anew(made.session, argument)  # type: ignore[operator]
            after = tx.collections.get(ACCOUNT, book)
            assert after is not None
            self.assertGreater(after.seq, before.seq)
            self.assertIsNone(tx.collections.changes(ACCOUNT, book, before.seq, limit=9))
            self.assertEqual(list(check_rows(made, silent)), [])

    def test_states_of_an_account_are_forgotten(self) -> None:
        made, tx = self.opened()
        state = tx.objects.state(ACCOUNT, EMAIL)
        self.assertIsNotNone(tx.objects.changes(ACCOUNT, EMAIL, state))
        forget_states(made.session, [ACCOUNT])
        self.assertIsNone(tx.objects.changes(ACCOUNT, EMAIL, state))


class PostgreSqlBeginningAnewTests(BeginningAnewTests):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def opened(self) -> tuple[Bulk, SqlTransaction]:
        from stalwart.store.postgresql.bulk import PostgreSqlBulk

        address = server().address()
        self.addCleanup(server().forget, address)
        files = DiskBlobFiles(Path(self.mktemp()).absolute())
        made = PostgreSqlBulk(address)
        made.open(writes=True)
        self.addCleanup(made.close)
        fill(made.session, files)
        return made, SqlTransaction(made.session, files)
