"""Properties that JSContact has no words for."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.jcard import (
    default_type,
    entry_of,
    group_of,
    parameters_from,
    parameters_of,
    property_from,
    with_rest,
)
from stalwart.codec.vcard.lines import property_of

PAIRS: tuple[tuple[str, list[Any]], ...] = (
    ("X-FOO;X-BAR=Hello:World!", ["x-foo", {"x-bar": "Hello"}, "unknown", "World!"]),
    ("item1.X-FOO:a\\,b", ["x-foo", {"group": "item1"}, "unknown", "a\\,b"]),
    ("X-FOO;VALUE=text:a\\,b", ["x-foo", {}, "text", "a,b"]),
    ("GENDER:O;it's\\, well", ["gender", {}, "text", ["O", "it's, well"]]),
    ("CLIENTPIDMAP:1;urn:uuid:2", ["clientpidmap", {}, "text", ["1", "urn:uuid:2"]]),
    ("NICKNAME;X-A=1,2:a,b", ["nickname", {"x-a": ["1", "2"]}, "text", "a", "b"]),
    ("KEY;VALUE=text:x", ["key", {}, "text", "x"]),
    ("REV:2024", ["rev", {}, "timestamp", "2024"]),
)


class JCardTests(SynchronousTestCase):
    def test_there_and_back(self) -> None:
        for line, entry in PAIRS:
            item = property_of(line)
            assert item is not None
            self.assertEqual(entry_of(item), entry)
            made = property_from(entry)
            assert made is not None
            self.assertEqual(made.line, line)

    def test_what_can_be_no_property(self) -> None:
        self.assertIsNone(property_from(["a b", {}, "text", "x"]))
        self.assertIsNone(property_from(["x-a", {}, "integer", 1]))

    def test_parameters(self) -> None:
        self.assertEqual(
            parameters_of({"X-A": ("1",), "X-B": ("1", "2"), "A B": ("x",)}), {"x-a": "1", "x-b": ["1", "2"]}
        )
        given = {"x-a": "1", "group": "g", "value": "x", "x-b": ["1"], "a b": "x"}
        self.assertEqual(parameters_from(given, ("x-b",)), {"X-A": ("1",)})
        self.assertEqual((group_of(given), group_of({"group": "a b"}), group_of(None)), ("g", None, None))
        found: dict[str, Any] = {}
        with_rest(found, {})
        self.assertEqual(found, {})
        self.assertEqual((default_type("URL"), default_type("X-A")), ("uri", "unknown"))
