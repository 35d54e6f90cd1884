"""``Found``: pages, counts and places of what a search finds; ``literal``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.sql.found import Found, literal
from stalwart.store.sqlite.connection import open_memory

WORDS = ["100%", "100 of 100", "a_b", "axb", "!"]


class FoundTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.session = open_memory()
        self.addCleanup(self.session.close)
        self.session.run("CREATE TABLE t (id BIGINT, due BIGINT, word TEXT)")
        for id, word in enumerate(WORDS):
            self.session.run("INSERT INTO t VALUES (?, ?, ?)", id, id // 2, word)

    def found(self, where: str = "TRUE", *values: str) -> Found:
        return Found(self.session, "t AS x", where, values, ("due", "id"))

    def test_pages_and_places_agree(self) -> None:
        for descending in (False, True):
            ids = self.found().ids(descending, 0, 10)
            self.assertEqual(ids, sorted(range(len(WORDS)), reverse=descending))
            self.assertEqual([self.found().position(id, descending) for id in ids], list(range(len(WORDS))))
            self.assertEqual(self.found().ids(descending, 1, 2), ids[1:3])

    def test_what_is_not_there_has_no_place(self) -> None:
        self.assertIsNone(self.found().position(77, False))
        self.assertIsNone(self.found("x.word = ?", "axb").position(0, False))

    def test_text_is_no_pattern(self) -> None:
        for word, count in (("100%", 1), ("a_b", 1), ("!", 1), ("100", 2)):
            self.assertEqual(self.found("x.word LIKE ? ESCAPE '!'", f"%{literal(word)}%").count(), count, word)
