"""Tenants and owners: who meets which objects (settings A.4)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from attrs import evolve

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.identity.oauth_client import OAuthClient
from stalwart.config.identity.public_key import PublicKey
from stalwart.directory.access import Access
from stalwart.directory.permissions import ALL
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.handler import Asking
from stalwart.jmap.registry.scoping import Scope, reaches
from tests.jmap.registry.world import ROOT, RegistryWorld


class TenantWorld(RegistryWorld):
    """Two tenants with a domain each, beside a domain of nobody; ``boss`` runs the first."""

    def setUp(self) -> None:
        super().setUp()
        self.one, self.two = (self.create("Tenant", name=name) for name in ("One", "Two"))
        self.home = self.create("Domain", name="one.test", memberTenantId=self.one)
        self.elsewhere = self.create("Domain", name="two.test", memberTenantId=self.two)
        self.boss = Access(7, "boss@one.test", None, ALL - {"impersonate"}, tenant_id=decode_id(self.one))

    def user(self, name: str, domain: str = "", **members: Any) -> str:  # type: ignore[override]
        """The id of a new user of who asks."""
        return self.create("Account", **{"@type": "User", "name": name, "domainId": domain or self.home, **members})


class TenantTests(TenantWorld):
    def test_objects_of_others_are_not_found(self) -> None:
        self.who = self.boss
        answer = self.ask("x:Domain/get", {"ids": ["b", self.home, self.elsewhere]})
        self.assertEqual([each["id"] for each in answer["list"]], [self.home])
        self.assertEqual(answer["notFound"], ["b", self.elsewhere])
        self.assertEqual(self.not_updated("Domain", self.elsewhere, description="x"), {"type": "notFound"})
        self.assertEqual(self.not_destroyed("Domain", "b"), {"type": "notFound"})

    def test_all_are_all_of_the_tenant(self) -> None:
        self.who = self.boss
        self.assertEqual([each["id"] for each in self.ask("x:Domain/get")["list"]], [self.home])
        self.assertEqual(self.ids("Domain"), [self.home])
        self.assertEqual(self.ids("Domain", filter={"text": "two"}), [])

    def test_tenant_is_hidden_and_forced(self) -> None:
        self.who = self.boss
        id = self.create("Domain", name="another.test")
        self.assertNotIn("memberTenantId", self.get("Domain", id))
        self.who = ROOT
        self.assertEqual(self.get("Domain", id)["memberTenantId"], self.one)

    def test_tenant_cannot_be_set(self) -> None:
        self.who = self.boss
        text = "Cannot modify memberTenantId property"
        error = {"type": "invalidPatch", "description": text, "properties": ["memberTenantId"]}
        self.assertEqual(self.not_created("Domain", name="a.test", memberTenantId=self.one), error)
        self.assertEqual(self.not_updated("Domain", self.home, memberTenantId=None), error)

    def test_references_stay_within_the_tenant(self) -> None:
        self.who = self.boss
        for domain in ("b", self.elsewhere):
            error = self.not_created("Account", **{"@type": "User", "name": "x", "domainId": domain})
            self.assertEqual(error["type"], "invalidForeignKey")
            self.assertEqual(error["objectId"], {"object": "Domain", "id": domain})

    def test_foreign_reference_that_is_there_already_does_not_hinder(self) -> None:
        roles = {"@type": "Custom", "roleIds": {"b": True}}
        id = self.user("alice", memberTenantId=self.one, roles=roles)
        self.who = self.boss
        self.update("Account", id, description="Alice")

    def test_who_belongs_to_no_tenant_cannot_mix_two(self) -> None:
        members = {"@type": "User", "name": "x", "domainId": self.elsewhere, "memberTenantId": self.one}
        self.assertEqual(self.not_created("Account", **members)["type"], "invalidForeignKey")
        self.user("alice", "b", memberTenantId=self.one)

    def test_tenant_with_members_stays(self) -> None:
        error = self.not_destroyed("Tenant", self.one)
        self.assertEqual(error["linkedObjects"], [{"object": "Domain", "id": self.home}])

    def test_who_runs_a_tenant_cannot_name_files_of_the_server(self) -> None:
        self.who = self.boss
        key = base64.b64encode(bytes(64)).decode()
        path = Path(self.mktemp())
        path.write_text(key)
        oidc = {"@type": "Tsig", "description": "d", "host": "198.41.0.4", "keyName": "k"}
        for place in (
            {"@type": "File", "filePath": "/etc/passwd"},
            {"@type": "EnvironmentVariable", "variableName": "HOME"},
        ):
            error = self.not_created("DnsServer", **oidc, key=place)
            self.assertEqual((error["type"], error["properties"]), ("forbidden", ["key"]))
        self.create("DnsServer", **oidc, key={"@type": "Value", "secret": key})
        self.who = ROOT
        self.create("DnsServer", **oidc, key={"@type": "File", "filePath": str(path)})

    def test_no_file_is_read_for_who_runs_a_tenant(self) -> None:
        self.who = self.boss
        key = {"@type": "Dkim1Ed25519Sha256", "domainId": self.home, "selector": "s"}
        told = set()
        for path in ("/nonexistent", "/etc/passwd", "/"):
            error = self.not_created("DkimSignature", **key, privateKey={"@type": "File", "filePath": path})
            told.add((error["type"], error["description"]))
        self.assertEqual({kind for kind, _ in told}, {"forbidden"})
        self.assertEqual(len(told), 1)

    def test_addresses_of_others_are_not_told(self) -> None:
        self.who = ROOT
        taken = self.user("taken", self.elsewhere)
        self.assertTrue(taken)
        self.who = self.boss
        for name in ("taken", "free"):
            members = {"@type": "User", "name": name, "domainId": self.elsewhere}
            self.assertEqual(self.not_created("Account", **members)["type"], "invalidForeignKey")
        error = self.not_created("Domain", name="two.test")
        self.assertEqual(error["type"], "primaryKeyViolation")
        self.assertNotIn("objectId", error)

    def test_types_without_tenants_are_for_all(self) -> None:
        self.who = self.boss
        self.assertEqual(len(self.ask("x:Http/get")["list"]), 1)

    def test_impersonation_ends_at_the_tenant(self) -> None:
        self.who = evolve(self.boss, permissions=ALL)
        own, other = self.user("alice"), encode_id(self.accounts_of_nobody())
        self.assertEqual(len(self.ask("x:AccountSettings/get", {"accountId": own})["list"]), 1)
        self.assertEqual(self.ask("x:AccountSettings/get", {"accountId": other})["list"], [])

    def accounts_of_nobody(self) -> int:
        """A user without tenant."""
        return self.settle(self.accounts.create_user("nobody", 1, None))


class OwnerTests(RegistryWorld):
    """x:PublicKey has an owner; its rows are written as the handlers would."""

    def scope(self, *permissions: str, tenant_id: int | None = None) -> Scope:
        """Of account 7."""
        who = Access(7, "x", None, frozenset(permissions), tenant_id=tenant_id)
        asking = Asking(who, 7, 0.0, "", self.request(who))
        return self.successResultOf(self.store.read(lambda tx: Scope.of(PublicKey, tx, asking)))

    def test_only_the_own_objects_show(self) -> None:
        scope = self.scope()
        self.assertTrue(scope.shows({"accountId": "h"}))
        self.assertFalse(scope.shows({"accountId": "i"}))
        self.assertEqual(scope.hidden({"accountId": "h", "key": "k"}), {"key": "k"})

    def test_owner_is_forced(self) -> None:
        scope = self.scope()
        self.assertEqual(scope.forced({"key": "k"}), {"key": "k", "accountId": "h"})
        self.assertEqual(scope.forced({"accountId": "h"}), {"accountId": "h"})
        self.assertRaises(SetRefused, scope.forced, {"accountId": "i"})

    def test_who_may_impersonate_sees_all_and_owns_by_default(self) -> None:
        scope = self.scope("impersonate")
        self.assertTrue(scope.shows({"accountId": "i"}))
        self.assertEqual(scope.hidden({"accountId": "h"}), {"accountId": "h"})
        self.assertEqual(scope.forced({}), {"accountId": "h"})
        self.assertEqual(scope.forced({"accountId": "i"}), {"accountId": "i"})

    def test_account_out_of_reach_has_nothing(self) -> None:
        who = Access(7, "x", None, frozenset(("impersonate",)), tenant_id=1)
        asking = Asking(who, 8, 0.0, "", self.request(who))
        scope = self.successResultOf(self.store.read(lambda tx: Scope.of(PublicKey, tx, asking)))
        self.assertFalse(scope.shows({"accountId": "i"}))
        found = self.successResultOf(self.store.read(lambda tx: tx.registry.search("PublicKey", scope.terms())))
        self.assertEqual(found, [])
        self.assertFalse(self.successResultOf(self.store.read(lambda tx: reaches(tx, asking))))

    def test_type_without_owner_or_tenant_is_free(self) -> None:
        asking = Asking(ROOT, 7, 0.0, "", self.request())
        scope = self.successResultOf(self.store.read(lambda tx: Scope.of(OAuthClient, tx, asking)))
        self.assertFalse(scope.is_limited)
        self.assertEqual((scope.terms(), scope.forced({"a": 1})), ([], {"a": 1}))
