"""Lists of tag=value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.tag_list import MalformedTagList, parse


class TagLists(SynchronousTestCase):
    def test_tags_in_their_order(self) -> None:
        self.assertEqual(list(parse("v=DKIM1; k=rsa; p=AB==").items()), [("v", "DKIM1"), ("k", "rsa"), ("p", "AB==")])

    def test_white_space_and_last_semicolon(self) -> None:
        self.assertEqual(parse(" v = 1 ;\r\n p = x y ; "), {"v": "1", "p": "x y"})

    def test_empty_value(self) -> None:
        self.assertEqual(parse("p="), {"p": ""})

    def test_duplicate(self) -> None:
        self.assertRaises(MalformedTagList, parse, "p=1; p=2")

    def test_no_equals_sign(self) -> None:
        self.assertRaises(MalformedTagList, parse, "p=1; junk; x=1")

    def test_empty_part(self) -> None:
        self.assertRaises(MalformedTagList, parse, "p=1;;x=1")

    def test_too_many(self) -> None:
        self.assertRaises(MalformedTagList, parse, ";".join(f"t{n}=1" for n in range(100)))

    @given(
        st.dictionaries(
            st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True),
            st.from_regex(r"[!-:<-~]{0,9}", fullmatch=True),
            max_size=9,
        )
    )
    def test_round_trip(self, tags: dict[str, str]) -> None:
        self.assertEqual(parse("; ".join(f"{name}={value}" for name, value in tags.items())), tags)
