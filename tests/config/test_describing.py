"""What follows from settings objects, compared with what a store has; tests.cli.store.test_checking damages it."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.describing import check_settings
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.store.moving.sample import filled


class CheckSettingsTests(SynchronousTestCase):
    def test_an_address_is_that_of_the_account_in_its_domain(self) -> None:
        path = Path(self.mktemp())
        filled(path)
        database = SqliteBulk(path)
        database.open(writes=True)
        self.addCleanup(database.close)
        look = check_settings()
        self.assertEqual(list(look(database.session, 0, False)), [])
        database.session.run("UPDATE account SET login = 'other@example.test'")
        (found,) = look(database.session, 0, True)
        self.assertEqual((found.what, found.count), ("accounts that have no row, or one that says something else", 1))
        self.assertEqual(database.session.all("SELECT login FROM account"), [("one@example.test",)])
