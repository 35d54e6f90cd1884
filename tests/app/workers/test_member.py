"""What a worker shares: news out and in, leading, and what it does with the words of the parent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from stalwart.app.process_log import LogForm
from stalwart.app.workers.changes import ChangeRing, Kind, News
from stalwart.app.workers.member import Member
from stalwart.app.workers.memory import COUNTERS
from stalwart.codec.trace_query import TraceQuery
from stalwart.directory.places import CONNECTIONS
from stalwart.errors import Unavailable
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_SUCCESS, Level
from stalwart.telemetry.tracing.subscriptions import Subscriptions
from tests.app.workers.world import MemoryCase


class FakeRunner:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.noted: Any = None
        self.works: dict[str, Any] = {}

    def wake(self) -> None:
        self.asked.append("wake")

    def cancel(self, id: int) -> None:
        self.asked.append(id)


class FakeBelow:
    """Foundations, as far as changes are taken over; ``settings`` fail with ``problem``."""

    def __init__(self) -> None:
        self.directory = self.outgoing = self.settings = self
        self.asked: list[Any] = []
        self.problem: Exception | None = None
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged

    def hear(self, account_id: int | None = None) -> None:
        self.asked.append(account_id)

    async def reload(self, *, announced: bool) -> None:
        self.asked.append("settings")
        if self.problem is not None:
            raise self.problem

    async def load(self) -> None:
        self.asked.append("keys")

    def hear_certificate(self, id: int | None) -> None:
        self.asked.append(("certificate", id))


class MemberCase(MemoryCase):
    """Worker 2, and ``self.ring``, which is another worker's."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.member = self.new(2)
        self.ring = ChangeRing(self.memory)
        self.addCleanup(self.ring.close)
        self.below = FakeBelow()

    def new(self, number: int, *, is_first: bool = False) -> Member:
        member = Member(number, self.memory, self.clock, self.send, is_first=is_first)
        self.addCleanup(member._ring.close)
        return member

    def send(self, do: str, **members: Any) -> None:
        self.sent.append((do, members))

    def hear(self, do: str, **members: Any) -> None:
        self.member.heard({"do": do, **members}, None)

    def changes(self) -> Any:
        below: Any = self.below
        return self.member.changes(below, below, below)


class TellingTests(MemberCase):
    """News of this process."""

    def test_each_kind_is_there_for_the_next_request_elsewhere(self) -> None:
        self.member.forgot(7)
        self.assertEqual(self.ring.take(), News(frozenset({Kind.ACCOUNT}), frozenset({7})))
        for tell, kind in (
            (lambda: self.member.forgot(None), Kind.ACCOUNTS),
            (self.member.changed_settings, Kind.SETTINGS),
            (self.member.changed_keys, Kind.KEYS),
            (lambda: self.member.forgot_world(True), Kind.ANSWERS),
            (lambda: self.member.forgot_world(False), Kind.WORLD),
            (lambda: self.member.changed_certificate(None), Kind.CERTIFICATES),
        ):
            tell()
            self.assertEqual(self.ring.take(), News(frozenset({kind})))

    def test_form_of_the_log_is_for_the_parent(self) -> None:
        self.member.shape_log(LogForm(json=True), self.clock)
        form = {"ansi": False, "multiline": False, "json": True, "buffered": False}
        self.assertEqual(self.sent, [("shape-log", {"form": form})])

    def test_one_certificate_and_one_challenge(self) -> None:
        self.member.changed_certificate(7)
        self.member.changed_challenges(3)
        news = self.ring.take()
        self.assertEqual((news.certificates, news.challenges), ({7}, {3}))
        self.assertEqual(news.kinds, {Kind.CERTIFICATE, Kind.CHALLENGE})

    def test_others_have_heard_after_a_while(self) -> None:
        self.assertGreater(self.member.settling, 0)

    def test_account_0_is_one_and_not_all(self) -> None:
        self.member.forgot(0)
        self.assertEqual(self.ring.take(), News(frozenset({Kind.ACCOUNT}), frozenset({0})))

    def test_parent_is_told_once_for_all_of_one_turn(self) -> None:
        for account in range(5):
            self.member.forgot(account)
        self.assertEqual(self.sent, [])
        self.clock.advance(0)
        self.assertEqual(self.sent, [("changed", {})])
        self.member.changed_keys()
        self.clock.advance(0)
        self.assertEqual(self.sent, [("changed", {})] * 2)

    def test_own_news_are_not_taken_over(self) -> None:
        changes = self.changes()
        self.member.changed_settings()
        self.assertIsNone(changes.look())


