"""Credentials that are kept elsewhere."""

from __future__ import annotations

from stalwart.config.identity.account import User
from stalwart.config.identity.authentication import Authentication
from stalwart.errors import Forbidden
from stalwart.jmap.registry.external import KEPT_ELSEWHERE, check_internal
from tests.jmap.registry.world import RegistryWorld

LDAP = {"@type": "Ldap", "description": "LDAP", "baseDn": "dc=example,dc=test"}


class ExternalTests(RegistryWorld):
    def test_password_of_a_domain_with_a_directory_cannot_be_set(self) -> None:
        directory = self.create("Directory", **LDAP)
        alice = self.account()
        self.update("Domain", "b", directoryId=directory)
        secret = "Correct-Horse-7-battery"
        error = {"type": "forbidden", "description": KEPT_ELSEWHERE}
        self.assertEqual(self.not_updated("Account", alice, credentials__0__secret=secret), error)
        password = {"0": {"@type": "Password", "secret": secret}}
        members = {"@type": "User", "name": "bob", "domainId": "b"}
        self.assertEqual(self.not_created("Account", **members, credentials=password), error)
        self.create("Account", **members)
        self.update("Account", alice, description="Alice")

    def test_default_directory_counts_for_all_domains(self) -> None:
        directory = self.create("Directory", **LDAP)
        self.update("Authentication", "singleton", directoryId=directory)
        self.assertIsNotNone(self.settings.of(Authentication).directory_id)
        account = User(name="x", domain_id=1)
        work = self.store.read(lambda tx: check_internal(tx, self.settings, 99, account, {}))
        self.failureResultOf(work, Forbidden)

    def test_app_passwords_and_administrators_belong_here(self) -> None:
        directory = self.create("Directory", **LDAP)
        alice, chief = self.account(), self.account("chief", roles={"@type": "Admin"})
        self.become("alice")
        whole = self.who
        self.become("chief")
        self.update("Domain", "b", directoryId=directory)
        self.update("Account", chief, credentials__0__secret="Correct-Horse-7-battery")
        self.who = whole
        self.assertTrue(alice)
        self.create("AppPassword", description="Phone")
        self.create("ApiKey", description="Script")
