"""Regular expressions that are compiled when they are first used: those with large character classes take milliseconds.

What a start imports and may never use is what this is for; ``re.compile`` is for all else.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Later:
    """Becomes what is asked of it: each method of the pattern is looked up once."""

    def __init__(self, text: str, flags: int) -> None:
        self._source = text, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(re.compile(*self._source), name)  # ``re`` keeps what several methods share
        setattr(self, name, found)
        return found


def compiled_later(text: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern of ``text``, to be asked by its methods. One that is wrong raises ``re.error`` when it is used."""
    return cast("re.Pattern[str]", _Later(text, flags))
