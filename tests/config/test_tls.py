"""Objects of config/tls: authorities, certificates, DNS providers (settings C.3)."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.tls.certificate import Certificate
from stalwart.config.tls.dns_server import DnsServer
from stalwart.errors import DanglingReference, Linked
from stalwart.schema import Declaration, ValidationFailed
from tests.config.stored import RegistryTestCase

TSIG = {
    "@type": "Tsig",
    "description": "ours",
    "host": "192.0.2.53",
    "keyName": "update",
    "key": {"@type": "Value", "secret": "c2VjcmV0"},
}


class ShapeTestCase(SynchronousTestCase):
    def problems(self, declaration: Declaration, data: dict[str, Any]) -> set[tuple[str, str | None]]:
        error = self.assertRaises(ValidationFailed, declaration.from_wire, data)
        return {(found.path, found.description or found.fault) for found in error.violations}


class AcmeProviderTests(ShapeTestCase):
    def test_provider_needs_a_contact(self) -> None:
        self.assertEqual(self.problems(AcmeProvider, {}), {("contact", "MinLength")})

    def test_account_is_set_by_the_server(self) -> None:
        found = self.problems(AcmeProvider, {"contact": {"a@b.test": True}, "accountUri": "https://ca.test/1"})
        self.assertEqual(found, {("accountUri", "Cannot modify server set property")})

    def test_account_key_is_masked(self) -> None:
        made = AcmeProvider.from_wire({"contact": {"a@b.test": True}, "accountKey": "k"}, by_server=True)
        self.assertEqual((made.to_wire()["accountKey"], made.to_stored()["accountKey"]), ("****", "k"))

    def test_directory_cannot_change(self) -> None:
        made = AcmeProvider.from_wire({"contact": {"a@b.test": True}})
        error = self.assertRaises(ValidationFailed, AcmeProvider.patched, made, {"directory": "https://ca.test/"})
        self.assertEqual(error.violations[0].description, "Cannot modify read-only property")

    def test_description_is_not_stored(self) -> None:
        self.assertNotIn("description", AcmeProvider.from_wire({"contact": {"a@b.test": True}}).to_stored())


class CertificateTests(ShapeTestCase):
    def test_chain_and_key_are_required(self) -> None:
        self.assertEqual(self.problems(Certificate, {}), {("certificate", "Required"), ("privateKey", "Required")})

    def test_chain_is_shown_and_key_is_not(self) -> None:
        data = {
            "certificate": {"@type": "Text", "value": "PEM\nchain"},
            "privateKey": {"@type": "Text", "secret": "PEM\nkey"},
        }
        wire = Certificate.from_wire(data).to_wire()
        self.assertEqual((wire["certificate"]["value"], wire["privateKey"]["secret"]), ("PEM\nchain", "****"))


class DnsServerTests(ShapeTestCase):
    def test_members_of_an_update_server(self) -> None:
        found = self.problems(DnsServer, {"@type": "Tsig"})
        self.assertEqual(found, {(name, "Required") for name in ("description", "host", "keyName", "key")})

    def test_key_is_masked(self) -> None:
        self.assertEqual(DnsServer.from_wire(TSIG).to_wire()["key"], {"secret": "****", "@type": "Value"})

    def test_other_provider_is_refused_with_a_sentence(self) -> None:
        error = self.assertRaises(ValidationFailed, DnsServer.from_wire, {"@type": "Route53", "description": "x"})
        (found,) = error.violations
        self.assertEqual((found.kind, found.path), ("invalidProperties", "@type"))
        self.assertIn("Tsig (RFC 2136) or Cloudflare", found.description or "")

    def test_missing_type_is_a_bad_patch(self) -> None:
        self.assertEqual(self.problems(DnsServer, {}), {("", "Missing or invalid '@type' property in object")})


class StoredTests(RegistryTestCase):
    def test_tenant_must_be_there(self) -> None:
        data = {**TSIG, "memberTenantId": "zz"}
        found = self.fails(DanglingReference, lambda tx: registry.create(tx, DnsServer, data, now=0))
        self.assertEqual(found.target[0], "Tenant")

    def test_provider_that_a_domain_uses_stays(self) -> None:
        provider = self.create(AcmeProvider, contact={"a@b.test": True})
        management = {"@type": "Automatic", "acmeProviderId": encode_id(provider.id)}
        self.create(Domain, name="a.test", certificateManagement=management)
        self.fails(Linked, lambda tx: registry.destroy(tx, AcmeProvider, provider.id))
