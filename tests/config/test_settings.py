"""The running settings: what is in force, when it changes, what happens when it cannot."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import SINGLETON
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.identity.account_settings import AccountSettings
from stalwart.config.network.dns_resolver import DnsResolver
from stalwart.config.network.http import Http
from stalwart.config.network.security import AllowedIp, Security
from stalwart.config.operation.bootstrap import Bootstrap
from stalwart.config.settings import DEBOUNCE, Settings, SettingsBroken
from stalwart.errors import Conflict, Unavailable
from stalwart.schema import ValidationFailed
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level


class SettingsTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)
        self.clock = Clock()
        self.clock.advance(1_790_000_000)
        self.telemetry = Telemetry(threshold=Level.ERROR)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event.id, keys)))
        self.settings = Settings(self.store, self.telemetry, self.clock)
        self.calls: list[bool] = []

    def done(self, coroutine: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def fails(self, kind: type[Exception], coroutine: Any) -> Any:
        return self.failureResultOf(Deferred.fromCoroutine(coroutine), kind).value

    def behind_its_back(self, work: Callable[[Any], Any]) -> None:
        """Write to the store as another process would."""
        self.successResultOf(self.store.write(work))

    def break_http(self) -> None:
        self.behind_its_back(lambda tx: tx.registry.insert("Http", {"headerTimeout": 0}, id=SINGLETON))


class ReadingTests(SettingsTestCase):
    def test_before_the_first_load_defaults_are_in_force(self) -> None:
        self.assertEqual((self.settings.of(Http), self.settings.all(Domain)), (Http(), ()))

    def test_a_union_is_in_force_as_its_first_variant(self) -> None:
        self.assertEqual(self.settings.of(DnsResolver).tag, "System")

    def test_load_reads_what_is_stored(self) -> None:
        self.behind_its_back(lambda tx: registry.create(tx, Http, {"enableHsts": True}, now=0))
        self.done(self.settings.load())
        self.assertTrue(self.settings.of(Http).enable_hsts)

    def test_collection_is_in_the_order_of_its_ids(self) -> None:
        for name in ("b.test", "a.test"):
            self.done(self.settings.create(Domain, {"name": name}))
        self.assertEqual(
            [(id, domain.name) for id, domain in self.settings.all(Domain)], [(1, "b.test"), (2, "a.test")]
        )

    def test_views_are_not_kept_in_memory(self) -> None:
        for view in (AccountSettings, Bootstrap):
            self.assertRaises(KeyError, self.settings.of, view)

    def test_accounts_are_not_kept_in_memory(self) -> None:
        self.assertRaises(KeyError, self.settings.all, Account)


class ChangeTests(SettingsTestCase):
    def test_change_is_in_force_at_once(self) -> None:
        self.done(self.settings.change(Http, {"enableHsts": True, "responseHeaders/X-A": "1"}))
        self.assertEqual(dict(self.settings.of(Http).response_headers), {"X-A": "1"})

    def test_created_object_is_in_force_at_once(self) -> None:
        made = self.done(self.settings.create(AllowedIp, {"address": "192.0.2.1"}))
        ((id, allowed),) = self.settings.all(AllowedIp)
        self.assertEqual((id, allowed.address, allowed.created_at), (made, "192.0.2.1", 1_790_000_000))

    def test_object_of_a_collection_is_changed_by_its_id(self) -> None:
        made = self.done(self.settings.create(AllowedIp, {"address": "192.0.2.1"}))
        self.done(self.settings.change(AllowedIp, {"reason": "office"}, made))
        self.assertEqual(self.settings.all(AllowedIp)[0][1].reason, "office")

    def test_destroyed_object_is_gone_at_once(self) -> None:
        made = self.done(self.settings.create(AllowedIp, {"address": "192.0.2.1"}))
        self.done(self.settings.destroy(AllowedIp, made))
        self.assertEqual(self.settings.all(AllowedIp), ())

    def test_invalid_change_is_refused_and_changes_nothing(self) -> None:
        self.fails(ValidationFailed, self.settings.change(Http, {"headerTimeout": "1m"}))
        self.assertEqual(self.settings.of(Http), Http())

    def test_conflict_is_refused(self) -> None:
        self.done(self.settings.create(Domain, {"name": "a.test"}))
        self.fails(Conflict, self.settings.create(Domain, {"name": "a.test"}))


class WatchTests(SettingsTestCase):
    def test_watcher_is_told_of_a_change(self) -> None:
        self.settings.watch(lambda: self.calls.append(self.settings.of(Http).enable_hsts))
        self.done(self.settings.change(Http, {"enableHsts": True}))
        self.assertEqual(self.calls, [True])

    def test_watcher_is_not_told_of_a_reload_without_change(self) -> None:
        self.settings.watch(lambda: self.calls.append(True))
        self.assertFalse(self.done(self.settings.reload()))
        self.assertEqual(self.calls, [])

    def test_cancelled_watcher_is_not_told(self) -> None:
        cancel = self.settings.watch(lambda: self.calls.append(True))
        cancel()
        self.done(self.settings.change(Http, {"enableHsts": True}))
        self.assertEqual(self.calls, [])

    def test_watcher_that_fails_does_not_stop_the_others(self) -> None:
        self.settings.watch(lambda: 1 / 0)
        self.settings.watch(lambda: self.calls.append(True))
        self.done(self.settings.change(Http, {"enableHsts": True}))
        self.assertEqual((self.calls, [id for id, _ in self.events]), ([True], ["resource.error"]))

    def test_object_that_did_not_change_is_the_same_instance(self) -> None:
        self.done(self.settings.create(Domain, {"name": "a.test"}))
        before = self.settings.all(Domain)[0][1]
        self.done(self.settings.change(Http, {"enableHsts": True}))
        self.assertIs(self.settings.all(Domain)[0][1], before)


class TwoStored(SettingsTestCase):
    """A singleton and an object that the settings have not read yet."""

    def setUp(self) -> None:
        super().setUp()
        self.behind_its_back(lambda tx: registry.create(tx, Http, {"enableHsts": True}, now=0))
        self.behind_its_back(lambda tx: registry.create(tx, AllowedIp, {"address": "192.0.2.1"}, now=0))

    def addresses(self) -> list[str]:
        return [allowed.address for _, allowed in self.settings.all(AllowedIp)]


class PartialTests(TwoStored):
    """Reloads of some types only."""

    def test_only_the_named_types_are_read(self) -> None:
        self.assertTrue(self.done(self.settings.reload(["Http"])))
        self.assertEqual((self.settings.of(Http).enable_hsts, self.addresses()), (True, []))
        self.assertTrue(self.done(self.settings.reload({"AllowedIp"})))
        self.assertEqual((self.settings.of(Http).enable_hsts, self.addresses()), (True, ["192.0.2.1"]))

    def test_watcher_is_told_once_and_only_of_a_change(self) -> None:
        self.settings.watch(lambda: self.calls.append(True))
        self.done(self.settings.reload(["Http", "AllowedIp"]))
        self.assertFalse(self.done(self.settings.reload(["Http"])))
        self.assertFalse(self.done(self.settings.reload()))
        self.assertEqual(self.calls, [True])

    def test_removed_object_is_gone(self) -> None:
        self.done(self.settings.load())
        ((id, _),) = self.settings.all(AllowedIp)
        self.behind_its_back(lambda tx: registry.destroy(tx, AllowedIp, id))
        self.behind_its_back(lambda tx: tx.registry.delete("Http", SINGLETON))
        self.assertTrue(self.done(self.settings.reload(["AllowedIp", "Http"])))
        self.assertEqual((self.settings.of(Http).enable_hsts, self.addresses()), (False, []))

    def test_types_that_are_not_kept_need_no_reading(self) -> None:
        self.store.close()
        self.assertFalse(self.done(self.settings.reload(["Account", "Unheard"])))
        self.assertFalse(self.done(self.settings.reload([])))

    def test_broken_object_of_a_named_type_changes_nothing(self) -> None:
        self.behind_its_back(lambda tx: tx.registry.insert("Security", {"authBanRate": 0}, id=SINGLETON))
        self.fails(SettingsBroken, self.settings.reload(["Http", "Security"]))
        self.assertFalse(self.settings.of(Http).enable_hsts)
        self.assertTrue(self.done(self.settings.reload(["Http"])))

    def test_override_holds(self) -> None:
        self.settings = Settings(self.store, self.telemetry, self.clock, {"Http": {"enableHsts": False}})
        self.done(self.settings.reload(["Http"]))
        self.assertFalse(self.settings.of(Http).enable_hsts)


class AnnounceTests(SettingsTestCase):
    """What other processes are told, and when."""

    def setUp(self) -> None:
        super().setUp()
        self.told: list[str] = []  # the root as it is when they are told
        self.settings = Settings(
            self.store,
            self.telemetry,
            self.clock,
            announce=lambda: self.told.append(self.settings.of(Http).redirect_root or ""),
        )

    def test_each_write_is_told_once_it_is_in_force(self) -> None:
        self.done(self.settings.change(Http, {"redirectRoot": "/a"}))
        id = self.done(self.settings.create(AllowedIp, {"address": "192.0.2.1"}))
        self.done(self.settings.destroy(AllowedIp, id))
        self.assertEqual(self.told, ["/a"] * 3)

    def test_what_others_have_told_is_not_told_again(self) -> None:
        self.done(self.settings.load())
        self.done(self.settings.reload(announced=True))
        self.assertEqual(self.told, [])

    def test_reload_that_finds_nothing_new_is_told_all_the_same(self) -> None:
        """An announced reload may have come between a write and the reload that follows it."""
        self.done(self.settings.reload())
        self.done(self.settings.reload())
        self.assertEqual(len(self.told), 2)

    def test_types_that_nobody_keeps_are_not_told(self) -> None:
        self.done(self.settings.reload(("Account",)))
        self.assertEqual(self.told, [])

    def test_reload_that_fails_or_is_given_up_is_told(self) -> None:
        self.break_http()
        self.fails(SettingsBroken, self.settings.reload())
        self.assertEqual(len(self.told), 1)
        self.patch(self.store, "read", lambda _work: Deferred())
        waiting = Deferred.fromCoroutine(self.settings.reload())
        self.assertEqual(len(self.told), 1)
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.assertEqual(len(self.told), 2)


class OverlappingTests(TwoStored):
    """Reloads that overlap: the store answers when the test says so."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting: list[Callable[[], None]] = []

    def read_late(self, work: Callable[[Any], Any]) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()
        found = self.successResultOf(MemoryStore.read(self.store, work))
        self.waiting.append(lambda: answer.callback(found))
        return answer

    def test_each_keeps_what_the_other_read(self) -> None:
        self.patch(self.store, "read", self.read_late)
        reloads = [Deferred.fromCoroutine(self.settings.reload([name])) for name in ("Http", "AllowedIp")]
        for _ in reloads:
            self.assertEqual(len(self.waiting), 1)
            self.waiting.pop()()
        self.assertEqual([self.successResultOf(reload) for reload in reloads], [True, True])
        self.assertEqual((self.settings.of(Http).enable_hsts, self.addresses()), (True, ["192.0.2.1"]))

    def test_watcher_sees_a_snapshot_that_is_in_force(self) -> None:
        self.settings.watch(lambda: self.calls.append(self.settings.of(Http).enable_hsts))
        self.settings.watch(lambda: self.settings.reload_soon())
        self.done(self.settings.reload(["Http"]))
        self.clock.advance(DEBOUNCE)
        self.assertEqual(self.calls, [True, True])
        self.settings.close()


