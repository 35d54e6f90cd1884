"""The usual source, where the tests of the methods do not show it."""

from __future__ import annotations

from typing import Any

from stalwart.errors import NotFound
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.object_source import ObjectSource
from tests.jmap.standard.notes import NOTE, NOW, NUMBER, NotesCase


class ObjectSourceTests(NotesCase):
    def setUp(self) -> None:
        super().setUp()
        self.source = ObjectSource(NUMBER)
        self.asking = Asking(NOTE.declared, self.request, 1, NOW)

    def do(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def test_what_is_not_there(self) -> None:
        other = self.do(lambda tx: tx.objects.insert(1, 7, now=0)).id
        for id in (None, 99, other, 1 << 63):
            for method in (self.source.update, self.source.destroy):
                failure = self.store.write(lambda tx, method=method, id=id: method(tx, self.asking, Change("x", id)))
                self.failureResultOf(failure, NotFound)

    def test_an_update_keeps_what_it_does_not_name(self) -> None:
        id = self.do(lambda tx: self.source.create(tx, self.asking, Change("x", new={"title": "a", "kind": "list"})))
        self.do(lambda tx: self.source.update(tx, self.asking, Change("x", id, {"title": "a"}, {"title": "b"})))
        found = self.do(lambda tx: self.source.fetch(tx, self.asking, [id], ["title", "kind", "x-more"], 1))
        self.assertEqual(found, [(id, {"title": "b", "kind": "list"})])

    def test_computed_properties_need_a_source_that_computes(self) -> None:
        failure = self.store.read(lambda tx: self.source.fetch(tx, self.asking, None, ["length"], 1))
        self.failureResultOf(failure, NotImplementedError)

    def test_a_limit(self) -> None:
        self.made("a", "b", "c")
        self.assertEqual(len(self.do(lambda tx: self.source.fetch(tx, self.asking, None, [], 2))), 2)
