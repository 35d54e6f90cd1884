"""Patterns that are compiled late match as others do."""

from __future__ import annotations

import re
from unittest.mock import Mock

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.later_pattern import compiled_later


class LaterPatternTests(SynchronousTestCase):
    """Beside those of ``re.compile``."""

    def test_the_same_is_found(self) -> None:
        late, soon = compiled_later("a(b+)", re.I), re.compile("a(b+)", re.I)
        text = "xABBab"
        self.assertEqual(late.findall(text), soon.findall(text))
        self.assertEqual(late.sub("-", text), soon.sub("-", text))
        self.assertEqual([each.span(1) for each in late.finditer(text)], [(2, 4), (5, 6)])
        self.assertIsNone(late.match(text))
        self.assertEqual((late.pattern, late.groups), (soon.pattern, soon.groups))

    def test_it_is_compiled_when_it_is_used_and_once(self) -> None:
        compiling = Mock(side_effect=re.compile)
        self.patch(re, "compile", compiling)
        late = compiled_later("[a-f]")
        self.assertEqual(compiling.call_count, 0)
        self.assertTrue(late.search("xf"))
        self.assertTrue(late.search("xa"))
        self.assertEqual(compiling.call_count, 1)

    def test_what_patterns_do_not_have(self) -> None:
        with self.assertRaises(AttributeError):
            compiled_later("a").nonsense  # type: ignore[attr-defined]  # noqa: B018
        self.assertFalse(hasattr(compiled_later("a"), "__wrapped__"))

    def test_a_wrong_one_is_told_of_when_it_is_used(self) -> None:
        late = compiled_later("(")
        with self.assertRaises(re.error):
            late.search("x")
