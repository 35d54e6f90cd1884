"""What rules ask while a letter is tried: once, and not for long."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression import ExpressionIO
from stalwart.errors import Unavailable
from stalwart.mail.queue.asking import LONGEST, Asking


class FakeWorld:
    """Notes what it is asked; ``dns_query`` answers when ``answer`` fires."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answer: Deferred[object] | None = None
        self.system = self.metric = str.upper

    def __getattr__(self, name: str) -> Any:
        async def ask(*arguments: Any) -> object:
            self.asked.append((name, *arguments))
            if self.answer is not None:
                return await self.answer
            return len(self.asked)

        return ask


class AskingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world, self.clock = FakeWorld(), Clock()
        self.asking = Asking(cast(ExpressionIO, self.world), self.clock)

    def told(self, work: Any) -> object:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def test_each_thing_is_asked_once(self) -> None:
        for _ in range(2):
            self.assertEqual(self.told(self.asking.dns_query("MX.test", "txt")), 1)
            self.assertEqual(self.told(self.asking.dns_query("mx.test", "ip")), 2)
            self.assertEqual(self.told(self.asking.key_get("a", "k")), 3)
            self.assertEqual(self.told(self.asking.key_exists("a", "k")), 4)
            self.assertEqual(self.told(self.asking.counter_get("a", "k")), 5)
            self.assertEqual(self.told(self.asking.sql_query("a", "k", ("x",))), 6)
            self.assertEqual(self.told(self.asking.is_local_address("a@b.test")), 7)
            self.assertEqual(self.told(self.asking.is_local_domain("b.test")), 8)
        self.assertEqual(self.asking.system("hostname"), "HOSTNAME")

    def test_what_changes_something_happens_each_time_and_what_was_known_is_asked_anew(self) -> None:
        self.told(self.asking.key_get("a", "k"))
        for _ in range(2):
            self.told(self.asking.key_set("a", "k", 1))
            self.told(self.asking.counter_incr("a", "k", 1))
        self.told(self.asking.key_get("a", "k"))
        names = [name for name, *_ in self.world.asked]
        self.assertEqual(names, ["key_get", *["key_set", "counter_incr"] * 2, "key_get"])

    def test_all_answers_together_have_an_end(self) -> None:
        self.world.answer = Deferred(lambda answer: None)
        first = Deferred.fromCoroutine(self.asking.dns_query("one.test", "ip"))
        self.clock.advance(LONGEST - 1)
        self.world.answer.callback("late")
        self.assertEqual(self.successResultOf(first), "late")
        self.world.answer = Deferred()
        second = Deferred.fromCoroutine(self.asking.dns_query("two.test", "ip"))
        self.assertNoResult(second)
        self.clock.advance(1)
        self.failureResultOf(second, Unavailable)
        self.failureResultOf(Deferred.fromCoroutine(self.asking.key_get("", "k")), Unavailable)
        self.assertEqual(len(self.world.asked), 2)
        self.assertEqual(self.told(self.asking.dns_query("one.test", "ip")), "late")
