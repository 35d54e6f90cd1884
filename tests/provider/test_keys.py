"""Tests ``stalwart.provider.keys``."""

from __future__ import annotations

from typing import Any

import jwt

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.vault import Vault, VaultKey
from stalwart.provider.keys import CACHED, RS256, SigningKeys, check_signature_key, make_pem
from tests.provider.world import ProviderWorld


class SigningKeysTests(ProviderWorld):
    def shown(self) -> list[dict[str, Any]]:
        return self.settle(self.keys.public_keys())

    def verified(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        jwk = next(each for each in self.shown() if each["kid"] == header["kid"])
        self.assertEqual(jwk["alg"], header["alg"])
        return jwt.decode(token, jwt.PyJWK(jwk), algorithms=[header["alg"]], options={"verify_exp": False})

    def use(self, algorithm: str, text: str) -> None:
        key = {"@type": "Text", "secret": text}
        self.settle(self.settings.change(OidcProvider, {"signatureAlgorithm": algorithm, "signatureKey": key}))

    def own(self) -> str:
        """What the store has as our own key."""
        now = int(self.clock.seconds())
        kept = self.successResultOf(self.store.read(lambda tx: tx.tokens.get("ES256", "own-signing-key", now)))
        return str(kept["pem"])

    def restarted(self) -> list[str]:
        """The ids of the public keys that another process shows."""
        other = SigningKeys(self.store, self.settings, self.hashing, self.clock, self.telemetry, self.vault)
        self.addCleanup(other.close)
        self.settle(other.load())
        return [jwk["kid"] for jwk in self.settle(other.public_keys())]

    def test_own_key_is_sealed_in_the_store(self) -> None:
        self.assertNotIn("PRIVATE", self.own())

    def test_own_key_from_before_there_was_a_vault_is_sealed(self) -> None:
        before = self.restarted()
        clear = {"pem": self.vault.open("own-signing-key", self.own()), "since": int(self.clock.seconds())}
        self.successResultOf(self.store.write(lambda tx: tx.tokens.put("ES256", "own-signing-key", clear, 1 << 40)))
        self.assertEqual(self.restarted(), before)
        self.assertNotIn("PRIVATE", self.own())

    def test_vault_with_another_key_gets_a_new_one(self) -> None:
        before = self.restarted()
        self.vault = Vault(VaultKey("w" * 40))
        after = self.restarted()
        self.assertNotEqual(after[0], before[0])
        self.assertIn(before[0], after)  # its tokens are good until they end

    def test_a_fresh_server_signs_with_es256_and_can_rs256(self) -> None:
        self.assertEqual(self.keys.algorithms, ("ES256", RS256))
        for algorithm in (None, "RS256"):
            self.assertEqual(self.verified(self.settle(self.keys.sign({"sub": "1"}, algorithm))), {"sub": "1"})

    def test_the_key_set_has_no_private_parts(self) -> None:
        for jwk in self.shown():
            self.assertFalse({"d", "p", "q", "k"} & set(jwk))
            self.assertEqual(jwk["use"], "sig")

    def test_every_process_has_the_same_keys(self) -> None:
        other = SigningKeys(self.store, self.settings, self.hashing, self.clock, self.telemetry, self.vault)
        self.addCleanup(other.close)
        self.settle(other.load())
        self.assertEqual(self.settle(other.public_keys()), self.shown())

    def test_a_new_key_signs_at_once_and_the_former_stays_until_nobody_needs_it(self) -> None:
        former = self.settle(self.keys.sign({"sub": "1"}))
        self.use("es384", make_pem("ES384"))
        self.assertEqual(jwt.get_unverified_header(self.settle(self.keys.sign({"a": 1})))["alg"], "ES384")
        self.assertEqual(self.verified(former), {"sub": "1"})
        self.clock.advance(CACHED + 1)
        with self.assertRaises(StopIteration):
            self.verified(former)

    def test_our_own_keys_are_changed_when_they_are_old(self) -> None:
        former = {name: self.settle(self.keys.sign({"sub": "1"}, name)) for name in ("ES256", "RS256")}
        kids = [jwk["kid"] for jwk in self.shown()]
        self.clock.advance(90 * 86400)
        self.settle(self.keys.load())
        self.assertTrue({jwk["kid"] for jwk in self.shown()} > set(kids))
        for token in former.values():
            self.assertEqual(self.verified(token), {"sub": "1"})
        other = SigningKeys(self.store, self.settings, self.hashing, self.clock, self.telemetry, self.vault)
        self.addCleanup(other.close)
        self.settle(other.load())
        self.assertEqual(self.settle(other.public_keys()), self.shown())

    def test_all_public_key_algorithms_work(self) -> None:
        rsa = make_pem("RS256")
        for algorithm in ("rs384", "rs512", "ps256", "ps384", "ps512"):
            self.use(algorithm, rsa)
            self.assertEqual(self.verified(self.settle(self.keys.sign({"sub": "1"}))), {"sub": "1"})

    def test_a_shared_secret_is_not_shown(self) -> None:
        self.use("hs256", "some secret that is long enough for it")
        token = self.settle(self.keys.sign({"sub": "1"}))
        self.assertEqual(jwt.get_unverified_header(token)["alg"], "HS256")
        self.assertNotIn("oct", [jwk["kty"] for jwk in self.shown()])

    def test_a_key_that_does_not_fit_gives_way_to_one_of_ours(self) -> None:
        for text in (make_pem("RS256"), make_pem("ES384"), "nonsense"):
            self.use("es256", text)
            self.assertEqual(self.verified(self.settle(self.keys.sign({"sub": "1"}))), {"sub": "1"})

    def test_a_key_is_checked_before_it_is_stored(self) -> None:
        check_signature_key("es256", make_pem("ES256"))
        check_signature_key("hs256", "anything")
        for algorithm, text in (("es256", make_pem("ES384")), ("rs256", make_pem("ES256")), ("es256", "x")):
            with self.assertRaises(UnreadablePem):
                check_signature_key(algorithm, text)
