"""Tickets: good once, for a minute, for whoever proved himself; the store has only their digest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from stalwart.directory import hashes
from stalwart.directory.access import Access
from stalwart.directory.tickets import LIFETIME
from stalwart.errors import Unauthenticated
from tests.directory.world import IP, NOW, World


class TicketTests(World):
    """alice asks for one."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.user()

    def issue(self, access: Access | None = None) -> str:
        value, ends_at = self.settle(self.directory.ticket(access or self.sign_in()))
        self.assertEqual(ends_at, NOW + LIFETIME)
        return value

    def redeem(self, value: str, ip: str = IP) -> Deferred[Access]:
        return Deferred.fromCoroutine(self.directory.redeem_ticket(value, ip))

    def test_it_gives_the_access_of_who_asked_once(self) -> None:
        access = self.sign_in()
        value = self.issue(access)
        self.assertEqual(self.successResultOf(self.redeem(value)), access)
        self.failureResultOf(self.redeem(value), Unauthenticated)

    def test_it_ends_after_a_minute(self) -> None:
        value, late = self.issue(), self.issue()
        self.clock.advance(LIFETIME - 1)
        self.successResultOf(self.redeem(value))
        self.clock.advance(1)
        self.failureResultOf(self.redeem(late), Unauthenticated)

    def test_it_ends_with_what_it_rests_on(self) -> None:
        value = self.issue()
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.failureResultOf(self.redeem(value), Unauthenticated)

    def test_it_is_bound_to_the_networks_of_the_credential(self) -> None:
        self.patch_account(self.alice, {"credentials/0/allowedIps": {"192.0.2.0/24": True}})
        value = self.issue()
        self.failureResultOf(self.redeem(value, "198.51.100.1"), Unauthenticated)
        self.successResultOf(self.redeem(self.issue()))

    def test_the_store_has_not_got_it(self) -> None:
        value = self.issue()
        statement = "SELECT id, data FROM token"
        rows = self.successResultOf(self.store.read(lambda tx: tx.tokens._session.all(statement)))
        self.assertEqual(len(rows), 1)
        self.assertNotIn(value, repr(rows))

    def test_anything_else_is_refused(self) -> None:
        value = self.issue()
        for wrong in ("", value[:-1], value + "A", value + "\n", "é" * 43, "A" * 43, "A" * 100_000):
            self.failureResultOf(self.redeem(wrong), Unauthenticated)
        self.successResultOf(self.redeem(value))

    @given(st.text(max_size=60))
    def test_any_text(self, value: str) -> None:
        self.failureResultOf(self.redeem(value), Unauthenticated)
