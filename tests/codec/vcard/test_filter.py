"""Filters over cards; what the index answers is what reading the cards would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.content_lines import escaped
from stalwart.codec.dav.text_match import ASCII_CASEMAP, COLLATIONS, MATCH_TYPES, OCTET, UNICODE_CASEMAP, TextMatch
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.checking import INCOMPLETE, check
from stalwart.codec.vcard.conditions import Filter, ParamFilter, PropFilter
from stalwart.codec.vcard.filter import Lookup, Plan, plan, predicate, screen
from stalwart.codec.vcard.lines import CardProperty
from tests.codec.vcard.cards import APPLE, GOOGLE, NEXTCLOUD, PHONE, card

FN, EMAIL = "FN", "EMAIL"


def text(sought: str, **given: object) -> TextMatch:
    """A text-match as of an addressbook-query that says no more."""
    return TextMatch(sought, **{"collation": UNICODE_CASEMAP, **given})  # type: ignore[arg-type]


def asks(octets: bytes, *props: PropFilter, test: str = "anyof") -> bool:
    """Whether a card is meant."""
    return predicate(Filter(props, test))(read_card(octets))  # type: ignore[arg-type]


class PredicateTests(SynchronousTestCase):
    def test_no_conditions_mean_every_card(self) -> None:
        self.assertTrue(asks(APPLE))

    def test_there_or_not_there(self) -> None:
        self.assertTrue(asks(APPLE, PropFilter("NICKNAME")))
        self.assertFalse(asks(GOOGLE, PropFilter("NICKNAME")))
        self.assertTrue(asks(GOOGLE, PropFilter("NICKNAME", absent=True)))
        self.assertFalse(asks(APPLE, PropFilter("EMAIL", absent=True)))

    def test_a_name_means_any_group(self) -> None:
        org = text("jo@example.org", match_type="equals")
        self.assertTrue(asks(APPLE, PropFilter(EMAIL, text_matches=(org,))))
        self.assertTrue(asks(APPLE, PropFilter("ITEM1.EMAIL", text_matches=(org,))))
        self.assertFalse(asks(APPLE, PropFilter("ITEM2.EMAIL")))

    def test_texts_by_all_ways_and_collations(self) -> None:
        for sought, given_, found in (
            ("MÜSS", {}, False),
            ("müß", {}, True),
            ("MÜß", {"collation": ASCII_CASEMAP}, False),
            ("GÜNTHER", {"collation": UNICODE_CASEMAP}, True),
            ("günther", {"collation": OCTET}, False),
            ("Günther", {"collation": OCTET}, True),
            ("Müßig", {"match_type": "ends-with"}, True),
            ("Müßig", {"match_type": "starts-with"}, False),
            ("Müßig", {"match_type": "equals"}, False),
            ("x", {"negate": True}, True),
            ("g", {"negate": True}, False),
        ):
            match = text(sought, **given_)
            self.assertIs(asks(GOOGLE, PropFilter(FN, text_matches=(match,))), found, (sought, given_))
        self.assertTrue(asks(NEXTCLOUD, PropFilter(FN, text_matches=(text("ЭММА"),))))

    def test_parts_of_structured_values_count(self) -> None:
        for name, sought in (("N", "Müßig"), ("N", "Günther"), ("CATEGORIES", "starred"), ("ORG", "werkstatt müßig")):
            self.assertTrue(asks(GOOGLE, PropFilter(name, text_matches=(text(sought, match_type="equals"),))), sought)

    def test_quoted_printable_is_compared_as_text(self) -> None:
        self.assertTrue(asks(PHONE, PropFilter("N", text_matches=(text("müller"),))))

    def test_an_absent_property_is_not_without_a_text(self) -> None:
        self.assertFalse(asks(GOOGLE, PropFilter("NICKNAME", text_matches=(text("x", negate=True),))))

    def test_any_or_all_conditions(self) -> None:
        yes, no = PropFilter(FN, text_matches=(text("müß"),)), PropFilter(FN, text_matches=(text("xx"),))
        self.assertTrue(asks(GOOGLE, yes, no))
        self.assertFalse(asks(GOOGLE, yes, no, test="allof"))
        both = (text("müß"), text("xx"))
        self.assertTrue(asks(GOOGLE, PropFilter(FN, text_matches=both)))
        self.assertFalse(asks(GOOGLE, PropFilter(FN, text_matches=both, test="allof")))

    def test_conditions_of_one_property_are_about_the_same_one(self) -> None:
        home = ParamFilter("TYPE", text_match=text("home", match_type="equals"))
        for sought, found in (("johanna", True), ("example.org", False)):
            wanted = PropFilter(EMAIL, text_matches=(text(sought),), params=(home,), test="allof")
            self.assertIs(asks(APPLE, wanted), found)

    def test_parameters(self) -> None:
        for param, found in (
            (ParamFilter("TYPE"), True),
            (ParamFilter("X-A"), False),
            (ParamFilter("X-A", absent=True), True),
            (ParamFilter("TYPE", absent=True), False),
            (ParamFilter("TYPE", text_match=text("cell")), True),
            (ParamFilter("TYPE", text_match=text("cell", negate=True)), False),
            (ParamFilter("X-A", text_match=text("cell", negate=True)), False),
        ):
            self.assertIs(asks(APPLE, PropFilter("TEL", params=(param,))), found, param)


class ScreenTests(SynchronousTestCase):
    def test_what_cannot_be_meant_is_not_read(self) -> None:
        can_be = screen(Filter((PropFilter("NOTE", text_matches=(text("offer 17"),)),)))
        self.assertFalse(can_be(card("NOTE:offer 18")))
        for octets in (
            card("NOTE:OFFER 17"),
            card("NOTE:of", " fer 17"),
            card("NOTE:of\n", "\tfer 17"),
            card("NOTE:ｏffer 17"),
            card("NOTE;QUOTED-PRINTABLE:=4Fffer 17", version="2.1"),
        ):
            self.assertTrue(can_be(octets.replace(b"of\n\r\n\tf", b"of\r\n\tf")), octets)

    def test_where_nothing_can_be_told_all_are_read(self) -> None:
        plain, odd = text("a"), text("a,b")
        for asked in (
            Filter(),
            Filter((PropFilter("NOTE"),)),
            Filter((PropFilter("NOTE", absent=True, text_matches=(plain,)),)),
            Filter((PropFilter("NOTE", text_matches=(odd,)),)),
            Filter((PropFilter("NOTE", text_matches=(plain, odd)),)),
            Filter((PropFilter("NOTE", text_matches=(text("a", negate=True),)),)),
            Filter((PropFilter("NOTE", text_matches=(plain,), params=(ParamFilter("X"),)),)),
            Filter((PropFilter("NOTE", text_matches=(plain,)), PropFilter("FN"))),
        ):
            self.assertTrue(screen(asked)(b"x"), asked)
        for asked in (
            Filter((PropFilter("NOTE", text_matches=(odd, plain), test="allof"),)),
            Filter((PropFilter("NOTE", text_matches=(plain,)), PropFilter("FN")), "allof"),
        ):
            self.assertFalse(screen(asked)(b"x"), asked)


class PlanTests(SynchronousTestCase):
    def test_every_card_needs_no_question(self) -> None:
        self.assertEqual(plan(Filter()), Plan(None, True, True))

    def test_a_text_in_a_name_is_answered(self) -> None:
        asked = Filter((PropFilter(FN, text_matches=(text("jö"),)),))
        self.assertEqual(plan(asked), Plan((Lookup(FN, (("*", "JO\u0308"),)),), True, True))

    def test_what_is_not_indexed_is_read(self) -> None:
        self.assertEqual(plan(Filter((PropFilter("NOTE"),))), Plan())
        self.assertEqual(plan(Filter((PropFilter(FN), PropFilter("NOTE")))), Plan())
        self.assertEqual(plan(Filter((PropFilter(FN), PropFilter("NOTE")), "allof")), Plan((Lookup(FN),), True, False))

    def test_what_the_index_cannot_tell_is_read_after_it(self) -> None:
        for prop in (
            PropFilter(FN, text_matches=(text("a", collation=OCTET),)),
            PropFilter(FN, text_matches=(text("a", negate=True),)),
            PropFilter(FN, params=(ParamFilter("X"),)),
            PropFilter("G.FN"),
            PropFilter(FN, text_matches=(text("a" * 200),)),
        ):
            found = plan(Filter((prop,)))
            self.assertFalse(found.exact)
            self.assertIsNotNone(found.lookups)


WORDS = st.text("aBcäÖßﬁİ;, ", max_size=4)
CARDS = st.lists(st.tuples(st.sampled_from(("FN", "N", "EMAIL", "NICKNAME", "item1.EMAIL", "NOTE")), WORDS), max_size=5)
MATCHES = st.builds(TextMatch, WORDS, st.sampled_from(COLLATIONS), st.sampled_from(MATCH_TYPES), st.booleans())
TESTS = st.sampled_from(("anyof", "allof"))
PROPS = st.builds(
    PropFilter,
    st.sampled_from(("FN", "N", "EMAIL", "NICKNAME", "ITEM1.EMAIL", "NOTE")),
    st.booleans(),
    st.lists(MATCHES, max_size=2).map(tuple),
    st.lists(st.just(ParamFilter("TYPE")), max_size=1).map(tuple),
    TESTS,
)


def answered(found: Plan, terms: tuple[tuple[str, str], ...]) -> bool:
    """What an index with these values says of their card."""
    if found.lookups is None:
        return True
    return (all if found.every else any)(_holds(each, terms) for each in found.lookups)


def _holds(lookup: Lookup, terms: tuple[tuple[str, str], ...]) -> bool:
    values = [value for name, value in terms if name == lookup.property]
    if lookup.absent or not lookup.conditions:
        return bool(values) is not lookup.absent
    tests = {"*": str.__contains__, "=": str.__eq__, "^": str.startswith, "$": str.endswith}
    several = all if lookup.every else any
    return any(several(tests[how](value, sought) for how, sought in lookup.conditions) for value in values)


class IndexTests(SynchronousTestCase):
    @given(CARDS, st.builds(Filter, st.lists(PROPS, max_size=2).map(tuple), TESTS))
    def test_the_index_finds_all_that_is_meant_and_if_exact_nothing_else(
        self, given_: list[tuple[str, str]], asked: Filter
    ) -> None:
        properties = [CardProperty.of(name, escaped(word)) for name, word in given_ if "." not in name]
        properties += [CardProperty.of("EMAIL", escaped(word), None, "item1") for name, word in given_ if "." in name]
        made = Card(properties)
        terms = check(made).terms
        self.assertNotIn(INCOMPLETE, {name for name, _ in terms})
        found, is_meant = plan(asked), predicate(asked)(made)
        if is_meant:
            self.assertTrue(answered(found, terms))
            self.assertTrue(screen(asked)(made.octets()))
        elif found.exact:
            self.assertFalse(answered(found, terms))