class AcceptingTests(MemberCase):
    """Which worker takes the next connection."""

    def test_connections_of_http_and_of_mail_are_compared(self) -> None:
        other = self.new(3)
        self.assertEqual(self.member._share.lead("a"), 0)
        for kind in CONNECTIONS:
            self.member.places.take(kind, "a", None)
            self.assertEqual(self.member._share.lead("a"), 1)
            self.assertEqual(self.member._share.lead("b"), 0)
            other.places.take(kind, "a", None)
            self.assertEqual(self.member._share.lead("a"), 0)


class HearingTests(MemberCase):
    """News of the others."""

    def test_news_since_before_the_store_was_read_are_taken_over(self) -> None:
        self.ring.publish(Kind.SETTINGS)
        waiting = self.changes().look()
        self.successResultOf(waiting)
        self.assertEqual(self.below.asked, ["settings"])

    def test_process_that_has_no_request_looks_when_the_parent_says_so(self) -> None:
        self.changes()
        self.ring.publish(Kind.ACCOUNT, 7)
        self.ring.publish(Kind.KEYS)
        self.hear("look")
        self.assertEqual(self.below.asked, [7, "keys"])

    def test_certificates_of_others_are_taken_over(self) -> None:
        self.changes()
        self.ring.publish(Kind.CERTIFICATE, 7)
        self.hear("look")
        self.assertEqual(self.below.asked, [("certificate", 7)])

    def test_failure_with_nobody_waiting_is_an_event(self) -> None:
        events: list[tuple[str, dict[str, Any]]] = []
        self.below.telemetry.observe(lambda event, keys: events.append((event.id, keys)))
        self.changes()
        self.ring.publish(Kind.SETTINGS)
        self.below.problem = Unavailable("gone")
        self.hear("look")
        self.assertEqual([(id, keys["reason"]) for id, keys in events], [("store.unexpected-error", "gone")])
        self.below.problem = None
        self.hear("look")
        self.assertEqual(self.below.asked, ["settings", "settings"])

    def test_closed_house_does_not_look(self) -> None:
        self.hear("look")
        self.changes()
        self.member.closing()
        self.ring.publish(Kind.SETTINGS)
        self.hear("look")
        self.assertEqual(self.below.asked, [])

    def test_house_that_is_opened_again_looks_again(self) -> None:
        self.changes()
        self.member.closing()
        self.changes()
        self.ring.publish(Kind.SETTINGS)
        self.hear("look")
        self.assertEqual(self.below.asked, ["settings"])


class FakePush:
    """Hears of objects and subscriptions."""

    def __init__(self) -> None:
        self.objects: list[Collection[int] | None] = []
        self.subscriptions: list[Collection[int] | None] = []
        self.alerts: list[tuple[int, Mapping[str, Any]]] = []

    def hear_objects(self, account_ids: Collection[int] | None) -> None:
        self.objects.append(account_ids)

    def hear_subscriptions(self, account_ids: Collection[int] | None) -> None:
        self.subscriptions.append(account_ids)

    def hear_alert(self, account_id: int, alert: Mapping[str, Any]) -> None:
        self.alerts.append((account_id, alert))


