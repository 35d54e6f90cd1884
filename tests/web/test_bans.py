"""Block list, allow list, earned bans."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.security import AllowedIp, BlockedIp, Security
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from stalwart.web.bans import Bans, forgive, stored_failures
from tests.web.fakes import FakeSettings

ONE = {"count": 1, "period": 60_000}


class BanTests(SynchronousTestCase):
    """``Bans`` over changing settings."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.written: list[tuple[str, str, int | None]] = []
        self.writing: Deferred[None] | None = None
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]

    def bans(self, active: bool = True, **wire: Any) -> Bans:
        self.settings = FakeSettings(**wire)
        made = Bans(self.settings, self.telemetry, self.clock, self._ban, active=active)
        self.settings.watch(made.reload)
        return made

    async def _ban(self, ip: str, reason: str, expires_at: int | None) -> None:
        self.written.append((ip, reason, expires_at))
        if self.writing is not None:
            await self.writing

    def test_nobody_is_blocked_at_first(self) -> None:
        bans = self.bans()
        self.assertEqual((bans.any, bans.blocked("192.0.2.1")), (False, False))

    def test_listed_networks_are_blocked(self) -> None:
        bans = self.bans()
        self.settings.listed(BlockedIp, {"address": "192.0.2.0/24"}, {"address": "2001:db8::1"})
        found = [bans.blocked(ip) for ip in ("192.0.2.9", "192.0.3.9", "2001:db8::1", "2001:db8::2")]
        self.assertEqual(found, [True, False, True, False])

    def test_entries_end_by_themselves(self) -> None:
        bans = self.bans()
        self.settings.listed(BlockedIp, {"address": "192.0.2.1", "expires_at": 1010})
        self.assertTrue(bans.blocked("192.0.2.1"))
        self.clock.advance(10)
        self.assertFalse(bans.blocked("192.0.2.1"))

    def test_loopback_and_proxies_are_allowed(self) -> None:
        bans = self.bans(SystemSettings={"proxyTrustedNetworks": {"10.0.0.0/8": True}})
        found = [bans.allowed(ip) for ip in ("127.0.0.1", "127.9.9.9", "::1", "10.1.2.3", "192.0.2.1")]
        self.assertEqual(found, [True, True, True, True, False])

    def test_either_counter_bans_the_address(self) -> None:
        bans = self.bans(Security={"authBanRate": {"count": 2, "period": 60_000}})
        found = [bans.failed_login(ip, "alice") for ip in ("192.0.2.1", "192.0.2.2", "192.0.2.3")]
        self.assertEqual(found, [False, False, True])
        self.assertEqual(self.written, [("192.0.2.3", "authFailure", None)])
        self.assertEqual((bans.blocked("192.0.2.3"), bans.blocked("192.0.2.1")), (True, False))

    def test_an_address_is_written_once(self) -> None:
        bans = self.bans(Security={"authBanRate": ONE})
        for _ in range(5):
            bans.failed_login("192.0.2.1", "alice")
        self.assertEqual(len(self.written), 1)

    def test_bans_end_after_their_period(self) -> None:
        bans = self.bans(Security={"scanBanRate": ONE, "scanBanPeriod": 30_000})
        bans.parse_error("192.0.2.1")
        bans.parse_error("192.0.2.1")
        self.assertEqual(self.written, [("192.0.2.1", "portScanning", 1030)])
        self.assertTrue(bans.blocked("192.0.2.1"))
        self.clock.advance(30)
        self.assertEqual((bans.blocked("192.0.2.1"), bans.any), (False, False))

    def test_a_null_rate_never_bans(self) -> None:
        bans = self.bans(Security={"scanBanRate": None, "authBanRate": None})
        for _ in range(100):
            bans.parse_error("192.0.2.1")
            bans.failed_login("192.0.2.1", "alice")
        self.assertEqual(self.written, [])

    def test_allowed_addresses_are_never_banned(self) -> None:
        bans = self.bans()
        self.settings.listed(AllowedIp, {"address": "192.0.2.0/24"})
        bans.scanned("192.0.2.1", "/x.php")
        bans.scanned("127.0.0.1", "/x.php")
        self.assertEqual(self.written, [])

    def test_lifting_a_written_ban_in_the_settings_lifts_it(self) -> None:
        bans = self.bans()
        self.writing = Deferred()
        bans.scanned("192.0.2.1", "/x.php")
        self.settings.listed(BlockedIp, {"address": "192.0.2.1"})
        self.writing.callback(None)
        self.settings.listed(BlockedIp)
        self.assertFalse(bans.blocked("192.0.2.1"))

    def test_whose_ban_for_scanning_was_lifted_begins_anew(self) -> None:
        bans = self.bans(Security={"scanBanRate": {"count": 2, "period": 60_000}})
        self.writing = Deferred()
        for _ in range(3):
            bans.parse_error("192.0.2.1")
        self.settings.listed(BlockedIp, {"address": "192.0.2.1"})
        self.writing.callback(None)
        self.settings.listed(BlockedIp)
        found = []
        for _ in range(3):
            bans.parse_error("192.0.2.1")
            found.append(bans.blocked("192.0.2.1"))
        self.assertEqual(found, [False, False, True])

    def test_a_ban_that_cannot_be_written_counts_all_the_same(self) -> None:
        bans = self.bans()
        self.writing = Deferred()
        bans.scanned("192.0.2.1", "/x.php")
        self.writing.errback(OSError("disk full"))
        self.assertTrue(bans.blocked("192.0.2.1"))
        self.assertEqual(self.telemetry.counters["store.unexpected-error"], 1)

    def test_outside_normal_mode_nobody_is_kept_out(self) -> None:
        bans = self.bans(active=False, Security={"authBanRate": ONE})
        self.settings.listed(BlockedIp, {"address": "192.0.2.1"})
        for _ in range(3):
            bans.failed_login("192.0.2.1", "alice")
        bans.scanned("192.0.2.1", "/x.php")
        self.assertEqual((self.written, bans.blocked("192.0.2.1")), ([], False))


