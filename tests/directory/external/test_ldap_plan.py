"""Settings of LDAP directories: what is refused, and what is asked for."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.identity.directory import Directory
from stalwart.directory.external.ldap_plan import LdapPlan, ldap_plan
from stalwart.errors import Invalid


def plan(**members: Any) -> LdapPlan:
    """The plan for a directory with these members, as on the wire."""
    wire = {"@type": "Ldap", "description": "Staff", "baseDn": "dc=test"}
    return ldap_plan(Directory.from_wire(wire | members))


class PlanTests(SynchronousTestCase):
    def assert_refused(self, property: str, **members: Any) -> None:
        with self.assertRaises(Invalid) as caught:
            plan(**members)
        self.assertEqual(caught.exception.properties, (property,))

    def test_defaults(self) -> None:
        made = plan()
        self.assertEqual((made.server.host, made.server.port, made.server.security), ("localhost", 389, "none"))
        self.assertIsNotNone(made.member_of)

    def test_hashes_are_read_only_if_they_are_compared(self) -> None:
        self.assertNotIn("userPassword", plan().attributes)
        self.assertIn("userPassword", plan(bindAuthentication=False).attributes)
        self.assertIn("userPassword", plan(attrSecretChanged={"userPassword": True}).attributes)

    def test_other_protocol(self) -> None:
        self.assert_refused("url", url="https://ldap.test/")

    def test_filters_that_cannot_be_read(self) -> None:
        for property in ("filterLogin", "filterMailbox", "filterMemberOf"):
            self.assert_refused(property, **{property: "(mail=?"})

    def test_filters_without_a_place(self) -> None:
        for property in ("filterLogin", "filterMailbox", "filterMemberOf"):
            self.assert_refused(property, **{property: "(mail=alice@example.test)"})

    def test_no_filter_for_groups(self) -> None:
        self.assertIsNone(plan(filterMemberOf=None).member_of)

    def test_name_without_password(self) -> None:
        self.assert_refused("bindSecret", bindDn="cn=service")

    def test_what_is_no_attribute(self) -> None:
        self.assert_refused("attrDescription", attrDescription={"*": True})

    def test_no_attribute_for_the_address(self) -> None:
        self.assert_refused("attrEmail", attrEmail={})

    def test_no_attribute_for_the_hash(self) -> None:
        self.assert_refused("attrSecret", attrSecret={}, bindAuthentication=False)
        self.assertEqual(plan(attrSecret={}).server.port, 389)
