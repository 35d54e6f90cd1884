"""Tokens to a syntax tree, by operator precedence.

Operators of one level are handled with two stacks instead of recursion, so the depth of the call stack
follows brackets only, of which 64 may be open at once.
"""

from __future__ import annotations

from attrs import define

from stalwart.codec.expression.faults import ExpressionError
from stalwart.codec.expression.lexer import Token, tokens_of
from stalwart.codec.expression.operators import OPERATORS, Operator
from stalwart.codec.expression.syntax import (
    DEEPEST,
    Array,
    Call,
    Capture,
    Chain,
    Index,
    Literal,
    Name,
    Node,
    Unary,
)


def parse(expression: str) -> Node:
    """The tree of a whole expression.

    :raises ExpressionError: it is empty, malformed, too long or too deep.
    """
    tokens = tokens_of(expression)
    if len(tokens) == 1:
        raise ExpressionError("Empty expression")
    return _Parser(tokens).whole()


@define
class _Parser:
    _tokens: list[Token]
    _position: int = 0
    _depth: int = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._position]

    def unexpected(self) -> ExpressionError:
        kind, value, position = self.token
        if kind == "end":
            return ExpressionError("Unexpected end of expression", position)
        return ExpressionError(f'Unexpected {kind} "{str(value)[:64]}"', position)

    def whole(self) -> Node:
        tree = self.expression()
        if self.token.kind != "end":
            raise self.unexpected()
        return tree

    def expression(self) -> Node:
        operands = [self._operand()]
        operators: list[Operator] = []
        while (operator := self._operator()) is not None:
            while operators and operators[-1].precedence > operator.precedence:
                _reduce(operands, operators)
            self._position += 1
            operators.append(operator)
            operands.append(self._operand())
        while operators:
            _reduce(operands, operators)
        return operands[0]

    def _operator(self) -> Operator | None:
        kind, value, _ = self.token
        return OPERATORS.get(str(value)) if kind == "symbol" else None

    def _operand(self) -> Node:
        signs: list[str] = []
        while self.token.kind == "symbol" and self.token.value in ("!", "-"):
            signs.append(str(self.token.value))
            self._position += 1
        node = self._primary()
        places: list[Node] = []
        while self._takes("["):
            places.append(self._enclosed("]"))
        if places:
            node = Index(node, tuple(places))
        return Unary(tuple(signs), node) if signs else node

    def _primary(self) -> Node:
        token = self.token
        if self._takes("("):
            return self._enclosed(")")
        if self._takes("["):
            return Array(self._list("]"))
        if token.kind in ("symbol", "end"):
            raise self.unexpected()
        self._position += 1
        if token.kind == "name":
            name = str(token.value)
            return Call(name, self._list(")"), token.position) if self._takes("(") else Name(name, token.position)
        if token.kind == "capture" and isinstance(token.value, int):
            return Capture(token.value)
        return Literal(0 if token.kind == "global" else token.value)

    def _takes(self, symbol: str) -> bool:
        taken = self.token.kind == "symbol" and self.token.value == symbol
        self._position += taken
        return taken

    def _enclosed(self, closing: str) -> Node:
        (node,) = self._inside(closing, several=False)
        return node

    def _list(self, closing: str) -> tuple[Node, ...]:
        return () if self._takes(closing) else self._inside(closing, several=True)

    def _inside(self, closing: str, several: bool) -> tuple[Node, ...]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError(f"Expression is nested deeper than {DEEPEST} levels", self.token.position)
        items = [self.expression()]
        while several and self._takes(","):
            items.append(self.expression())
        if not self._takes(closing):
            raise self.unexpected()
        self._depth -= 1
        return tuple(items)


def _reduce(operands: list[Node], operators: list[Operator]) -> None:
    """Folds the last operator, together with those of the same precedence before it, into one chain."""
    start = len(operators) - 1
    while start and operators[start - 1].precedence == operators[-1].precedence:
        start -= 1
    first, *others = operands[start:]
    operands[start:] = [Chain(first, tuple(zip(operators[start:], others, strict=True)))]
    del operators[start:]
