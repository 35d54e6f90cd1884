"""The syntax tree of an expression.

A run of operators of one precedence is one ``Chain``, so that a long sum is not a deep tree; ``height``
bounds the depth of whatever walks the tree.
"""

from __future__ import annotations

from typing import ClassVar

from attrs import field, frozen

from stalwart.codec.expression.faults import ExpressionError
from stalwart.codec.expression.operators import Operator
from stalwart.codec.expression.values import Value

DEEPEST = 64


@frozen
class Literal:
    """A value as written."""

    value: Value
    height: ClassVar[int] = 1


@frozen
class Name:
    """A bare word: a variable or a constant."""

    name: str
    position: int = field(default=0, eq=False)
    height: ClassVar[int] = 1


@frozen
class Capture:
    """``$0``, ``$1``, ...: a group of the latest ``matches``."""

    index: int
    height: ClassVar[int] = 1


@frozen
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]
    position: int = field(default=0, eq=False)
    height: int = field(init=False)

    @height.default
    def _height(self) -> int:
        return _above(self.arguments)


@frozen
class Array:
    """``[a, b]``."""

    items: tuple[Node, ...]
    height: int = field(init=False)

    @height.default
    def _height(self) -> int:
        return _above(self.items)


@frozen
class Index:
    """``array[a][b]``."""

    array: Node
    places: tuple[Node, ...]
    height: int = field(init=False)

    @height.default
    def _height(self) -> int:
        return _above((self.array, *self.places), len(self.places))


@frozen
class Unary:
    """``!`` and ``-`` before an operand, in the order in which they are written."""

    symbols: tuple[str, ...]
    operand: Node
    height: int = field(init=False)

    @height.default
    def _height(self) -> int:
        return _above((self.operand,), len(self.symbols))


@frozen
class Chain:
    """Left-associative operators of one precedence: ``first``, then each operator with its right operand."""

    first: Node
    rest: tuple[tuple[Operator, Node], ...]
    height: int = field(init=False)

    @height.default
    def _height(self) -> int:
        return _above((self.first, *(node for _, node in self.rest)))


Node = Literal | Name | Capture | Call | Array | Index | Unary | Chain


def _above(children: tuple[Node, ...], levels: int = 1) -> int:
    height = levels + max((child.height for child in children), default=0)
    if height > DEEPEST:
        raise ExpressionError(f"Expression is nested deeper than {DEEPEST} levels")
    return height
