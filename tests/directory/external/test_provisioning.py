"""Accounts that follow from what a directory says: made, kept in step, and never beyond its own domains."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.mailing_list import MailingList
from stalwart.config.identity.tenant import Tenant
from stalwart.directory.external.found import Found
from stalwart.directory.external.provisioning import (
    KIND,
    NotAccepted,
    current,
    synchronise,
    unknown_groups,
)
from tests.directory.external.world import ExternalWorld
from tests.directory.world import FAST, NOW, PASSWORD

ALICE = "alice@ext.test"


class ProvisioningCase(ExternalWorld):
    def synchronise(self, found: Found, directory_id: int | None = None) -> tuple[int, bool]:
        rules = self.settings.of(Authentication)
        id = self.ldap if directory_id is None else directory_id
        return self.successResultOf(self.store.write(lambda tx: synchronise(tx, id, rules, found, NOW)))

    def current(self, found: Found) -> int | None:
        rules = self.settings.of(Authentication)
        return self.successResultOf(self.store.read(lambda tx: current(tx, self.ldap, rules, found)))

    def refused(self, found: Found, directory_id: int | None = None) -> str:
        rules = self.settings.of(Authentication)
        id = self.ldap if directory_id is None else directory_id
        work = self.store.write(lambda tx: synchronise(tx, id, rules, found, NOW))
        return str(self.failureResultOf(work, NotAccepted).value)

    def write(self, **members: Any) -> int:
        """Synchronise Alice; her account."""
        return self.synchronise(Found(ALICE, **members))[0]

    def aliases(self, account_id: int) -> set[str]:
        domains = {self.domain_id: "example.test", self.external_id: "ext.test"}
        return {f"{alias.name}@{domains[alias.domain_id]}" for alias in self.account(account_id).aliases}


class FirstLoginTests(ProvisioningCase):
    def test_account_is_made_as_an_ordinary_user(self) -> None:
        self.assertIsNone(self.current(Found(ALICE)))
        account_id, is_new = self.synchronise(
            Found(ALICE, "Alice\u202e A.\r\n\x00", frozenset(), frozenset(["al@ext.test", "x@alias.test"]))
        )
        self.assertTrue(is_new)
        account = self.account(account_id)
        self.assertEqual((account.tag, account.name, account.domain_id), ("User", "alice", self.external_id))
        self.assertEqual((account.description, account.roles.tag, account.credentials), ("Alice A.", "User", ()))
        self.assertEqual(self.aliases(account_id), {"al@ext.test", "x@ext.test"})
        row = self.successResultOf(self.store.read(lambda tx: tx.accounts.by_login(ALICE)))
        self.assertEqual(row and row.id, account_id)

    def test_address_in_an_alias_of_the_domain_is_the_same_account(self) -> None:
        account_id = self.write()
        self.assertEqual(self.synchronise(Found("alice@alias.test")), (account_id, False))

    def test_tenant_of_the_domain_is_that_of_the_account(self) -> None:
        tenant = self.settle(self.settings.create(Tenant, {"name": "t"}))
        self.domain("tenant.test", directoryId=encode_id(self.ldap), memberTenantId=encode_id(tenant))
        account_id, _ = self.synchronise(Found("a@tenant.test"))
        self.assertEqual(self.account(account_id).member_tenant_id, tenant)

    def test_default_directory_serves_domains_without_their_own(self) -> None:
        self.refused(Found("alice@example.test"))
        self.default(self.ldap)
        self.synchronise(Found("alice@example.test"))
        self.default(self.oidc)
        self.refused(Found("bob@example.test"))
        self.synchronise(Found("bob@ext.test"))

    def test_directory_speaks_about_its_own_domains_only(self) -> None:
        self.user("alice")
        for address in (
            "alice@example.test",
            "new@example.test",
            "a@nowhere.test",
            "a",
            "@ext.test",
            "a b@ext.test",
            "",
        ):
            self.assertIn("not served", self.refused(Found(address)))
        self.assertIn("not served", self.refused(Found(ALICE), self.oidc))

    def test_disabled_domain_gets_no_accounts(self) -> None:
        self.domain("off.test", directoryId=encode_id(self.ldap), isEnabled=False)
        self.assertIn("disabled", self.refused(Found("a@off.test")))

    def test_addresses_of_others(self) -> None:
        self.user("bob", aliases={"0": {"name": "bobby", "domainId": encode_id(self.external_id)}})
        self.settle(self.settings.create(MailingList, {"name": "all", "domainId": encode_id(self.external_id)}))
        self.group("team", self.external_id)
        for address, why in (("bobby@ext.test", "alias"), ("all@ext.test", "mailing list"), ("team@ext.test", "Group")):
            self.assertIn(why, self.refused(Found(address)))
        self.write()
        self.assertIn("User", self.refused(Found(ALICE, kind="Group")))


class LaterLoginTests(ProvisioningCase):
    def test_nothing_is_written_when_nothing_changed(self) -> None:
        found = Found(ALICE, "Alice", frozenset(["team"]), frozenset(["al@ext.test"]), marker="1")
        self.group("team", self.external_id)
        account_id, _ = self.synchronise(found)
        revision = self.revision(account_id)
        self.assertEqual(self.current(found), account_id)
        self.assertEqual(self.synchronise(found), (account_id, False))
        self.assertEqual(self.revision(account_id), revision)

    def test_what_is_not_told_stays(self) -> None:
        group = self.group("team", self.external_id)
        account_id = self.write(name="Alice", groups=frozenset(["team"]), aliases=frozenset(["al@ext.test"]))
        self.assertEqual(self.current(Found(ALICE)), account_id)
        self.assertEqual(self.current(Found(ALICE, " \n")), account_id)
        self.assertEqual(self.account(account_id).member_group_ids, {group})

    def test_name_and_aliases_follow(self) -> None:
        account_id = self.write(name="Alice", aliases=frozenset(["al@ext.test", "ally"]))
        self.assertEqual(self.aliases(account_id), {"al@ext.test", "ally@ext.test"})
        self.write(name="Alice B.", aliases=frozenset(["ally@ext.test", "a.b@ext.test"]))
        self.assertEqual(self.account(account_id).description, "Alice B.")
        self.assertEqual(self.aliases(account_id), {"ally@ext.test", "a.b@ext.test"})
        self.write(aliases=frozenset())
        self.assertEqual(self.aliases(account_id), set())

    def test_alias_that_somebody_else_has_does_not_lock_out(self) -> None:
        self.synchronise(Found("bob@ext.test"))
        account_id = self.write(aliases=frozenset(["bob@ext.test", ALICE, "x@example.test", "no good", "al@ext.test"]))
        self.assertEqual(self.aliases(account_id), {"al@ext.test"})

    def test_alias_of_the_administrator_stays_with_all_that_it_has(self) -> None:
        account_id = self.write()
        given = {"name": "alice", "domainId": encode_id(self.domain_id), "enabled": False, "description": "old"}
        self.patch_account(account_id, {"aliases": {"0": given}})
        self.write(aliases=frozenset(["al@ext.test"]))
        self.assertEqual(self.aliases(account_id), {"alice@example.test", "al@ext.test"})
        kept = self.account(account_id).aliases[0]
        self.assertEqual((kept.enabled, kept.description), (False, "old"))

    def test_groups_are_those_of_the_directory_and_those_of_other_domains(self) -> None:
        ours, theirs, other = (self.group(*each) for each in self.places("team", "sales", here="board"))
        account_id = self.write(groups=frozenset(["team", "sales@ext.test", "board@example.test", "unknown", ALICE]))
        self.assertEqual(self.account(account_id).member_group_ids, {ours, theirs})
        self.patch_account(account_id, {f"memberGroupIds/{encode_id(other)}": True})
        self.write(groups=frozenset(["sales"]))
        self.assertEqual(self.account(account_id).member_group_ids, {theirs, other})
        self.write(groups=frozenset())
        self.assertEqual(self.account(account_id).member_group_ids, {other})

    def places(self, *names: str, here: str) -> list[tuple[str, int]]:
        return [*((name, self.external_id) for name in names), (here, self.domain_id)]

    def test_roles_permissions_and_quotas_are_never_touched(self) -> None:
        account_id = self.write()
        patch = {"roles": {"@type": "Admin"}, "quotas": {"maxEmails": 5}, "locale": "de_DE"}
        self.patch_account(account_id, patch)
        self.write(name="Alice", groups=frozenset(), aliases=frozenset(["al"]))
        account = self.account(account_id)
        self.assertEqual(
            (account.roles.tag, dict(account.quotas), account.locale), ("Admin", {"maxEmails": 5}, "de_DE")
        )

    def test_account_that_was_here_keeps_its_id_and_its_credentials(self) -> None:
        account_id = self.member("alice", self.external_id, credentials={"0": {"@type": "Password", "secret": FAST}})
        self.settle(self.accounts.add_app_password(account_id, "phone"))
        before = self.account(account_id).credentials
        self.assertEqual(self.synchronise(Found(ALICE, "Alice")), (account_id, False))
        self.assertEqual(self.account(account_id).credentials, before)
        self.assertEqual(self.account(account_id).description, "Alice")

    def test_administrator_with_a_password_here_is_no_business_of_the_directory(self) -> None:
        roles = {"@type": "Admin"}
        password = {"0": {"@type": "Password", "secret": FAST}}
        self.member("root", self.external_id, roles=roles, credentials=password)
        account_id = self.member("admin", self.external_id, roles=roles)
        self.assertIn("administrator", self.refused(Found("root@ext.test")))
        self.assertEqual(self.synchronise(Found("admin@ext.test")), (account_id, False))


class GroupTests(ProvisioningCase):
    def test_group_of_the_directory_becomes_one_here(self) -> None:
        group, is_new = self.synchronise(Found("team@ext.test", "The Team", kind="Group", groups=frozenset(["x"])))
        account = self.account(group)
        self.assertTrue(is_new)
        self.assertEqual((account.tag, account.description), ("Group", "The Team"))

    def test_groups_that_nobody_has(self) -> None:
        self.group("team", self.external_id)
        rules = self.settings.of(Authentication)
        found = Found(ALICE, groups=frozenset(["team", "sales", "ops@alias.test", "a@example.test", "no good"]))
        unknown = self.successResultOf(self.store.read(lambda tx: unknown_groups(tx, self.ldap, rules, found)))
        self.assertEqual(unknown, {"sales@ext.test", "ops@ext.test"})


class MarkerTests(ProvisioningCase):
    def test_password_that_changed_elsewhere_ends_the_sign_ins(self) -> None:
        account_id = self.write(marker="1")
        self.sign_in_to(account_id)
        for marker, left in (("1", 1), (None, 1), ("2", 0)):
            self.write(marker=marker)
            self.assertEqual(self.sign_ins(account_id), left, marker)

    def test_first_marker_ends_nothing(self) -> None:
        account_id = self.write()
        self.sign_in_to(account_id)
        self.assertIsNone(self.current(Found(ALICE, marker="1")))
        self.write(marker="1")
        self.assertEqual(self.sign_ins(account_id), 1)

    def test_marker_itself_is_not_stored(self) -> None:
        account_id = self.write(marker=PASSWORD)
        rows = self.successResultOf(self.store.read(lambda tx: tx.factors.of_account(account_id, KIND)))
        self.assertEqual(len(rows), 1)
        self.assertNotIn(PASSWORD, str(rows))
