"""Answers to challenges are where every process finds them, and end."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.tls.challenge_answers import LIFETIME, HttpAnswers, TlsAnswers
from stalwart.tls.pairs import Pair

NOW = 1_800_000_000
PAIR = Pair((b"certificate",), b"key", frozenset(("a.test",)), NOW, NOW + 1)


class AnswersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.clock = Clock()
        self.clock.advance(NOW)

    def done(self, work: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def test_tokens_are_answered_until_they_are_removed_or_old(self) -> None:
        answers = HttpAnswers(self.store, self.clock)
        self.done(answers.put("token", "token.thumb"))
        self.assertEqual(self.done(HttpAnswers(self.store, self.clock).find("token")), "token.thumb")
        for unknown in ("", "other", "x" * 5000, "%00", "../token"):
            self.assertIsNone(self.done(answers.find(unknown)))
        self.done(answers.remove("token"))
        self.assertIsNone(self.done(answers.find("token")))
        self.done(answers.put("token", "token.thumb"))
        self.clock.advance(LIFETIME)
        self.assertIsNone(self.done(answers.find("token")))

    def tls(self, told: list[int] | None = None) -> TlsAnswers:
        announce = told.append if told is not None else (lambda id: None)
        return TlsAnswers(self.store, self.clock, Telemetry(), announce)

    def test_certificates_reach_the_other_processes(self) -> None:
        told: list[int] = []
        here, there = self.tls(told), self.tls()
        self.done(here.put(5, "A.test", PAIR))
        self.done(here.put(5, "b.test", PAIR))
        self.assertEqual(told, [5, 5])
        self.assertIs(here.pair_for("a.TEST"), PAIR)
        self.assertIsNone(there.pair_for("a.test"))
        there.hear(5)
        found = there.pair_for("a.test")
        assert found is not None
        self.assertEqual((found.chain, found.key, found.names), (PAIR.chain, PAIR.key, PAIR.names))
        self.done(here.remove(5, "a.test"))
        there.hear(5)
        self.assertIsNone(there.pair_for("a.test"))
        self.assertIsNotNone(there.pair_for("b.test"))
        self.done(here.remove(5, "b.test"))
        there.hear(5)
        self.assertIsNone(there.pair_for("b.test"))

    def test_kinds_do_not_meet(self) -> None:
        self.done(self.tls().put(5, "a.test", PAIR))
        self.assertIsNone(self.done(HttpAnswers(self.store, self.clock).find("5")))
        self.assertIsNone(self.done(HttpAnswers(self.store, self.clock).find("a.test")))
