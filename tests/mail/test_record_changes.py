"""What has to change at a name server, and what is left alone."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.domains.domain import DNS_RECORD_TYPE
from stalwart.mail.domain_records import DkimKey
from stalwart.mail.record_changes import Changes, Wish, changes_of, wishes
from tests.mail.test_domain_records import facts

KINDS = frozenset(DNS_RECORD_TYPE.names)
SPF = Wish("spf", "a.test", "TXT", ("v=spf1 mx -all",), True)
MX = Wish("mx", "a.test", "MX", ("10 mx.a.test.", "20 mx2.a.test."))
ISSUE = '0 issue "ca.test;accounturi=https://ca.test/1"'
CAA = Wish("caa", "a.test", "CAA", (ISSUE,), True)


class WishTests(SynchronousTestCase):
    def test_all_records_in_sets(self) -> None:
        found = {(wish.name, wish.type): wish for wish in wishes(facts(), KINDS)}
        self.assertEqual(found["example.org", "MX"].values, ("10 mail.example.org.",))
        self.assertEqual(len(found["example.org", "CAA"].values), 2)
        self.assertTrue(found["example.org", "CAA"].shared and found["example.org", "TXT"].shared)
        self.assertFalse(found["_dmarc.example.org", "TXT"].shared)

    def test_only_what_is_wished(self) -> None:
        self.assertEqual([wish.kind for wish in wishes(facts(), frozenset(("mx", "dmarc")))], ["mx", "dmarc"])

    def test_what_is_gone_is_withdrawn(self) -> None:
        known = evolve(facts({"services": {"jmap": {}}}), policy_id=None, keys=(DkimKey("old", "rsa", "x", "retired"),))
        gone = {wish.name.split(".")[0] for wish in wishes(known, KINDS) if not wish.values}
        expected = {"_imap", "_imaps", "_pop3", "_pop3s", "_submission", "_submissions", "_caldavs", "_carddavs"}
        self.assertEqual(gone, expected | {"_mta-sts", "old"})
        self.assertEqual([wish for wish in wishes(known, frozenset(("mx",))) if not wish.values], [])

    def test_names_of_others_are_left_alone(self) -> None:
        known = facts({"mailExchangers": {"0": {"hostname": "mx.else.test"}}})
        self.assertTrue(all(known.is_inside(wish.name) for wish in wishes(known, KINDS)))


class ChangeTests(SynchronousTestCase):
    def test_as_it_should_be(self) -> None:
        self.assertIsNone(changes_of(MX, ("20 mx2.a.test.", "10 mx.a.test.")))
        self.assertIsNone(changes_of(SPF, ("other", "v=spf1 mx -all")))
        self.assertIsNone(changes_of(CAA, ('0 issue "ca.test; accounturi=https://ca.test/1"', '0 issue "b.test"')))

    def test_whole_sets_are_replaced(self) -> None:
        self.assertEqual(changes_of(MX, ("10 mx.a.test.", "5 old.test.")), Changes(replace=MX.values))
        self.assertEqual(changes_of(MX, ()), Changes(replace=MX.values))

    def test_records_of_others_stay(self) -> None:
        found = changes_of(SPF, ("site-verification=1", "v=spf1 -all"))
        self.assertEqual(found, Changes(remove=("v=spf1 -all",), add=SPF.values))
        found = changes_of(CAA, ('0 issue "b.test"', '0 issue "ca.test"'))
        self.assertEqual(found, Changes(remove=('0 issue "ca.test"',), add=(ISSUE,)))

    def test_second_record_of_a_sort_is_removed(self) -> None:
        found = changes_of(SPF, (*SPF.values, "v=spf1 include:b.test -all"))
        self.assertEqual(found, Changes(remove=("v=spf1 include:b.test -all",)))

    def test_withdrawal(self) -> None:
        wish = Wish("srv", "_imap._tcp.a.test", "SRV", ())
        self.assertIsNone(changes_of(wish, ()))
        self.assertIsNone(changes_of(wish, ("0 0 0 .",)))
        self.assertEqual(changes_of(wish, ("0 1 143 a.test.",)), Changes(replace=()))
