"""What sessions count for in TLS reports."""

from __future__ import annotations

from typing import Any

from attrs import define, evolve, field
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mta_sts import parse_policy
from stalwart.codec.smtp_reply import Capabilities
from stalwart.codec.tlsa import TlsaSet
from stalwart.mail.delivery.dane import Dane
from stalwart.mail.delivery.session import Exchange
from stalwart.mail.delivery.sts import Announced, PolicyUnusable
from stalwart.mail.delivery.tls_results import result_of_host, result_of_policy, result_of_session
from stalwart.mail.delivery.verdict import AddressOutcome
from stalwart.net.dns import TLSA
from tests.mail.delivery.scripted import GOOD_TLS

POLICY = Announced("1", parse_policy(b"version: STSv1\nmode: testing\nmx: *.a.test\nmx: b.test\nmax_age: 86400\n"))
PLAIN = Exchange("mx.a.test", None, True, Dane(), "a.test")
WITH_POLICY = evolve(PLAIN, policy=POLICY)
WITH_DANE = evolve(WITH_POLICY, dane=Dane(tlsa=TlsaSet.from_records([TLSA(3, 1, 1, b"\1" * 32)])))


@define
class FakeConnection:
    """What is known of a connection."""

    tls: Any = GOOD_TLS
    local_ip: str = "192.0.2.9"


@define
class FakeSession:
    """What a session leaves behind."""

    connection: Any
    outcome: AddressOutcome
    capabilities: Capabilities = field(factory=lambda: Capabilities("greeter.test"))


class ResultTests(SynchronousTestCase):
    """RFC 8460 4.2 to 4.4."""

    def of(self, exchange: Exchange, *problems: str, connection: Any = None) -> Any:
        """The result of a session with these problems."""
        outcome = AddressOutcome("192.0.2.1", problems=list(problems))
        session: Any = FakeSession(connection or FakeConnection(), outcome)
        return result_of_session(exchange, session, "why")

    def test_success_without_a_policy(self) -> None:
        found = self.of(PLAIN)
        self.assertEqual((found.domain, found.policy_type, found.failure), ("a.test", "no-policy-found", None))
        self.assertEqual(
            (found.hostname, found.ip, found.source_ip, found.helo),
            ("mx.a.test", "192.0.2.1", "192.0.2.9", "greeter.test"),
        )

    def test_the_gravest_failure_counts(self) -> None:
        found = self.of(WITH_POLICY, "certificate-expired", "starttls-not-supported")
        self.assertEqual((found.policy_type, found.failure, found.reason), ("sts", "starttls-not-supported", "why"))

    def test_a_policy_as_it_is_written(self) -> None:
        found = self.of(WITH_POLICY)
        expected = ("version: STSv1", "mode: testing", "mx: *.a.test", "mx: b.test", "max_age: 86400")
        self.assertEqual((found.policy, found.mx_patterns), (expected, ("*.a.test", "b.test")))

    def test_dane_comes_before_mta_sts(self) -> None:
        found = self.of(WITH_DANE)
        self.assertEqual((found.policy_type, found.policy), ("tlsa", ("3 1 1 " + "01" * 32,)))

    def test_a_host_that_is_not_listed(self) -> None:
        unlisted = evolve(WITH_POLICY, listed=False)
        self.assertEqual(self.of(unlisted).failure, "validation-failure")
        self.assertEqual(self.of(unlisted, "certificate-expired").failure, "certificate-expired")
        self.assertIsNone(self.of(evolve(WITH_DANE, listed=False)).failure, "DANE is what applies")

    def test_a_policy_that_is_withdrawn_is_none(self) -> None:
        withdrawn = evolve(WITH_POLICY, policy=Announced("1", evolve(POLICY.policy, mode="none")))
        self.assertEqual(self.of(withdrawn).policy_type, "no-policy-found")

    def test_sessions_that_ended_before_tls_do_not_count(self) -> None:
        self.assertIsNone(self.of(PLAIN, connection=FakeConnection(tls=None)))
        session: Any = FakeSession(None, AddressOutcome("192.0.2.1"))
        self.assertIsNone(result_of_session(PLAIN, session))

    def test_before_a_session(self) -> None:
        found = result_of_host(WITH_POLICY, "validation-failure", "not listed")
        self.assertEqual((found.policy_type, found.failure, found.hostname), ("sts", "validation-failure", "mx.a.test"))
        found = result_of_policy("a.test", PolicyUnusable("no answer", "sts-policy-fetch-error"))
        self.assertEqual(
            (found.policy_type, found.failure, found.reason), ("sts", "sts-policy-fetch-error", "no answer")
        )
