"""Who is in charge, among however many accounts."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.tenant import Tenant
from stalwart.mail import administrators
from stalwart.mail.administrators import REMEMBERED, Administrators
from stalwart.store import Row, Transaction
from tests.mail.post_office import PostOffice

ADMIN = {"@type": "Admin"}


class AdministratorsTests(PostOffice):
    """``first``; alice and bob are people like any."""

    def setUp(self) -> None:
        super().setUp()
        self.administrators = Administrators(self.settings, self.clock)
        self.full: set[str] = set()
        self.barred: set[str] = set()
        self.looked_at = 0

    def first(self, tenant_id: int | None = None) -> str | None:
        """The name of who was found."""

        def may(row: Row) -> bool:
            self.looked_at += 1
            return row.data["name"] not in self.barred

        def work(tx: Transaction) -> Any:
            full = {self.ids[name] for name in self.full}
            return self.administrators.first(tx, tenant_id, may, lambda id: id not in full)

        row = self.successResultOf(self.store.read(work))
        return None if row is None else str(row.data["name"])

    def tenant(self, name: str = "one") -> int:
        return int(self.settle(self.settings.create(Tenant, {"name": name})))

    def test_nobody(self) -> None:
        self.assertIsNone(self.first())
        self.person("chief", roles=ADMIN)
        self.assertEqual(self.first(), "chief", "where accounts are few, nothing is remembered")

    def test_the_first_who_may_and_has_room(self) -> None:
        for name in ("one", "two", "three"):
            self.person(name, roles=ADMIN)
        self.assertEqual(self.first(), "one")
        self.barred = {"one"}
        self.assertEqual(self.first(), "two")
        self.full = {"two"}
        self.assertEqual(self.first(), "three")
        self.full = {"two", "three"}
        self.assertEqual(self.first(), "two", "mail that there is no room for is told apart from mail for nobody")

    def test_roles_that_are_those_of_administrators(self) -> None:
        wanted = sorted(self.settings.of(Authentication).default_admin_role_ids)
        self.person("half", roles={"@type": "Custom", "roleIds": {encode_id(wanted[0]): True}})
        self.assertIsNone(self.first() if len(wanted) > 1 else None)
        self.person("whole", roles={"@type": "Custom", "roleIds": {encode_id(id): True for id in wanted}})
        self.barred = {"half"}
        self.assertEqual(self.first(), "whole")

    def test_tenants(self) -> None:
        own, other = self.tenant(), self.tenant("two")
        self.person("theirs", roles=ADMIN, memberTenantId=encode_id(other))
        self.assertIsNone(self.first(), "nobody of a tenant is told what is the server's")
        self.assertIsNone(self.first(own))
        self.person("chief", roles=ADMIN)
        self.assertEqual((self.first(), self.first(own), self.first(other)), ("chief", "chief", "theirs"))
        self.person("ours", roles=ADMIN, memberTenantId=encode_id(own))
        self.assertEqual((self.first(own), self.first()), ("ours", "chief"))

    def test_among_many_accounts(self) -> None:
        self.patch(administrators, "PAGE", 2)
        for number in range(7):
            self.person(f"p{number}")
        self.person("chief", roles=ADMIN)
        self.assertEqual(self.first(), "chief")
        self.assertEqual(self.first(), "chief")
        self.assertEqual(self.looked_at, 2)
        self.barred = {"chief"}
        self.assertIsNone(self.first(), "what is remembered is asked about again")

    def test_that_there_is_nobody_among_many_is_remembered_for_a_while(self) -> None:
        self.patch(administrators, "PAGE", 2)
        self.person("third")
        self.assertIsNone(self.first())
        self.person("chief", roles=ADMIN)
        self.assertIsNone(self.first())
        self.clock.advance(REMEMBERED)
        self.assertEqual(self.first(), "chief")
