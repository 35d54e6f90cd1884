"""Lists that come as one value: nothing of a row is lost on the way, and there is one row for all."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore, Transaction
from stalwart.store.collection_rows import NewItem, Question, home
from stalwart.store.object_types import ADDRESS_BOOK, FILE_NODE
from stalwart.store.sql.dialect import POSTGRESQL

ME, NOW = 7, 1_700_000_000
ALL_OCTETS = bytes(range(256))


class GatheringTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.addCleanup(self.store.close)
        self.book = self.write(self._begin)

    def _begin(self, tx: Transaction) -> int:
        tx.accounts.create(ME, "me@example.org", "user")
        return tx.collections.create(ME, ADDRESS_BOOK, home(ADDRESS_BOOK), "b", now=NOW).item_id

    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def put(self, name: str, octets: bytes = b"", **more: Any) -> Any:
        item = NewItem(1, octets, **more)
        return self.write(lambda tx: tx.collections.put(ME, self.book, name, item, now=NOW)[0])

    def test_members_are_as_they_were_written(self) -> None:
        data = {"a": [1, 2.5, True, None, 'ä"\\\x00', {"b": 1 << 62}]}
        one, two = self.put('ä"\\', b"x", data=data), self.put("b\x01\u2028", b"xyz")
        listed = self.read(lambda tx: tx.collections.members(ME, self.book, limit=9, with_data=True))
        self.assertEqual(listed, [two, one])
        self.assertIs(listed[0].is_collection, False)
        (above,) = self.read(lambda tx: tx.collections.members(ME, home(ADDRESS_BOOK), limit=9))
        self.assertEqual((above.segment, above.is_collection, above.data), ("b", True, None))

    def test_changes_come_in_their_order_with_what_is_gone(self) -> None:
        for name in ("c", "a", "b"):
            self.put(name)
        since = self.read(lambda tx: tx.objects.state(ME, ADDRESS_BOOK + 1) or tx.accounts.get(ME).seq)
        self.write(lambda tx: tx.collections.remove(ME, self.book, "c", now=NOW))
        changed = self.read(lambda tx: tx.collections.changes(ME, self.book, since, limit=9))
        self.assertEqual([(each.segment, each.dead) for each in changed], [("c", True)])
        everything = self.read(lambda tx: tx.collections.changes(ME, self.book, 0, limit=9))
        self.assertEqual([each.segment for each in everything], ["a", "b"])

    def test_octets_are_any(self) -> None:
        ids = {name: self.put(name, octets).item_id for name, octets in (("all", ALL_OCTETS), ("none", b""))}
        wanted = {"all": ALL_OCTETS, "none": b""}
        named = self.read(lambda tx: tx.collections.named_contents(ME, self.book, ["none", "all", "else", "all"]))
        self.assertEqual({name: content.octets for name, content in named.items()}, wanted)
        found = self.read(lambda tx: tx.collections.item_contents(ME, self.book, [*ids.values(), -1, 1 << 70]))
        self.assertEqual({each.member.segment: each.octets for each in found}, wanted)
        octets = self.read(lambda tx: tx.collections.octets_of(ME, ids.values()))
        self.assertEqual({name: octets[id] for name, id in ids.items()}, wanted)

    def test_many_are_asked_for_in_portions(self) -> None:
        names = [f"c{number}" for number in range(600)]

        def fill(tx: Transaction) -> None:
            for number, name in enumerate(names):
                tx.collections.put(ME, self.book, name, NewItem(1, b"%d" % number), now=NOW)

        self.write(fill)
        found = self.read(lambda tx: tx.collections.named_contents(ME, self.book, names))
        self.assertEqual([found[name].octets for name in names], [b"%d" % number for number in range(600)])

    def test_nothing_is_asked_for(self) -> None:
        self.assertEqual(self.read(lambda tx: tx.collections.named_contents(ME, self.book, [])), {})
        self.assertEqual(self.read(lambda tx: tx.collections.octets_of(ME, [])), {})
        self.assertEqual(self.read(lambda tx: tx.collections.found_by(ME, self.book, [])), [])
        self.assertEqual(self.read(lambda tx: tx.collections.members(ME, home(FILE_NODE), limit=9)), [])

    def test_each_question_has_its_answer(self) -> None:
        ids = [self.put(f"c{n}", values=(("FN", f"name{n}"), ("ORG", "x"), ("ORG", "xx"))).item_id for n in range(40)]
        questions = [Question("FN", (("=", f"name{n}"),)) for n in range(40)]
        found = self.read(lambda tx: tx.collections.found_by(ME, self.book, questions))
        self.assertEqual(found, [{id} for id in ids])
        either = Question("FN", (("=", "name1"), ("$", "e2")), False)
        found = self.read(lambda tx: tx.collections.found_by(ME, self.book, [either, Question("ORG"), Question("TEL")]))
        self.assertEqual(found, [{ids[1], ids[2]}, set(ids), set()])

    def test_a_list_is_one_row(self) -> None:
        for name in "abc":
            self.put(name, b"x", values=(("FN", name),))

        def rows(tx: Any) -> list[int]:
            session = tx.collections._session
            counted: list[int] = []
            one = session.one
            self.patch(session, "one", lambda *words: counted.append(1) or one(*words))
            self.patch(session, "all", lambda *words: self.fail("rows are fetched one by one"))
            tx.collections.members(ME, self.book, limit=9)
            tx.collections.changes(ME, self.book, 0, limit=9)
            tx.collections.named_contents(ME, self.book, "abc")
            tx.collections.found_by(ME, self.book, [Question("FN"), Question("ORG")])
            return counted

        self.assertEqual(len(self.read(rows)), 4)

    def test_both_dialects_can_say_it(self) -> None:
        self.assertEqual(POSTGRESQL.row.format("a, b"), "json_build_array(a, b)")
        self.assertNotIn("?", POSTGRESQL.rows + POSTGRESQL.nested + POSTGRESQL.hexadecimal)
