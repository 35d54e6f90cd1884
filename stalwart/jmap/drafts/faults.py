"""What is wrong with an e-mail that a client wants to create: all of it, so that it is told at once (RFC 8620 5.3)."""

from __future__ import annotations

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.patch import Path, pointer_of

_MOST = 100
_TOLD = 8
_LONGEST = 255


class Faults:
    """Collects places and what is wrong there."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def add(self, path: Path, rule: str) -> None:
        """The property at ``path`` breaks a rule, which is half a sentence; only the first one counts."""
        place = pointer_of(path)[:_LONGEST]
        self._put(place, f'"{place}" {rule}.')

    def take(self, problem: SetRefused) -> None:
        """What another reader has refused."""
        for each in problem.properties:
            self._put(each[:_LONGEST], problem.description or "")

    def within(self, name: str) -> bool:
        """Whether something of that property is known to be wrong."""
        return any(place.partition("/")[0] == name for place in self._found)

    def refuse(self) -> None:
        """Raises ``SetRefused`` ``invalidProperties`` if there is anything."""
        if self._found:
            told = list(dict.fromkeys(self._found.values()))[:_TOLD]
            raise SetRefused("invalidProperties", " ".join(told), self._found)

    def _put(self, place: str, sentence: str) -> None:
        if len(self._found) < _MOST:
            self._found.setdefault(place, sentence)
