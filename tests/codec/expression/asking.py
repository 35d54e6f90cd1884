"""Compiling and evaluating one expression of the HTTP front, for the tests beside this module."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression import Value, compile_expression

VARIABLES: dict[str, object] = {
    "listener": "http",
    "remote_ip": "10.1.2.3",
    "remote_port": 40000,
    "local_ip": "::",
    "local_port": 8080,
    "protocol": "https",
    "is_tls": True,
    "url": "/api/account?x=1",
    "path": "/api/account",
    "method": "GET",
    "headers": ("host: example.org", "accept: */*"),
}
NAMES = frozenset(VARIABLES)


def value_of(expression: str, **changes: object) -> Value | None:
    """The value of an expression as the ``else`` of a rule."""
    compiled = compile_expression({"else": expression}, NAMES, frozenset({"relaxed", "strict"}))
    return compiled.evaluate({**VARIABLES, **changes}.__getitem__)


def expand(rows: Iterable[tuple[str, Value]]) -> Callable[[type[SynchronousTestCase]], Any]:
    """A test method for each expression with its value; the type counts too."""

    def fill(case: type[SynchronousTestCase]) -> type[SynchronousTestCase]:
        for number, (expression, wanted) in enumerate(rows):

            def test(self: SynchronousTestCase, expression: str = expression, wanted: Value = wanted) -> None:
                found = value_of(expression)
                self.assertEqual((type(found), found), (type(wanted), wanted), expression)

            words = "".join(c if c.isalnum() else " " for c in expression).split()
            setattr(case, f"test_{number:02}_{'_'.join(words[:6])}", test)
        return case

    return fill
