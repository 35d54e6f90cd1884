"""Taking over what other workers have changed: what is forgotten at once, what requests wait for, and failed reads."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from stalwart.app.workers.changes import CAPACITY, ChangeRing, Kind
from stalwart.app.workers.following import Following
from stalwart.config.network.http import Http
from stalwart.config.settings import Settings, SettingsBroken
from stalwart.errors import Unavailable
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from tests.app.workers.world import MemoryCase


class Parts:
    """Directory, outgoing world, settings and keys of one process, and what they were asked; reads wait in ``gates``.

    ``read`` is what settings and keys have seen: the number of things that others had written by then.
    """

    def __init__(self) -> None:
        self.directory = self.outgoing = self.settings = self
        self.asked: list[Any] = []
        self.gates: list[Deferred[None]] = []
        self.problem: Exception | None = None

    def hear(self, account_id: int | None = None, *, answers_only: bool | None = None) -> None:
        self.asked.append(account_id if answers_only is None else "answers")

    async def reload(self, *, announced: bool) -> None:
        assert announced
        await self._read("settings")

    async def load(self) -> None:
        await self._read("keys")

    async def _read(self, what: str) -> None:
        self.asked.append(what)
        gate: Deferred[None] = Deferred()
        self.gates.append(gate)
        await gate
        if self.problem is not None:
            raise self.problem

    def answer(self, problem: Exception | None = None) -> None:
        """Let the oldest read end."""
        self.problem = problem
        self.gates.pop(0).callback(None)


class Outgoing:
    """Notes what it is told apart from accounts."""

    def __init__(self, asked: list[Any]) -> None:
        self.asked = asked

    def hear(self, *, answers_only: bool = False) -> None:
        self.asked.append("answers" if answers_only else "world")


class FakeCertificates:
    """Notes what it is told."""

    def __init__(self, asked: list[Any]) -> None:
        self.asked = asked

    def hear_certificate(self, id: int | None) -> None:
        self.asked.append(("certificate", id))

    def hear_challenge(self, domain_id: int) -> None:
        self.asked.append(("challenge", domain_id))


class FollowingCase(MemoryCase):
    """``self.other`` is another worker."""

    def setUp(self) -> None:
        super().setUp()
        self.other, ring = ChangeRing(self.memory), ChangeRing(self.memory)
        self.addCleanup(self.other.close)
        self.addCleanup(ring.close)
        self.parts = Parts()
        self.parts.outgoing = Outgoing(self.parts.asked)  # type: ignore[assignment]
        parts: Any = self.parts  # as far as they are asked
        self.following = Following(ring, parts, parts, FakeCertificates(self.parts.asked))

    def look(self) -> Deferred[None]:
        waiting = self.following.look()
        assert waiting is not None
        return waiting

    def publish(self, *kinds: Kind) -> None:
        for kind in kinds:
            self.other.publish(kind)


class AtOnceTests(FollowingCase):
    """What needs no reading."""

    def test_nothing_new_costs_nothing(self) -> None:
        self.assertIsNone(self.following.look())
        self.assertEqual(self.parts.asked, [])

    def test_account_is_forgotten(self) -> None:
        self.other.publish(Kind.ACCOUNT, 7)
        self.assertIsNone(self.following.look())
        self.assertEqual(self.parts.asked, [7])

    def test_each_account_is_forgotten_once(self) -> None:
        for account in (7, 8, 7):
            self.other.publish(Kind.ACCOUNT, account)
        self.following.look()
        self.following.look()
        self.assertEqual(sorted(self.parts.asked), [7, 8])

    def test_all_accounts_are_forgotten(self) -> None:
        self.publish(Kind.ACCOUNTS)
        self.assertIsNone(self.following.look())
        self.assertEqual(self.parts.asked, [None])

    def test_answers_of_the_name_service_are_forgotten(self) -> None:
        self.publish(Kind.ANSWERS)
        self.assertIsNone(self.following.look())
        self.assertEqual(self.parts.asked, ["answers"])

    def test_world_has_its_answers_in_it(self) -> None:
        self.publish(Kind.ANSWERS, Kind.WORLD)
        self.assertIsNone(self.following.look())
        self.assertEqual(self.parts.asked, ["world"])

    def test_certificates_and_challenges_are_told_to_whoever_serves_tls(self) -> None:
        self.other.publish(Kind.CERTIFICATE, 7)
        self.other.publish(Kind.CHALLENGE, 3)
        self.publish(Kind.CERTIFICATES)
        self.assertIsNone(self.following.look())
        self.assertEqual(self.parts.asked, [("certificate", 7), ("certificate", None), ("challenge", 3)])

    def test_objects_and_subscriptions_are_told_to_whoever_pushes(self) -> None:
        asked: list[Any] = []

        class Push:
            def hear_objects(self, account_ids: Any) -> None:
                asked.append(("objects", account_ids))

            def hear_subscriptions(self, account_ids: Any) -> None:
                asked.append(("subscriptions", account_ids))

        self.other.publish(Kind.OBJECTS, 7)
        self.following.look()
        self.following.objects = Push()
        self.other.publish(Kind.OBJECTS, 7)
        self.other.publish(Kind.SUBSCRIPTIONS, 8)
        self.following.look()
        self.publish(Kind.ALL_OBJECTS, Kind.ALL_SUBSCRIPTIONS)
        self.following.look()
        everything = [("objects", None), ("subscriptions", None)]
        self.assertEqual(asked, [("objects", {7}), ("subscriptions", {8}), *everything])

    def test_process_without_tls_has_nobody_to_tell(self) -> None:
        ring = ChangeRing(self.memory)
        self.addCleanup(ring.close)
        parts: Any = self.parts
        self.publish(Kind.CERTIFICATES)
        self.assertIsNone(Following(ring, parts, parts).look())
        self.assertEqual(self.parts.asked, [])


class ReadingTests(FollowingCase):
    """What requests wait for."""

    def test_request_waits_until_settings_are_read(self) -> None:
        self.publish(Kind.SETTINGS)
        waiting = self.look()
        self.assertNoResult(waiting)
        self.assertEqual(self.parts.asked, ["settings"])
        self.parts.answer()
        self.successResultOf(waiting)
        self.assertIsNone(self.following.look())

    def test_request_waits_until_keys_are_read(self) -> None:
        self.publish(Kind.KEYS)
        waiting = self.look()
        self.parts.answer()
        self.successResultOf(waiting)
        self.assertEqual(self.parts.asked, ["keys"])

    def test_who_was_left_behind_takes_everything_over(self) -> None:
        for _ in range(CAPACITY + 1):
            self.other.publish(Kind.ACCOUNT, 5)
        waiting = self.look()
        self.parts.answer()
        self.assertNoResult(waiting)
        self.parts.answer()
        self.successResultOf(waiting)
        self.assertEqual(self.parts.asked, [None, "world", ("certificate", None), "settings", "keys"])

    def test_all_requests_wait_for_one_read(self) -> None:
        self.publish(Kind.SETTINGS)
        waiting = [self.look() for _ in range(3)]
        self.assertEqual(self.parts.asked, ["settings"])
        self.parts.answer()
        for each in waiting:
            self.successResultOf(each)

    def test_change_during_a_read_is_read_after_it(self) -> None:
        self.publish(Kind.SETTINGS)
        first = self.look()
        self.publish(Kind.SETTINGS)
        second = self.look()
        self.parts.answer()
        self.assertNoResult(second)
        self.parts.answer()
        self.successResultOf(second)
        self.successResultOf(first)
        self.assertEqual(self.parts.asked, ["settings", "settings"])

    def test_account_is_forgotten_while_a_read_is_under_way(self) -> None:
        self.publish(Kind.SETTINGS)
        self.look()
        self.other.publish(Kind.ACCOUNT, 7)
        self.assertNoResult(self.look())
        self.assertEqual(self.parts.asked, ["settings", 7])
        self.parts.answer()

    def test_client_that_leaves_does_not_end_the_read(self) -> None:
        self.publish(Kind.SETTINGS)
        leaving, staying = self.look(), self.look()
        leaving.cancel()
        self.failureResultOf(leaving, CancelledError)
        self.assertNoResult(staying)
        self.parts.answer()
        self.successResultOf(staying)


class FailureTests(FollowingCase):
    """Reads that fail."""

    def test_everybody_who_waits_is_told_and_the_next_request_reads_again(self) -> None:
        self.publish(Kind.SETTINGS)
        waiting = [self.look(), self.look()]
        self.parts.answer(Unavailable("gone"))
        for each in waiting:
            self.failureResultOf(each, Unavailable)
        again = self.look()
        self.parts.answer()
        self.successResultOf(again)
        self.assertEqual(self.parts.asked, ["settings", "settings"])
        self.assertIsNone(self.following.look())

    def test_what_was_read_before_the_failure_is_read_again_with_the_rest(self) -> None:
        self.publish(Kind.SETTINGS, Kind.KEYS)
        first = self.look()
        self.parts.answer()
        self.publish(Kind.SETTINGS)
        second = self.look()
        self.parts.answer(Unavailable("gone"))
        self.failureResultOf(first, Unavailable)
        self.failureResultOf(second, Unavailable)
        again = self.look()
        self.parts.answer()
        self.parts.answer()
        self.successResultOf(again)
        self.assertEqual(self.parts.asked, ["settings", "keys"] * 2)

    def test_settings_that_cannot_be_used_stop_nobody(self) -> None:
        self.publish(Kind.SETTINGS, Kind.KEYS)
        waiting = self.look()
        self.parts.answer(SettingsBroken(("Http", 0), "no"))
        self.parts.answer()
        self.successResultOf(waiting)
        self.assertIsNone(self.following.look())


class RealSettingsTests(FollowingCase):
    """The settings of two processes over one store."""

    def setUp(self) -> None:
        super().setUp()
        store = MemoryStore()
        self.addCleanup(store.close)
        telemetry, clock = Telemetry(), Clock()
        self.theirs = Settings(store, telemetry, clock, announce=lambda: self.other.publish(Kind.SETTINGS))
        self.ours = Settings(store, telemetry, clock, announce=lambda: self.fail("told back"))
        self.parts.settings = self.ours  # type: ignore[assignment]

    def test_change_over_there_is_in_force_here_before_the_next_request(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.theirs.change(Http, {"enableHsts": True})))
        self.assertFalse(self.ours.of(Http).enable_hsts)
        self.successResultOf(self.look())
        self.assertTrue(self.ours.of(Http).enable_hsts)
