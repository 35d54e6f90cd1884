"""What is read of entries: addresses in several writings, kinds, references to groups."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.identity.directory import Directory
from stalwart.directory.external import ldap_entries
from stalwart.net.ldap_messages import Entry


def entry(**attributes: Any) -> Entry:
    return Entry(b"cn=x", {name: tuple(values) for name, values in attributes.items()})


class EntryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.settings: Any = Directory.from_wire({"@type": "Ldap", "description": "Staff", "baseDn": "dc=test"})

    def test_names_of_attributes_have_no_case_and_no_options(self) -> None:
        found = ldap_entries.values(entry(mail=[b"a", b"b"], cn=[b"c"]), ("MAIL;lang-de", "cn", "mail"))
        self.assertEqual(found, [b"a", b"b", b"c"])

    def test_octets_that_are_no_text_are_left_out(self) -> None:
        self.assertEqual(ldap_entries.texts(entry(cn=[b"\xff", b" a ", b" "]), ("cn",)), ["a"])

    def test_addresses(self) -> None:
        for text, wanted in (
            ("Alice@Example.TEST", "alice@example.test"),
            ("smtp:al@example.test", "al@example.test"),
            ("SMTP:Al@example.test", "al@example.test"),
            ("sip:al@example.test", None),
            ("x500:/o=a/cn=al@example.test", None),
            ("alice", None),
            ("", None),
        ):
            self.assertEqual(ldap_entries.address_in(text), wanted, text)

    def test_each_address_once(self) -> None:
        found = ldap_entries.addresses(entry(mail=[b"a@b.test", b"A@b.test", b"?"]), ("mail",))
        self.assertEqual(found, ["a@b.test"])

    def test_kind(self) -> None:
        self.assertEqual(ldap_entries.kind_of(entry(objectclass=[b"top", b"groupofnames"]), self.settings), "Group")
        self.assertEqual(ldap_entries.kind_of(entry(objectclass=[b"inetOrgPerson"]), self.settings), "User")

    def test_references_to_groups(self) -> None:
        dn = b"cn=staff@home,dc=test"
        given = entry(memberof=[b"sales@example.test", dn, b"neither"])
        self.assertEqual(ldap_entries.group_references(given, self.settings), (["sales@example.test"], [dn]))

    def test_same_names_in_other_writings(self) -> None:
        self.assertEqual(ldap_entries.same_dn(b"CN=a , DC = test"), ldap_entries.same_dn(b"cn=a,dc=test"))
        self.assertNotEqual(ldap_entries.same_dn(b"cn=a b"), ldap_entries.same_dn(b"cn=ab"))
