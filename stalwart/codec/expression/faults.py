"""What can go wrong with an expression: when it is compiled, and when it is evaluated."""

from __future__ import annotations


class ExpressionError(ValueError):
    """The expression does not compile; the message is meant for the administrator who wrote it."""


class EvaluationError(Exception):
    """The expression has no result for this input. Whoever asked must deny: an unknown answer is no
    permission.
    """
