"""``x:Certificate``: chains and keys are read when they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from stalwart.codec.ids import decode_id
from stalwart.jmap.types import certificate as certificates
from tests.codec.pem import certificate, key, named, pem
from tests.jmap.registry.world import RegistryWorld

LEAF = certificate(named("mail.example.test"), key(), named("Authority"), [x509.DNSName("*.Example.test")])
AUTHORITY = certificate(named("Authority"), key("p256", 1), authority=True)
OTHER = certificate(named("other.test"), key("p256", 2))


def text(value: str) -> dict[str, str]:
    return {"@type": "Text", "value": value}


def secret(value: str) -> dict[str, str]:
    return {"@type": "Text", "secret": value}


GOOD: dict[str, Any] = {"certificate": text(LEAF + AUTHORITY), "privateKey": secret(pem(key()))}
TOLD = {
    "subjectAlternativeNames": {"*.example.test": True},
    "issuer": "CN=Authority",
    "notValidBefore": "2026-01-01T00:00:00Z",
    "notValidAfter": "2036-01-01T00:00:00Z",
}


class CertificateTests(RegistryWorld):
    def test_what_the_chain_says_is_told_stored_and_announced(self) -> None:
        answer = self.ask("x:Certificate/set", {"create": {"new": GOOD}})["created"]["new"]
        self.assertEqual(answer, {"id": answer["id"], **TOLD})
        shown = self.get("Certificate", answer["id"])
        self.assertEqual({name: shown[name] for name in TOLD}, TOLD)
        self.assertEqual(shown["privateKey"]["secret"], "****")
        self.assertEqual(self.services["certificates"].told, [decode_id(answer["id"])])

    def test_certificate_is_found_by_its_names(self) -> None:
        id = self.create("Certificate", **GOOD)
        self.assertEqual(self.ids("Certificate", filter={"subjectAlternativeNames": "*.example.test"}), [id])

    def test_private_key_beside_the_certificate(self) -> None:
        bundle = text(LEAF + AUTHORITY + pem(key()))
        error = self.not_created("Certificate", **{**GOOD, "certificate": bundle})
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["certificate"]))
        self.assertIn("privateKey", error["description"])

    def test_key_that_would_never_be_served(self) -> None:
        weak = rsa.generate_private_key(65537, 1024)
        made = text(certificate(named("weak.test"), weak))
        error = self.not_created("Certificate", certificate=made, privateKey=secret(pem(weak)))
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["privateKey"]))

    def test_unreadable_certificate(self) -> None:
        error = self.not_created("Certificate", **{**GOOD, "certificate": text("hello")})
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["certificate"]))
        self.assertEqual(error["description"], "Failed to read certificate: there is no certificate in PEM.")

    def test_chain_out_of_order(self) -> None:
        error = self.not_created("Certificate", **{**GOOD, "certificate": text(AUTHORITY + LEAF)})
        self.assertIn("not in order", error["description"])

    def test_unreadable_private_key(self) -> None:
        error = self.not_created("Certificate", **{**GOOD, "privateKey": secret("hello")})
        self.assertEqual(error["properties"], ["privateKey"])
        self.assertEqual(error["description"], "Failed to read private key: there is no private key in PEM.")

    def test_key_of_another_certificate(self) -> None:
        error = self.not_created("Certificate", **{**GOOD, "privateKey": secret(pem(key("p256", 2)))})
        self.assertEqual(error["properties"], ["privateKey"])
        self.assertIn("does not belong", error["description"])

    def test_mask_keeps_the_key(self) -> None:
        id = self.create("Certificate", **GOOD)
        self.update("Certificate", id, certificate=text(LEAF), privateKey=secret("****"))
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("Certificate", decode_id(id))))
        assert row is not None
        self.assertNotIn("PRIVATE", row.data["privateKey"]["secret"])
        self.assertEqual(self.vault.open("Certificate.privateKey", row.data["privateKey"]["secret"]), pem(key()))

    def test_mask_without_a_key_behind_it(self) -> None:
        error = self.not_created("Certificate", **{**GOOD, "privateKey": secret("****")})
        self.assertEqual(error["type"], "invalidProperties")

    def test_new_chain_needs_its_key(self) -> None:
        id = self.create("Certificate", **GOOD)
        error = self.not_updated("Certificate", id, certificate__value=OTHER)
        self.assertEqual(error["properties"], ["privateKey"])
        self.assertEqual(self.get("Certificate", id)["issuer"], "CN=Authority")

    def test_update_tells_what_is_another_now(self) -> None:
        id = self.create("Certificate", **GOOD)
        patch = {"certificate/value": OTHER, "privateKey/secret": pem(key("p256", 2))}
        told = self.ask("x:Certificate/set", {"update": {id: patch}})["updated"][id]
        self.assertEqual(told, {"subjectAlternativeNames": {"other.test": True}, "issuer": "CN=other.test"})

    def test_server_set_members_cannot_be_given(self) -> None:
        for name, value in TOLD.items():
            error = self.not_created("Certificate", **GOOD, **{name: value})
            self.assertEqual((error["type"], error["properties"]), ("invalidPatch", [name]))
        id = self.create("Certificate", **GOOD)
        error = self.not_updated("Certificate", id, issuer="CN=Me")
        self.assertEqual(error["description"], "Cannot modify server set property")

    def test_whole_object_may_come_back(self) -> None:
        id = self.create("Certificate", **GOOD)
        shown = self.get("Certificate", id)
        del shown["id"]
        self.update("Certificate", id, **shown)

    def test_texts_may_be_in_files(self) -> None:
        chain, private = Path(self.mktemp()), Path(self.mktemp())
        chain.write_text(LEAF)
        private.write_text(pem(key()))
        made = {
            "certificate": {"@type": "File", "filePath": str(chain)},
            "privateKey": {"@type": "File", "filePath": str(private)},
        }
        self.assertEqual(self.get("Certificate", self.create("Certificate", **made))["issuer"], "CN=Authority")

    def test_missing_file(self) -> None:
        error = self.not_created("Certificate", **{**GOOD, "certificate": {"@type": "File", "filePath": "/none/such"}})
        self.assertIn("Failed to read certificate: the file cannot be read", error["description"])

    def test_certificate_without_end_ends_with_our_dates(self) -> None:
        self.patch(certificates, "LAST_MOMENT", 1_900_000_000)
        id = self.create("Certificate", **GOOD)
        self.assertEqual(self.get("Certificate", id)["notValidAfter"], "2030-03-17T17:46:40Z")
