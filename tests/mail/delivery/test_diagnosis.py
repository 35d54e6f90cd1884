"""The whole walk: order of the stages, what each fault leads to, and time."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX, TLSA
from stalwart.mail.delivery import stages
from stalwart.mail.delivery.diagnosis import Wishes, diagnose
from stalwart.mail.delivery.sts import StsPolicies
from stalwart.mail.delivery.target import parse_target
from stalwart.net.dns import LookupFailed
from stalwart.net.https import Fetched
from stalwart.net.smtp_dialogue import SmtpFailed
from tests.mail.delivery.scripted import HEALTHY, LIMITS, REFUSED, SELF_SIGNED, outgoing
from tests.net.fake_dns import FakeResolver

IP1, IP2, IP3 = "192.0.2.1", "192.0.2.2", "192.0.2.3"
ZONE: dict[tuple[str, str], Any] = {
    ("good.test", "MX"): [MX(10, "mx.good.test.")],
    ("mx.good.test", "A"): [IP1],
    ("_mta-sts.good.test", "TXT"): ["v=STSv1; id=7;"],
    ("_smtp._tls.good.test", "TXT"): ["v=TLSRPTv1; rua=mailto:tls@good.test"],
    ("two.test", "MX"): [MX(20, "b.two.test."), MX(10, "a.two.test.")],
    ("a.two.test", "A"): [IP2],
    ("b.two.test", "A"): [IP1],
    ("same.test", "MX"): [MX(10, "a.two.test."), MX(10, "b.two.test.")],
    ("addresses.test", "MX"): [MX(10, "mx.addresses.test.")],
    ("mx.addresses.test", "A"): [IP2, IP1],
    ("implicit.test", "A"): [IP1],
    ("null.test", "MX"): [MX(0, ".")],
    ("nothing.test", "TXT"): ["v=spf1 -all"],
    ("dangling.test", "MX"): [MX(10, "nowhere.test.")],
    ("broken.test", "MX"): LookupFailed("bogus", "DNSSEC validation failed"),
    ("silent.test", "MX"): [MX(10, "mx.silent.test.")],
    ("mx.silent.test", "A"): [IP3],
    ("sixonly.test", "MX"): [MX(10, "mx.sixonly.test.")],
    ("mx.sixonly.test", "AAAA"): ["2001:db8::1"],
}
POLICY = b"version: STSv1\nmode: enforce\nmx: mx.good.test\nmax_age: 604800\n"


class DiagnosisCase(SynchronousTestCase):
    """Runs a diagnosis in a scripted world."""

    policy: Any = Fetched(200, "text/plain", POLICY)
    secure: tuple[str, ...] = ()

    def start(self, target: str, hosts: dict[str, Any] | None = None, **wishes: Any) -> Deferred[stages.Summary]:
        """Start it; the stages are in ``self.stages``."""
        self.clock = Clock()
        self.resolver = FakeResolver(ZONE, self.secure)
        self.stages: list[stages.Stage] = []
        policies = StsPolicies(self.resolver, self._fetch, self.clock)
        world, self.internet = outgoing(self.clock, self.resolver, policies, hosts or {IP1: HEALTHY, IP2: REFUSED})
        run = diagnose(parse_target(target), world, LIMITS, Wishes(**wishes), self.stages.append)
        return Deferred.fromCoroutine(run)

    def run_it(self, target: str, hosts: dict[str, Any] | None = None, **wishes: Any) -> stages.Summary:
        """The summary of a run that ends at once."""
        return self.successResultOf(self.start(target, hosts, **wishes))

    async def _fetch(self, host: str, path: str, limit: int, timeout: float) -> Fetched:
        if isinstance(self.policy, Exception):
            raise self.policy
        if isinstance(self.policy, Deferred):
            return await self.policy  # type: ignore[no-any-return]
        return self.policy  # type: ignore[no-any-return]

    def names(self) -> list[str]:
        """The wire names of the stages, without the advice."""
        kinds = [type(stage).__name__ for stage in self.stages if not isinstance(stage, stages.Finding)]
        return [kind[0].lower() + kind[1:] for kind in kinds]

    def of(self, kind: type[Any]) -> list[Any]:
        """The stages of one type."""
        return [stage for stage in self.stages if isinstance(stage, kind)]


class OrderTests(DiagnosisCase):
    """delivery-diagnostics 4 and 6."""

    def test_a_healthy_mailbox(self) -> None:
        self.assertEqual(self.run_it("postmaster@good.test").verdict, "ok")
        expected = """
            mxLookupStart mxLookupSuccess mtaStsFetchStart mtaStsFetchSuccess tlsRptLookupStart tlsRptLookupSuccess
            deliveryAttemptStart mtaStsVerifySuccess tlsaLookupStart tlsaNotFound ipLookupStart ipLookupSuccess
            connectionStart connectionSuccess readGreetingStart readGreetingSuccess ehloStart ehloSuccess
            startTlsStart startTlsSuccess ehloStart ehloSuccess mailFromStart mailFromSuccess rcptToStart
            rcptToSuccess quitStart quitCompleted smtpTranscript addressDone summary completed"""
        self.assertEqual(self.names(), expected.split())

    def test_findings_stand_between_the_last_host_and_the_summary(self) -> None:
        self.run_it("good.test")
        kinds = [type(stage).__name__ for stage in self.stages[-10:]]
        self.assertEqual(kinds, ["AddressDone", *["Finding"] * 7, "Summary", "Completed"])

    def test_each_topic_is_advised_on_once(self) -> None:
        self.run_it("good.test")
        topics = [finding.topic for finding in self.of(stages.Finding)]
        self.assertEqual(topics, ["spf", "dkim", "dmarc", "ptr", "tlsRpt", "mtaSts", "ipv6"])

    def test_exchanges_are_grouped_by_ascending_preference(self) -> None:
        self.run_it("two.test")
        groups = [(group.preference, group.exchanges) for group in self.of(stages.MxLookupSuccess)[0].mxs]
        self.assertEqual(groups, [(10, ["a.two.test."]), (20, ["b.two.test."])])


class RouteTests(DiagnosisCase):
    """Where the mail goes."""

    def test_the_next_host_is_tried(self) -> None:
        summary = self.run_it("two.test")
        self.assertEqual((summary.verdict, [host.verdict for host in summary.hosts]), ("ok", ["fail", "ok"]))

    def test_every_host_of_one_preference_is_tried(self) -> None:
        self.assertEqual(len(self.run_it("same.test").hosts), 2)

    def test_the_next_address_is_tried(self) -> None:
        summary = self.run_it("addresses.test")
        self.assertEqual((summary.verdict, summary.hosts[0].addresses), ("ok", [IP2, IP1]))

    def test_the_first_success_ends_the_tests(self) -> None:
        self.assertEqual(len(self.run_it("two.test", {IP1: HEALTHY, IP2: HEALTHY}).hosts), 1)

    def test_all_hosts_and_addresses_on_demand(self) -> None:
        self.assertEqual(len(self.run_it("two.test", {IP1: HEALTHY, IP2: HEALTHY}, scope="all").hosts), 2)

    def test_without_mx_the_domain_is_its_own_exchange(self) -> None:
        self.assertEqual(self.run_it("implicit.test").verdict, "ok")
        self.assertEqual(self.of(stages.MxLookupSuccess)[0].mxs, [])
        self.assertEqual(self.of(stages.DeliveryAttemptStart)[0].hostname, "implicit.test")

    def assert_no_route(self, target: str, reason: str) -> stages.Summary:
        """There is nowhere to deliver to, and ``reason`` says why."""
        summary = self.run_it(target)
        self.assertEqual(self.names(), ["mxLookupStart", "mxLookupError", "summary", "completed"])
        self.assertEqual(self.of(stages.MxLookupError)[0].reason, reason)
        self.assertEqual(summary.verdict, "fail")
        return summary

    def test_null_mx(self) -> None:
        self.assert_no_route("null.test", "Null MX record")

    def test_no_such_domain(self) -> None:
        self.assert_no_route("nowhere.test", "DNS record not found: Non-Existent Domain")

    def test_neither_mx_nor_address(self) -> None:
        self.assert_no_route("nothing.test", "DNS record not found: No Error")

    def test_bogus_exchanges(self) -> None:
        summary = self.assert_no_route("broken.test", "DNSSEC validation failed")
        self.assertEqual(summary.result_type, "dnssec-invalid")

    def test_an_exchange_without_address(self) -> None:
        self.assertEqual(self.run_it("dangling.test").verdict, "fail")
        self.assertEqual(len(self.of(stages.IpLookupError)), 1)

    def test_one_address_family_on_demand(self) -> None:
        self.run_it("sixonly.test", {"2001:db8::1": HEALTHY}, family=4)
        self.assertEqual(len(self.of(stages.IpLookupError)), 1)
        self.assertEqual(self.run_it("sixonly.test", {"2001:db8::1": HEALTHY}, family=6).verdict, "ok")


class PolicyTests(DiagnosisCase):
    """MTA-STS."""

    def test_a_host_outside_an_enforced_policy_is_not_connected_to(self) -> None:
        self.policy = Fetched(200, "text/plain", POLICY.replace(b"mx.good.test", b"other.test"))
        summary = self.run_it("good.test")
        self.assertEqual((summary.verdict, summary.result_type), ("fail", "validation-failure"))
        self.assertEqual(self.internet.opened, [])

    def test_outside_a_policy_in_testing_it_is(self) -> None:
        text = POLICY.replace(b"mx.good.test", b"other.test").replace(b"enforce", b"testing")
        self.policy = Fetched(200, "text/plain", text)
        summary = self.run_it("good.test")
        self.assertEqual((summary.verdict, summary.result_type), ("ok", "validation-failure"))
        self.assertEqual(len(self.of(stages.MtaStsVerifyError)), 1)

    def test_a_policy_that_is_not_there_is_named_and_changes_nothing(self) -> None:
        self.policy = Fetched(404, "text/html", b"")
        summary = self.run_it("good.test")
        self.assertEqual((summary.verdict, summary.result_type), ("ok", "sts-policy-fetch-error"))
        self.assertEqual(self.of(stages.MtaStsFetchError)[0].http_status, 404)


class DaneTests(DiagnosisCase):
    """DANE needs DNSSEC all the way."""

    secure = ("good.test", "mx.good.test", "_25._tcp.mx.good.test")

    def test_a_record_that_does_not_match_fails(self) -> None:
        self.patch_zone([TLSA(3, 1, 1, b"\0" * 32)])
        summary = self.run_it("good.test")
        self.assertEqual((summary.verdict, summary.result_type), ("fail", "tlsa-invalid"))

    def test_an_unsigned_mx_set_turns_dane_off(self) -> None:
        self.patch_zone([TLSA(3, 1, 1, b"\0" * 32)])
        self.secure = ("mx.good.test", "_25._tcp.mx.good.test")
        self.assertEqual(self.run_it("good.test").verdict, "ok")
        self.assertIn("not protected by DNSSEC", self.of(stages.TlsaNotFound)[0].reason)

    def test_a_bogus_record_forbids_delivery(self) -> None:
        self.patch_zone(LookupFailed("bogus", "DNSSEC validation failed"))
        summary = self.run_it("good.test")
        self.assertEqual((summary.verdict, summary.result_type), ("fail", "dnssec-invalid"))

    def test_a_set_without_usable_record_is_an_error(self) -> None:
        self.patch_zone([TLSA(1, 1, 1, b"\0" * 32)])
        self.run_it("good.test")
        self.assertEqual(len(self.of(stages.TlsaLookupError)), 1)

    def patch_zone(self, records: Any) -> None:
        """Put TLSA records into the zone for this test."""
        self.patch(
            __import__(__name__, fromlist=["ZONE"]), "ZONE", {**ZONE, ("_25._tcp.mx.good.test", "TLSA"): records}
        )


class CertificateTests(DiagnosisCase):
    """The certificate against the policy."""

    def test_an_untrusted_certificate_under_an_enforced_policy_fails(self) -> None:
        summary = self.run_it("good.test", {IP1: (HEALTHY, SELF_SIGNED)})
        self.assertEqual((summary.verdict, summary.result_type), ("fail", "certificate-not-trusted"))

    def test_without_a_policy_it_is_a_warning(self) -> None:
        summary = self.run_it("implicit.test", {IP1: (HEALTHY, SELF_SIGNED)})
        self.assertEqual((summary.verdict, summary.result_type), ("warn", "certificate-not-trusted"))


class TimeTests(DiagnosisCase):
    """Lifetime and cancellation."""

    def test_the_end_of_the_lifetime_ends_the_run_with_a_summary(self) -> None:
        silent: Deferred[Any] = Deferred()
        running = self.start("silent.test", {IP3: silent}, lifetime=5)
        self.clock.advance(6)
        silent.errback(SmtpFailed("Connection timeout", "timeout"))
        self.assertEqual(self.successResultOf(running).verdict, "fail")
        self.assertEqual(self.of(stages.ConnectionError)[0].reason, "time-out")
        self.assertEqual(self.names()[-2:], ["summary", "completed"])

    def test_a_policy_host_that_never_answers_does_not_outlive_the_run(self) -> None:
        self.policy = Deferred()
        running = self.start("good.test", lifetime=5)
        self.clock.advance(5)
        self.successResultOf(running)
        self.assertEqual(self.of(stages.MtaStsFetchError)[0].reason, "time-out")
        self.assertNotIn("deliveryAttemptStart", self.names())

    def test_cancelling_ends_everything_without_another_stage(self) -> None:
        running = self.start("silent.test", {IP3: Deferred()})
        before = len(self.stages)
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(len(self.stages), before)
        self.assertEqual(self.clock.getDelayedCalls(), [])
