"""``x:DkimSignature``: private keys have to fit, public ones are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stalwart.schema import UtcDateTime
from tests.codec.pem import key, pem
from tests.jmap.registry.world import RegistryWorld
from tests.jmap.types.test_certificate import secret
from tests.mail.test_dkim_keys import RFC8463_KEY, RFC8463_PUBLIC

ED25519: dict[str, Any] = {
    "@type": "Dkim1Ed25519Sha256",
    "domainId": "b",
    "selector": "test",
    "privateKey": secret(RFC8463_KEY),
}


class DkimSignatureTests(RegistryWorld):
    def test_public_key_is_told_and_shown(self) -> None:
        told = self.ask("x:DkimSignature/set", {"create": {"new": ED25519}})["created"]["new"]
        self.assertEqual(told["publicKey"], RFC8463_PUBLIC)
        shown = self.get("DkimSignature", told["id"])
        self.assertEqual((shown["publicKey"], shown["privateKey"]["secret"]), (RFC8463_PUBLIC, "****"))

    def test_public_key_that_nobody_wants_is_not_made(self) -> None:
        id = self.create("DkimSignature", **ED25519)
        self.assertEqual(self.get("DkimSignature", id, properties=["selector"]), {"selector": "test", "id": id})

    def test_public_key_cannot_be_given(self) -> None:
        error = self.not_created("DkimSignature", **ED25519, publicKey=RFC8463_PUBLIC)
        self.assertEqual((error["type"], error["properties"]), ("invalidPatch", ["publicKey"]))

    def test_key_has_to_fit_the_type(self) -> None:
        error = self.not_created("DkimSignature", **{**ED25519, "@type": "Dkim1RsaSha256"})
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["privateKey"]))
        self.assertEqual(error["description"], "Failed to read private key: it is not an RSA key.")

    def test_another_type_needs_another_key(self) -> None:
        id = self.create("DkimSignature", **ED25519)
        whole = {**ED25519, "@type": "Dkim1RsaSha256"}
        self.assertEqual(self.not_updated("DkimSignature", id, **whole)["properties"], ["privateKey"])
        self.update("DkimSignature", id, **{**whole, "privateKey": secret(pem(key("rsa1024")))})
        self.assertEqual(self.get("DkimSignature", id)["@type"], "Dkim1RsaSha256")

    def test_new_key_tells_its_public_half(self) -> None:
        id = self.create("DkimSignature", **ED25519)
        patch = {"privateKey/secret": pem(key("ed25519"))}
        told = self.ask("x:DkimSignature/set", {"update": {id: patch}})["updated"][id]
        self.assertEqual(told, {"publicKey": self.get("DkimSignature", id)["publicKey"]})
        self.assertNotEqual(told["publicKey"], RFC8463_PUBLIC)

    def test_bad_key_is_refused_and_not_quoted(self) -> None:
        error = self.not_created("DkimSignature", **{**ED25519, "privateKey": secret("hunter2")})
        self.assertEqual(error["properties"], ["privateKey"])
        self.assertNotIn("hunter2", error["description"])

    def test_signature_of_a_domain_of_the_same_call(self) -> None:
        request = self.request()
        self.ask("x:Domain/set", {"create": {"d": {"name": "other.test"}}}, request)
        signature = {**ED25519, "domainId": "#d"}
        answer = self.ask("x:DkimSignature/set", {"create": {"new": signature}}, request)
        self.assertIsNone(answer["notCreated"])

    def test_key_whose_file_is_gone_has_no_public_half(self) -> None:
        path = Path(self.mktemp())
        path.write_text(RFC8463_KEY)
        id = self.create("DkimSignature", **{**ED25519, "privateKey": {"@type": "File", "filePath": str(path)}})
        self.assertEqual(self.get("DkimSignature", id)["publicKey"], RFC8463_PUBLIC)
        path.unlink()
        self.assertIsNone(self.get("DkimSignature", id)["publicKey"])

    def test_what_follows_is_seen_to_at_once(self) -> None:
        before = self.runner.woken
        self.create("DkimSignature", **ED25519)
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        self.assertEqual([row.data["@type"] for row in rows], ["DkimManagement"])
        self.assertGreater(self.runner.woken, before)

    def test_stage_that_somebody_gives_lasts_its_time(self) -> None:
        id = self.create("DkimSignature", **ED25519, nextTransitionAt="2020-01-01T00:00:00Z")
        self.update("DkimSignature", id, stage="retiring")
        date = UtcDateTime().write(int(self.clock.seconds()) + 7 * 86_400, False)
        self.assertEqual(self.get("DkimSignature", id)["nextTransitionAt"], date)
        self.update("DkimSignature", id, stage="retired", nextTransitionAt="2020-01-01T00:00:00Z")
        self.assertEqual(self.get("DkimSignature", id)["nextTransitionAt"], "2020-01-01T00:00:00Z")

    def test_key_that_is_not_planned_stays_so(self) -> None:
        id = self.create("DkimSignature", **ED25519)
        self.update("DkimSignature", id, stage="retiring")
        self.assertIsNone(self.get("DkimSignature", id)["nextTransitionAt"])

    def test_key_that_is_removed_is_replaced_if_need_be(self) -> None:
        id = self.create("DkimSignature", **ED25519)
        self.successResultOf(self.store.write(self.forget_tasks))
        self.ask("x:DkimSignature/set", {"destroy": [id]})
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        self.assertEqual([row.data["@type"] for row in rows], ["DkimManagement"])

    def forget_tasks(self, tx: Any) -> None:
        """Nothing is put down to be done."""
        for row in tx.registry.list("Task"):
            tx.registry.delete("Task", row.id)
