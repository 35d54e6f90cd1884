"""What the index of a book says of filters, against a store."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.checking import INCOMPLETE
from stalwart.codec.vcard.filter import Lookup, Plan
from stalwart.groupware.card_search import Found, candidates
from stalwart.store.collection_rows import NewItem
from stalwart.store.memory import MemoryStore
from stalwart.store.object_types import ADDRESS_BOOK

NOW = 1_700_000_000
IDS = st.builds(Found, st.frozensets(st.integers(0, 5)), st.booleans())


class FoundTests(SynchronousTestCase):
    @given(IDS, IDS, st.integers(0, 6))
    def test_sets_and_all_but_sets(self, one: Found, other: Found, id: int) -> None:
        self.assertEqual(one.and_(other).has(id), one.has(id) and other.has(id))
        self.assertEqual(one.or_(other).has(id), one.has(id) or other.has(id))
        self.assertEqual(one.not_().has(id), not one.has(id))


class CandidateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.ids: dict[str, int] = {}

        def fill(tx: object) -> int:
            tx.accounts.create(1, "a@example.test", "user")  # type: ignore[attr-defined]
            collections = tx.collections  # type: ignore[attr-defined]
            book = collections.create(1, ADDRESS_BOOK, -ADDRESS_BOOK, "book", now=NOW).item_id
            for name, values in (
                ("ann", (("FN", "ANN"), ("EMAIL", "A@B"))),
                ("bea", (("FN", "BEA"),)),
                ("long", ((INCOMPLETE, ""),)),
            ):
                item = NewItem(1, b"x", values=values)
                self.ids[name] = collections.put(1, book, name, item, now=NOW)[0].item_id
            return book

        self.book = self.successResultOf(self.store.write(fill))

    def found(self, plan: Plan) -> tuple[set[str], set[str]]:
        """The names of the cards that are possible, and of those that are sure."""
        said = self.successResultOf(self.store.read(lambda tx: candidates(tx, 1, self.book, plan)))
        names = [(name, id) for name, id in self.ids.items()]
        return {n for n, id in names if said.possible.has(id)}, {n for n, id in names if said.sure.has(id)}

    def test_a_text(self) -> None:
        said = self.found(Plan((Lookup("FN", (("^", "A"),)),), True, True))
        self.assertEqual(said, ({"ann", "long"}, {"ann"}))

    def test_there_and_not_there(self) -> None:
        self.assertEqual(self.found(Plan((Lookup("EMAIL"),), True, True))[1], {"ann"})
        absent = self.found(Plan((Lookup("EMAIL", absent=True),), True, True))
        self.assertEqual(absent, ({"bea", "long"}, {"bea"}))

    def test_all_and_any(self) -> None:
        lookups = (Lookup("FN", (("*", "A"),)), Lookup("EMAIL"))
        self.assertEqual(self.found(Plan(lookups, True, True))[1], {"ann"})
        self.assertEqual(self.found(Plan(lookups, False, True))[1], {"ann", "bea"})

    def test_what_has_to_be_read_is_never_sure(self) -> None:
        self.assertEqual(self.found(Plan((Lookup("EMAIL"),), True, False)), ({"ann", "long"}, set()))
        self.assertEqual(self.found(Plan()), ({"ann", "bea", "long"}, set()))
        self.assertEqual(self.found(Plan(exact=True))[1], {"ann", "bea", "long"})
