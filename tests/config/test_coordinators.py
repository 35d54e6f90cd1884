"""What x:Coordinator means."""

from __future__ import annotations

import os
import sys
from typing import Any
from unittest.mock import patch

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

import stalwart.net
from stalwart.config.coordinators import bus_of
from stalwart.config.storage.coordinator import Coordinator
from stalwart.config.storage.in_memory_store import InMemoryStore
from stalwart.errors import Invalid
from stalwart.net.nats_bus import NatsBus
from stalwart.net.redis_bus import RedisBus


def made(coordinator: dict[str, Any], in_memory: dict[str, Any] | None = None) -> Any:
    """The bus."""
    return bus_of(
        Coordinator.from_wire(coordinator), InMemoryStore.from_wire(in_memory or {"@type": "Default"}), "c", reactor
    )


class CoordinatorTests(SynchronousTestCase):
    def test_the_data_store_carries_words_by_default(self) -> None:
        self.assertIsNone(made({"@type": "Default"}))
        self.assertIsNone(made({"@type": "Disabled"}))
        self.assertIsNone(made({"@type": "Disabled"}, {"@type": "Redis"}))

    def test_redis_in_its_three_forms_and_that_of_the_in_memory_store(self) -> None:
        for kind in ("Redis", "RedisCluster", "RedisSentinel"):
            self.assertIsInstance(made({"@type": kind}), RedisBus)
            self.assertIsInstance(made({"@type": "Default"}, {"@type": kind}), RedisBus)

    def test_servers_of_nats_are_addresses_and_secrets_are_read(self) -> None:
        self.patch(os, "environ", {**os.environ, "BUS": "hush"})
        bus = made(
            {
                "@type": "Nats",
                "addresses": {"one.test:4222": True, "two.test:4222": True},
                "authSecret": {"@type": "EnvironmentVariable", "variableName": "BUS"},
                "useTls": True,
            }
        )
        self.assertIsInstance(bus, NatsBus)
        options = bus._options
        self.assertEqual(options["servers"], ["tls://one.test:4222", "tls://two.test:4222"])
        self.assertEqual((options["user"], options["password"]), ("stalwart", "hush"))
        self.assertTrue(options["tls"].check_hostname)

    def test_what_cannot_be_is_said_without_the_secret(self) -> None:
        missing = {"@type": "EnvironmentVariable", "variableName": "NOBODY_HAS_SET_THIS"}
        said = self.assertRaises(Invalid, made, {"@type": "Nats", "authSecret": missing})
        self.assertIn("authSecret of x:Coordinator cannot be read", said.detail)
        said = self.assertRaises(Invalid, made, {"@type": "Redis", "url": "http://user:hush@redis.test"})
        self.assertIn("redis://", said.detail)
        self.assertNotIn("hush", said.detail)

    def test_a_driver_that_is_missing_is_named(self) -> None:
        for kind, module, extra in (("Redis", "redis_bus", "redis"), ("Nats", "nats_bus", "nats")):
            self.patch(stalwart.net, module, None)
            delattr(stalwart.net, module)
            with patch.dict(sys.modules, {f"stalwart.net.{module}": None}):
                said = self.assertRaises(Invalid, made, {"@type": kind})
            self.assertIn(f"stalwart-twisted[{extra}]", said.detail)
