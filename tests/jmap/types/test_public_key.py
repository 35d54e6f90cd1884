"""``x:PublicKey``: what a key says is filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stalwart.config.collaboration.email import Email
from tests.codec.pem import certificate, key, named
from tests.codec.test_encryption_keys import OWN
from tests.codec.test_openpgp import ALICE, armored
from tests.jmap.registry.world import RegistryWorld

ADDRESSES = {"alice@example.test": True, "old@example.test": True}
ENDS = "2036-01-01T00:00:00Z"


class PublicKeyTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.account()

    def key(self, text: str = OWN, **members: Any) -> dict[str, Any]:
        """What is told of a new key of alice."""
        made = {"accountId": self.alice, "description": "mine", "key": text, **members}
        answer = self.ask("x:PublicKey/set", {"create": {"new": made}})
        self.assertIsNone(answer["notCreated"])
        told: dict[str, Any] = answer["created"]["new"]
        return told

    def refused(self, text: str) -> dict[str, Any]:
        """The SetError of a key of alice."""
        return self.not_created("PublicKey", accountId=self.alice, description="mine", key=text)

    def test_certificate_fills_in_addresses_and_end(self) -> None:
        told = self.key()
        self.assertEqual((told["emailAddresses"], told["expiresAt"]), (ADDRESSES, ENDS))
        shown = self.get("PublicKey", told["id"])
        self.assertEqual((shown["emailAddresses"], shown["expiresAt"], shown["key"]), (ADDRESSES, ENDS, OWN))

    def test_what_is_given_counts(self) -> None:
        told = self.key(emailAddresses={"a@example.test": True}, expiresAt="2030-01-01T00:00:00Z")
        self.assertEqual(told["emailAddresses"], {"a@example.test": True})
        self.assertEqual(told["expiresAt"], "2030-01-01T00:00:00Z")

    def test_openpgp_key_fills_in_addresses(self) -> None:
        told = self.key(armored(ALICE))
        self.assertEqual(told["emailAddresses"], {"alice@example.test": True, "bob@example.test": True})
        self.assertIsNone(told["expiresAt"])

    def test_certificate_without_end(self) -> None:
        text = certificate(named("x"), key(), ends=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
        self.assertIsNone(self.key(text)["expiresAt"])

    def test_text_that_is_no_key(self) -> None:
        error = self.refused("hello")
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["key"]))
        self.assertIn("Failed to read the key: ", error["description"])

    def test_private_key_is_refused(self) -> None:
        self.assertIn("private key", self.refused("-----BEGIN RSA PRIVATE KEY-----")["description"])

    def test_new_key_fills_in_again(self) -> None:
        id = self.key()["id"]
        told = self.ask("x:PublicKey/set", {"update": {id: {"key": armored(ALICE)}}})["updated"][id]
        self.assertEqual(told["emailAddresses"], {"alice@example.test": True, "bob@example.test": True})
        self.assertIsNone(told["expiresAt"])

    def test_other_changes_leave_what_was_filled_in(self) -> None:
        id = self.key()["id"]
        self.update("PublicKey", id, emailAddresses={"a@example.test": True})
        self.update("PublicKey", id, description="new")
        self.assertEqual(self.get("PublicKey", id)["emailAddresses"], {"a@example.test": True})

    def test_number_is_limited(self) -> None:
        self.settle(self.settings.change(Email, {"maxPublicKeys": 1}))
        self.key()
        self.assertEqual(self.refused(OWN)["type"], "overQuota")
