"""``stalwart-cli store check``."""

from __future__ import annotations

import fcntl
from pathlib import Path

from twisted.python.usage import UsageError

from stalwart.app.tap import Options
from stalwart.config.catalogue import declarations
from stalwart.config.index_plan import plan
from stalwart.store.config_file import embedded_store_config
from stalwart.store.moving.checking import NOT_YET
from stalwart.store.sqlite.bulk import SqliteBulk
from stalwart.store.sqlite.engine import lock_of
from tests.cli.store.case import StoreCase
from tests.store.moving.sample import filled


class CheckTests(StoreCase):
    def damage(self, statement: str) -> None:
        database = SqliteBulk(self.source / "store.sqlite3")
        database.open(writes=True)
        database.session.run(statement)
        database.commit()
        database.close()

    def test_nothing_is_wrong(self) -> None:
        self.assertEqual(self.run_cli("check", self.source, "--contents"), 0)
        self.assertIn("Nothing is wrong.", self.said)

    def test_what_is_wrong_is_said_and_repaired_on_request(self) -> None:
        self.damage("UPDATE account SET used_octets = 1")
        self.assertEqual(self.run_cli("check", self.source), 1)
        self.assertIn("1 accounts whose used octets are another sum: id 5 (f)\n--repair", self.said)
        self.assertEqual(self.run_cli("check", self.source, "--repair"), 0)
        self.assertIn("(put right)", self.said)
        self.assertEqual(self.run_cli("check", self.source), 0)

    def test_nothing_is_repaired_under_a_server(self) -> None:
        with lock_of(self.source / "store.sqlite3").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            lock.write("4711 of a daemon")
            lock.flush()
            self.assertEqual(self.run_cli("check", self.source), 0)
            self.assertEqual(self.run_cli("check", self.source, "--repair"), 1)
            self.assertIn("in use by the server with process id 4711. Stop it first", self.said)
        self.assertEqual(self.run_cli("check", self.source, "--repair"), 0)
        with lock_of(self.source / "store.sqlite3").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it is given back

    def test_what_cannot_be_repaired_stays(self) -> None:
        self.damage("DELETE FROM email WHERE id = (SELECT MIN(id) FROM email)")
        self.assertEqual(self.run_cli("check", self.source, "--repair"), 1)
        self.assertIn("1 objects that should be e-mails: account_id 5 (f) id ", self.said)
        self.assertEqual(self.run_cli("check", self.source), 1)

    def test_what_follows_from_settings_is_made_anew(self) -> None:
        form = plan(declarations()["Domain"]).form
        self.damage(f"INSERT INTO registry_index_form(type, form) VALUES ('Domain', '{form}')")
        for statement in (
            "DELETE FROM registry_key",
            "DELETE FROM registry_link",
            "DELETE FROM account",
            "DELETE FROM registry_sequence",
            "UPDATE account SET login = 'somebody'",
            "DELETE FROM registry_index",
        ):
            self.damage(statement)
            codes = [self.run_cli("check", self.source, *more) for more in ((), ("--repair",), ())]
            self.assertEqual((codes, self.said.splitlines()[-1]), ([1, 0, 0], "Nothing is wrong."), statement)

    def test_settings_that_are_gone_or_cannot_be_read_are_named(self) -> None:
        self.damage("UPDATE registry SET data = '{}' WHERE type = 'Domain'")
        self.assertEqual(self.run_cli("check", self.source, "--repair"), 1)
        self.assertIn("settings objects that cannot be read: type Domain id ", self.said)
        self.damage("UPDATE registry SET data = data || '}' WHERE type = 'Domain'")
        self.assertEqual(self.run_cli("check", self.source, "--repair"), 1)
        self.assertIn("settings objects that cannot be read: type Domain id ", self.said)
        self.damage("DELETE FROM registry WHERE type = 'Account'")
        self.assertEqual(self.run_cli("check", self.source, "--repair"), 1)
        self.assertIn("accounts whose settings object is gone: id 5 (f) login one@example.test - nobody", self.said)

    def test_content_without_a_row_is_found_again_and_damaged_content_is_named(self) -> None:
        self.damage("DELETE FROM blob WHERE store = 'file'")
        codes = [self.run_cli("check", self.source, *more) for more in ((), ("--repair",), ("--contents",))]
        self.assertEqual(codes, [1, 0, 0])
        self.damage("UPDATE blob_bytes SET bytes = zeroblob(length(bytes))")
        self.assertEqual([self.run_cli("check", self.source, *more) for more in ((), ("--contents",))], [0, 1])
        self.assertIn("small values that are damaged", self.said)

    def test_an_older_or_empty_store_is_not_looked_at(self) -> None:
        filled(self.target.with_name("old") / "store.sqlite3", schema=9)
        config = self.target.with_name("old") / "config.json"
        config.write_text('{"@type": "Sqlite", "path": "store.sqlite3"}')
        self.assertEqual(self.run_cli("check", config), NOT_YET)
        self.assertIn("older version", self.said)
        self.assertEqual(self.run_cli("begin-anew", config), 1)
        (config.parent / "none.sqlite3").touch()
        config.write_text('{"@type": "Sqlite", "path": "none.sqlite3"}')
        self.assertEqual(self.run_cli("check", config), NOT_YET)
        self.assertIn("empty", self.said)

    def test_the_daemon_looks_too_and_serves_nothing(self) -> None:
        def leaves(*more: str) -> object:
            arguments = ["--data", str(self.source), "--check", *more]
            return self.assertRaises(SystemExit, Options().parseOptions, arguments).code

        self.assertEqual(leaves(), 0)
        self.damage("UPDATE account SET used_octets = 1")
        self.assertEqual([leaves(), leaves("--repair"), leaves()], [1, 0, 0])
        self.assertRaises(UsageError, Options().parseOptions, ["--data", str(self.source), "--repair"])
        self.source = self.target
        self.assertEqual(leaves(), 0, "the first start makes it")
        filled(Path(embedded_store_config(self.source)["path"]), schema=9)
        self.assertEqual(leaves(), 0, "the next start brings it up to date")
