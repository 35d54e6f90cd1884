"""x:Domain over JMAP; its checks and tasks are tested with ``domain``."""

from __future__ import annotations

from stalwart.jmap.types.domain import DomainHandler
from tests.jmap.registry.world import RegistryWorld


class DomainTests(RegistryWorld):
    def test_renamed_domain_takes_its_accounts_along(self) -> None:
        ids = [self.account(name) for name in ("alice", "bob")]
        other = self.create("Domain", name="other.test")
        carol = self.create("Account", **{"@type": "User", "name": "carol", "domainId": other})
        self.directory.remember("header", self.sign_in())
        self.update("Domain", "b", name="new.test")
        self.assertIsNone(self.directory.cached("header", "192.0.2.1"))
        addresses = [self.get("Account", id)["emailAddress"] for id in (*ids, carol)]
        self.assertEqual(addresses, ["alice@new.test", "bob@new.test", "carol@other.test"])
        self.sign_in("alice@new.test")

    def test_zone_file_comes_only_when_it_is_named(self) -> None:
        self.assertNotIn("dnsZoneFile", self.get("Domain", "b"))

    def test_name_and_aliases_exclude_each_other(self) -> None:
        error = self.not_created("Domain", name="third.test", aliases={"example.test": True})
        holder = {"object": "Domain", "id": "b"}
        self.assertEqual(error, {"type": "primaryKeyViolation", "properties": ["aliases"], "objectId": holder})

    def test_disabled_domain_lets_nobody_in_from_the_next_request_on(self) -> None:
        self.account()
        self.directory.remember("header", self.sign_in())
        self.update("Domain", "b", isEnabled=False)
        self.assertIsNone(self.directory.cached("header", "192.0.2.1"))

    def test_keys_of_a_new_domain_are_made_soon(self) -> None:
        id = self.create("Domain", name="new.test")
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        found = [(row.data["@type"], row.data["domainId"]) for row in rows]
        self.assertEqual(found, [("DkimManagement", id)])
        self.assertEqual(self.runner.woken, 1)
        self.assertEqual(DomainHandler.handled, ("Domain",))
