"""Filters of RFC 4515: what is read, what is refused, and where the value goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ldap_filters import (
    BadFilter,
    Comparison,
    Extensible,
    Filter,
    Group,
    Not,
    Present,
    Substrings,
    has_place,
    is_attribute,
    parse_filter,
    pattern_value,
)

ATTRIBUTES = st.from_regex(r"\A[a-z][a-z0-9-]{0,5}\Z")
RULES = ATTRIBUTES.filter(lambda name: name != "dn")
PATTERNS = st.lists(st.binary(max_size=5), min_size=1, max_size=3).map(tuple)
FULL = PATTERNS.filter(lambda pattern: len(pattern) > 1 or bool(pattern[0]))
OPTIONAL = st.none() | FULL
ITEMS = st.one_of(
    st.builds(Present, ATTRIBUTES),
    st.builds(Comparison, ATTRIBUTES, st.sampled_from(("=", "~=", ">=", "<=")), PATTERNS),
    st.builds(Substrings, ATTRIBUTES, OPTIONAL, st.lists(FULL, max_size=2).map(tuple), OPTIONAL).filter(
        lambda item: bool(item.initial or item.middle or item.final)
    ),
    st.builds(
        Extensible, ATTRIBUTES, st.booleans(), st.none() | ATTRIBUTES.filter(lambda name: name != "dn"), PATTERNS
    ),
)
TREES = st.recursive(
    ITEMS,
    lambda parts: (
        st.builds(Not, parts)
        | st.builds(Group, st.sampled_from("&|"), st.lists(parts, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=5,
)


def shown(tree: Filter) -> str:
    """``tree`` as text, everything escaped that can be."""
    if isinstance(tree, Group):
        return f"({tree.operator}{''.join(map(shown, tree.parts))})"
    if isinstance(tree, Not):
        return f"(!{shown(tree.part)})"
    if isinstance(tree, Present):
        return f"({tree.attribute}=*)"
    if isinstance(tree, Comparison):
        return f"({tree.attribute}{tree.operator}{escaped(tree.value)})"
    if isinstance(tree, Substrings):
        ends = [escaped(end) if end is not None else "" for end in (tree.initial, tree.final)]
        return f"({tree.attribute}={'*'.join([ends[0], *map(escaped, tree.middle), ends[1]])})"
    rule = "" if tree.rule is None else f":{tree.rule}"
    return f"({tree.attribute or ''}{':dn' if tree.in_dn else ''}{rule}:={escaped(tree.value)})"


def escaped(pattern: tuple[bytes, ...]) -> str:
    return "?".join("".join(f"\\{octet:02x}" for octet in piece) for piece in pattern)


class FilterTests(SynchronousTestCase):
    def assert_refused(self, text: str, why: str) -> None:
        with self.assertRaises(BadFilter) as caught:
            parse_filter(text)
        self.assertIn(why, str(caught.exception))

    @given(TREES)
    def test_what_is_shown_is_read(self, tree: Filter) -> None:
        self.assertEqual(parse_filter(shown(tree)), tree)

    @given(st.text(alphabet="()&|!=*?\\:;a0 ~<>\0é", max_size=30))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            parse_filter(text)
        except BadFilter as problem:
            self.assertTrue(str(problem))

    @given(st.binary(max_size=20))
    def test_value_stays_a_value(self, value: bytes) -> None:
        tree = parse_filter("(mail=<?>)")
        assert isinstance(tree, Comparison)
        self.assertEqual(pattern_value(tree.value, value), b"<" + value + b">")

    def test_default_filter_of_the_settings(self) -> None:
        tree = parse_filter("(&(objectClass=inetOrgPerson)(mail=?))")
        wanted = (Comparison("objectClass", "=", (b"inetOrgPerson",)), Comparison("mail", "=", (b"", b"")))
        self.assertEqual(tree, Group("&", wanted))

    def test_white_space_between_parts(self) -> None:
        self.assertEqual(parse_filter(" ( & (a=1)\n  ( ! (b=2) ) ) "), parse_filter("(&(a=1)(!(b=2)))"))

    def test_white_space_in_a_value_is_kept(self) -> None:
        self.assertEqual(parse_filter("(cn= a b )"), Comparison("cn", "=", (b" a b ",)))

    def test_escaped_octets_and_raw_letters_are_the_same(self) -> None:
        self.assertEqual(parse_filter("(cn=\\c3\\A9)"), parse_filter("(cn=é)"))

    def test_escaped_question_mark_is_no_place(self) -> None:
        self.assertFalse(has_place(parse_filter("(cn=who\\3f)")))

    def test_rule_without_attribute(self) -> None:
        self.assertEqual(parse_filter("(:dn:2.4.6:=x)"), Extensible(None, True, "2.4.6", (b"x",)))

    def test_places_are_found_wherever_they_are(self) -> None:
        for text in ("(a=?)", "(!(a=?))", "(|(a=1)(b=*?*))", "(a=?*)", "(a=*?)", "(a:dn:=?)"):
            self.assertTrue(has_place(parse_filter(text)), text)
        for text in ("(a=*)", "(&(a=1)(b=2*))"):
            self.assertFalse(has_place(parse_filter(text)), text)

    def test_attribute_names(self) -> None:
        self.assertEqual(
            [is_attribute(name) for name in ("mail", "cn;lang-de", "2.5.4.3", "*", "", "a b", "1")],
            [True, True, True, False, False, False, False],
        )

    def test_text_behind_the_filter(self) -> None:
        self.assert_refused("(a=1)(b=2)", "something follows")

    def test_without_parentheses(self) -> None:
        self.assert_refused("mail=?", "( is missing at character 1")

    def test_never_closed(self) -> None:
        self.assert_refused("(&(a=1)", ") is missing at character 8")

    def test_bare_parenthesis_in_a_value(self) -> None:
        self.assert_refused("(a=b(c)", "bare (")

    def test_two_stars(self) -> None:
        self.assert_refused("(a=b**c)", "side by side")

    def test_star_where_none_may_be(self) -> None:
        self.assert_refused("(a>=b*)", "bare *")

    def test_backslash_alone(self) -> None:
        self.assert_refused("(a=\\zz)", "hexadecimal")

    def test_group_of_nothing(self) -> None:
        self.assert_refused("(&)", "no filter behind it")

    def test_depth_is_bounded(self) -> None:
        self.assert_refused("(!" * 40 + "(a=1)" + ")" * 40, "nested")

    def test_length_is_bounded(self) -> None:
        self.assert_refused(f"(a={'x' * 5000})", "more than 4096")
