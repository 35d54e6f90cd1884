"""Settings of the network over JMAP: what would lock their author out needs his word."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import ensureDeferred

from stalwart.config.network.listener import NetworkListener
from stalwart.jmap.call import Request
from stalwart.web.bans import stored_failures
from stalwart.web.connection import Connection
from stalwart.web.exchange import Exchange
from stalwart.web.head import parse_head
from tests.jmap.registry.world import FakeListeners, RegistryWorld

CLIENT = "203.0.113.5"
OTHER = "198.51.100.1"
CONFIRMED = {"confirm": True}
HEAD = b"POST /jmap HTTP/1.1\r\nHost: mail.example.test"


class NetworkWorld(RegistryWorld):
    """Requests come from ``self.client`` over ``self.connection``, to the listener ``http``."""

    def setUp(self) -> None:
        super().setUp()
        self.client = CLIENT
        self.connection = Connection("http", CLIENT, 4711, "::", 8080, False)
        self.listeners: FakeListeners = self.services["listeners"]

    def request(self, who: Any = None) -> Request:
        exchange = Exchange(parse_head(HEAD), self.connection, None, "x", 1, 0)
        exchange.client_ip = self.client
        return Request(who or self.who, client_ip=self.client, exchange=exchange, limits=self.limits)

    def set(self, type: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a /set; ``confirm=True`` for what needs it."""
        answer: dict[str, Any] = self.ask(f"x:{type}/set", arguments)
        return answer

    def refusal(self, error: dict[str, Any], property: str) -> str:
        """The description of an ``invalidProperties`` that says how to go on."""
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", [property]))
        self.assertIs(error["canConfirm"], True)
        description: str = error["description"]
        return description


def rule(condition: str, then: str = "404") -> dict[str, Any]:
    """An access rule."""
    return {"match": {"0": {"if": condition, "then": f"'{then}'"}}, "else": "200"}


class AccessRuleTests(NetworkWorld):
    """http-service 4."""

    SHUT = rule(f"remote_ip == '{CLIENT}'")

    def test_rule_that_refuses_the_client_is_refused_and_says_what_would_happen(self) -> None:
        error = self.not_updated("Http", "singleton", allowedEndpoints=self.SHUT)
        description = self.refusal(error, "allowedEndpoints")
        self.assertIn("POST /jmap/ with 404, GET /jmap/session with 404, POST /jmap with 404", description)
        self.assertEqual(self.get("Http")["allowedEndpoints"]["else"], "200")

    def test_confirmed_rule_is_stored(self) -> None:
        answer = self.set("Http", update={"singleton": {"allowedEndpoints": self.SHUT}}, **CONFIRMED)
        self.assertEqual(answer["updated"], {"singleton": None})
        self.assertEqual(len(self.get("Http")["allowedEndpoints"]["match"]), 1)

    def test_part_of_a_rule_counts_too(self) -> None:
        error = self.not_updated("Http", "singleton", allowedEndpoints__else="403")
        self.assertIn("403", self.refusal(error, "allowedEndpoints"))

    def test_an_error_elsewhere_in_the_patch_does_not_hide_the_rule(self) -> None:
        error = self.not_updated("Http", "singleton", allowedEndpoints=self.SHUT, nope=1)
        self.refusal(error, "allowedEndpoints")

    def test_replacing_the_object_counts_too(self) -> None:
        error = self.not_created("Http", allowedEndpoints=self.SHUT)
        self.refusal(error, "allowedEndpoints")

    def test_header_that_cannot_be_added_is_refused(self) -> None:
        for name in ("Content-Length", "Date", "connection", "Transfer-Encoding"):
            error = self.not_updated("Http", "singleton", responseHeaders={"X-Foo": "a", name: "b"})
            self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["responseHeaders"]), name)
        self.update("Http", "singleton", responseHeaders={"X-Foo": "a"})

    def test_rule_for_others_is_stored(self) -> None:
        self.update("Http", "singleton", allowedEndpoints=rule(f"remote_ip == '{OTHER}'"))

    def test_singleton_that_shall_go_is_refused_as_such(self) -> None:
        for name in ("Http", "SystemSettings"):
            answer = self.ask(f"x:{name}/set", {"destroy": ["singleton"]})
            self.assertEqual(answer["notDestroyed"]["singleton"]["type"], "singleton")

    def test_client_on_this_host_may_store_any_rule(self) -> None:
        self.client = "127.0.0.1"
        self.update("Http", "singleton", allowedEndpoints=rule("1 == 1"))

    def test_client_on_this_host_is_told_that_it_always_passes(self) -> None:
        limit = {"update": {"singleton": {"rateLimitAnonymous": {"count": 1, "period": 60_000}}}}
        self.assertNotIn("notices", self.ask("x:Http/set", limit))
        self.client = "127.0.0.1"
        limit["update"]["singleton"]["rateLimitAnonymous"] = {"count": 2, "period": 60_000}
        (notice,) = self.ask("x:Http/set", limit)["notices"]
        self.assertIn("loopback", notice)
        self.assertNotIn("notices", self.ask("x:Http/set", {"update": {"singleton": {"enableHsts": True}}}))

    def test_rule_that_is_there_already_does_not_hinder_other_changes(self) -> None:
        self.set("Http", update={"singleton": {"allowedEndpoints": self.SHUT}}, **CONFIRMED)
        self.update("Http", "singleton", enableHsts=True, allowedEndpoints=self.SHUT)

    def test_rule_that_does_not_compile_is_refused_as_such(self) -> None:
        error = self.not_updated("Http", "singleton", allowedEndpoints=rule("nope =="))
        self.assertNotIn("canConfirm", error)


