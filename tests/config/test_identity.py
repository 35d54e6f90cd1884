"""Objects of config/identity beside accounts: OAuth, directories, lists, tenants, keys, views of an account (settings
C.4, C.5).
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.identity.account_password import AccountPassword
from stalwart.config.identity.account_settings import AccountSettings
from stalwart.config.identity.api_key import ApiKey
from stalwart.config.identity.app_password import AppPassword
from stalwart.config.identity.directory import Directory
from stalwart.config.identity.mailing_list import MailingList
from stalwart.config.identity.masked_email import MaskedEmail
from stalwart.config.identity.oauth_client import OAuthClient
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.identity.passkey import Passkey
from stalwart.config.identity.public_key import PublicKey
from stalwart.config.identity.recovery_codes import RecoveryCodes
from stalwart.config.identity.session import Session
from stalwart.config.identity.tenant import Tenant
from stalwart.errors import Conflict, DanglingReference, Linked
from stalwart.schema import Declaration, ValidationFailed
from tests.config.stored import NOW, RegistryTestCase

OTP_URL = "otpauth://totp/Example:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


class ShapeTests(SynchronousTestCase):
    def problems(self, declaration: Declaration, data: dict[str, Any]) -> set[tuple[str, str | None]]:
        error = self.assertRaises(ValidationFailed, declaration.from_wire, data)
        return {(found.path, found.description or found.fault) for found in error.violations}

    def test_client_answers_as_the_reference_does(self) -> None:
        made = OAuthClient.from_wire(
            {"clientId": "demo", "secret": "s3cret", "redirectUris": {"https://a.example/cb": True}}
        )
        answer = {
            "clientId": "demo",
            "description": None,
            "contacts": {},
            "secret": "****",
            "createdAt": "2026-11-21T00:58:32Z",
            "expiresAt": None,
            "memberTenantId": None,
            "redirectUris": {"https://a.example/cb": True},
            "logo": None,
        }
        told = made.completed(None, 1795222712).to_wire()
        self.assertEqual([(name, value) for name, value in told.items() if name in answer], list(answer.items()))

    def test_keys_of_the_provider_have_the_shapes_of_the_reference(self) -> None:
        keys = {
            "encryptionKey": {"@type": "Value", "secret": "e"},
            "signatureKey": {"@type": "Text", "secret": "PEM"},
        }
        wire = OidcProvider.from_wire(keys).to_wire()
        self.assertEqual(wire["encryptionKey"], {"secret": "****", "@type": "Value"})
        self.assertEqual(wire["signatureKey"], {"secret": "****", "@type": "Text"})

    def test_keys_of_the_provider_are_null_before_there_are_any(self) -> None:
        wire = OidcProvider().to_wire()
        self.assertEqual((wire["encryptionKey"], wire["signatureKey"]), (None, None))

    def test_directory_needs_its_server(self) -> None:
        found = self.problems(Directory, {"@type": "Oidc"})
        self.assertEqual(found, {("description", "Required"), ("issuerUrl", "Required")})

    def test_directory_of_an_unknown_kind(self) -> None:
        found = self.problems(Directory, {"@type": "Imap"})
        self.assertEqual(found, {("", "Missing or invalid '@type' property in object")})

    def test_tables_are_in_the_data_store_unless_said_otherwise(self) -> None:
        made = Directory.from_wire({"@type": "Sql", "description": "x"})
        self.assertEqual(made.to_wire()["store"], {"@type": "Default"})
        self.assertEqual(made.query_email_aliases, "SELECT address FROM emails WHERE name = $1")

    def test_tables_in_a_database_that_is_not_built(self) -> None:
        data = {"@type": "Sql", "description": "x", "store": {"@type": "MySql", "host": "db.test"}}
        ((path, text),) = self.problems(Directory, data)
        self.assertEqual((path, "Default, PostgreSql or Sqlite" in (text or "")), ("store/@type", True))

    def test_list_needs_an_address(self) -> None:
        self.assertEqual(self.problems(MailingList, {}), {("name", "Required"), ("domainId", "Required")})

    def test_quota_of_a_tenant_is_one_of_those_there_are(self) -> None:
        made = Tenant.from_wire({"name": "t", "quotas": {"maxDomains": 3}})
        self.assertEqual(dict(made.quotas), {"maxDomains": 3})
        found = self.problems(Tenant, {"name": "t", "quotas": {"maxEmails": 3}})
        self.assertEqual(found, {("quotas", "Invalid key for object property")})

    def test_prefix_of_a_masked_address(self) -> None:
        made = MaskedEmail.from_wire({"accountId": "b", "emailPrefix": "shop_1"})
        self.assertEqual((made.email_prefix, made.enabled), ("shop_1", True))
        for prefix in ("Shop", "a-b", "a" * 65):
            ((path, _),) = self.problems(MaskedEmail, {"accountId": "b", "emailPrefix": prefix})
            self.assertEqual(path, "emailPrefix")

    def test_key_keeps_its_lines(self) -> None:
        made = PublicKey.from_wire({"accountId": "b", "description": "k", "key": "-----BEGIN\nPGP-----\n"})
        self.assertEqual(made.key, "-----BEGIN\nPGP-----\n")


class ViewTests(SynchronousTestCase):
    """What the server makes of an account for its owner."""

    def test_issued_credentials_answer_as_the_reference_does(self) -> None:
        answer = {
            "description": "Phone",
            "secret": "****",
            "createdAt": "2026-11-21T00:54:34Z",
            "expiresAt": None,
            "permissions": {"@type": "Inherit"},
            "allowedIps": {},
        }
        for declaration in (AppPassword, ApiKey):
            made = declaration.from_wire({"description": "Phone"}).completed(None, 1795222474)
            self.assertEqual(list(made.replaced(secret="h").to_wire().items()), list(answer.items()))

    def test_secret_of_an_issued_credential_is_not_chosen(self) -> None:
        for declaration in (AppPassword, ApiKey):
            error = self.assertRaises(ValidationFailed, declaration.from_wire, {"description": "x", "secret": "s"})
            self.assertEqual(error.violations[0].description, "Cannot modify server set property")

    def test_password_answers_as_the_reference_does(self) -> None:
        self.assertEqual(AccountPassword(secret="h").to_wire(), {"secret": "****", "otpAuth": {}})

    def test_second_factor_is_shown_as_the_mask(self) -> None:
        made = AccountPassword.patched(AccountPassword(), {"otpAuth": {"otpUrl": OTP_URL, "otpCode": "381120"}})
        self.assertEqual((made.otp_auth.otp_url, made.otp_auth.otp_code), (OTP_URL, "381120"))
        self.assertEqual(made.otp_auth.to_wire()["otpUrl"], "****")

    def test_second_factor_can_be_patched_by_pointer(self) -> None:
        made = AccountPassword.patched(AccountPassword(), {"otpAuth/otpUrl": OTP_URL, "currentSecret": "old"})
        self.assertEqual((made.otp_auth.otp_url, made.current_secret), (OTP_URL, "old"))

    def test_mask_of_the_password_means_that_it_stays(self) -> None:
        made = AccountPassword.patched(AccountPassword(secret="h"), {"secret": "****"})
        self.assertEqual(made.secret, "h")

    def test_settings_are_checked_as_those_of_the_account(self) -> None:
        error = self.assertRaises(ValidationFailed, AccountSettings.patched, AccountSettings(), {"locale": "xx_XX"})
        self.assertEqual(error.violations[0].description, "Invalid value for enum property")

    def test_passkey_shows_no_proofs(self) -> None:
        given = {"description": "Phone", "currentSecret": "s", "otpCode": "1", "response": "{}"}
        made = Passkey.from_wire(given).completed(None, 1795222474)
        self.assertEqual((made.current_secret, made.otp_code, made.response), ("s", "1", "{}"))
        shown = Passkey(description="Phone", created_at=1795222474, backed_up=True).to_wire()
        self.assertEqual(
            list(shown), ["description", "requiredWithPassword", "createdAt", "lastUsedAt", "backedUp", "transports"]
        )
        self.assertEqual(made.to_wire()["currentSecret"], "****")

    def test_recovery_codes_are_made_on_request_only(self) -> None:
        self.assertFalse(RecoveryCodes().regenerate)
        made = RecoveryCodes.patched(RecoveryCodes(remaining=3), {"regenerate": True, "currentSecret": "s"})
        self.assertEqual((made.regenerate, made.current_secret, made.remaining), (True, "s", 3))

    def test_session_is_only_shown(self) -> None:
        for name in Session.properties:
            self.assertEqual(Session.properties[name].update, "serverSet", name)

    def test_view_cannot_be_stored(self) -> None:
        for declaration in (AppPassword, ApiKey, AccountSettings, AccountPassword, Passkey, RecoveryCodes, Session):
            self.assertFalse(declaration.stored)


class StoredTests(RegistryTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.domain = self.create(Domain, name="example.test")
        self.domain_id = encode_id(self.domain.id)

    def taken(self, declaration: Declaration, **data: Any) -> Any:
        return self.fails(Conflict, lambda tx: registry.create(tx, declaration, data, now=NOW))

    def test_list_cannot_have_the_address_of_a_user(self) -> None:
        alice = self.user("alice", self.domain)
        found = self.taken(MailingList, name="alice", domainId=self.domain_id)
        self.assertEqual((found.property, found.holder), ("email", ("Account", alice.id)))

    def test_user_cannot_have_the_alias_of_a_list(self) -> None:
        aliases = {"0": {"name": "staff", "domainId": self.domain_id}}
        made = self.create(MailingList, name="all", domainId=self.domain_id, aliases=aliases)
        found = self.taken(Account, **{"@type": "User", "name": "staff", "domainId": self.domain_id})
        self.assertEqual((found.property, found.holder), ("email", ("MailingList", made.id)))

    def test_client_id_is_taken_once(self) -> None:
        made = self.create(OAuthClient, clientId="demo")
        found = self.taken(OAuthClient, clientId="demo")
        self.assertEqual((found.property, found.holder), ("clientId", ("OAuthClient", made.id)))

    def test_tenant_with_members_stays(self) -> None:
        tenant = self.create(Tenant, name="t")
        self.create(OAuthClient, clientId="demo", memberTenantId=encode_id(tenant.id))
        found = self.fails(Linked, lambda tx: registry.destroy(tx, Tenant, tenant.id))
        self.assertEqual(list(found.linked), [("OAuthClient", 1)])

    def test_directory_that_a_domain_uses_stays(self) -> None:
        directory = self.create(Directory, **{"@type": "Oidc", "description": "sso", "issuerUrl": "https://sso.test/"})
        self.create(Domain, name="b.test", directoryId=encode_id(directory.id))
        self.fails(Linked, lambda tx: registry.destroy(tx, Directory, directory.id))

    def test_key_needs_an_account(self) -> None:
        data = {"accountId": "zz", "description": "k", "key": "PEM"}
        found = self.fails(DanglingReference, lambda tx: registry.create(tx, PublicKey, data, now=NOW))
        self.assertEqual(found.target[0], "Account")

    def test_account_may_go_without_its_keys_and_masks(self) -> None:
        alice = self.user("alice", self.domain)
        key = self.create(PublicKey, accountId=encode_id(alice.id), description="k", key="PEM")
        self.create(MaskedEmail, accountId=encode_id(alice.id))
        self.write(lambda tx: registry.destroy(tx, Account, alice.id))
        self.assertEqual(self.update(PublicKey, key.id, {"description": "orphan"}).value.account_id, alice.id)

    def test_key_that_mail_is_encrypted_with_stays(self) -> None:
        alice = self.user("alice", self.domain)
        key = self.create(PublicKey, accountId=encode_id(alice.id), description="k", key="PEM")
        self.update(Account, alice.id, {"encryptionAtRest": {"@type": "Aes256", "publicKey": encode_id(key.id)}})
        self.fails(Linked, lambda tx: registry.destroy(tx, PublicKey, key.id))

    def test_registry_stores_no_view(self) -> None:
        self.fails(AssertionError, lambda tx: registry.create(tx, AppPassword, {"description": "x"}, now=NOW))