class BrokenTests(SettingsTestCase):
    def test_reload_is_all_or_nothing(self) -> None:
        self.done(self.settings.change(Security, {"authBanRate/count": 7}))
        self.break_http()
        self.behind_its_back(lambda tx: registry.update(tx, Security, SINGLETON, {"authBanRate": None}, now=0))
        self.fails(SettingsBroken, self.settings.reload())
        self.assertEqual(self.settings.of(Security).auth_ban_rate.count, 7)

    def test_failure_names_the_object(self) -> None:
        self.break_http()
        broken = self.fails(SettingsBroken, self.settings.reload())
        self.assertEqual(
            (broken.object, broken.detail), (("Http", SINGLETON), "Http: headerTimeout: Invalid duration value")
        )

    def test_failure_is_an_event(self) -> None:
        self.break_http()
        self.fails(SettingsBroken, self.settings.reload())
        self.assertEqual([(id, keys["object"]) for id, keys in self.events], [("resource.bad-parameters", "Http")])

    def test_broken_singleton_can_be_replaced(self) -> None:
        self.break_http()
        self.done(self.settings.create(Http, {"enableHsts": True}))
        self.assertTrue(self.settings.of(Http).enable_hsts)

    def test_reload_works_again_after_a_failure(self) -> None:
        self.break_http()
        self.fails(SettingsBroken, self.settings.reload())
        self.behind_its_back(lambda tx: tx.registry.delete("Http", SINGLETON))
        self.assertFalse(self.done(self.settings.reload()))

    def test_store_that_is_gone_is_told(self) -> None:
        self.store.close()
        self.fails(Unavailable, self.settings.reload())


