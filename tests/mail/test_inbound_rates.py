"""Limits on incoming mail, whichever way it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.config.mail.throttle import MtaInboundThrottle
from stalwart.mail.inbound_rates import InboundRates, Variable
from stalwart.schema import ExpressionValue
from tests.directory.world import World

IP = "198.51.100.7"


def about(**known: str) -> Variable:
    return lambda name: known.get(name, "")


class RatesTests(World):
    """``limit`` makes one of three in a minute."""

    def setUp(self) -> None:
        super().setUp()
        self.asked = 0
        self.events: list[dict[str, Any]] = []
        self.telemetry.observe(lambda event, keys: self.events.append({"event": event.id, **keys}))
        self.rates = InboundRates(self.store, self.settings, self.telemetry, self.clock)

    def limit(self, *key: str, **members: Any) -> None:
        rate = {"count": 3, "period": 60_000}
        members = {"description": "few", "key": dict.fromkeys(key, True), "rate": rate, **members}
        self.settle(self.settings.create(MtaInboundThrottle, members))

    def over(self, *messages: Variable, recipients: Sequence[Variable] = (), ip: str = IP) -> bool:
        async def applies(rule: ExpressionValue, variable: Variable) -> bool:
            self.asked += 1
            return variable("sender") != "spared@a.test"

        found: bool = self.settle(self.rates.is_over(ip, applies, messages=messages, recipients=recipients))
        return found

    def test_without_limits_nobody_is_asked(self) -> None:
        self.assertFalse(self.over(*[about()] * 9))
        self.assertEqual(self.asked, 0)

    def test_messages_within_a_period(self) -> None:
        self.limit("sender")
        one = about(sender="a@a.test")
        self.assertEqual([self.over(one) for _ in range(4)], [False, False, False, True])
        self.assertFalse(self.over(about(sender="b@a.test")))
        told = [each for each in self.events if each["event"] == "smtp.rate-limit-exceeded"]
        self.assertEqual([(each["remoteIp"], each["details"], each["limit"]) for each in told], [(IP, "few", 3)])
        self.clock.advance(61)
        self.assertFalse(self.over(one))

    def test_recipients_are_counted_together(self) -> None:
        self.limit("rcptDomain")
        two = [about(rcpt_domain="A.test"), about(rcpt_domain="a.test")]
        self.assertFalse(self.over(about(), recipients=two))
        self.assertTrue(self.over(about(), recipients=two))
        self.assertFalse(self.over(about(), recipients=two[:1]))

    def test_what_is_over_one_is_counted_by_none(self) -> None:
        self.limit("sender", rate={"count": 2, "period": 60_000})
        self.limit("rcpt", rate={"count": 1, "period": 60_000})
        one, to = about(sender="a@a.test"), about(rcpt="x@y.test")
        self.assertEqual([self.over(one, recipients=[to]) for _ in range(3)], [False, True, True])
        self.assertEqual([self.over(one) for _ in range(2)], [False, True])

    def test_whom_it_spares(self) -> None:
        self.limit()
        self.assertFalse(self.over(*[about(sender="spared@a.test")] * 9))
        self.rates.spares = lambda ip: ip == IP
        self.assertFalse(self.over(*[about()] * 9))
        self.assertTrue(self.over(*[about()] * 4, ip="198.51.100.8"))

    def test_a_limit_that_is_off(self) -> None:
        self.limit(enable=False)
        self.assertFalse(self.over(*[about()] * 9))
        self.assertEqual(self.asked, 0)
