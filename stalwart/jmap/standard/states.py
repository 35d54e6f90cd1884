"""State strings (RFC 8620 5.1, 5.2; jmap.md 4, 21.4): the number of the last change to a type in an account.

``n`` before the first change, ``s42`` after change 42, ``r42-17`` in the middle of a long ``/changes`` that began at
17: who goes on from there still learns of an object made after 17 as created, however often it changed since.
"""

from __future__ import annotations

import re

from attrs import frozen

from stalwart.jmap.errors import MethodError

_FORM = re.compile(r"n|s([1-9][0-9]{0,18})|r([1-9][0-9]{0,18})-(0|[1-9][0-9]{0,18})", re.ASCII)


@frozen
class State:
    """A place in the log of changes; ``origin`` is where an unfinished ``/changes`` began."""

    number: int
    origin: int | None = None

    def __str__(self) -> str:
        if self.origin is not None:
            return f"r{self.number}-{self.origin}"
        return f"s{self.number}" if self.number else "n"


def read_state(text: str, argument: str) -> State:
    """What ``str`` of a ``State`` was; raises ``MethodError`` ``invalidArguments`` naming the argument.

    Whether it can be calculated from is for the log to say.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise MethodError("invalidArguments", f'The argument "{argument}" is no state that this server gives out.')
    exact, number, origin = match.groups()
    return State(int(number), int(origin)) if number else State(int(exact or 0))


def require_state(wanted: str | None, present: str) -> None:
    """Raises ``MethodError`` ``stateMismatch`` if the client wants another state than there is (RFC 8620 5.3)."""
    if wanted not in (None, present):
        raise MethodError("stateMismatch", "The objects have changed since that state.")
