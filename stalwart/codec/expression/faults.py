"""What can go wrong with an expression: when it is compiled, and when it is evaluated."""

from __future__ import annotations


class ExpressionError(ValueError):
    """The expression does not compile; the message is meant for the administrator who wrote it. ``position`` is the
    character of its text where that is known, ``part`` the text in the rule: ``match/0/if``, ``else``.
    """

    def __init__(self, message: str, position: int | None = None, part: str | None = None) -> None:
        super().__init__(message)
        self.position = position
        self.part = part


class EvaluationError(Exception):
    """The expression has no result for this input. Whoever asked must deny: an unknown answer is no
    permission.
    """