class StoredFailureTests(BanTests):
    """Failed sign-ins counted in the store."""

    def setUp(self) -> None:
        super().setUp()
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)

    def bans(self, active: bool = True, **wire: Any) -> Bans:
        self.settings = FakeSettings(**wire)
        failures = stored_failures(self.store, self.clock)
        made = Bans(self.settings, self.telemetry, self.clock, self._ban, active=active, failures=failures)
        self.settings.watch(made.reload)
        return _Waiting(made, self)

    def test_what_names_nobody_counts_against_its_address_alone(self) -> None:
        bans = self.bans(Security={"authBanRate": ONE})
        self.assertFalse(bans.failed_login("192.0.2.1", ""))
        self.assertFalse(bans.failed_login("192.0.2.2", ""))
        self.assertTrue(bans.failed_login("192.0.2.2", ""))

    def test_neighbours_in_ipv6_are_one(self) -> None:
        bans = self.bans(Security={"authBanRate": ONE})
        self.assertFalse(bans.failed_login("2001:db8::1", "a"))
        self.assertTrue(bans.failed_login("2001:db8::2", "b"))
        self.assertFalse(bans.failed_login("2001:db8:0:1::1", "c"))

    def test_a_restart_forgets_nothing(self) -> None:
        rate = {"authBanRate": {"count": 2, "period": 60_000}}
        self.assertFalse(self.bans(Security=rate).failed_login("192.0.2.1", "alice"))
        self.assertFalse(self.bans(Security=rate).failed_login("192.0.2.1", "bob"))
        self.assertTrue(self.bans(Security=rate).failed_login("192.0.2.1", "carol"))

    def test_who_is_forgiven_begins_anew_and_is_judged_by_the_own_count_for_a_while(self) -> None:
        bans = self.bans(Security={"authBanRate": {"count": 2, "period": 60_000}})
        rate = self.settings.of(Security).auth_ban_rate
        for ip in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            over = bans.failed_login(ip, "alice")
        self.assertTrue(over)
        self.successResultOf(self.store.write(lambda tx: forgive(tx, "192.0.2.2", rate, int(self.clock.seconds()))))
        again = Bans(
            self.settings, self.telemetry, self.clock, self._ban, failures=stored_failures(self.store, self.clock)
        )
        bans = _Waiting(again, self)
        self.assertEqual([bans.failed_login("192.0.2.2", "alice") for _ in range(3)], [False, False, True])
        self.assertTrue(bans.failed_login("192.0.2.3", "alice"), "others are not forgiven")

    def test_a_store_that_cannot_count_bans_nobody(self) -> None:
        bans = self.bans(Security={"authBanRate": ONE})
        self.store.close()
        self.assertFalse(bans.failed_login("192.0.2.1", "alice"))
        self.assertFalse(bans.failed_login("192.0.2.1", "alice"))


class _Waiting:
    """``Bans`` whose failed sign-ins are judged when the call returns."""

    def __init__(self, bans: Bans, case: SynchronousTestCase) -> None:
        self._bans = bans
        self._case = case

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bans, name)

    def failed_login(self, ip: str, login: str) -> bool:
        verdict: Any = self._bans.failed_login(ip, login)
        return verdict if isinstance(verdict, bool) else self._case.successResultOf(Deferred.fromCoroutine(verdict))
