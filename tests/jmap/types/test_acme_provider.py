"""``x:AcmeProvider``: registered at its authority before it is stored, with a key of its own that is sealed."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from stalwart.codec.certificate_chains import read_signing_key
from stalwart.codec.ids import decode_id
from stalwart.config.tls.acme_provider import LETS_ENCRYPT
from stalwart.directory.access import Access
from stalwart.directory.permissions import ALL
from stalwart.errors import Invalid
from stalwart.jmap.types.acme_provider import NO_PORT_80, NO_PORT_443
from stalwart.net.acme import new_key_pem
from stalwart.tls.authorities import ACCOUNT_KEY
from tests.jmap.registry.world import FakeAuthorities, RegistryWorld

GOOD: dict[str, Any] = {"contact": {"admin@example.test": True}}
BINDING = {"eabKeyId": "kid-1", "eabHmacKey": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}


class AcmeProviderTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.authorities: FakeAuthorities = self.services["authorities"]

    def stored(self, id: str) -> dict[str, Any]:
        """The row."""
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("AcmeProvider", decode_id(id))))
        assert row is not None
        return row.data

    def test_creation_registers_and_tells_of_the_account(self) -> None:
        answer = self.ask("x:AcmeProvider/set", {"create": {"new": GOOD}})
        told = answer["created"]["new"]
        expected = {
            "id": told["id"],
            "accountKey": "****",
            "accountUri": "https://ca.test/account/1",
            "description": f"{LETS_ENCRYPT} (1)",
        }
        self.assertEqual(told, expected)
        self.assertEqual(self.get("AcmeProvider", told["id"])["description"], f"{LETS_ENCRYPT} (1)")

    def test_authority_that_refuses_refuses_the_object(self) -> None:
        self.authorities.problem = Invalid("Failed to create ACME account: no.", ("directory",))
        error = self.not_created("AcmeProvider", **GOOD)
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["directory"]))
        self.assertEqual(self.ids("AcmeProvider"), [])

    def test_ports_that_nothing_is_bound_to_are_told(self) -> None:
        create = {kind: {**GOOD, "challengeType": kind} for kind in ("Http01", "TlsAlpn01", "Dns01")}
        notices = self.ask("x:AcmeProvider/set", {"create": create})["notices"]
        self.assertEqual([each for each in notices if each in (NO_PORT_80, NO_PORT_443)], [NO_PORT_80, NO_PORT_443])
        self.create("NetworkListener", name="all", bind={"[::]:80": True, "[::]:443": True}, protocol="http")
        answer = self.ask("x:AcmeProvider/set", {"create": create})
        self.assertNotIn(NO_PORT_80, answer.get("notices", ()))

    def test_account_has_a_p256_key_that_is_sealed(self) -> None:
        sealed = self.stored(self.create("AcmeProvider", **GOOD))["accountKey"]
        self.assertNotIn("PRIVATE", sealed)
        key = read_signing_key(self.vault.open(ACCOUNT_KEY, sealed))
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.assertEqual(key.curve.name, "secp256r1")

    def test_key_survives_changes_and_cannot_be_given(self) -> None:
        id = self.create("AcmeProvider", **GOOD)
        before = self.stored(id)["accountKey"]
        self.update("AcmeProvider", id, maxRetries=3)
        self.assertEqual(self.stored(id)["accountKey"], before)
        self.assertEqual(self.not_created("AcmeProvider", **GOOD, accountKey=new_key_pem())["type"], "invalidPatch")

    def test_authority_hears_of_other_addresses_only(self) -> None:
        id = self.create("AcmeProvider", **GOOD)
        self.update("AcmeProvider", id, maxRetries=3)
        self.assertEqual(self.authorities.updated, [])
        self.update("AcmeProvider", id, contact={"other@example.test": True})
        ((number, provider),) = self.authorities.updated
        self.assertEqual((number, set(provider.contact)), (decode_id(id), {"other@example.test"}))

    def test_other_addresses_that_the_authority_refuses_are_not_stored(self) -> None:
        id = self.create("AcmeProvider", **GOOD)
        self.authorities.problem = Invalid("Failed to update ACME account: no.", ("contact",))
        error = self.not_updated("AcmeProvider", id, contact={"other@example.test": True})
        self.assertEqual(error["properties"], ["contact"])
        self.assertEqual(self.get("AcmeProvider", id)["contact"], GOOD["contact"])

    def test_account_is_no_fallback_for_itself(self) -> None:
        id = self.create("AcmeProvider", **GOOD)
        error = self.not_updated("AcmeProvider", id, fallbackProviderId=id)
        self.assertEqual(error["properties"], ["fallbackProviderId"])

    def test_tenants_stay_out_of_the_network_of_the_server(self) -> None:
        self.create("AcmeProvider", **GOOD)
        tenant = decode_id(self.create("Tenant", name="one"))
        self.who = Access(7, "boss@one.test", None, ALL - {"impersonate"}, tenant_id=tenant)
        self.create("AcmeProvider", **GOOD)
        self.assertEqual(self.authorities.for_tenants, [False, True])

    def test_external_account_is_used_and_forgotten(self) -> None:
        id = self.create("AcmeProvider", **GOOD, **BINDING)
        self.assertEqual(self.authorities.registered[0].eab_hmac_key, BINDING["eabHmacKey"])
        shown = self.get("AcmeProvider", id)
        self.assertEqual((shown["eabKeyId"], shown["eabHmacKey"]), (None, None))
        self.assertNotIn(BINDING["eabHmacKey"], str(self.stored(id)))

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

    def test_kind_of_challenge_that_cannot_be_answered(self) -> None:
        error = self.not_created("AcmeProvider", **GOOD, challengeType="DnsPersist01")
        self.assertEqual(error["properties"], ["challengeType"])
        id = self.create("AcmeProvider", **GOOD)
        self.assertEqual(
            self.not_updated("AcmeProvider", id, challengeType="DnsPersist01")["properties"], ["challengeType"]
        )
