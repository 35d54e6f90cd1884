"""The key file of the vault: made once, kept, and missed when it is gone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.vault_key import NAME, is_exposed, open_vault
from stalwart.config import registry
from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault
from stalwart.errors import Invalid
from stalwart.store import MemoryStore


class VaultKeyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.path = Path(self.mktemp())
        self.path.mkdir()
        self.path /= NAME

    def opened(self, *, anew: bool = False) -> Vault:
        return self.successResultOf(Deferred.fromCoroutine(open_vault(self.store, self.path, anew=anew)))

    def refused(self) -> str:
        opening = Deferred.fromCoroutine(open_vault(self.store, self.path))
        return str(self.failureResultOf(opening, Invalid).value.detail)

    def test_key_that_everybody_can_read_is_noticed(self) -> None:
        self.assertFalse(is_exposed(self.path))
        self.opened()
        self.assertFalse(is_exposed(self.path))
        self.path.chmod(0o644)
        self.assertTrue(is_exposed(self.path))

    def test_the_first_start_makes_the_file_for_the_server_alone(self) -> None:
        sealed = self.opened().seal("x", "text")
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertEqual(os.listdir(self.path.parent), [NAME])
        self.assertEqual(self.opened().open("x", sealed), "text")

    def test_a_lost_file_stops_the_start_and_says_what_to_do(self) -> None:
        self.opened()
        self.path.unlink()
        problem = self.refused()
        self.assertIn(str(self.path), problem)
        self.assertIn("STALWART_NEW_VAULT_KEY=1", problem)
        self.assertFalse(self.path.exists())

    def test_another_key_stops_the_start(self) -> None:
        self.opened()
        self.path.write_text("y" * 64)
        self.assertIn("another key", self.refused())

    def test_beginning_anew_gives_up_what_was_sealed(self) -> None:
        self.opened()
        self.path.unlink()
        sealed = self.opened(anew=True).seal("x", "new")
        self.assertEqual(self.opened().open("x", sealed), "new")

    def test_files_that_are_no_use(self) -> None:
        self.path.write_text("short")
        self.assertIn("holds no key", self.refused())
        self.path.unlink()
        self.path.mkdir()
        self.assertIn("cannot be read", self.refused())
        self.path = self.path / "missing" / NAME
        self.assertIn("cannot be written", self.refused())

    def test_what_a_set_up_has_stored_in_the_clear_is_sealed(self) -> None:
        key = {"@type": "Value", "secret": "in the clear"}
        data = {"@type": "Cloudflare", "description": "x", "secret": key}
        made = self.store.write(lambda tx: registry.create(tx, DnsServer, data, now=0, by_server=True).id)
        id = self.successResultOf(made)
        vault = self.opened()
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("DnsServer", id)))
        assert row is not None
        self.assertNotIn("in the clear", repr(row.data))
        self.assertEqual(vault.open("DnsServer.secret", row.data["secret"]["secret"]), "in the clear")

    def test_a_store_in_memory_has_a_key_of_its_own(self) -> None:
        vault = self.successResultOf(Deferred.fromCoroutine(open_vault(self.store, None)))
        self.assertEqual(vault.open("x", vault.seal("x", "text")), "text")