class ObjectTests(MemberCase):
    """Objects change often: they are told of only where somebody listens."""

    def kinds(self) -> frozenset[int]:
        return self.ring.take().objects

    def test_nobody_is_told_while_nobody_listens_elsewhere(self) -> None:
        self.member.changed_objects(7)
        self.member.watches_objects(True)
        self.member.changed_objects(7)
        self.assertEqual((self.kinds(), self.sent), (frozenset(), []))

    def test_others_that_listen_are_told(self) -> None:
        other = self.new(1)
        other.watches_objects(True)
        self.member.changed_objects(7)
        self.member.changed_objects(7)
        self.member.changed_objects(8)
        self.assertEqual(self.kinds(), {7, 8})
        self.clock.advance(0)
        self.assertEqual(self.sent, [("changed", {})])
        other.watches_objects(False)
        self.member.changed_objects(9)
        self.assertEqual(self.kinds(), frozenset())

    def test_the_parent_has_a_rest_between_two_words(self) -> None:
        self.new(1).watches_objects(True)
        self.member.changed_objects(7)
        self.clock.advance(0)
        self.member.changed_objects(7)
        self.clock.advance(0.004)
        self.assertEqual(len(self.sent), 1)
        self.clock.advance(0.002)
        self.assertEqual(len(self.sent), 2)

    def test_whoever_is_given_first_or_last_hears(self) -> None:
        first, last = FakePush(), FakePush()
        self.member.share_objects(first)
        self.changes()
        self.ring.publish(Kind.OBJECTS, 7)
        self.hear("look")
        self.member.share_objects(last)
        self.ring.publish(Kind.SUBSCRIPTIONS, 8)
        self.hear("look")
        self.assertEqual((first.objects, last.subscriptions), ([{7}], [{8}]))
        self.assertEqual((first.subscriptions, last.objects), ([], []))

    def test_alerts_go_to_those_who_listen(self) -> None:
        self.member.watches_objects(True)
        self.member.told_alert(7, {"uid": "x"})
        self.assertEqual(self.sent, [])
        self.new(1).watches_objects(True)
        self.member.told_alert(7, {"uid": "x"})
        self.assertEqual(self.sent, [("alert", {"account": 7, "alert": {"uid": "x"}})])

    def test_alerts_of_others_are_heard(self) -> None:
        push = FakePush()
        self.hear("alert", account=7, alert={"uid": "early"})
        self.member.share_objects(push)
        self.hear("alert", account=7, alert={"uid": "x"})
        self.member.closing()
        self.hear("alert", account=7, alert={"uid": "late"})
        self.assertEqual(push.alerts, [(7, {"uid": "x"})])

    def test_subscriptions_are_told_in_any_case(self) -> None:
        self.member.changed_subscriptions(7)
        self.assertEqual(self.ring.take().subscriptions, {7})


class LeadingTests(MemberCase):
    """What only one of them does."""

    def setUp(self) -> None:
        super().setUp()
        self.begun: list[str] = []

    def test_it_begins_when_it_is_told(self) -> None:
        self.member.lead(lambda: self.begun.append("a"))
        self.assertEqual(self.begun, [])
        self.hear("lead")
        self.assertEqual(self.begun, ["a"])

    def test_who_was_told_before_the_house_is_open_begins_then(self) -> None:
        self.hear("lead")
        self.member.lead(lambda: self.begun.append("a"))
        self.assertEqual(self.begun, ["a"])

    def test_leader_whose_house_is_opened_again_begins_again(self) -> None:
        self.member.lead(lambda: self.begun.append("a"))
        self.hear("lead")
        self.member.closing()
        self.member.lead(lambda: self.begun.append("b"))
        self.assertEqual(self.begun, ["a", "b"])

    def test_house_that_is_closing_begins_nothing(self) -> None:
        self.member.lead(lambda: self.begun.append("a"))
        self.member.closing()
        self.hear("lead")
        self.assertEqual(self.begun, [])

    def test_tasks_are_worked_on_by_the_leader_and_asked_of_it(self) -> None:
        runner: Any = FakeRunner()
        tasks = self.member.tasks(runner)
        tasks.wake()
        self.assertEqual((self.sent, runner.asked), ([("wake", {})], []))
        self.hear("lead")
        tasks.wake()
        self.assertEqual((len(self.sent), runner.asked), (1, ["wake"]))

    def test_wishes_of_others_reach_the_runner(self) -> None:
        runner: Any = FakeRunner()
        self.member.tasks(runner)
        self.hear("wake")
        self.hear("cancel", task=5)
        self.assertEqual(runner.asked, ["wake", 5])

    def test_wishes_while_there_is_no_runner_are_dropped(self) -> None:
        runner: Any = FakeRunner()
        self.hear("wake")
        self.member.tasks(runner)
        self.member.closing()
        self.hear("cancel", task=5)
        self.assertEqual(runner.asked, [])

    def test_letters_are_told_to_the_leader_once_for_many(self) -> None:
        woken: list[str] = []
        queued = self.member.letters(lambda: woken.append("woken"))
        queued()
        queued()
        self.clock.advance(0.01)
        self.assertEqual((self.sent, woken), ([("letters", {})], []))
        queued()
        self.clock.advance(0.01)
        self.assertEqual(len(self.sent), 2)

    def test_letters_of_others_are_sent_by_the_leader(self) -> None:
        woken: list[str] = []
        queued = self.member.letters(lambda: woken.append("woken"))
        self.hear("lead")
        self.hear("letters")
        queued()
        self.assertEqual((woken, self.sent), (["woken"] * 2, []))
        self.member.closing()
        self.hear("letters")
        queued()
        self.assertEqual(len(woken), 2)

    def test_running_tasks_of_the_leader_are_known_to_others(self) -> None:
        runner, idle = FakeRunner(), FakeRunner()
        given: tuple[Any, Any] = (runner, idle)
        self.member.tasks(given[0])
        others = self.new(1).tasks(given[1])
        self.hear("lead")
        ids: Collection[int] = [5]
        runner.noted(ids)
        self.assertTrue(others.is_running(5))


