"""``x:Directory``: what cannot work is refused when it is written; what is unsafe is said."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.codec.ids import encode_id
from stalwart.jmap.types.directory import ANYBODY, IN_CLEAR
from tests.jmap.registry.world import RegistryWorld

LDAP = {"@type": "Ldap", "description": "Staff", "baseDn": "dc=test", "url": "ldaps://ldap.test"}
SQL = {"@type": "Sql", "description": "Table"}


class DirectoryTests(RegistryWorld):
    def assert_refused(self, property: str, **members: Any) -> None:
        error = self.not_created("Directory", **members)
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", [property]))

    def test_defaults_work(self) -> None:
        self.create("Directory", **LDAP)
        self.create("Directory", **SQL)

    def test_ldap_filter_that_cannot_be_read(self) -> None:
        self.assert_refused("filterLogin", **LDAP, filterLogin="(mail=?")

    def test_ldap_address(self) -> None:
        self.assert_refused("url", **LDAP | {"url": "https://ldap.test"})

    def test_ldap_name_needs_a_password(self) -> None:
        self.assert_refused("bindSecret", **LDAP, bindDn="cn=service")
        secret = {"@type": "Value", "secret": "x"}
        id = self.create("Directory", **LDAP, bindDn="cn=service", bindSecret=secret)
        self.update("Directory", id, bindDn="cn=other")

    def test_sql_query(self) -> None:
        self.assert_refused("queryLogin", **SQL, queryLogin="DROP TABLE accounts")

    def test_sql_database_that_cannot_be_asked(self) -> None:
        self.assert_refused("store", **SQL, store={"@type": "PostgreSql", "host": "db.test"})

    def test_change_that_cannot_work_is_refused_too(self) -> None:
        id = self.create("Directory", **LDAP)
        error = self.not_updated("Directory", id, filterMailbox="nonsense")
        self.assertEqual(error["properties"], ["filterMailbox"])

    def test_providers_of_tokens_are_left_alone(self) -> None:
        self.create("Directory", **{"@type": "Oidc", "description": "sso", "issuerUrl": "https://sso.test/"})

    def test_databases_are_not_for_tenants(self) -> None:
        tenant = self.create("Tenant", name="acme")
        self.who = evolve(self.who, tenant_id=int(self.successResultOf(self.first("Tenant"))))
        self.assertEqual(self.not_created("Directory", **SQL)["type"], "forbidden")
        id = self.create("Directory", **LDAP)
        self.assertNotEqual(id, tenant)

    def first(self, type: str) -> Any:
        return self.store.read(lambda tx: tx.registry.list(type, limit=1)[0].id)

    def notices(self, **members: Any) -> list[str]:
        answer = self.ask("x:Directory/set", {"create": {"new": LDAP | members}})
        self.assertIsNone(answer["notCreated"])
        return list(answer.get("notices") or ())

    def test_passwords_in_clear_are_said(self) -> None:
        self.assertEqual(self.notices(url="ldap://ldap.test"), [IN_CLEAR.format(host="ldap.test")])

    def test_unverified_certificates_are_said(self) -> None:
        self.assertEqual(self.notices(allowInvalidCerts=True), [ANYBODY.format(host="ldap.test")])

    def test_safe_ones_are_not_spoken_of(self) -> None:
        for members in (
            {},
            {"url": "ldap://ldap.test", "useTls": True},
            {"url": "ldap://localhost"},
            {"url": "ldap://127.0.0.1:1389"},
        ):
            self.assertEqual(self.notices(**members), [])

    def test_what_a_domain_refers_to_stays(self) -> None:
        id = self.create("Directory", **LDAP)
        self.create("Domain", name="staff.test", directoryId=id)
        self.assertEqual(self.not_destroyed("Directory", id)["type"], "objectIsLinked")
        self.assertNotEqual(id, encode_id(0))