class BlockedTests(NetworkWorld):
    """http-service 6.3."""

    def test_whoever_lifts_a_ban_forgives_what_led_to_it(self) -> None:
        count = stored_failures(self.store, self.clock)

        def fails(ip: str) -> int:
            buckets = (("auth-ip", ip), ("auth-login", "alice"))
            return max(self.successResultOf(ensureDeferred(count(*buckets, period=60))))

        self.assertEqual([fails(OTHER), fails(OTHER)], [1, 2])
        self.destroy("BlockedIp", self.create("BlockedIp", address=OTHER))
        self.assertEqual((fails(OTHER), fails(CLIENT)), (1, 4))

    def test_own_address_is_refused(self) -> None:
        for address in (CLIENT, "203.0.113.0/24"):
            description = self.refusal(self.not_created("BlockedIp", address=address), "address")
            self.assertIn(CLIENT, description)
        self.assertEqual(self.ids("BlockedIp"), [])

    def test_own_address_is_blocked_once_confirmed(self) -> None:
        answer = self.set("BlockedIp", create={"a": {"address": CLIENT}}, **CONFIRMED)
        self.assertIsNone(answer["notCreated"])

    def test_other_addresses_are_blocked(self) -> None:
        self.create("BlockedIp", address=f"{OTHER}/24")

    def test_address_of_the_proxy_in_front_of_the_client_is_refused(self) -> None:
        self.client = OTHER
        self.refusal(self.not_created("BlockedIp", address=CLIENT), "address")
        self.refusal(self.not_created("BlockedIp", address=OTHER), "address")

    def test_entry_that_is_over_blocks_nobody_but_must_not_begin_again(self) -> None:
        id = self.create("BlockedIp", address=CLIENT, expiresAt="2001-01-01T00:00:00Z")
        self.refusal(self.not_updated("BlockedIp", id, expiresAt=None), "expiresAt")

    def test_client_on_the_allow_list_may_block_himself(self) -> None:
        self.create("AllowedIp", address="203.0.113.0/28")
        self.create("BlockedIp", address=CLIENT)

    def test_client_on_this_host_may_block_anything_but_half_the_internet(self) -> None:
        self.client = "127.0.0.1"
        self.connection = Connection("http", "127.0.0.1", 4711, "::", 8080, False)
        self.create("BlockedIp", address="127.0.0.0/8")
        description = self.refusal(self.not_created("BlockedIp", address="0.0.0.0/1"), "address")
        self.assertIn("/8", description)

    def test_entry_for_loopback_says_that_it_has_no_effect(self) -> None:
        self.client = "127.0.0.1"
        (notice,) = self.ask("x:BlockedIp/set", {"create": {"n": {"address": "127.0.0.9"}}})["notices"]
        self.assertIn("never blocked", notice)

    def test_wide_networks_are_blocked_once_confirmed(self) -> None:
        for address, limit in (("10.0.0.0/7", "/8"), ("2001::/15", "/16")):
            self.assertIn(limit, self.refusal(self.not_created("BlockedIp", address=address), "address"))
            answer = self.set("BlockedIp", create={"a": {"address": address}}, **CONFIRMED)
            self.assertIsNone(answer["notCreated"])
        self.create("BlockedIp", address="12.0.0.0/8")
        self.create("BlockedIp", address="2002::/16")