class TraceTests(MemberCase):
    """The live trace, here and elsewhere."""

    def setUp(self) -> None:
        super().setUp()
        self.subscriptions = Subscriptions(self.below.telemetry, self.clock)

    def test_parent_hears_who_reads_here(self) -> None:
        self.member.share_trace(self.subscriptions)
        self.subscriptions.subscribe(TraceQuery()).close()
        self.assertEqual(self.sent, [("listen", {"level": Level.DEBUG}), ("listen", {"level": None})])

    def test_what_happens_here_is_sent_while_others_read(self) -> None:
        self.member.share_trace(self.subscriptions)
        self.hear("listen", level=2)
        self.below.telemetry.emit(AUTH_SUCCESS)
        self.clock.advance(1)
        ((do, members),) = self.sent
        self.assertEqual((do, members["events"][0][0], members["dropped"]), ("trace", "auth.success", 0))

    def test_wish_of_others_may_come_before_there_is_anything_to_tell(self) -> None:
        self.hear("listen", level=2)
        self.member.share_trace(self.subscriptions)
        self.assertTrue(self.below.telemetry.wants(AUTH_SUCCESS))

    def test_readers_here_get_what_happens_elsewhere(self) -> None:
        self.member.share_trace(self.subscriptions)
        reader = self.subscriptions.subscribe(TraceQuery())
        self.hear("trace", events=[["auth.success", 2, None, "{}"]], dropped=3)
        self.assertEqual((reader.told(), reader.take(100, reader.end)), (3, b"[{}]"))

    def test_nothing_after_the_end(self) -> None:
        self.member.share_trace(self.subscriptions)
        self.hear("listen", level=2)
        self.member.closing()
        self.hear("listen", level=2)
        self.assertFalse(self.below.telemetry.wants(AUTH_SUCCESS))


class SharedTests(MemberCase):
    """Counters, places, sockets, and the rest of what the parent says."""

    def test_places_are_those_of_its_own_number(self) -> None:
        self.member.places.take("uploads", 7, None)
        self.assertEqual(self.new(3).places.taken("uploads", 7), 1)
        self.memory.free(2)
        self.assertEqual(self.member.places.taken("uploads", 7), 0)

    def test_reset_of_the_limits_leaves_what_lasts(self) -> None:
        other = self.new(1)
        self.member.limits.increment("anonymous", "x", 5)
        self.member.lasting.increment("scan", "x", 5)
        other.limits.clear()
        self.assertEqual(other.limits.increment("anonymous", "x", 5), 1)
        self.assertEqual(other.lasting.increment("scan", "x", 5), 2)

    def test_every_space_is_counted_in(self) -> None:
        limits, lasting = ("anonymous", "authenticated", "form"), ("scan", "dpop-even", "dpop-odd")
        for counters, spaces in ((self.member.limits, limits), (self.member.lasting, lasting)):
            for space in spaces:
                self.assertEqual(counters.increment(space, "x", 5), 1)
        self.assertEqual((*limits, *lasting), COUNTERS)

    def test_it_says_when_it_serves(self) -> None:
        self.member.opened("bootstrap", lambda: None)
        self.assertEqual(self.sent, [("opened", {"mode": "bootstrap"})])

    def test_wish_to_reload_reaches_the_house(self) -> None:
        wishes: list[int] = []
        self.hear("reload")
        self.member.opened("normal", lambda: wishes.append(1))
        self.hear("reload")
        self.assertEqual(wishes, [1])

    def test_answers_about_sockets_reach_whoever_asked(self) -> None:
        sockets: Any = self.member.sockets(self.clock)
        self.assertIs(sockets, self.member.sockets(self.clock))
        sockets._closing[3] = closing = Deferred[None]()
        self.hear("closed", number=3)
        self.successResultOf(closing)

    def test_whether_it_tells_what_concerns_all(self) -> None:
        self.assertEqual((self.member.is_first, self.new(1, is_first=True).is_first), (False, True))

    def test_word_that_it_does_not_know_is_nothing(self) -> None:
        self.hear("sing")
        self.assertEqual(self.sent, [])
