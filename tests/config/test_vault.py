"""Texts in the vault come back; what was sealed under another key does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.kept_text import Unreadable
from stalwart.config.vault import Vault, VaultKey
from stalwart.schema import SecretText

PLACE = "Certificate.privateKey"


class VaultTests(SynchronousTestCase):
    """Sealing and opening."""

    def setUp(self) -> None:
        self.vault = Vault(VaultKey("a" * 40))

    @given(st.text(max_size=300))
    def test_every_text_comes_back_and_is_not_seen(self, text: str) -> None:
        sealed = self.vault.seal(PLACE, text)
        self.assertEqual(self.vault.open(PLACE, sealed), text)
        if len(text) > 5:
            self.assertNotIn(text, sealed.removeprefix("sealed:1:"))

    def test_long_keys_fit(self) -> None:
        text = "x" * 100_000
        self.assertEqual(self.vault.open(PLACE, self.vault.seal(PLACE, text)), text)

    def test_what_was_stored_in_the_clear_can_be_read(self) -> None:
        self.assertEqual(self.vault.open(PLACE, "plain"), "plain")

    def test_another_key_or_place_opens_nothing(self) -> None:
        sealed = self.vault.seal(PLACE, "secret")
        self.assertRaises(Unreadable, Vault(VaultKey("b" * 40)).open, PLACE, sealed)
        self.assertRaises(Unreadable, self.vault.open, "DkimSignature.privateKey", sealed)
        self.assertRaises(Unreadable, self.vault.open, PLACE, sealed[:-2])

    def test_places_of_secrets(self) -> None:
        stored = self.vault.sealed(PLACE, SecretText.from_wire({"@type": "Text", "secret": "told"}))
        assert stored is not None
        self.assertEqual(stored["@type"], "Text")
        self.assertEqual(self.vault.kept(PLACE, SecretText.from_wire(stored)), "told")
        self.assertIsNone(self.vault.sealed(PLACE, SecretText.from_wire(stored)))
        elsewhere = SecretText.from_wire({"@type": "EnvironmentVariable", "variableName": "X"})
        self.assertIsNone(self.vault.sealed(PLACE, elsewhere))
