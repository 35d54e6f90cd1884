"""The outside world of the daemon follows its settings, and keeps its caches as long as they stay."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.outgoing import OutgoingWorld
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.network.dns_resolver import DnsResolver
from stalwart.config.network.http import Http
from stalwart.config.settings import Settings
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry

CUSTOM = {"@type": "Custom", "servers": {"0": {"address": "127.0.0.9", "port": 5353}}}


class OutgoingTests(SynchronousTestCase):
    """Settings in a memory store."""

    def setUp(self) -> None:
        store = MemoryStore()
        self.addCleanup(store.close)
        self.settings = Settings(store, Telemetry(), Clock())
        self.world = OutgoingWorld(Clock(), self.settings)

    def change(self, *arguments: Any) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.settings.change(*arguments)))

    def test_same_settings_are_the_same_world(self) -> None:
        self.assertIs(self.world(), self.world())

    def test_unrelated_change_keeps_the_caches(self) -> None:
        before = self.world()
        self.change(Http, {"enableHsts": True})
        self.assertIs(self.world(), before)

    def test_other_name_servers_are_another_world(self) -> None:
        before = self.world()
        self.change(DnsResolver, CUSTOM)
        self.assertIsNot(self.world(), before)

    def test_other_rule_for_addresses_is_another_world(self) -> None:
        before = self.world()
        self.change(Diagnosis, {"allowPrivateTargets": True})
        self.assertIsNot(self.world(), before)

    def test_policy_hosts_obey_the_rule_for_addresses(self) -> None:
        refuses = self.world().policies._fetch.__self__._allow
        self.change(Diagnosis, {"allowPrivateTargets": True})
        permits = self.world().policies._fetch.__self__._allow
        self.assertEqual((refuses("127.0.0.1"), permits("127.0.0.1")), (False, True))

    def test_reload_forgets_what_was_cached(self) -> None:
        before = self.world()
        self.world.reload()
        self.assertIsNot(self.world(), before)

    def test_answers_are_forgotten_without_the_rest(self) -> None:
        self.world.forget_answers()  # there are none
        before = self.world()
        cleared: list[bool] = []
        self.patch(before.resolver, "clear", lambda: cleared.append(True))
        self.world.forget_answers()
        self.world.hear(answers_only=True)
        self.assertEqual((len(cleared), self.world() is before), (2, True))

    def test_other_processes_are_told_what_is_forgotten_here_and_not_what_they_have_told(self) -> None:
        told: list[bool] = []
        world = OutgoingWorld(Clock(), self.settings, told.append)
        world.reload()
        world.forget_answers()
        before = world()
        world.hear()
        self.assertEqual((told, world() is before), ([False, True], False))

    def test_authorities_that_cannot_be_read_are_named(self) -> None:
        self.assertEqual(self.world.problems(), ())
        self.patch(self.world.trust_store, "problems", lambda: ("SSL_CERT_FILE: no such file",))
        self.assertEqual(self.world.problems(), ("SSL_CERT_FILE: no such file",))
