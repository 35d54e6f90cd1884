"""x:Account and its blocks: the wire forms a reference server printed (settings C.5)."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.identity.account import Account, User
from stalwart.config.identity.credentials import ApiKey, AppPassword, CredentialUnion
from stalwart.config.identity.encryption import EncryptionAtRest
from stalwart.schema import ValidationFailed

ALICE = {"@type": "User", "name": "Alice", "domainId": "b", "description": "Alice Example"}

# What x:Account/get of the reference answers, without what is computed.
ANSWER = {
    "name": "alice",
    "domainId": "b",
    "credentials": {
        "0": {"credentialId": "a", "secret": "****", "expiresAt": None, "allowedIps": {}, "@type": "Password"}
    },
    "createdAt": "2026-11-21T00:50:50Z",
    "memberGroupIds": {},
    "memberTenantId": None,
    "roles": {"@type": "User"},
    "permissions": {"@type": "Inherit"},
    "quotas": {},
    "aliases": {"0": {"enabled": True, "name": "al", "domainId": "b", "description": None}},
    "description": "Alice Example",
    "locale": "en_US",
    "timeZone": None,
    "encryptionAtRest": {"@type": "Disabled"},
    "@type": "User",
}


class AccountTests(SynchronousTestCase):
    def problems(self, **data: Any) -> list[tuple[str, str | None]]:
        error = self.assertRaises(ValidationFailed, Account.from_wire, {**ALICE, **data})
        return [(found.path, found.description or found.fault) for found in error.violations]

    def test_user_prints_as_the_reference_does(self) -> None:
        made = Account.from_wire(
            {
                **ALICE,
                "credentials": {"0": {"@type": "Password", "secret": "hash"}},
                "aliases": {"0": {"name": "AL", "domainId": "b"}},
            }
        )
        wire = made.completed(None, 1795222250).to_wire()
        self.assertIsNone(wire["credentials"]["0"].pop("otpAuth"))
        self.assertEqual(wire, ANSWER)

    def test_group_has_no_credentials(self) -> None:
        self.assertEqual(self.problems(**{"@type": "Group", "credentials": {}}), [("credentials", "Invalid property")])

    def test_computed_address_cannot_be_set(self) -> None:
        self.assertEqual(self.problems(emailAddress="x@y.z"), [("emailAddress", "Cannot modify server set property")])

    def test_second_factor_is_a_secret(self) -> None:
        made = Account.from_wire(
            {**ALICE, "credentials": {"0": {"@type": "Password", "secret": "h", "otpAuth": "otpauth://totp/x"}}}
        )
        self.assertEqual(made.to_wire()["credentials"]["0"]["otpAuth"], "****")

    def test_second_factor_can_be_switched_on_by_pointer(self) -> None:
        made = Account.from_wire({**ALICE, "credentials": {"0": {"@type": "Password", "secret": "h"}}})
        found: User = Account.patched(made, {"credentials/0/otpAuth": "otpauth://totp/x"})
        self.assertEqual((found.credentials[0].otp_auth, found.credentials[0].secret), ("otpauth://totp/x", "h"))

    def test_permissions_are_read_in_both_spellings_and_printed_in_one(self) -> None:
        made = Account.from_wire(
            {
                **ALICE,
                "permissions": {
                    "@type": "Merge",
                    "enabledPermissions": {"sysDomainGet": True, "o-auth-client-override": True},
                },
            }
        )
        self.assertEqual(
            made.to_wire()["permissions"]["enabledPermissions"],
            {"oAuthClientOverride": True, "sysDomainGet": True},
        )

    def test_unknown_permission_is_refused(self) -> None:
        found = self.problems(permissions={"@type": "Replace", "enabledPermissions": {"fly": True}})
        self.assertEqual(found, [("permissions/enabledPermissions", "Invalid key for object property")])

    def test_quota_keys_are_an_enumeration(self) -> None:
        self.assertEqual(self.problems(quotas={"maxFun": 1}), [("quotas", "Invalid key for object property")])

    def test_name_with_an_at_sign_is_refused(self) -> None:
        self.assertEqual(self.problems(name="a@b"), [("name", "Invalid local part")])


class CredentialTests(SynchronousTestCase):
    def test_generated_credentials_have_the_same_members(self) -> None:
        self.assertEqual(list(AppPassword.properties), list(ApiKey.properties))

    def test_what_a_key_may_do_can_be_narrowed(self) -> None:
        made = CredentialUnion.from_wire(
            {
                "@type": "ApiKey",
                "description": "backup",
                "permissions": {"@type": "Replace", "permissions": {"jmapEmailGet": True}},
                "allowedIps": {"10.1.2.3/8": True},
            }
        )
        self.assertEqual((made.permissions.permissions, made.allowed_ips), ({"jmapEmailGet"}, {"10.0.0.0/8"}))


class EncryptionTests(SynchronousTestCase):
    def test_cipher_needs_a_key(self) -> None:
        error = self.assertRaises(ValidationFailed, EncryptionAtRest.from_wire, {"@type": "Aes256Gcm"})
        self.assertEqual(error.violations[0].entry(), {"type": "Required", "property": "publicKey"})

    def test_cipher_refers_to_a_key(self) -> None:
        made = EncryptionAtRest.from_wire({"@type": "Aes128", "publicKey": "cn"})
        self.assertEqual((made.public_key, made.encrypt_on_append), (77, False))
