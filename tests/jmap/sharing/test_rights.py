"""Rights by the names that JMAP has for them, and ``shareWith`` as clients write it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.rights import Rights
from stalwart.jmap.sharing.rights import ADDRESS_BOOK, CALENDAR, FILE_NODE, MAILBOX, ShareWith, Vocabulary
from stalwart.jmap.standard.proposals import proposed, read_changes
from stalwart.jmap.standard.scalars import Unfit

ALL = (MAILBOX, CALENDAR, ADDRESS_BOOK, FILE_NODE)
BOOKS = ADDRESS_BOOK.properties()
READS = {"mayRead": True, "mayWrite": False, "mayShare": False, "mayDelete": False}


class VocabularyTests(SynchronousTestCase):
    def test_a_right_is_shown_where_all_of_it_is_there(self) -> None:
        self.assertEqual(ADDRESS_BOOK.shown(Rights.READ | Rights.READ_ITEMS), READS)
        self.assertEqual(ADDRESS_BOOK.shown(Rights.READ | Rights.ADD_ITEMS), {**READS, "mayRead": False})
        for each in ALL:
            self.assertEqual(set(each.shown(Rights.all()).values()), {True})
            self.assertEqual(set(each.shown(Rights.NONE).values()), {False})

    def test_what_is_finer_stays_as_it_is(self) -> None:
        held = Rights.READ | Rights.READ_ITEMS | Rights.ADD_ITEMS | Rights.SCHEDULING_INVITE
        shares = CALENDAR.changed(held, {"mayReadItems": True, "mayShare": True})
        self.assertEqual(shares, held | Rights.SHARE)

    def test_a_right_that_goes_leaves_what_others_need(self) -> None:
        held = CALENDAR.changed(Rights.NONE, {"mayWriteAll": True, "mayDelete": True})
        less = CALENDAR.changed(held, {"mayWriteAll": True})
        self.assertEqual(held & ~less, Rights.DELETE)
        self.assertIn(Rights.REMOVE_ITEMS, less)

    def test_what_comes_with_a_right_goes_with_it(self) -> None:
        """Whoever may write everything may answer, too; what is left when that is taken away is what is said."""
        more = {"mayWriteOwn": True, "mayUpdatePrivate": True, "mayRSVP": True}
        writes = CALENDAR.changed(Rights.NONE, {"mayReadItems": True, "mayWriteAll": True, **more})
        self.assertEqual(writes, CALENDAR.changed(Rights.NONE, {"mayReadItems": True, "mayWriteAll": True}))
        self.assertEqual({name for name in more if CALENDAR.shown(writes)[name]}, set(more))
        reads = CALENDAR.shown(writes & (Rights.READ | Rights.READ_ITEMS))  # as an ACL leaves it
        self.assertEqual({name for name, has in reads.items() if has}, {"mayReadItems"})
        less = CALENDAR.shown(CALENDAR.changed(writes, {"mayReadItems": True, "mayRSVP": True}))
        self.assertEqual({name for name, has in less.items() if has}, {"mayReadItems", "mayRSVP"})

    def test_without_any_right_nothing_is_left(self) -> None:
        self.assertEqual(CALENDAR.changed(Rights.SCHEDULING_INVITE | Rights.SHARE, {}), Rights.NONE)

    @given(st.sampled_from(ALL), st.integers(0, int(Rights.all())), st.sets(st.integers(0, 9)))
    def test_what_is_wanted_is_shown(self, vocabulary: Vocabulary, held: int, chosen: set[int]) -> None:
        wanted = {name: number in chosen for number, name in enumerate(vocabulary.rights)}
        shown = vocabulary.shown(vocabulary.changed(Rights(held), wanted))
        self.assertEqual({name for name, is_it in wanted.items() if is_it} - {n for n, s in shown.items() if s}, set())
        # A right can be there besides only if all of it was granted with others.
        made_of = Rights.NONE
        for name, is_it in wanted.items():
            made_of |= vocabulary.rights[name] if is_it else Rights.NONE
        before = vocabulary.shown(Rights(held))
        implied = {other for name, others in vocabulary.implied.items() if shown[name] for other in others}
        for name, is_it in shown.items():
            if is_it and not wanted[name] and before[name] and name not in implied:
                self.assertEqual(vocabulary.rights[name] & ~made_of, Rights.NONE, name)


class ShareWithTests(SynchronousTestCase):
    def read(self, value: Any) -> Any:
        return ShareWith(ADDRESS_BOOK).read(value)

    def test_rights_that_are_not_said_are_not_there(self) -> None:
        self.assertEqual(self.read({"b": {"mayRead": True}}), {"b": READS})
        self.assertIsNone(self.read({"b": {"mayRead": False}, "c": {}, "d": None}))
        self.assertIsNone(self.read({}))
        self.assertIsNone(self.read(None))

    def test_what_it_is_not(self) -> None:
        for value in (
            [],
            "b",
            {"b": []},
            {"b": {"mayFly": True}},
            {"b": {"mayRead": "yes"}},
            {"not an id": {"mayRead": True}},
            {"": {"mayRead": True}},
            {f"b{number}": {"mayRead": True} for number in range(1001)},
        ):
            self.assertRaises(Unfit, self.read, value)

    def patched(self, old: Any, **patch: Any) -> Any:
        paths = {("shareWith", *name.split("_")): value for name, value in patch.items()}
        former = {"shareWith": old}
        return read_changes(former, proposed(former, paths, BOOKS), BOOKS)["shareWith"]

    def test_patches_of_one_person_and_of_one_right(self) -> None:
        self.assertEqual(self.patched(None, b={"mayRead": True}), {"b": READS})
        self.assertEqual(self.patched(None, b_mayRead=True), {"b": READS})
        self.assertEqual(self.patched({"b": READS}, c_mayRead=True), {"b": READS, "c": READS})
        self.assertEqual(self.patched({"b": READS}, b_mayWrite=True), {"b": {**READS, "mayWrite": True}})
        self.assertIsNone(self.patched({"b": READS}, b=None))
        self.assertIsNone(self.patched({"b": READS}, b_mayRead=None))
        self.assertIsNone(self.patched(None, b=None))