class AllowedTests(NetworkWorld):
    """The entry that shields a blocked client."""

    def setUp(self) -> None:
        super().setUp()
        self.id = self.create("AllowedIp", address=CLIENT)
        self.set("BlockedIp", create={"a": {"address": "203.0.113.0/24"}}, **CONFIRMED)

    def test_it_is_not_removed_by_mistake(self) -> None:
        error = self.not_destroyed("AllowedIp", self.id)
        self.assertEqual(error["type"], "forbidden")
        self.assertIn(CLIENT, error["description"])
        self.assertEqual(self.ids("AllowedIp"), [self.id])

    def test_it_does_not_end_by_mistake(self) -> None:
        self.refusal(self.not_updated("AllowedIp", self.id, expiresAt="2001-01-01T00:00:00Z"), "expiresAt")
        self.update("AllowedIp", self.id, reason="mine")

    def test_it_is_removed_once_confirmed(self) -> None:
        self.assertEqual(self.set("AllowedIp", destroy=[self.id], **CONFIRMED)["destroyed"], [self.id])

    def test_it_may_go_if_another_one_stays(self) -> None:
        self.create("AllowedIp", address="203.0.113.0/28")
        self.destroy("AllowedIp", self.id)

    def test_one_of_two_stays_when_both_shall_go(self) -> None:
        other = self.create("AllowedIp", address="203.0.113.0/28")
        answer = self.set("AllowedIp", destroy=[self.id, other])
        self.assertEqual((answer["destroyed"], sorted(answer["notDestroyed"])), (None, sorted([self.id, other])))

    def test_others_may_remove_it(self) -> None:
        self.client = OTHER
        self.connection = Connection("http", OTHER, 4711, "::", 8080, False)
        self.destroy("AllowedIp", self.id)


class TrustedProxyTests(NetworkWorld):
    """http-service 1.2: who must begin with a PROXY header."""

    NETWORKS = {"203.0.113.0/24": True}

    def test_own_address_among_the_proxies_is_refused(self) -> None:
        error = self.not_updated("SystemSettings", "singleton", proxyTrustedNetworks=self.NETWORKS)
        self.assertIn(CLIENT, self.refusal(error, "proxyTrustedNetworks"))

    def test_this_host_is_no_exception(self) -> None:
        self.client = "127.0.0.1"
        self.connection = Connection("http", "127.0.0.1", 4711, "::", 8080, False)
        error = self.not_updated("SystemSettings", "singleton", proxyTrustedNetworks={"127.0.0.0/8": True})
        self.refusal(error, "proxyTrustedNetworks")

    def test_it_is_stored_once_confirmed(self) -> None:
        patch = {"proxyTrustedNetworks": self.NETWORKS}
        answer = self.set("SystemSettings", update={"singleton": patch}, **CONFIRMED)
        self.assertEqual((answer["updated"], "notices" in answer), ({"singleton": None}, False))
        self.assertEqual(self.listeners.settled, [()])

    def test_proxies_elsewhere_are_stored(self) -> None:
        self.update("SystemSettings", "singleton", proxyTrustedNetworks={OTHER: True})

    def test_client_behind_a_proxy_needs_it_on_the_list(self) -> None:
        self.connection = Connection("http", OTHER, 4711, "::", 8080, False, CLIENT)
        self.update("SystemSettings", "singleton", proxyTrustedNetworks=self.NETWORKS)
        error = self.not_updated("SystemSettings", "singleton", proxyTrustedNetworks={})
        self.assertIn(f"proxy {CLIENT}", self.refusal(error, "proxyTrustedNetworks"))

    def test_listener_with_a_list_of_its_own_is_not_concerned(self) -> None:
        own = {"name": "http", "bind": {"[::]:8080": True}, "overrideProxyTrustedNetworks": {OTHER: True}}
        self.set("NetworkListener", create={"a": own}, **CONFIRMED)
        self.update("SystemSettings", "singleton", proxyTrustedNetworks=self.NETWORKS)

    def test_list_of_the_own_listener_is_refused_too(self) -> None:
        id = self.create("NetworkListener", name="http", bind={"[::]:8080": True}, protocol="http")
        error = self.not_updated("NetworkListener", id, overrideProxyTrustedNetworks=self.NETWORKS)
        self.refusal(error, "overrideProxyTrustedNetworks")
        self.update("NetworkListener", id, overrideProxyTrustedNetworks={OTHER: True})

    def test_other_settings_are_none_of_its_business(self) -> None:
        self.update("SystemSettings", "singleton", maxConnections=5)


