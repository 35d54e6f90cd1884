"""The way over the hosts: which names, which addresses, in which order; ``test_sending`` has the outcomes."""

from __future__ import annotations

from typing import Any

from stalwart.codec.dns_records import MX
from stalwart.mail.delivery import walk
from stalwart.mail.delivery.exchanges import NoExchange
from stalwart.mail.delivery.shipment import Connecting, HostStrategy, Mx, Relay, TlsDemands
from stalwart.mail.delivery.walk import _no_route
from stalwart.net.dns import LookupFailed
from stalwart.telemetry.events import Level
from tests.mail.delivery.sending_world import IP1, IP2, ZONE, FiledMessage, SendingCase, held_back, tls
from tests.net.smtp_sink import falls_silent

IP6 = "2001:db8::1"


class OrderTests(SendingCase):
    """Families of addresses, and hosts."""

    zone = {
        **ZONE,
        ("both.test", "MX"): [MX(10, "mx.both.test.")],
        ("mx.both.test", "A"): [IP1],
        ("mx.both.test", "AAAA"): [IP6],
        ("silent.test", "MX"): LookupFailed("timeout", "no answer"),
        ("bogus.test", "MX"): LookupFailed("bogus", "not authentic"),
        ("blind.test", "MX"): [MX(10, "mx.blind.test.")],
        ("mx.blind.test", "A"): LookupFailed("timeout", "no answer"),
        ("mx.blind.test", "AAAA"): LookupFailed("timeout", "no answer"),
    }

    async def test_families(self) -> None:
        for families, expected in (
            ("v4ThenV6", [IP1, IP6]),
            ("v6ThenV4", [IP6, IP1]),
            ("v4Only", [IP1]),
            ("v6Only", [IP6]),
        ):
            self.connected.clear()
            await self.one(Mx("both.test", families))  # type: ignore[arg-type]
            self.assertEqual(self.connected, expected)

    async def test_names_that_cannot_be_looked_up_now(self) -> None:
        for domain in ("silent.test", "bogus.test", "blind.test"):
            outcome = await self.one(domain)
            self.assertEqual((outcome.kind, outcome.status, outcome.error_type), ("temporary", "4.4.3", "dnsError"))
            self.assertTrue(outcome.unreachable)

    async def test_a_relay_of_an_address_in_brackets(self) -> None:
        await self.one(Relay("[IPv6:2001:db8::1]"))
        self.assertEqual(self.connected, [IP6])

    async def test_a_literal_that_is_none(self) -> None:
        self.assertEqual((await self.one("[192.0.2]")).status, "5.1.2")

    async def test_a_literal_of_this_computer(self) -> None:
        self.assertEqual((await self.one("[127.0.0.1]")).status, "5.4.4")
        self.assertEqual((await self.one("[IPv6:::ffff:127.0.0.1]")).status, "5.4.4")
        self.assertEqual(self.connected, [])

    async def test_each_host_has_its_strategy(self) -> None:
        asked: list[str] = []

        async def strategy(host: str) -> HostStrategy:
            asked.append(host)
            return HostStrategy(Connecting("mail.here.test"), TlsDemands())

        self.host(IP2)
        await self.one("two.test", strategy=strategy)
        self.assertEqual(asked, ["", "a.two.test", "b.two.test"])

    async def test_a_message_that_cannot_be_read(self) -> None:
        sink = self.host()
        outcome = await self.one("one.test", content=FiledMessage())
        self.assertEqual((outcome.kind, outcome.error_type, outcome.unreachable), ("temporary", "io", False))
        self.assertEqual(sink.taken, [])

    async def test_a_kept_connection_that_is_held_back_is_kept(self) -> None:
        sink = self.host()
        await self.one("one.test")
        await self.one("one.test", admit=held_back)
        self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual(sink.opened, 1)

    async def test_the_address_that_it_comes_from_is_chosen_before_it_is_asked_whether_it_may(self) -> None:
        asked: list[str] = []

        async def admit(host: str, ip: str, local_ip: str) -> None:
            asked.append(local_ip)

        self.host(IP1)
        sources = (("127.0.0.1", None), ("2001:db8::9", None))
        for _ in range(2):
            await self.one("one.test", connecting=Connecting("mail.here.test", sources), admit=admit)
        self.assertEqual((asked, self.sources), (["127.0.0.1"] * 2, ["127.0.0.1"]))
        asked.clear()
        await self.one("one.test", admit=admit)
        self.assertEqual(asked, [""])

    async def test_what_is_told_of_a_host(self) -> None:
        told: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: told.append((event.id, keys)), Level.INFO)
        self.host()
        await self.one("one.test", admit=held_back)
        held = {"domain": "one.test", "hostname": "mx.one.test", "remoteIp": IP1, "reason": "too much"}
        self.assertIn(("delivery.rate-limit-exceeded", held), told)
        await self.one("one.test", tls=TlsDemands(starttls="disable"))
        self.assertIn("delivery.start-tls-disabled", [name for name, _ in told])
        await self.one(Relay("relay.test", implicit_tls=True))
        self.assertIn("delivery.implicit-tls-error", [name for name, _ in told])
        self.assertNotIn("delivery.start-tls-error", [name for name, _ in told])

    async def test_a_host_that_said_not_now_over_a_kept_connection_is_not_asked_again(self) -> None:
        first = self.host(IP1, script={"RCPT": ["250 ok", "451 4.7.1 later", "451 4.7.1 later"]})
        second = self.host(IP2)
        await self.one("two.test")
        self.assertEqual((await self.one("two.test")).hostname, "b.two.test")
        self.assertEqual((first.verbs.count("RCPT"), len(second.taken)), (2, 1))

    async def test_an_attempt_has_an_end(self) -> None:
        self.patch(walk, "LATEST_START", 0.2)
        self.host(IP1, script={"MAIL": falls_silent})
        second = self.host(IP2)
        outcome = await self.one("two.test", connecting=Connecting("mail.here.test", mail=0.1, rcpt=0.1))
        self.assertEqual((outcome.kind, second.opened), ("temporary", 0))

    async def test_a_long_message_over_tls(self) -> None:
        sink = self.host(tls=tls())
        content = FiledMessage(b"0123456789abcde\r\n" * 60_000, 1_020_000)
        self.assertEqual((await self.one("one.test", content=content)).kind, "delivered")
        self.assertEqual((sink.taken[0].content, sink.taken[0].over_tls), (content.content, True))
        self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual(sink.opened, 1)

    def test_what_a_domain_without_a_way_is(self) -> None:
        for kind, status in (
            ("null-mx", "5.1.10"),
            ("loop", "5.4.6"),
            ("nxdomain", "5.1.2"),
            ("nodata", "5.4.4"),
            ("servfail", "4.4.3"),
            ("refused", "4.4.3"),
        ):
            failure = _no_route(NoExchange(kind, "x"))
            self.assertEqual((failure.status, failure.is_final), (status, status[0] == "5"), kind)
