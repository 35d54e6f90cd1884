"""Core/echo and the core capability."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.capabilities import Audience
from stalwart.jmap.core import echo, limits
from stalwart.jmap.standard.collation import COLLATIONS
from tests.jmap.desk import Desk, access, call


class EchoTests(SynchronousTestCase):
    """RFC 8620 4."""

    def test_the_arguments_come_back(self) -> None:
        arguments = {"a": [1, None, {"b": 1.5}], "accountId": "x", "": "é"}
        self.assertEqual(Desk().responses(["Core/echo", arguments, "0"]), [["Core/echo", arguments, "0"]])

    def test_large_integers_come_back_as_they_were(self) -> None:
        arguments = {"a": [2**53 + 1, -(2**63), 2**64, 10**30]}
        self.assertEqual(Desk().responses(["Core/echo", arguments, "0"])[0][1], arguments)

    def test_the_collations_that_sorting_knows_are_announced(self) -> None:
        told = limits(Audience(Desk().settings, "", access(), 7))
        self.assertEqual(told["collationAlgorithms"], list(COLLATIONS))

    def test_nobody_needs_a_permission(self) -> None:
        self.assertIsNone(echo.needs)
        self.assertEqual(echo.handler(call({"x": 1})), {"x": 1})
