"""Regular expressions of ``matches``, refused or bounded where backtracking could be abused.

Python's engine backtracks, its texts come from strangers, and nothing can interrupt it. So a pattern is
judged when it is compiled (see ``backtracking``): what could take exponential time is refused, and the fewer
choices a pattern leaves, the longer the text it is given. A text that is too long is an evaluation error and
not cut, because a request must not get past a rule by being padded. The dialect is that of ``re``, without
the verbose flag.
"""

from __future__ import annotations

import re

from stalwart.codec.expression.backtracking import longest_text
from stalwart.codec.expression.faults import EvaluationError, ExpressionError

LONGEST_PATTERN = 1000

# Set operations inside brackets mean one thing here and another elsewhere; ``re`` only warns.
_CLASS_OR_ESCAPE = re.compile(r"\\.|\[\^?(?P<nested>\[)?\]?(?P<body>(?:[^\]\\]|\\.)*)\]", re.DOTALL)
_SET_OPERATION = re.compile(r"--|&&|~~|\|\|")


class Pattern:
    """A compiled pattern; ``longest`` is the longest text it is tried on.

    :raises ExpressionError: malformed, more than 1,000 characters, or too costly.
    """

    __slots__ = ("_search", "longest")

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_PATTERN:
            raise ExpressionError(f"Regular expression is longer than {LONGEST_PATTERN} characters")
        _refuse_set_operations(text)
        try:
            compiled = re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise ExpressionError(f"Invalid regular expression: {error}") from error
        if compiled.flags & re.VERBOSE:
            raise ExpressionError("Invalid regular expression: the verbose flag is not supported")
        self.longest = longest_text(text, anchors=not compiled.flags & re.MULTILINE)
        if not self.longest:
            raise ExpressionError(
                "Regular expression could take too long: repeat something that differs from what follows it, "
                "or use a possessive quantifier such as '.*+'"
            )
        self._search = compiled.search

    def search(self, text: str) -> tuple[str, ...]:
        """The whole match and its groups, absent ones as ""; () if nothing matches.

        :raises EvaluationError: the text is longer than this pattern can bear, or the engine fails.
        """
        if len(text) > self.longest:
            raise EvaluationError(f"a text of more than {self.longest} characters for a regular expression")
        try:
            match = self._search(text)
        except (SystemError, RecursionError, MemoryError) as error:  # faults of the engine itself, seen in 3.11
            raise EvaluationError(f"the regular expression engine failed: {error}") from error
        return (match[0], *match.groups("")) if match is not None else ()


def _refuse_set_operations(text: str) -> None:
    for match in _CLASS_OR_ESCAPE.finditer(text):
        if match["nested"] or _SET_OPERATION.search(match["body"] or ""):
            raise ExpressionError("Invalid regular expression: nested sets are not supported")