class ListenerTests(NetworkWorld):
    """Which listeners may be stored, and what is told about them."""

    def setUp(self) -> None:
        super().setUp()
        self.http = self.new("http", "[::]:8080")

    def new(self, name: str, bind: str, **members: Any) -> str:
        return self.create("NetworkListener", name=name, bind={bind: True}, **{"protocol": "http"} | members)

    def stored(self) -> list[str]:
        return [each.name for _, each in self.settings.all(NetworkListener)]

    def test_address_that_cannot_be_had_is_refused_and_nothing_is_stored(self) -> None:
        self.listeners.refusals["own"] = ("bind", "127.0.0.1:1: Address already in use")
        bind = {"127.0.0.1:1": True}
        error = self.not_created("NetworkListener", name="own", bind=bind, protocol="http")
        self.assertIn("127.0.0.1:1: Address already in use", self.refusal(error, "bind"))
        self.assertEqual(self.stored(), ["http"])

    def test_update_to_such_an_address_is_refused(self) -> None:
        id = self.new("own", "127.0.0.1:1")
        self.listeners.refusals["own"] = ("bind", "taken")
        self.refusal(self.not_updated("NetworkListener", id, bind={"127.0.0.1:2": True}), "bind")
        self.refusal(self.not_updated("NetworkListener", id, **{"bind/127.0.0.1:2": True}), "bind")

    def test_address_that_failed_before_does_not_hinder_other_changes(self) -> None:
        id = self.new("own", "127.0.0.1:1")
        self.listeners.refusals["own"] = ("bind", "taken")
        self.update("NetworkListener", id, maxConnections=5)

    def test_option_that_the_system_refuses_is_named(self) -> None:
        self.listeners.refusals["http"] = ("socketTtl", "Invalid argument")
        self.refusal(self.not_updated("NetworkListener", self.http, socketTtl=300), "socketTtl")

    def test_confirmed_listener_is_stored_and_what_is_wrong_is_told(self) -> None:
        self.listeners.refusals["own"] = ("bind", "taken")
        self.listeners.problems = ["The listener own is stored, but not bound."]
        own = {"name": "own", "bind": {"127.0.0.1:1": True}, "protocol": "http"}
        answer = self.set("NetworkListener", create={"a": own}, **CONFIRMED)
        self.assertEqual(answer["notices"], ["The listener own is stored, but not bound."])
        self.assertEqual(self.listeners.settled[-1], {"own"})

    def test_listener_of_the_request_stays_unless_confirmed(self) -> None:
        self.listeners.keeping = lambda stored: any(each.name == "http" for each in stored)
        self.listeners.serving = lambda _: True
        error = self.not_destroyed("NetworkListener", self.http)
        self.assertEqual(error["type"], "forbidden")
        self.assertIn("Your own request came in", error["description"])
        answer = self.set("NetworkListener", destroy=[self.http], **CONFIRMED)
        self.assertEqual((answer["destroyed"], self.stored()), ([self.http], []))

    def test_listener_of_the_request_does_not_move_unless_confirmed(self) -> None:
        self.listeners.keeping = lambda stored: any("[::]:8080" in each.bind for each in stored)
        self.refusal(self.not_updated("NetworkListener", self.http, bind={"[::]:8081": True}), "bind")
        self.update("NetworkListener", self.http, maxConnections=5)

    def test_another_listener_may_go(self) -> None:
        id = self.new("own", "127.0.0.1:1")
        self.listeners.keeping = lambda stored: any(each.name == "http" for each in stored)
        self.destroy("NetworkListener", id)

    def test_last_listener_stays_unless_confirmed(self) -> None:
        self.connection = Connection("gone", CLIENT, 4711, "::", 1, False)
        self.listeners.serving = lambda stored: bool(stored)
        self.assertIn("No listener", self.not_destroyed("NetworkListener", self.http)["description"])

    def test_listener_may_go_when_the_same_call_makes_one_in_its_place(self) -> None:
        self.listeners.keeping = lambda stored: any("[::]:8080" in each.bind for each in stored)
        own = {"name": "own", "bind": {"[::]:8080": True}, "protocol": "http"}
        answer = self.set("NetworkListener", create={"a": own}, destroy=[self.http])
        self.assertEqual((answer["destroyed"], self.stored()), ([self.http], ["own"]))

    def test_replacement_that_cannot_be_bound_saves_the_old_one(self) -> None:
        self.listeners.keeping = lambda stored: any("[::]:8080" in each.bind for each in stored)
        self.listeners.refusals["own"] = ("bind", "taken")
        own = {"name": "own", "bind": {"[::]:8080": True}, "protocol": "http"}
        answer = self.set("NetworkListener", create={"a": own}, destroy=[self.http])
        self.assertEqual((list(answer["notCreated"]), list(answer["notDestroyed"])), (["a"], [self.http]))

    def test_listener_that_does_not_serve_http_may_always_go(self) -> None:
        id = self.new("imap", "127.0.0.1:143", protocol="imap")
        self.listeners.keeping = self.listeners.serving = lambda _: False
        self.destroy("NetworkListener", id)

    def test_listener_that_is_not_there_is_not_found(self) -> None:
        self.assertEqual(self.not_destroyed("NetworkListener", "zz")["type"], "notFound")