class DelayedTests(SettingsTestCase):
    def test_reload_waits_for_the_last_of_several_writes(self) -> None:
        self.settings.watch(lambda: self.calls.append(True))
        self.behind_its_back(lambda tx: registry.create(tx, Http, {"enableHsts": True}, now=0))
        self.settings.reload_soon()
        self.clock.advance(DEBOUNCE * 0.8)
        self.settings.reload_soon()
        self.clock.advance(DEBOUNCE * 0.8)
        self.assertEqual(self.calls, [])
        self.clock.advance(DEBOUNCE * 0.4)
        self.assertEqual((self.calls, self.settings.of(Http).enable_hsts), ([True], True))

    def test_reload_can_be_asked_for_again(self) -> None:
        for value in (True, False):
            self.behind_its_back(lambda tx, value=value: registry.create(tx, Http, {"enableHsts": value}, now=0))
            self.settings.reload_soon()
            self.clock.advance(DEBOUNCE)
            self.assertEqual(self.settings.of(Http).enable_hsts, value)

    def test_failed_reload_is_told_once(self) -> None:
        self.break_http()
        self.settings.reload_soon()
        self.clock.advance(DEBOUNCE)
        self.assertEqual([id for id, _ in self.events], ["resource.bad-parameters"])

    def test_store_that_is_gone_is_an_event(self) -> None:
        self.store.close()
        self.settings.reload_soon()
        self.clock.advance(DEBOUNCE)
        self.assertEqual([id for id, _ in self.events], ["resource.error"])

    def test_close_leaves_nothing_to_be_called(self) -> None:
        self.settings.reload_soon()
        self.settings.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])
