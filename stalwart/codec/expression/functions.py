"""What a function of expressions is: a name, a number of arguments, and a pure implementation that accepts
every value.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from stalwart.codec.expression.values import Value


@frozen
class Function:
    """``apply`` takes ``arity`` values. ``bind``, if given, prepares the function for a second argument known
    beforehand.
    """

    name: str
    arity: int
    apply: Callable[..., Value]
    bind: Callable[[Value], Callable[[Value], Value]] | None = None
