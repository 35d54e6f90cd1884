"""MTA-STS policies: when they are fetched, kept, and used although something fails."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery.sts import Announced, PolicyUnusable, StsPolicies
from stalwart.net.dns import LookupFailed
from stalwart.net.https import Fetched, FetchFailed
from tests.net.fake_dns import FakeResolver

POLICY = b"version: STSv1\nmode: enforce\nmx: mx.example\nmax_age: 7200\n"
RECORD = ("_mta-sts.example", "TXT")


class PolicyTests(SynchronousTestCase):
    """RFC 8461 3.1 to 3.3 and 5.1."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.resolver = FakeResolver({RECORD: ["v=STSv1; id=1;"], ("example", "TXT"): ["x"]})
        self.answer: Any = Fetched(200, "text/plain; charset=utf-8", POLICY)
        self.fetched: list[str] = []
        self.policies = StsPolicies(self.resolver, self._fetch, self.clock)

    async def _fetch(self, host: str, path: str, limit: int, timeout: float) -> Fetched:
        self.fetched.append(f"https://{host}{path}")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]

    def find(self) -> Announced | None:
        """The policy in force now."""
        return self.successResultOf(Deferred.fromCoroutine(self.policies.find("example", 30)))

    def refusal(self) -> PolicyUnusable:
        """Why there is none although one is announced."""
        return self.failureResultOf(Deferred.fromCoroutine(self.policies.find("example", 30)), PolicyUnusable).value

    def announce(self, *texts: str) -> None:
        """Change the DNS record."""
        self.resolver.zone["_mta-sts.example.", "TXT"] = list(texts)

    def test_the_policy_is_fetched_from_its_place(self) -> None:
        found = self.find()
        assert found is not None
        self.assertEqual((found.id, found.policy.mode, found.cached), ("1", "enforce", False))
        self.assertEqual(self.fetched, ["https://mta-sts.example/.well-known/mta-sts.txt"])

    def test_the_same_id_is_not_fetched_again(self) -> None:
        self.find()
        found = self.find()
        assert found is not None
        self.assertTrue(found.cached)
        self.assertEqual(len(self.fetched), 1)

    def test_a_new_id_is(self) -> None:
        self.find()
        self.announce("v=STSv1; id=2;")
        self.find()
        self.assertEqual(len(self.fetched), 2)

    def test_an_expired_one_is(self) -> None:
        self.find()
        self.clock.advance(7200)
        self.find()
        self.assertEqual(len(self.fetched), 2)

    def test_the_cached_one_outlives_failures_of_dns(self) -> None:
        self.find()
        self.resolver.zone["_mta-sts.example.", "TXT"] = LookupFailed("servfail", "no")
        found = self.find()
        self.assertTrue(found is not None and found.cached)

    def test_and_of_the_policy_host(self) -> None:
        self.find()
        self.announce("v=STSv1; id=2;")
        self.answer = FetchFailed("connect", "refused")
        found = self.find()
        self.assertTrue(found is not None and found.id == "1")

    def test_and_the_removal_of_the_record(self) -> None:
        self.find()
        del self.resolver.zone["_mta-sts.example.", "TXT"]
        self.assertIsNotNone(self.find())

    def test_no_record_is_no_policy(self) -> None:
        del self.resolver.zone["_mta-sts.example.", "TXT"]
        self.assertIsNone(self.find())
        self.assertEqual(self.fetched, [])

    def test_several_records_are_unusable(self) -> None:
        self.announce("v=STSv1; id=1;", "v=STSv1; id=2;")
        self.assertEqual(self.refusal().result_type, "sts-policy-invalid")

    def test_another_kind_of_text_is_unusable(self) -> None:
        self.announce("hello")
        self.assertEqual(self.refusal().reason, "Failed to parse MTA-STS DNS record.")

    def test_a_redirect_is_not_followed(self) -> None:
        self.answer = Fetched(301, "text/plain", POLICY)
        refused = self.refusal()
        self.assertEqual((refused.http_status, refused.result_type), (301, "sts-policy-fetch-error"))

    def test_html_is_no_policy(self) -> None:
        self.answer = Fetched(200, "text/html", POLICY)
        self.assertEqual(self.refusal().result_type, "sts-policy-invalid")

    def test_nonsense_is_no_policy(self) -> None:
        self.answer = Fetched(200, "text/plain", b"mode: enforce\n")
        self.assertIn("No 'mx' entries found.", self.refusal().reason)

    def test_a_bad_certificate_has_its_own_name(self) -> None:
        self.answer = FetchFailed("tls", "self-signed")
        self.assertEqual(self.refusal().result_type, "sts-webpki-invalid")

    def test_silence_is_a_time_out(self) -> None:
        self.answer = FetchFailed("timeout", "")
        self.assertEqual(self.refusal().reason, "Timeout fetching policy.")

    def test_too_much_is_unusable(self) -> None:
        self.answer = FetchFailed("too-large", "")
        self.assertEqual(self.refusal().result_type, "sts-policy-invalid")
