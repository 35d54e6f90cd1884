"""``x:MaskedEmail``: addresses that the server makes up."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import decode_id
from stalwart.codec.masked_addresses import Code, read_local_part
from stalwart.config.collaboration.email import Email
from tests.directory.world import NOW
from tests.jmap.registry.world import RegistryWorld


class MaskedEmailTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.account()

    def address(self, **members: Any) -> tuple[str, str, str]:
        """Id, local part and domain of a new one of alice."""
        made = {"accountId": self.alice, **members}
        told = self.ask("x:MaskedEmail/set", {"create": {"new": made}})["created"]["new"]
        self.assertEqual(self.get("MaskedEmail", told["id"])["email"], told["email"])
        local, _, domain = told["email"].partition("@")
        return told["id"], local, domain

    def refused(self, **members: Any) -> dict[str, Any]:
        """The SetError of one of alice."""
        return self.not_created("MaskedEmail", accountId=self.alice, **members)

    def test_address_is_chance_and_a_code_with_the_id(self) -> None:
        id, local, domain = self.address()
        self.assertRegex(local, r"\A[a-z0-9]{16}\.[a-z0-9]+\Z")
        self.assertEqual(read_local_part(local), Code(decode_id(id), 0))
        self.assertEqual(domain, "example.test")

    def test_no_two_are_alike(self) -> None:
        self.assertNotEqual(self.address()[1], self.address()[1])

    def test_prefix_is_as_wished(self) -> None:
        self.assertTrue(self.address(emailPrefix="shop_7")[1].startswith("shop_7."))

    def test_prefix_leaves_room_for_the_code(self) -> None:
        error = self.refused(emailPrefix="x" * 64)
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["emailPrefix"]))
        longest = int(error["description"].split()[-2])
        self.assertEqual(len(self.address(emailPrefix="x" * longest)[1]), 64)

    def test_lifetime_is_in_the_code(self) -> None:
        id, local, _ = self.address(expiresAt="2027-01-15T09:00:00Z")
        self.assertEqual(read_local_part(local), Code(decode_id(id), 3600))

    def test_end_in_the_past(self) -> None:
        self.assertEqual(self.refused(expiresAt="2027-01-15T08:00:00Z")["properties"], ["expiresAt"])
        self.assertEqual(self.refused(expiresAt="2999-01-01T00:00:00Z")["properties"], ["expiresAt"])

    def test_domain_of_another_address_of_the_account(self) -> None:
        other = self.create("Domain", name="other.test", aliases={"alias.test": True})
        self.assertEqual(self.refused(emailDomain="other.test")["properties"], ["emailDomain"])
        alias = {"name": "al", "domainId": other}
        self.update("Account", self.alice, aliases={"0": alias})
        self.assertEqual(self.address(emailDomain="other.test")[2], "other.test")
        self.assertEqual(self.address(emailDomain="alias.test")[2], "alias.test")

    def test_address_cannot_be_given_or_changed(self) -> None:
        self.assertEqual(self.refused(email="me@example.test")["properties"], ["email"])
        id, local, _ = self.address()
        self.assertEqual(self.not_updated("MaskedEmail", id, email="me@example.test")["type"], "invalidPatch")
        self.update("MaskedEmail", id, enabled=False, description="spam")
        self.assertEqual(self.get("MaskedEmail", id)["email"], f"{local}@example.test")

    def test_number_is_limited(self) -> None:
        ids = [self.address()[0] for _ in range(5)]
        self.assertEqual(self.refused()["type"], "overQuota")
        self.destroy("MaskedEmail", ids[0])
        self.address()

    def test_refused_one_leaves_nothing_behind(self) -> None:
        self.refused(emailPrefix="x" * 64)
        self.assertEqual(self.ids("MaskedEmail"), [])

    def test_limit_of_the_settings_and_of_the_account(self) -> None:
        self.settle(self.settings.change(Email, {"maxMaskedAddresses": 1}))
        self.address()
        self.assertEqual(self.refused()["type"], "overQuota")
        self.update("Account", self.alice, quotas={"maxMaskedAddresses": 2})
        self.address()
        self.assertEqual(self.refused()["type"], "overQuota")
        self.settle(self.settings.change(Email, {"maxMaskedAddresses": None}))
        self.update("Account", self.alice, quotas={})
        self.address()

    def test_account_has_to_exist(self) -> None:
        self.assertEqual(self.not_created("MaskedEmail", accountId="zz")["type"], "invalidForeignKey")

    def test_created_at_the_time_of_the_call(self) -> None:
        id, *_ = self.address()
        self.assertEqual(NOW, 1_800_000_000)
        self.assertEqual(self.get("MaskedEmail", id)["createdAt"], "2027-01-15T08:00:00Z")
