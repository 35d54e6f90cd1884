"""Simple types of properties (RFC 8620 1.2, 1.3)."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.standard.scalars import Boolean, Id, Int, Json, Nullable, PropertyType, String, Unfit, UnsignedInt


class ScalarTests(SynchronousTestCase):
    def accepts(self, type: PropertyType, *values: Any) -> None:
        for value in values:
            self.assertIs(type.read(value), value)

    def refuses(self, type: PropertyType, *values: Any) -> None:
        for value in values:
            self.assertTrue(self.assertRaises(Unfit, type.read, value).rule.startswith("must be"), value)

    def test_booleans(self) -> None:
        self.accepts(Boolean(), True, False)
        self.refuses(Boolean(), 1, 0, "true", None)

    def test_integers(self) -> None:
        self.accepts(Int(), 0, -5, (1 << 53) - 1)
        self.refuses(Int(), 1 << 53, -(1 << 53), 1.0, True, "1", None)
        self.accepts(UnsignedInt(most=9), 0, 9)
        self.refuses(UnsignedInt(most=9), -1, 10)

    def test_strings_are_measured_in_octets(self) -> None:
        self.accepts(String(least=1, most=4), "abcd", "éé")
        self.refuses(String(least=1, most=4), "", "abcde", "ééé", 7, None)

    def test_choices(self) -> None:
        self.accepts(String(choices=frozenset(("a", "b"))), "a")
        self.refuses(String(choices=frozenset(("a", "b"))), "A", "")

    def test_ids(self) -> None:
        self.accepts(Id(), "a", "A-_9", "x" * 255)
        self.refuses(Id(), "", "x" * 256, "a b", "#a", "é", 1, None)
        self.assertTrue(Nullable(Id()).holds_ids)
        self.assertFalse(String().holds_ids)

    def test_null_where_it_is_allowed(self) -> None:
        self.accepts(Nullable(String()), None, "x")
        self.refuses(Nullable(String()), 1)

    def test_anything(self) -> None:
        self.accepts(Json(), None, {"a": [1]})
