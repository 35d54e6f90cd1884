"""x:Domain over JMAP; its checks and tasks are tested with ``domain``."""

from __future__ import annotations

from stalwart.jmap.types.domain import DomainHandler
from tests.jmap.registry.world import RegistryWorld
from tests.jmap.types.test_dkim import ED25519
from tests.mail.test_dkim_keys import RFC8463_PUBLIC


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

    def test_zone_file_has_the_keys_of_the_domain(self) -> None:
        self.create("DkimSignature", **ED25519)
        text = self.get("Domain", "b", properties=["dnsZoneFile"])["dnsZoneFile"]
        first = f'test._domainkey.example.test. IN TXT "v=DKIM1; k=ed25519; h=sha256; p={RFC8463_PUBLIC}"\n'
        self.assertTrue(text.startswith(first), text)
        self.assertIn("example.test. IN MX 10 ", text)

    def test_zone_file_that_nobody_wants_is_not_made(self) -> None:
        self.assertEqual(self.get("Domain", "b", properties=["name"]), {"name": "example.test", "id": "b"})

    def test_zone_file_cannot_be_given(self) -> None:
        error = self.not_created("Domain", name="third.test", dnsZoneFile="x")
        self.assertEqual((error["type"], error["properties"]), ("invalidPatch", ["dnsZoneFile"]))

    def test_zone_file_follows_the_settings_at_once(self) -> None:
        self.update("SystemSettings", "singleton", mailExchangers={"0": {"hostname": "mx.else.test", "priority": 7}})
        self.assertIn("example.test. IN MX 7 mx.else.test.\n", self.get("Domain", "b")["dnsZoneFile"])

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

    def test_a_new_domain_without_a_postmaster_is_told_of(self) -> None:
        def notices(name: str) -> list[str]:
            found: list[str] = self.ask("x:Domain/set", {"create": {"d": {"name": name}}}).get("notices", [])
            return found

        (notice,) = notices("one.test")
        self.assertIn("Nobody gets mail for postmaster@one.test", notice)
        self.account("chief", roles={"@type": "Admin"})
        self.assertEqual(notices("two.test"), [])
