"""The credential cache: what is found, and what makes it stale."""

from ipaddress import ip_network

from attrs import evolve
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import Access
from stalwart.directory.cache import CredentialCache

ALICE = Access(account_id=1, login="alice@example.test", name=None, permissions=frozenset({"authenticate"}))
BOB = evolve(ALICE, account_id=2, login="bob@example.test")


class CredentialCacheTests(SynchronousTestCase):
    """One entry for each header value."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.cache = CredentialCache(self.clock)
        self.cache.keep("YWxpY2U=", ALICE, 3600)

    def test_remembered_value_is_found(self) -> None:
        self.assertIs(self.cache.find("YWxpY2U=", "192.0.2.1"), ALICE)

    def test_other_value_is_not_found(self) -> None:
        self.assertIsNone(self.cache.find("YWxpY2V=", "192.0.2.1"))

    def test_value_itself_is_not_kept(self) -> None:
        self.assertNotIn("YWxpY2U", repr(vars(self.cache)))

    def test_entry_ends_with_its_lifetime(self) -> None:
        self.clock.advance(3600)
        self.assertIsNone(self.cache.find("YWxpY2U=", "192.0.2.1"))
        self.assertEqual(len(self.cache), 0)

    def test_entry_ends_with_the_credential(self) -> None:
        self.cache.keep("x", evolve(ALICE, expires_at=60), 3600)
        self.clock.advance(59)
        self.assertIsNotNone(self.cache.find("x", ""))
        self.clock.advance(1)
        self.assertIsNone(self.cache.find("x", ""))

    def test_expired_credential_is_not_remembered(self) -> None:
        self.cache.keep("x", evolve(ALICE, expires_at=0), 3600)
        self.assertIsNone(self.cache.find("x", ""))

    def test_address_is_checked_on_each_hit(self) -> None:
        self.cache.keep("x", evolve(ALICE, networks=(ip_network("192.0.2.0/24"),)), 3600)
        self.assertIsNone(self.cache.find("x", "198.51.100.1"))
        self.assertIsNotNone(self.cache.find("x", "192.0.2.1"))

    def test_forgetting_an_account_leaves_the_others(self) -> None:
        self.cache.keep("b", BOB, 3600)
        self.cache.forget(1)
        self.assertIsNone(self.cache.find("YWxpY2U=", ""))
        self.assertIs(self.cache.find("b", ""), BOB)

    def test_what_changes_for_a_group_changes_for_its_members(self) -> None:
        self.cache.keep("b", evolve(BOB, group_ids=frozenset((9,))), 3600)
        self.cache.forget(9)
        self.assertIsNone(self.cache.find("b", ""))
        self.assertIs(self.cache.find("YWxpY2U=", "192.0.2.1"), ALICE)

    def test_clearing_leaves_nothing(self) -> None:
        self.cache.clear()
        self.assertEqual(len(self.cache), 0)

    def test_access_read_before_a_change_is_not_remembered_after_it(self) -> None:
        self.cache.forget(2)
        self.cache.keep("b", BOB, 3600)
        self.assertIsNone(self.cache.find("b", ""))
        self.cache.keep("b", evolve(BOB, stamp=self.cache.generation), 3600)
        self.assertIsNotNone(self.cache.find("b", ""))

    def test_least_recently_used_goes_first(self) -> None:
        cache = CredentialCache(self.clock, limit=2048)
        cache.keep("a", ALICE, 10)
        cache.keep("b", BOB, 10)
        cache.find("a", "")
        cache.keep("c", ALICE, 10)
        self.assertEqual(len(cache), 2)
        self.assertIsNone(cache.find("b", ""))
        self.assertIsNotNone(cache.find("a", ""))

    def test_same_value_again_replaces_its_entry(self) -> None:
        self.cache.keep("YWxpY2U=", BOB, 3600)
        self.assertEqual(len(self.cache), 1)
        self.cache.forget(1)
        self.cache.keep("x", ALICE, 1)
        self.assertIs(self.cache.find("YWxpY2U=", ""), BOB)
