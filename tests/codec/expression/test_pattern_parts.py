"""Reading the parts of regular expressions."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.pattern_parts import Part, first_of, read_parts


def _only(pattern: str) -> Part:
    branches = read_parts(pattern)
    assert branches is not None
    ((part,),) = branches
    return part


class PartTests(SynchronousTestCase):
    def test_quantifiers_give_bounds(self) -> None:
        rows = {
            "a": (1, 1),
            "a*": (0, None),
            "a+": (1, None),
            "a?": (0, 1),
            "a{3}": (3, 3),
            "a{2,}": (2, None),
            "a{,4}": (0, 4),
            "a{2,4}?": (2, 4),
        }
        self.assertEqual({p: (_only(p).low, _only(p).high) for p in rows}, rows)

    def test_braces_that_are_no_quantifier_are_characters(self) -> None:
        branches = read_parts("a{}{x}")
        assert branches is not None
        self.assertEqual(len(branches[0]), 6)

    def test_a_plus_after_a_quantifier_is_possessive(self) -> None:
        self.assertTrue(_only("a++").possessive)
        self.assertFalse(_only("a+?").possessive)

    def test_groups_know_what_they_start_with(self) -> None:
        part = _only("(?:a?b|[cd]e)*")
        self.assertEqual(part.first & set("abcdef"), set("abcd"))
        self.assertTrue(part.nullable)

    def test_a_single_group_is_part_of_its_sequence(self) -> None:
        branches = read_parts("x(?P<name>ab)")
        assert branches is not None
        self.assertEqual(len(branches[0]), 3)

    def test_classes_and_escapes_are_looked_up(self) -> None:
        self.assertEqual(_only(r"[]a-c]").characters & set("]abcd["), set("]abc"))
        self.assertEqual(_only(r"\d").characters & set("1a"), {"1"})
        self.assertEqual(_only(r"\x41").characters, {"A", "a"})

    def test_anchors_and_comments_take_nothing(self) -> None:
        self.assertEqual(read_parts(r"^\b(?#x)\Z$"), ((),))

    def test_what_follows_shows_through_optional_parts(self) -> None:
        branches = read_parts("a?b*")
        assert branches is not None
        self.assertEqual(first_of(branches[0], frozenset("z")) & set("abcz"), set("abz"))

    def test_deep_groups_are_given_up(self) -> None:
        self.assertIsNone(read_parts("(" * 40 + ")" * 40))
