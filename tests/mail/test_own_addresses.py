"""Which addresses an account has, and which it may send from."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.codec.masked_addresses import code
from stalwart.config import registry
from stalwart.config.identity.masked_email import MaskedEmail
from stalwart.mail.own_addresses import OwnAddresses
from tests.directory.world import NOW
from tests.mail.post_office import PostOffice, path_of


class OwnAddressesTests(PostOffice):
    def setUp(self) -> None:
        super().setUp()
        self.own = OwnAddresses(self.settings, self.clock)

    def listed(self, name: str) -> tuple[str, ...]:
        return self.successResultOf(self.store.read(lambda tx: self.own.listed(tx, self.ids[name])))

    def may(self, name: str, address: str) -> bool:
        path = path_of(address)
        return self.successResultOf(self.store.read(lambda tx: self.own.may_send_as(tx, (self.ids[name],), path)))

    def test_name_and_aliases(self) -> None:
        self.assertEqual(self.listed("alice"), ("alice@example.test", "al@example.test"))
        self.assertTrue(self.may("alice", "alice@example.test"))
        self.assertTrue(self.may("alice", "AL@Example.test"))

    def test_those_of_others(self) -> None:
        for address in ("bob@example.test", "nobody@example.test", "alice@elsewhere.test", "alice@[192.0.2.1]"):
            self.assertFalse(self.may("alice", address), address)

    def test_alias_that_is_switched_off(self) -> None:
        self.person("carol", aliases={"0": {"name": "cc", "domainId": self.home, "enabled": False}})
        self.assertEqual(self.listed("carol"), ("carol@example.test",))
        self.assertFalse(self.may("carol", "cc@example.test"))

    def test_details(self) -> None:
        self.assertTrue(self.may("alice", "alice+shop@example.test"))
        self.assertFalse(self.may("alice", "+shop@example.test"))
        self.assertFalse(self.may("alice", "bob+alice@example.test"))
        self.change_domain(subAddressing={"@type": "Disabled"})
        self.assertFalse(self.may("alice", "alice+shop@example.test"))

    def test_other_names_of_the_domain(self) -> None:
        domain = self.domain("xn--bcher-kva.test", aliases={"books.test": True})
        self.person("dan", domain=domain)
        for name in ("bücher.test", "xn--bcher-kva.test", "books.test"):
            self.assertTrue(self.may("dan", f"dan@{name}"), name)

    def test_domain_that_is_switched_off(self) -> None:
        self.change_domain(isEnabled=False)
        self.assertFalse(self.may("alice", "alice@example.test"))

    def test_catch_all_is_not_its_own(self) -> None:
        self.change_domain(catchAllAddress="alice@example.test")
        self.assertFalse(self.may("alice", "anything@example.test"))

    def masked(self, name: str, **members: Any) -> str:
        data = {"accountId": self.wire(name), "emailPrefix": "shop", **members}
        made = self.successResultOf(self.store.write(lambda tx: registry.create(tx, MaskedEmail, data, now=NOW)))
        address = f"shop.{code(made.id)}@example.test"
        patch = {"email": address}
        work = lambda tx: registry.update(tx, MaskedEmail, made.id, patch, now=NOW, by_server=True)  # noqa: E731
        self.successResultOf(self.store.write(work))
        return address

    def wire(self, name: str) -> str:
        return encode_id(self.ids[name])

    def test_masked_addresses(self) -> None:
        address = self.masked("alice")
        self.assertTrue(self.may("alice", address))
        self.assertFalse(self.may("bob", address))
        self.assertFalse(self.may("alice", self.masked("alice", enabled=False)))

    def test_groups(self) -> None:
        self.person("staff", "Group")
        self.assertEqual(self.with_groups("alice"), (self.ids["alice"],))
        self.patch_account(self.ids["alice"], {"memberGroupIds": {self.wire("staff"): True}})
        self.assertEqual(self.with_groups("alice"), (self.ids["alice"], self.ids["staff"]))

    def with_groups(self, name: str) -> tuple[int, ...]:
        return self.successResultOf(self.store.read(lambda tx: self.own.with_groups(tx, self.ids[name])))

    def test_nobody(self) -> None:
        self.assertEqual(self.successResultOf(self.store.read(lambda tx: self.own.listed(tx, 4711))), ())
