"""``x:AcmeProvider``: an account key of its own, a label, and the word that registration comes later."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from stalwart.codec.certificate_chains import read_signing_key
from stalwart.codec.ids import decode_id
from stalwart.config import registry
from stalwart.config.tls.acme_provider import LETS_ENCRYPT, AcmeProvider
from stalwart.jmap.types.acme_provider import REGISTERED_LATER, new_account_key
from tests.directory.world import NOW
from tests.jmap.registry.world import RegistryWorld

GOOD: dict[str, Any] = {"contact": {"admin@example.test": True}}
BINDING = {"eabKeyId": "kid-1", "eabHmacKey": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}


class AcmeProviderTests(RegistryWorld):
    def stored(self, id: str) -> dict[str, Any]:
        """The row."""
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("AcmeProvider", decode_id(id))))
        assert row is not None
        return row.data

    def test_creation_says_that_registration_is_later(self) -> None:
        answer = self.ask("x:AcmeProvider/set", {"create": {"new": GOOD}})
        told = answer["created"]["new"]
        expected = {"id": told["id"], "accountKey": "****", "accountUri": None, "description": LETS_ENCRYPT}
        self.assertEqual(told, expected)
        self.assertIn(REGISTERED_LATER, answer["notices"])

    def test_change_says_nothing_of_registration(self) -> None:
        id = self.create("AcmeProvider", **GOOD)
        answer = self.ask("x:AcmeProvider/set", {"update": {id: {"maxRetries": 3}}})
        self.assertEqual(answer["updated"], {id: None})
        self.assertNotIn(REGISTERED_LATER, answer.get("notices", ()))

    def test_each_has_a_p256_key_of_its_own(self) -> None:
        first, second = (self.stored(self.create("AcmeProvider", **GOOD))["accountKey"] for _ in range(2))
        self.assertNotEqual(first, second)
        key = read_signing_key(first)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.assertEqual(key.curve.name, "secp256r1")

    def test_key_survives_changes_and_cannot_be_given(self) -> None:
        id = self.create("AcmeProvider", **GOOD)
        before = self.stored(id)["accountKey"]
        self.update("AcmeProvider", id, maxRetries=3)
        self.assertEqual(self.stored(id)["accountKey"], before)
        self.assertEqual(self.not_created("AcmeProvider", **GOOD, accountKey=new_account_key())["type"], "invalidPatch")

    def test_label_names_the_account(self) -> None:
        id = self.create("AcmeProvider", **GOOD)
        self.assertEqual(self.get("AcmeProvider", id)["description"], LETS_ENCRYPT)
        patch = {"accountUri": "https://acme.example.test/acct/4711"}
        change = self.store.write(
            lambda tx: registry.update(tx, AcmeProvider, decode_id(id), patch, now=NOW, by_server=True)
        )
        self.successResultOf(change)
        self.assertEqual(self.get("AcmeProvider", id)["description"], f"{LETS_ENCRYPT} (4711)")

    def test_external_account_is_kept_masked(self) -> None:
        id = self.create("AcmeProvider", **GOOD, **BINDING)
        shown = self.get("AcmeProvider", id)
        self.assertEqual((shown["eabKeyId"], shown["eabHmacKey"]), ("kid-1", "****"))
        self.assertEqual(self.stored(id)["eabHmacKey"], BINDING["eabHmacKey"])

    def test_external_account_needs_both_halves(self) -> None:
        error = self.not_created("AcmeProvider", **GOOD, eabKeyId="kid-1")
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["eabHmacKey"]))
        error = self.not_created("AcmeProvider", **GOOD, eabHmacKey=BINDING["eabHmacKey"])
        self.assertEqual(error["properties"], ["eabKeyId"])

    def test_external_key_is_base64url(self) -> None:
        for wrong in ("a+b/", "a", "a=b", "===="):
            error = self.not_created("AcmeProvider", **GOOD, **{**BINDING, "eabHmacKey": wrong})
            self.assertEqual(error["properties"], ["eabHmacKey"], wrong)

    def test_directory_is_reached_by_https(self) -> None:
        error = self.not_created("AcmeProvider", **GOOD, directory="http://acme.example.test/")
        self.assertEqual(error["properties"], ["directory"])
