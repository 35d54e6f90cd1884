"""DKIM keys and what a domain lacks of them."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.codec.dkim_record import read
from stalwart.config.domains.domain import Domain
from stalwart.mail import dkim_keys
from stalwart.mail.dkim_keys import check_key, missing, new_key, new_signature, public_text, selector
from tests.codec.pem import key, pem

ED25519, RSA = "Dkim1Ed25519Sha256", "Dkim1RsaSha256"
TEMPLATE = "v{version}-{algorithm}-{date-%Y%m%d}"
NOW = 1_800_000_000.0  # 2027-01-15

# RFC 8463 A.2: the key pair of the example, the private one as PKCS #8
RFC8463_SEED = base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
RFC8463_PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
_PKCS8 = base64.b64encode(bytes.fromhex("302e020100300506032b657004220420") + RFC8463_SEED).decode()
RFC8463_KEY = f"-----BEGIN PRIVATE KEY-----\n{_PKCS8}\n-----END PRIVATE KEY-----\n"


class KeyTests(SynchronousTestCase):
    def test_ed25519_key_of_rfc_8463(self) -> None:
        check_key(ED25519, RFC8463_KEY)
        self.assertEqual(public_text(RFC8463_KEY), RFC8463_PUBLIC)

    def test_rsa_key_reads_as_a_record(self) -> None:
        text = pem(key("rsa1024"))
        check_key(RSA, text)
        found = read([f"v=DKIM1; k=rsa; p={public_text(text)}"])
        assert found is not None
        self.assertEqual(found.bits, 1024)

    def test_key_has_to_fit_the_kind(self) -> None:
        for type, text in ((ED25519, pem(key("rsa1024"))), (RSA, RFC8463_KEY), ("Dkim2RsaSha256", pem(key()))):
            self.assertRaises(UnreadablePem, check_key, type, text)

    def test_short_rsa_key_is_refused(self) -> None:
        text = pem(key("rsa1024"))
        self.patch(dkim_keys, "SHORTEST_RSA", 1025)
        error = self.assertRaises(UnreadablePem, check_key, RSA, text)
        self.assertIn("1024 bits", str(error))

    def test_key_of_another_kind_has_no_public_text(self) -> None:
        self.assertRaises(UnreadablePem, public_text, pem(key()))

    def test_new_keys_can_be_used(self) -> None:
        text = new_key(ED25519)
        check_key(ED25519, text)
        self.assertNotEqual(text, new_key(ED25519))

    def test_new_rsa_key_has_the_advised_length(self) -> None:
        found = read([f"p={public_text(new_key(RSA))}"])
        assert found is not None
        self.assertEqual((found.bits, found.problems), (2048, ()))


class SelectorTests(SynchronousTestCase):
    def test_template_is_filled_in(self) -> None:
        self.assertEqual(selector(TEMPLATE, RSA, NOW), "v1-rsa-20270115")
        self.assertEqual(selector(TEMPLATE, "Dkim2Ed25519Sha256", NOW), "v2-ed25519-20270115")

    def test_taken_selector_is_numbered(self) -> None:
        self.assertEqual(selector("mail", RSA, NOW, {"mail", "mail-2"}), "mail-3")

    @given(st.text())
    def test_any_template_gives_a_name(self, template: str) -> None:
        made = selector(template, RSA, NOW)
        for label in made.split("."):
            self.assertRegex(label, r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


class MissingTests(SynchronousTestCase):
    def test_only_keys_in_use_count(self) -> None:
        held = [{"@type": RSA, "stage": "retiring"}, {"@type": ED25519, "stage": "pending"}]
        self.assertEqual(missing({RSA, ED25519}, held), [RSA])

    def test_new_signature(self) -> None:
        domain = Domain.from_wire({"name": "example.test"})
        held = [{"selector": "v1-ed25519-20270115"}]
        made = new_signature(1, domain, ED25519, RFC8463_KEY, held, NOW, stage="pending", due=NOW + 60)
        self.assertEqual(made["selector"], "v1-ed25519-20270115-2")
        self.assertEqual((made["stage"], made["nextTransitionAt"]), ("pending", "2027-01-15T08:01:00Z"))
        self.assertEqual((made["domainId"], made["memberTenantId"]), ("b", None))
