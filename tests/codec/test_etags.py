"""Entity tags and If-None-Match."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.etags import entity_tag, matches, none_match, parse_entity_tags, weakly_equal

ROWS: list[tuple[str | None, str | None, bool]] = [
    (None, '"a"', True),
    ("*", '"a"', False),
    (" * ", '"a"', False),
    ("*", None, True),
    ('"a"', None, True),
    ('"a"', '"a"', False),
    ('"a"', '"b"', True),
    ('W/"a"', '"a"', False),
    ('"a"', 'W/"a"', False),
    ('W/"a"', 'W/"a"', False),
    ('w/"a"', '"a"', True),
    ('"x", "a"', '"a"', False),
    ('"x","y" , W/"a"', '"a"', False),
    ('"x,y"', '"x,y"', False),
    ('"x,y"', '"x"', True),
    ('"xyzzy", "r2d2xxxx", "c3piozzzz"', '"c3piozzzz"', False),
    ('a, "a"', '"a"', False),
    ("a", '"a"', True),
    ('"a', '"a"', True),
    ('""', '""', False),
    ("", '"a"', True),
    ('"A"', '"a"', True),
    ('"a"b, "c"', '"c"', False),
]


class EntityTagTests(SynchronousTestCase):
    def test_if_match_compares_strongly(self) -> None:
        for field, current, wanted in (
            (None, '"a"', True),
            (None, None, True),
            ("*", '"a"', True),
            ("*", None, False),
            ('"b", "a"', '"a"', True),
            ('"b"', '"a"', False),
            ('"a"', None, False),
            ('W/"a"', '"a"', False),
            ('W/"a"', 'W/"a"', False),
            ("junk", '"a"', False),
        ):
            self.assertEqual(matches(field, current), wanted, (field, current))

    def test_lists_keep_their_order_and_skip_nonsense(self) -> None:
        self.assertEqual(parse_entity_tags('"a" , W/"b",,x y, "c,d"'), ['"a"', 'W/"b"', '"c,d"'])

    def test_equal_bytes_have_equal_tags(self) -> None:
        self.assertEqual(entity_tag(b"a"), entity_tag(b"a"))
        self.assertNotEqual(entity_tag(b"a"), entity_tag(b"b"))
        self.assertEqual(parse_entity_tags(entity_tag(b"a")), [entity_tag(b"a")])

    @given(st.text(alphabet='aW/", *\t\u00e9', max_size=40))
    def test_any_field_is_read(self, field: str) -> None:
        tags = parse_entity_tags(field)
        self.assertTrue(all(weakly_equal(tag, f"W/{tag}") for tag in tags if not tag.startswith("W/")))
        self.assertTrue(all(not none_match(field, tag) for tag in tags))


for _number, (_field, _current, _wanted) in enumerate(ROWS):

    def _test(
        self: EntityTagTests,
        field: str | None = _field,
        current: str | None = _current,
        wanted: bool = _wanted,
    ) -> None:
        self.assertEqual(none_match(field, current), wanted, (field, current))

    setattr(EntityTagTests, f"test_row_{_number:02}", _test)
