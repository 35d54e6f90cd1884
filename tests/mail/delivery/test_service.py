"""Diagnoses as a service: places, limits from the settings, and what is told of a run."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.directory.places import MemoryPlaces
from stalwart.errors import TooMany
from stalwart.mail.delivery.diagnosis import Wishes
from stalwart.mail.delivery.outgoing import Outgoing
from stalwart.mail.delivery.service import Diagnoses
from stalwart.mail.delivery.stages import Stage, Summary
from stalwart.mail.delivery.sts import StsPolicies
from stalwart.mail.delivery.target import parse_target
from stalwart.net.tls import TrustStore
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level
from stalwart.telemetry.measures import DIAGNOSIS_DURATION
from stalwart.telemetry.spans import current
from tests.mail.delivery.scripted import HEALTHY, ScriptedInternet
from tests.net.fake_dns import FakeResolver

GOOD, HANGING = "192.0.2.1", "192.0.2.2"
ZONE = {
    ("good.test", "MX"): [MX(10, "mx.good.test.")],
    ("mx.good.test", "A"): [GOOD],
    ("hanging.test", "MX"): [MX(10, "mx.hanging.test.")],
    ("mx.hanging.test", "A"): [HANGING],
}


class ServiceCase(SynchronousTestCase):
    """A service over scripted hosts; at ``HANGING`` connecting takes for ever."""

    def setUp(self) -> None:
        self.clock = Clock()
        telemetry = self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.events: list[tuple[str, dict[str, Any]]] = []
        telemetry.observe(self._note)
        store = MemoryStore()
        self.addCleanup(store.close)
        self.settings = Settings(store, telemetry, self.clock)
        self.change(Diagnosis, allowPrivateTargets=True)
        self.places = MemoryPlaces()
        self.diagnoses = Diagnoses(self.world, self.settings, telemetry, self.places, self.clock.seconds)
        self.stages: list[Stage] = []

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def change(self, declaration: Any, **members: Any) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.settings.change(declaration, members)))

    def world(self) -> Outgoing:
        resolver = FakeResolver(ZONE)
        internet = ScriptedInternet({GOOD: HEALTHY, HANGING: Deferred()})
        policies = StsPolicies(resolver, self.no_policy, self.clock)
        return Outgoing(self.clock, resolver, policies, TrustStore(), lambda _: None, internet.connect)

    async def no_policy(self, *_: Any) -> Any:
        raise AssertionError("no domain here has a policy")

    def run_one(self, target: str, account: int = 7) -> Deferred[Summary]:
        """Admit and run, as the endpoint does."""
        self.diagnoses.admit(account)
        work = self.diagnoses.run(account, parse_target(target), Wishes(), self.stages.append)
        return Deferred.fromCoroutine(work)


class PlaceTests(ServiceCase):
    """design 8: at most maxPerAccount at once."""

    def hang(self, count: int, account: int = 7) -> list[Deferred[Summary]]:
        running = [self.run_one("hanging.test", account) for _ in range(count)]
        for one in running:
            one.addErrback(lambda failure: failure.trap(CancelledError))
            self.addCleanup(one.cancel)
        return running

    def refused(self, account: int = 7) -> TooMany:
        return self.assertRaises(TooMany, self.diagnoses.admit, account)

    def test_fifth_is_refused_with_retry_after(self) -> None:
        self.hang(4)
        refused = self.refused()
        self.assertEqual((refused.headers, "4 delivery diagnoses" in refused.detail), ({"Retry-After": "5"}, True))

    def test_refusal_takes_no_place(self) -> None:
        first, *_ = self.hang(4)
        self.refused()
        first.cancel()
        self.diagnoses.admit(7)

    def test_other_accounts_have_places_of_their_own(self) -> None:
        self.hang(4)
        self.hang(4, account=8)
        self.refused()
        self.diagnoses.admit(9)

    def test_cancelled_run_frees_its_place_at_once(self) -> None:
        first, *_ = self.hang(4)
        first.cancel()
        self.hang(1)
        self.refused()

    def test_finished_run_frees_its_place(self) -> None:
        for _ in range(5):
            self.successResultOf(self.run_one("good.test"))

    def test_run_whose_reader_fails_frees_its_place(self) -> None:
        def fault(_stage: Stage) -> None:
            raise OSError("gone")

        for _ in range(5):
            self.diagnoses.admit(7)
            run = self.diagnoses.run(7, parse_target("good.test"), Wishes(), fault)
            self.failureResultOf(Deferred.fromCoroutine(run), OSError)

    def test_world_that_cannot_be_made_frees_its_place(self) -> None:
        def fault() -> Outgoing:
            raise ValueError("a trust anchor is none")

        self.diagnoses._outgoing = fault
        for _ in range(5):
            self.failureResultOf(self.run_one("good.test"), ValueError)

    def test_accounts_that_run_nothing_are_forgotten(self) -> None:
        for account in range(50):
            self.successResultOf(self.run_one("good.test", account))
            self.diagnoses.admit(account)
        self.assertEqual(self.places._taken, {})

    def test_runs_in_other_processes_count(self) -> None:
        for _ in range(3):
            self.places.take("diagnoses", 7, None)
        self.hang(1)
        self.refused()
        self.places.free("diagnoses", 7)
        self.diagnoses.admit(7)

    def test_limit_follows_the_setting(self) -> None:
        self.change(Diagnosis, maxPerAccount=1)
        self.hang(1)
        self.refused()
        self.change(Diagnosis, maxPerAccount=2)
        self.diagnoses.admit(7)


class LimitTests(ServiceCase):
    """From settings to the limits of a run."""

    def test_defaults(self) -> None:
        self.change(SystemSettings, defaultHostname="mail.example.test")
        limits = self.diagnoses.limits()
        found = (limits.ehlo_name, limits.operation_timeout, limits.port, limits.allow_private)
        self.assertEqual(found, ("mail.example.test", 30.0, 25, True))

    def test_changed_settings_hold_for_the_next_run(self) -> None:
        self.change(Diagnosis, port=2525, operationTimeout=1500, allowPrivateTargets=False)
        limits = self.diagnoses.limits()
        self.assertEqual((limits.port, limits.operation_timeout, limits.allow_private), (2525, 1.5, False))

    def test_port_of_a_request_wins(self) -> None:
        self.assertEqual(self.diagnoses.limits(26).port, 26)

    def test_test_mode_is_off_unless_set(self) -> None:
        before = self.diagnoses.test_mode
        self.change(Diagnosis, testMode=True)
        self.assertEqual((before, self.diagnoses.test_mode), (False, True))


class EventTests(ServiceCase):
    """What is told of a run."""

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        return [event for event in self.events if event[0] != "registry.changed"]

    def test_start_and_end_with_the_verdict(self) -> None:
        summary = self.successResultOf(self.run_one("someone@good.test"))
        told = self.told()
        span = told[0][1]["spanId"]
        started = ("delivery.diagnosis-start", {"domain": "good.test", "accountId": 7, "spanId": span})
        keys = {"domain": "good.test", "result": summary.verdict, "reason": summary.result_type, "elapsed": 0}
        self.assertEqual((told[0], told[-1]), (started, ("delivery.diagnosis-end", {**keys, "spanId": span})))

    def test_stages_between_them_in_their_order(self) -> None:
        self.successResultOf(self.run_one("someone@good.test"))
        expected = """
            delivery.diagnosis-start delivery.domain-delivery-start delivery.mx-lookup mta-sts.policy-not-found
            tls-rpt.record-not-found dane.tlsa-record-not-dnssec-signed delivery.ip-lookup delivery.connect
            delivery.greeting delivery.ehlo delivery.start-tls delivery.ehlo delivery.mail-from delivery.rcpt-to
            delivery.raw-input delivery.raw-input delivery.raw-input delivery.raw-input delivery.raw-input
            delivery.raw-input delivery.address-done delivery.diagnosis-end"""
        self.assertEqual([id for id, _ in self.told() if id != "delivery.finding"], expected.split())

    def test_span_is_one_for_the_whole_run_and_another_for_each(self) -> None:
        for _ in range(2):
            self.successResultOf(self.run_one("good.test"))
        spans = [values["spanId"] for _, values in self.told()]
        self.assertEqual((len(set(spans)), spans), (2, sorted(spans)))
        self.assertIsNone(current())

    def test_runs_at_the_same_time_are_told_apart(self) -> None:
        hanging = self.run_one("hanging.test")
        self.successResultOf(self.run_one("good.test"))
        hanging.cancel()
        self.failureResultOf(hanging, CancelledError)
        domains: dict[int, set[str]] = {}
        for _, values in self.told():
            domains.setdefault(values["spanId"], set()).add(values["domain"])
        self.assertEqual(sorted(map(sorted, domains.values())), [["good.test"], ["hanging.test"]])

    def test_run_that_is_cancelled_is_told_so(self) -> None:
        running = self.run_one("hanging.test")
        self.clock.advance(1.5)
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual((self.told()[-1][1]["result"], self.told()[-1][1]["elapsed"]), ("cancelled", 1500))

    def test_run_that_fails_is_not_called_cancelled(self) -> None:
        self.diagnoses._outgoing = lambda: 1 / 0  # type: ignore[assignment,return-value]
        self.failureResultOf(self.run_one("good.test"), ZeroDivisionError)
        self.assertEqual(self.told()[-1][1]["result"], "failed")

    def test_duration_is_measured_by_verdict(self) -> None:
        summary = self.successResultOf(self.run_one("good.test"))
        running = self.run_one("hanging.test")
        self.clock.advance(1.5)
        running.cancel()
        self.failureResultOf(running, CancelledError)
        found = self.telemetry.book.read([DIAGNOSIS_DURATION])[DIAGNOSIS_DURATION]
        seconds = {labels: (numbers[0], sum(numbers[1:])) for labels, numbers in found.items()}
        self.assertEqual(seconds, {(summary.verdict,): (0.0, 1), ("cancelled",): (1.5, 1)})
