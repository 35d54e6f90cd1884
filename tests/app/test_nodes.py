"""The company among nodes: what it tells them, what it hears of them, who leads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.company import Alone
from stalwart.app.node_counters import PAUSE
from stalwart.app.nodes import Both, Inbox, NodeCompany
from stalwart.app.workers.changes import EVERYTHING, Kind
from stalwart.config import registry
from stalwart.config.storage.cluster import ClusterNode
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry


class TwinNeighbours:
    """Keeps what is said."""

    id = 1

    def __init__(self) -> None:
        self.asked: list[Deferred[frozenset[int]]] = []
        self.said: list[Any] = []
        self.hear: Callable[[Any], object] = print
        self.leading: tuple[Callable[[], object], Callable[[], object]] | None = None

    def listen(self, hear: Callable[[Any], object]) -> None:
        self.hear = hear

    def tell(self, word: Any) -> None:
        self.said.append(word)

    def others(self) -> Deferred[frozenset[int]]:
        self.asked.append(Deferred())
        return self.asked[-1]

    def superseded(self, end: Callable[[], object]) -> None:
        self.end = end

    def lead(self, begin: Callable[[], object], lost: Callable[[], object]) -> None:
        self.leading = begin, lost


class Part:
    """Something that is called, by the names of its methods."""

    def __init__(self, log: list[Any], **members: Any) -> None:
        self._log = log
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **named: self._log.append((name, *arguments))


class CompanyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.neighbours: Any = TwinNeighbours()
        self.again = 0
        self.clock = Clock()
        self.company = NodeCompany(Alone(), self.neighbours, self.start_again, self.clock)
        self.log: list[Any] = []
        self.events: list[str] = []
        telemetry: Any = Telemetry()
        self.patch(telemetry, "emit", lambda event, **keys: self.events.append(event.id))
        settings: Any = Part(self.log)

        async def reload(announced: bool) -> None:
            self.log.append(("reload", announced))

        settings.reload = reload
        keys: Any = Part(self.log)

        async def load() -> None:
            self.log.append(("load",))

        keys.load = load
        below: Any = Part(
            self.log,
            store=MemoryStore(self.clock.seconds),
            hostname="one.test",
            config_path=Path("/one/config.json"),
            directory=Part(self.log),
            outgoing=Part(self.log),
            settings=settings,
            telemetry=telemetry,
        )
        self.below = below
        self.addCleanup(self.company.closing)
        self.changes = self.company.changes(below, keys, Part(self.log))

    def start_again(self) -> None:
        self.again += 1

    def test_others_are_told_what_they_must_know(self) -> None:
        self.company.forgot(7)
        self.company.forgot(None)
        self.company.changed_settings()
        self.company.changed_keys()
        self.company.changed_certificate(3)
        self.company.changed_certificate(None)
        self.company.changed_challenges(4)
        self.company.changed_objects(5)
        self.company.changed_subscriptions(6)
        kinds = [(Kind(kind).name, subject) for kind, subject in self.neighbours.said]
        wanted = [
            ("ACCOUNT", 7),
            ("ACCOUNTS", 0),
            ("SETTINGS", 0),
            ("KEYS", 0),
            ("CERTIFICATE", 3),
            ("CERTIFICATES", 0),
        ]
        self.assertEqual(kinds, [*wanted, ("CHALLENGE", 4), ("OBJECTS", 5), ("SUBSCRIPTIONS", 6)])

    def test_who_changes_accounts_settings_or_keys_waits_until_the_others_know(self) -> None:
        company = self.company
        for number, change in enumerate(
            (lambda: company.forgot(7), lambda: company.forgot(None), company.changed_settings, company.changed_keys), 1
        ):
            change()
            waiting: Any = self.changes.agreed()
            self.assertEqual(self.neighbours.said[-1], ("ask", 1, number))
            self.neighbours.asked[-1].callback(frozenset({2}))
            self.assertNoResult(waiting)
            self.neighbours.hear(["knows", 1, number, 2])
            self.successResultOf(waiting)

    def test_who_changes_objects_does_not_wait(self) -> None:
        self.company.changed_objects(5)
        self.company.changed_subscriptions(6)
        self.assertIsNone(self.changes.agreed())

    def test_others_are_told_that_something_is_known_when_it_has_been_taken_over(self) -> None:
        self.neighbours.hear([int(Kind.ACCOUNT), 7])
        self.neighbours.hear(["ask", 2, 9])
        self.assertEqual((self.log, self.neighbours.said), ([("hear", 7)], [("knows", 2, 9, 1)]))

    def test_the_world_is_each_nodes_own(self) -> None:
        self.company.forgot_world(False)
        self.assertEqual(self.neighbours.said, [])

    def test_what_is_heard_is_taken_over_at_once(self) -> None:
        self.neighbours.hear([int(Kind.ACCOUNT), 7])
        self.neighbours.hear([int(Kind.SETTINGS), 0])
        self.neighbours.hear([int(Kind.KEYS), 0])
        self.assertEqual(self.log, [("hear", 7), ("reload", True), ("load",)])

    def test_what_only_a_newer_version_says_may_have_been_anything(self) -> None:
        self.neighbours.hear([99, 7])
        self.neighbours.hear(["later", 7, "more"])
        self.assertIn(("reload", True), self.log)

    def test_a_newer_schema_has_it_begin_anew_which_says_why_it_cannot(self) -> None:
        self.neighbours.end()
        self.assertEqual((self.again, self.events), (1, ["cluster.superseded"]))

    def test_who_was_away_believes_nothing(self) -> None:
        self.neighbours.hear(None)
        names = [entry[0] for entry in self.log]
        for wanted in ("hear", "reload", "load", "hear_certificate"):
            self.assertIn(wanted, names)

    def test_objects_and_alerts_reach_who_pushes(self) -> None:
        heard: list[Any] = []
        self.company.share_objects(Part(heard))
        self.neighbours.hear([int(Kind.OBJECTS), 5])
        self.company.told_alert(5, {"a": 1})
        self.neighbours.hear(self.neighbours.said[-1])
        self.assertEqual(heard, [("hear_objects", frozenset({5})), ("hear_alert", 5, {"a": 1})])

    def test_letters_and_tasks_wake_every_node(self) -> None:
        woken: list[str] = []
        self.company.letters(lambda: woken.append("letters"))()
        runner: Any = Part([])
        runner.wake = lambda: woken.append("tasks")
        self.company.tasks(runner).wake()
        self.assertEqual(woken, ["letters", "tasks"])
        for word in list(self.neighbours.said):
            self.neighbours.hear(word)
        self.assertEqual(woken, ["letters", "tasks", "letters", "tasks"])

    def test_limits_are_counted_together(self) -> None:
        for name in ("limits", "lasting"):
            getattr(self.company, name).increment("anonymous", "x", 5)
            self.clock.advance(PAUSE)
            self.neighbours.hear(self.neighbours.said[-1])  # as if another one had counted
            self.assertEqual(getattr(self.company, name).increment("anonymous", "x", 5), 3)

    def test_of_several_processes_of_a_computer_one_counts_what_others_say(self) -> None:
        inner: Any = Alone()
        inner.is_first = False
        company = NodeCompany(inner, self.neighbours, self.start_again, self.clock)
        self.neighbours.hear(["limits", [["anonymous", "x", 5, 7]]])
        self.assertEqual(company.limits.increment("anonymous", "x", 5), 1)

    def test_a_node_that_may_not_lead_shows_itself_only(self) -> None:
        self.company.stands = False
        self.company.lead(lambda: self.fail("it leads"))
        self.assertIsNone(self.neighbours.leading)
        (node,) = self.successResultOf(self.below.store.read(lambda tx: registry.listed(tx, ClusterNode)))
        self.assertEqual((node.value.hostname, node.value.leads), ("one.test", False))

    def test_leading_is_of_all_nodes(self) -> None:
        led: list[bool] = []
        self.company.lead(lambda: led.append(True))
        self.assertEqual(led, [])
        begin, lost = self.neighbours.leading
        begin()
        self.assertEqual((led, self.events), ([True], ["cluster.leads"]))
        nodes = self.successResultOf(self.below.store.read(lambda tx: registry.listed(tx, ClusterNode)))
        self.assertEqual([node.value.hostname for node in nodes], ["one.test"])
        self.assertTrue(nodes[0].value.leads)
        lost()
        self.assertEqual((self.again, self.events[1:]), (1, ["cluster.leads-no-more"]))

    def test_after_its_end_nothing_is_heard(self) -> None:
        self.company.closing()
        for word in ([int(Kind.SETTINGS), 0], ["letters"], ["tasks"], ["alert", 1, {}], None):
            self.neighbours.hear(word)
        self.assertEqual(self.log, [])

    def test_a_little_more_time_until_all_know(self) -> None:
        self.assertGreater(self.company.settling, Alone.settling)


class InboxTests(SynchronousTestCase):
    def test_it_is_empty_when_it_was_read(self) -> None:
        inbox = Inbox()
        inbox.put(Kind.ACCOUNT, 3)
        self.assertTrue(inbox.is_behind)
        self.assertEqual(inbox.take().accounts, frozenset({3}))
        self.assertFalse(inbox.is_behind)
        inbox.miss()
        self.assertEqual((inbox.take(), inbox.is_behind), (EVERYTHING, False))


class BothTests(SynchronousTestCase):
    def test_all_are_waited_for(self) -> None:
        class Source:
            def __init__(self, waiting: Any) -> None:
                self.waiting = waiting

            def look(self) -> Any:
                return self.waiting

            def agreed(self) -> Any:
                return self.waiting

        one: Deferred[None] = Deferred()
        two: Deferred[None] = Deferred()
        self.assertIsNone(Both(Source(None), Source(None)).look())
        self.assertIs(Both(Source(None), Source(one)).look(), one)
        self.assertIsNone(Both(Source(None), Source(None)).agreed())
        self.assertIs(Both(Source(None), Source(one)).agreed(), one)
        waiting: Any = Both(Source(one), Source(two)).look()
        one.callback(None)
        self.assertNoResult(waiting)
        two.callback(None)
        self.successResultOf(waiting)
