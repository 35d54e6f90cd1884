"""x:DkimSignature and x:MtaSts (settings C.6)."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import Domain
from stalwart.config.domains.mta_sts import MtaSts
from stalwart.errors import Linked
from stalwart.schema import ValidationFailed
from tests.config.stored import RegistryTestCase

KEY = {"@type": "Text", "secret": "PEM"}


def signature(kind: str, **data: Any) -> dict[str, Any]:
    return {"@type": kind, "domainId": "b", "selector": "s1", "privateKey": KEY, **data}


class DkimSignatureTests(SynchronousTestCase):
    def problems(self, data: dict[str, Any]) -> list[tuple[str, str | None]]:
        error = self.assertRaises(ValidationFailed, DkimSignature.from_wire, data)
        return [(found.path, found.description or found.fault) for found in error.violations]

    def test_five_headers_are_signed(self) -> None:
        made = DkimSignature.from_wire(signature("Dkim1Ed25519Sha256"))
        self.assertEqual(made.headers, {"From", "To", "Date", "Subject", "Message-ID"})

    def test_key_is_masked_and_its_public_half_is_not_stored(self) -> None:
        made = DkimSignature.from_wire(signature("Dkim1RsaSha256"))
        self.assertEqual(made.to_wire()["privateKey"], {"secret": "****", "@type": "Text"})
        self.assertNotIn("publicKey", made.to_stored())

    def test_public_half_is_not_given(self) -> None:
        found = self.problems(signature("Dkim1RsaSha256", publicKey="x"))
        self.assertEqual(found, [("publicKey", "Cannot modify server set property")])

    def test_second_version_has_flags_and_no_headers(self) -> None:
        made = DkimSignature.from_wire(signature("Dkim2Ed25519Sha256", flags={"feedback": True}))
        self.assertEqual(made.flags, {"feedback"})
        self.assertEqual(self.problems(signature("Dkim2RsaSha256", headers={})), [("headers", "Invalid property")])

    def test_second_version_says_that_nothing_is_signed_with_it(self) -> None:
        for name in ("Dkim2Ed25519Sha256", "Dkim2RsaSha256"):
            self.assertIn("nothing is signed with it yet", DkimSignature.variants[name].doc)

    def test_unknown_kind(self) -> None:
        self.assertEqual(self.problems(signature("Dkim3")), [("", "Missing or invalid '@type' property in object")])


class StoredTests(RegistryTestCase):
    def test_domain_with_a_key_stays(self) -> None:
        domain = self.create(Domain, name="a.test")
        self.create(DkimSignature, **signature("Dkim1RsaSha256", domainId=encode_id(domain.id)))
        self.fails(Linked, lambda tx: registry.destroy(tx, Domain, domain.id))


class MtaStsTests(SynchronousTestCase):
    def test_it_has_the_members_that_a_domain_s_own_policy_has(self) -> None:
        made = Domain.from_wire({"name": "a.test", "mtaSts": {}})
        self.assertEqual(made.mta_sts.to_wire(), MtaSts().to_wire())

    def test_mode_is_one_of_four(self) -> None:
        for mode in ("enforce", "testing", "none", "disable"):
            self.assertEqual(MtaSts.from_wire({"mode": mode}).mode, mode)
        self.assertRaises(ValidationFailed, MtaSts.from_wire, {"mode": "report"})
