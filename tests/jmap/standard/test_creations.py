"""Objects made in one transaction, and what is told of them (RFC 8620 5.3)."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.creations import Creations
from stalwart.jmap.standard.rules import Backed
from stalwart.store.store import Transaction
from tests.jmap.standard.notes import NOTE, NOW, NotesCase


class CreationsTests(NotesCase):
    def creations(self, tx: Transaction, **members: Any) -> Creations:
        declared = evolve(NOTE.declared, **members)
        return Creations(tx, Backed(declared, NOTE.source, NOTE.rules), Asking(declared, self.request, 1, NOW))

    def do(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def test_the_request_learns_nothing_before_the_commit(self) -> None:
        def work(tx: Transaction) -> dict[str, str]:
            creations = self.creations(tx)
            creations.make("a", {"title": "one"})
            return creations.created_ids

        self.request.created_ids["before"] = "zz"
        self.assertEqual(set(self.do(work)), {"before", "a"})
        self.assertEqual(set(self.request.created_ids), {"before"})

    def test_a_type_can_tell_less(self) -> None:
        def work(tx: Transaction) -> dict[str, Any]:
            creations = self.creations(tx, announced=frozenset(("length", "title")))
            creations.make("a", {"title": "one"})
            return creations.answers()

        told = self.do(work)["a"]
        self.assertEqual(list(told), ["id", "length"])

    def test_nothing_made_is_nothing_told(self) -> None:
        self.assertEqual(self.do(lambda tx: self.creations(tx).answers()), {})

    def test_what_is_refused_leaves_the_others(self) -> None:
        def work(tx: Transaction) -> dict[str, Any]:
            creations = self.creations(tx)
            creations.make("a", {"title": "one"})
            self.assertRaises(SetRefused, creations.make, "b", {"title": "unlucky"})
            return creations.answers()

        self.assertEqual(list(self.do(work)), ["a"])
        self.assertEqual(len(self.call("get")["list"]), 1)
