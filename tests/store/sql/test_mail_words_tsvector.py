"""Words as PostgreSQL's vectors: pieces of long texts, signs of accounts, quoting."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.search_document import COLUMNS
from stalwart.codec.search_terms import Row
from stalwart.store.postgresql.engine import PostgreSqlEngine
from stalwart.store.sql.mail_words_tsvector import PIECE, TsvectorWords
from stalwart.store.sql.word_signs import sign_of, signed
from tests.postgresql import programs, server


class SignTests(SynchronousTestCase):
    def test_no_sign_begins_another_one(self) -> None:
        signs = [sign_of(number) for number in (0, 1, 35, 36, 37, 1295, 1296, 1 << 30)]
        self.assertEqual([(a, b) for a in signs for b in signs if a is not b and b.startswith(a)], [])

    def test_each_word_has_it(self) -> None:
        sign = sign_of(7)
        self.assertEqual(signed(7, ("one two", "")), [f"{sign}one {sign}two", ""])


class VectorTests(SynchronousTestCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def setUp(self) -> None:
        address = server().address()
        session = PostgreSqlEngine(address).open_writer()
        self.addCleanup(server().forget, address)
        self.addCleanup(session.close)
        self.words = TsvectorWords(session)

    def add(self, id: int, **texts: str) -> None:
        self.words.add(5, id, [texts.get(column, "") for column in COLUMNS])

    def found(self, *rows: Row, columns: tuple[str, ...] = ()) -> frozenset[int]:
        return self.words.match(5, [(row,) for row in rows], columns)

    def test_words_across_the_cut_of_a_long_text(self) -> None:
        words = [f"w{number}" for number in range(PIECE * 2 + 100)]
        self.add(1, body=" ".join(words))
        for place in (0, PIECE - 1, PIECE, 2 * PIECE - 1, 2 * PIECE + 90):
            self.assertEqual(self.found(Row((words[place], words[place + 1]))), {1}, place)
        self.assertEqual(self.found(Row((words[5], words[7]))), frozenset())
        self.words.remove(5, 1, [])
        self.assertEqual(self.found(Row((words[5],))), frozenset())

    def test_a_word_that_comes_very_often(self) -> None:
        self.add(1, body="again " * PIECE + "end")
        self.assertEqual(self.found(Row(("again",)), Row(("end",))), {1})

    def test_signs_of_queries_are_words(self) -> None:
        self.add(1, subject="it's a\\b c:*")
        for word in ("it's", "a\\b", "c:*"):
            self.assertEqual(self.found(Row((word,))), {1}, word)
        self.assertEqual(self.found(Row(("c:",), begins=True)), {1})
        self.assertEqual(self.found(Row(("x' | 'it",))), frozenset())

    def test_columns(self) -> None:
        self.add(1, subject="hello", body="world")
        self.assertEqual(self.found(Row(("hello",)), columns=("body",)), frozenset())
        self.assertEqual(self.found(Row(("hello",)), columns=("subject", "body")), {1})
        self.assertEqual(self.found(Row(("hello",)), Row(("world",))), {1})
