"""Tests ``stalwart.provider.vapid_key``."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.vault import Vault, VaultKey
from stalwart.provider.keys import make_pem
from stalwart.provider.vapid_key import LIFETIME, VapidKey
from tests.codec.test_vapid import claims_of, parts_of
from tests.provider.world import ProviderWorld

URL = "https://push.example.test/p/secret"
ORIGIN = "https://push.example.test"


class VapidKeyTests(ProviderWorld):
    def setUp(self) -> None:
        super().setUp()
        self.key = self.another()

    def another(self) -> VapidKey:
        key = VapidKey(self.store, self.settings, self.clock, self.telemetry, self.vault)
        self.addCleanup(key.close)
        self.settle(key.load())
        return key

    def change(self, **members: Any) -> None:
        self.settle(self.settings.change(Jmap, members))

    def kept(self) -> str:
        """What is in the store."""
        found: bytes = self.successResultOf(self.store.read(lambda tx: tx.secrets.get("web-push-key")))
        return found.decode()

    def claims(self, key: VapidKey | None = None) -> dict[str, Any]:
        """What a push service is told; the key beside the token is the public one."""
        signer = key or self.key
        token, public = parts_of(signer.authorization(URL) or "")
        self.assertEqual(public, signer.public)
        return claims_of(token, public, ORIGIN)

    def test_every_process_has_the_same_key(self) -> None:
        self.assertEqual(self.another().public, self.key.public)
        self.assertEqual(len(self.key.public or ""), 87)

    def test_key_is_sealed_in_the_store(self) -> None:
        self.assertTrue(self.kept().startswith("sealed:"))
        self.assertIn("PRIVATE KEY", self.vault.open("web-push-key", self.kept()))

    def test_vault_with_another_key_gets_a_new_one(self) -> None:
        self.vault = Vault(VaultKey("w" * 40))
        fresh = self.another().public
        self.assertNotEqual(fresh, self.key.public)
        self.assertEqual(self.another().public, fresh)

    def test_before_it_is_loaded_there_is_none(self) -> None:
        key = VapidKey(self.store, self.settings, self.clock, self.telemetry, self.vault)
        self.addCleanup(key.close)
        self.assertEqual((key.public, key.authorization(URL)), (None, None))

    def test_configured_key_counts_from_the_change_on(self) -> None:
        own = self.key.public
        self.claims()
        self.change(webPushKey={"@type": "Text", "secret": make_pem("ES256")})
        self.assertNotEqual(self.key.public, own)
        self.claims()
        self.change(webPushKey={"@type": "None"})
        self.assertEqual(self.key.public, own)

    def test_configured_key_may_be_sealed(self) -> None:
        pem = make_pem("ES256")
        self.change(webPushKey={"@type": "Text", "secret": pem})
        shown = self.key.public
        self.change(webPushKey={"@type": "Text", "secret": self.vault.seal("Jmap.webPushKey", pem)})
        self.assertEqual(self.key.public, shown)

    def test_key_that_is_none_gives_way_to_that_of_the_store(self) -> None:
        own = self.key.public
        for place in (
            {"@type": "File", "filePath": "/nonexistent/key"},
            {"@type": "Text", "secret": "no key"},
            {"@type": "Text", "secret": make_pem("ES384")},
        ):
            self.change(webPushKey={"@type": "Text", "secret": make_pem("ES256")})
            self.assertNotEqual(self.key.public, own)
            self.change(webPushKey=place)
            self.assertEqual(self.key.public, own)

    def test_claims(self) -> None:
        now = int(self.clock.seconds())
        self.assertEqual(self.claims(), {"aud": ORIGIN, "exp": now + LIFETIME})
        self.change(webPushContact="postmaster@example.test")
        self.assertEqual(self.claims()["sub"], "mailto:postmaster@example.test")
        self.change(webPushContact="nonsense")
        self.assertNotIn("sub", self.claims())

    def test_token_is_used_again_while_it_is_good_for_hours(self) -> None:
        first = self.key.authorization(URL)
        self.clock.advance(LIFETIME / 2 - 1)
        self.assertEqual(self.key.authorization(ORIGIN + "/another"), first)
        self.assertNotEqual(self.key.authorization("https://elsewhere.test/"), first)
        self.clock.advance(1)
        self.assertNotEqual(self.key.authorization(URL), first)
        self.assertEqual(self.claims()["exp"], int(self.clock.seconds()) + LIFETIME)

    def test_tokens_for_a_few_origins_are_kept(self) -> None:
        first, other = self.key.authorization(URL), self.key.authorization("https://0.test/")
        for number in range(1, 64):
            self.key.authorization(f"https://{number}.test/")
            self.assertEqual(self.key.authorization(URL), first)
        self.assertNotEqual(self.key.authorization("https://0.test/"), other)
