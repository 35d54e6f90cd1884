"""Tests ``stalwart.provider.master_key``."""

from __future__ import annotations

from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.vault import Vault, VaultKey
from stalwart.provider.master_key import StoredMasterKey
from tests.provider.world import ProviderWorld


class StoredMasterKeyTests(ProviderWorld):
    def another(self) -> StoredMasterKey:
        master = StoredMasterKey(self.store, self.settings, self.telemetry, self.vault)
        self.addCleanup(master.close)
        self.settle(master.load())
        return master

    def test_without_a_setting_every_process_has_the_key_of_the_store(self) -> None:
        self.assertEqual(self.another().text, self.master.text)
        self.assertGreater(len(self.master.text), 40)

    def kept(self) -> str:
        """What is in the store."""
        found: bytes = self.successResultOf(self.store.read(lambda tx: tx.secrets.get("token-key")))
        return found.decode()

    def test_key_is_sealed_in_the_store(self) -> None:
        self.assertNotIn(self.master.text, self.kept())

    def test_key_from_before_there_was_a_vault_is_sealed(self) -> None:
        self.successResultOf(self.store.write(lambda tx: tx.secrets.put("token-key", b"in the clear")))
        self.assertEqual(self.another().text, "in the clear")
        self.assertNotIn("in the clear", self.kept())
        self.assertEqual(self.another().text, "in the clear")

    def test_vault_with_another_key_gets_a_new_one(self) -> None:
        self.vault = Vault(VaultKey("w" * 40))
        fresh = self.another().text
        self.assertNotEqual(fresh, self.master.text)
        self.assertEqual(self.another().text, fresh)

    def test_the_configured_key_counts_from_the_change_on(self) -> None:
        before = self.master.text
        self.settle(self.settings.change(OidcProvider, {"encryptionKey": {"@type": "Value", "secret": "mine"}}))
        self.assertEqual(self.master.text, "mine")
        self.settle(self.settings.change(OidcProvider, {"encryptionKey": None}))
        self.assertEqual(self.master.text, before)

    def test_a_key_that_cannot_be_read_gives_way_to_that_of_the_store(self) -> None:
        own = self.master.text
        place = {"@type": "File", "filePath": "/nonexistent/key"}
        self.settle(self.settings.change(OidcProvider, {"encryptionKey": place}))
        self.assertEqual(self.master.text, own)

    def test_before_it_is_loaded_the_key_is_random(self) -> None:
        fresh = [StoredMasterKey(self.store, self.settings, self.telemetry, self.vault) for _ in range(2)]
        for master in fresh:
            self.addCleanup(master.close)
        self.assertNotEqual(fresh[0].text, fresh[1].text)
